//! What is said on a socket (contract §WebSocket).
//!
//! An app that only connects gets the documented frames. One that sends `subscribe` with any of
//! `user_ids`, `batch_ms` or `resume` gets frames that bear their place in the stream as well.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    CallId, Coins, Earnings, SampleId, UserId,
    calls::{CallStatus, CallType, EndCause},
    presence::UserPresence,
    verification::VerificationStatus,
};

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerEvent {
    /// The first frame of every socket.
    #[cfg_attr(feature = "openapi", schema(title = "ConnectionEstablished"))]
    ConnectionEstablished { message: String, user_id: UserId },
    /// Somebody came, went, or became busy or free.
    #[cfg_attr(feature = "openapi", schema(title = "UserStatusUpdate"))]
    UserStatusUpdate {
        user_id: UserId,
        status: UserPresence,
        /// After a subscription only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
    },
    /// Many changes in one frame, for a subscription with `batch_ms`; the latest of each user.
    #[cfg_attr(feature = "openapi", schema(title = "UserStatusBatch"))]
    UserStatusBatch { offset: u64, statuses: Vec<UserPresence> },
    /// Answers a `subscribe` of a new client.
    #[cfg_attr(feature = "openapi", schema(title = "Subscribed"))]
    Subscribed {
        subscription: Topic,
        epoch: String,
        /// The place in the stream up to which this socket is current.
        offset: u64,
        /// Everything since `resume` follows. Otherwise read the state over HTTP again.
        recovered: bool,
    },
    /// Frames were missed between servers: read the state over HTTP again.
    #[cfg_attr(feature = "openapi", schema(title = "Resync"))]
    Resync { epoch: String, offset: u64, recovered: bool },
    /// A call of one's own has begun; the listener's phone rings. On one's own `/ws/presence` sockets, as are
    /// all events of calls, wallets and reviews.
    #[cfg_attr(feature = "openapi", schema(title = "CallStarted"))]
    CallStarted {
        call_id: CallId,
        call_type: CallType,
        /// The caller.
        user_id: UserId,
        listener_id: UserId,
        caller_username: String,
        listener_username: String,
        start_time: DateTime<Utc>,
        rate_per_minute: Coins,
    },
    /// A minute has begun and is paid.
    #[cfg_attr(feature = "openapi", schema(title = "CallMinute"))]
    CallMinute {
        call_id: CallId,
        /// From 1.
        minute: i64,
        coins_spent: Coins,
        listener_money_earned: Earnings,
        /// The caller's; not told to the listener.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remaining_coins: Option<Coins>,
    },
    /// To the caller, when 3 and when 1 minutes are left, the running one included.
    #[cfg_attr(feature = "openapi", schema(title = "CallLowBalance"))]
    CallLowBalance { call_id: CallId, minutes_left: i64, remaining_coins: Coins },
    /// A call of one's own is over.
    #[cfg_attr(feature = "openapi", schema(title = "CallEnded"))]
    CallEnded {
        call_id: CallId,
        status: CallStatus,
        cause: EndCause,
        duration_seconds: i64,
        duration_minutes: i64,
        coins_spent: Coins,
        listener_money_earned: Earnings,
    },
    /// One's wallet has changed by something else than a minute of a call.
    #[cfg_attr(feature = "openapi", schema(title = "WalletUpdated"))]
    WalletUpdated { balance_coins: Coins, withdrawable_money: Earnings, pending_withdrawals: Earnings },
    /// One's audio sample was reviewed.
    #[cfg_attr(feature = "openapi", schema(title = "VerificationReviewed"))]
    VerificationReviewed { sample_id: SampleId, status: VerificationStatus, remarks: Option<String> },
    #[cfg_attr(feature = "openapi", schema(title = "Pong"))]
    Pong { timestamp: DateTime<Utc> },
    /// This server goes down; come back after so many milliseconds (each socket is told another number).
    #[cfg_attr(feature = "openapi", schema(title = "Reconnect"))]
    Reconnect { after_ms: u64 },
    /// A message of the client made no sense; the socket stays open.
    #[cfg_attr(feature = "openapi", schema(title = "Error"))]
    Error { code: String, message: String },
    /// Something that this version does not know yet.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schema(title = "Unknown"))]
    Unknown,
}

/// What the client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    #[cfg_attr(feature = "openapi", schema(title = "Ping"))]
    Ping {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timestamp: Option<DateTime<Utc>>,
    },
    #[cfg_attr(feature = "openapi", schema(title = "Subscribe"))]
    Subscribe(Subscribe),
}

/// Narrows a socket to what is on screen, and resumes where another one broke off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "type": "subscribe", "subscription": "feed", "user_ids": [123, 456], "batch_ms": 250,
    "resume": {"epoch": "5f0c2a9b", "offset": 1042}
})))]
pub struct Subscribe {
    /// The socket's own topic; kept for the apps that send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Only these people; at most 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ids: Option<Vec<UserId>>,
    /// One frame at most in so many milliseconds, up to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Position>,
}

impl Subscribe {
    /// The contract's bare `subscribe` changes nothing; any of the newer fields makes a new client.
    pub fn is_extended(&self) -> bool {
        self.user_ids.is_some() || self.batch_ms.is_some() || self.resume.is_some()
    }
}

/// A place in the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// Offsets count within an epoch; a new one begins when Redis forgets the count.
    pub epoch: String,
    pub offset: u64,
}

/// What a socket carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Listeners.
    Feed,
    /// Everybody.
    Presence,
}

/// Close codes of our own (RFC 6455 §7.4.2); beside them 1003, 1007, 1008, 1009 and 1012 are used as registered.
pub mod close {
    /// Signed out, suspended or deleted: do not come back with this login.
    pub const SESSION_ENDED: u16 = 4401;
    /// The token expired and was not refreshed: refresh, then come back.
    pub const TOKEN_EXPIRED: u16 = 4402;
    /// Read too slowly: come back and resume.
    pub const SLOW_CONSUMER: u16 = 4408;
}
