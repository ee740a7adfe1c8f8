use serde::Deserialize;

/// What a host may ask for.
#[derive(Debug, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Ask {
    /// Where the server is: `{"base_url": "http://…"}`, the same over restarts.
    Server {},
    /// A phone that nobody has.
    Phone {},
    /// The last code sent to a phone.
    Code {
        phone: String,
    },
    /// As a review does.
    VerifyListener {
        user_id: i64,
    },
    /// Gives coins.
    Fund {
        user_id: i64,
        coins: i64,
    },
    /// Somebody else: `{"user_id": 8}`; a listener is verified.
    Other {
        username: String,
        role: String,
    },
    /// As somebody else, by their own request.
    SetStatus {
        user_id: i64,
        is_online: bool,
        is_busy: bool,
    },
    /// An even number of visible changes of somebody else's, at the end of which they are online and free.
    Burst {
        user_id: i64,
        count: u32,
    },
    /// The server's time goes by, everybody in a call is heard, and the minutes that began are billed.
    Talk {
        seconds: u32,
    },
    /// Somebody else calls: `{"call_id": 3}`.
    Call {
        from: i64,
        to: i64,
    },
    /// Access tokens are refused from now on, and refresh tokens live.
    KillTokens {
        user_id: i64,
    },
    /// The server signs somebody out everywhere.
    EndLogin {
        phone: String,
    },
    StopServer {},
    StartServer {},
    /// Every connection breaks now.
    CutSockets {},
    /// So many next answers of a path are lost after the server gave them.
    LoseAnswers {
        path: String,
        count: u32,
    },
    /// Somebody's coins.
    Balance {
        user_id: i64,
    },
    /// How many calls somebody was in.
    CallsOf {
        user_id: i64,
    },
    /// How often a path was asked for so far.
    Requests {
        path: String,
    },
    /// The end, and what was shown.
    Done {
        passed: Vec<String>,
    },
}
