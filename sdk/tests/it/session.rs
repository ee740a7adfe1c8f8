use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::future::join_all;
use saathii_sdk::{
    Client, Error, MemoryStore, SessionState, SignOut, StoreError, TokenStore, Tokens, Verified, types::ErrorCode,
};
use serde_json::json;

use crate::support::{Answer, Seen, Server, access, done, gate, ok, pair, refused, soon, stored, tokens};

const REFRESH: &str = "POST /auth/refresh";
const HEARTBEAT: &str = "POST /users/me/heartbeat";

/// A store that two clients share, and that can be made to fail.
#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<Option<Tokens>>, AtomicBool)>);

impl Shared {
    fn with(tokens: &Tokens) -> Self {
        let store = Self::default();
        store.save(tokens).unwrap();
        store
    }

    fn fail(&self, fails: bool) {
        self.0.1.store(fails, Ordering::SeqCst);
    }

    fn refresh_token(&self) -> Option<String> {
        self.load().unwrap().map(|tokens| tokens.refresh_token)
    }
}

impl TokenStore for Shared {
    fn load(&self) -> Result<Option<Tokens>, StoreError> {
        Ok(self.0.0.lock().unwrap().clone())
    }

    fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
        if self.0.1.load(Ordering::SeqCst) {
            return Err("the disk is full".into());
        }
        *self.0.0.lock().unwrap() = Some(tokens.clone());
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        *self.0.0.lock().unwrap() = None;
        Ok(())
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn expired() -> Tokens {
    tokens("old", 0)
}

/// Refreshes `r-0` to `r-1`, and takes any token but `old`.
fn renewing(seen: &Seen) -> Answer {
    match seen.what.as_str() {
        REFRESH => ok(pair("1")),
        _ if seen.token.as_deref() == Some("old") => refused(401, "token_expired"),
        _ => done(),
    }
}

async fn beat_at_once(client: &Client, calls: usize) -> Vec<Result<(), Error>> {
    let presence = client.presence();
    soon(join_all((0..calls).map(|_| presence.send_heartbeat()))).await
}

#[tokio::test]
async fn twenty_calls_with_an_expired_token_refresh_once() {
    let server = Server::start(renewing).await;
    let store = Shared::with(&expired());
    let client = server.client().token_store(store.clone()).build().unwrap();
    assert!(beat_at_once(&client, 20).await.iter().all(Result::is_ok));
    assert_eq!(server.seen(REFRESH).len(), 1);
    let beats = server.seen(HEARTBEAT);
    assert_eq!(beats.len(), 20, "nobody sends a token known to have expired");
    assert!(beats.iter().all(|seen| seen.token == Some(access("1", 1800))));
    assert_eq!(store.refresh_token().as_deref(), Some("r-1"));
}

#[tokio::test]
async fn twenty_refused_calls_refresh_once() {
    let server = Server::start(renewing).await;
    let client = server.signed_in("old");
    assert!(beat_at_once(&client, 20).await.iter().all(Result::is_ok));
    assert_eq!(server.seen(REFRESH).len(), 1);
}

#[tokio::test]
async fn a_lost_refresh_answer_is_asked_for_again_with_the_same_token() {
    let server = Server::start(|seen| match seen.what.as_str() {
        REFRESH if seen.earlier == 0 => Answer::Lost,
        _ => renewing(seen),
    })
    .await;
    let client = server.signed_in("old");
    client.presence().send_heartbeat().await.unwrap();
    let refreshes = server.seen(REFRESH);
    assert_eq!(refreshes.len(), 2);
    assert!(refreshes.iter().all(|seen| seen.body == json!({"refresh_token": "r-0"})));
}

#[tokio::test]
async fn a_kill_between_refresh_and_save_logs_nobody_out() {
    let server = Server::start(renewing).await;
    let store = Shared::with(&expired());
    // Nothing that the killed process does reaches the disk.
    store.fail(true);
    let killed = server.client().token_store(store.clone()).build().unwrap();
    killed.presence().send_heartbeat().await.unwrap();
    drop(killed);
    assert_eq!(store.refresh_token().as_deref(), Some("r-0"), "the old token stays until its successor is saved");

    store.fail(false);
    let next = server.client().token_store(store.clone()).build().unwrap();
    next.presence().send_heartbeat().await.unwrap();
    assert_eq!(store.refresh_token().as_deref(), Some("r-1"));
    let refreshes = server.seen(REFRESH);
    assert!(refreshes.iter().all(|seen| seen.body == json!({"refresh_token": "r-0"})), "{refreshes:?}");
}

#[tokio::test]
async fn a_store_that_fails_is_asked_again() {
    let server = Server::start(renewing).await;
    let store = Shared::with(&expired());
    store.fail(true);
    let client = server.client().token_store(store.clone()).build().unwrap();
    client.presence().send_heartbeat().await.unwrap();
    client.presence().send_heartbeat().await.unwrap();
    assert_eq!(store.refresh_token().as_deref(), Some("r-0"));
    store.fail(false);
    client.presence().send_heartbeat().await.unwrap();
    assert_eq!(store.refresh_token().as_deref(), Some("r-1"));
    assert_eq!(server.seen(REFRESH).len(), 1);
}

#[tokio::test]
async fn a_caller_who_gives_up_loses_no_rotated_token() {
    let answered = gate();
    let behind = answered.clone();
    let server = Server::start(move |seen| match seen.what.as_str() {
        REFRESH => Answer::Behind(behind.clone(), Box::new(ok(pair("1")))),
        _ => done(),
    })
    .await;
    let store = Shared::with(&expired());
    let client = server.client().token_store(store.clone()).build().unwrap();
    let caller = tokio::spawn({
        let client = client.clone();
        async move { client.presence().send_heartbeat().await }
    });
    server.sees(REFRESH, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    answered.add_permits(1);
    // Waits for the refresh, which nobody else waits for.
    assert!(soon(client.is_signed_in()).await.unwrap());
    assert_eq!(store.refresh_token().as_deref(), Some("r-1"));
    assert!(server.seen(HEARTBEAT).is_empty());
}

#[tokio::test]
async fn a_refused_refresh_signs_out_once() {
    let server = Server::start(|seen| match seen.what.as_str() {
        REFRESH => refused(401, "session_ended"),
        _ => refused(401, "token_expired"),
    })
    .await;
    let store = Shared::with(&tokens("old", u64::MAX));
    let client = server.client().token_store(store.clone()).build().unwrap();
    assert!(client.is_signed_in().await.unwrap());
    let mut session = client.session();
    assert_eq!(session.state(), SessionState::SignedIn);

    let results = beat_at_once(&client, 20).await;
    assert!(results.iter().all(|result| matches!(result, Err(Error::SignedOut))), "{results:?}");
    assert_eq!(server.seen(REFRESH).len(), 1);
    assert_eq!(store.refresh_token(), None);
    assert_eq!(session.changed().await, Some(SessionState::Ended));
    assert!(futures_util::FutureExt::now_or_never(session.changed()).is_none(), "it is told once");
    assert_eq!(session.signed_out().await, Some(SignOut::ByServer));
    assert!(futures_util::FutureExt::now_or_never(session.signed_out()).is_none(), "and whose doing it was");
    assert!(matches!(client.users().me().await, Err(Error::SignedOut)));
}

#[tokio::test]
async fn a_sign_out_is_told_also_where_the_next_login_follows_at_once() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/verify" => {
            ok(json!({"status": "registered", "access_token": access("1", 1800), "refresh_token": "r-1"}))
        }
        _ => done(),
    })
    .await;
    let client = server.client().token_store(stored("good")).build().unwrap();
    let mut session = client.session();
    // Nothing was read yet, and still somebody is signed out.
    client.auth().forget().await.unwrap();
    let sent = client.auth().request_otp("+919876543210").await.unwrap();
    assert!(matches!(sent.verify("123456").await, Ok(Verified::SignedIn)));
    assert_eq!(session.changed().await, Some(SessionState::SignedIn), "what was between is not seen any more");
    assert_eq!(session.take_sign_out(), Some(SignOut::ByUser));
    assert_eq!(session.take_sign_out(), None);
    assert_eq!(client.session().take_sign_out(), None, "whoever comes later hears of what comes later");

    let fresh = server.client().build().unwrap();
    let mut session = fresh.session();
    assert!(!fresh.is_signed_in().await.unwrap());
    fresh.auth().forget().await.unwrap();
    assert_eq!(session.take_sign_out(), None, "nobody was signed in");
}

#[tokio::test]
async fn a_clock_an_hour_off_renews_once_and_signs_nobody_out() {
    const HOUR: u64 = 3600;
    // What the server says is fresh, whatever this device's clock says of it.
    for (stored_access, access_ends_at, refusals) in [("fresh", now() - HOUR, 0), ("old", now() + HOUR, 1)] {
        let server = Server::start(renewing).await;
        let store = Shared::with(&tokens(stored_access, access_ends_at));
        let client = server.client().token_store(store.clone()).build().unwrap();
        for _ in 0..5 {
            client.presence().send_heartbeat().await.unwrap();
        }
        assert_eq!(server.seen(REFRESH).len(), 1, "{stored_access}");
        let refused = server.seen(HEARTBEAT).iter().filter(|seen| seen.token.as_deref() == Some("old")).count();
        assert_eq!(refused, refusals);
        assert_eq!(client.session().state(), SessionState::SignedIn);
        // The next start, with the clock as wrong as before.
        let again = server.client().token_store(store).build().unwrap();
        again.presence().send_heartbeat().await.unwrap();
        assert_eq!(server.seen(REFRESH).len(), 1);
    }
}

#[tokio::test]
async fn two_clients_with_one_token_and_a_store_each_get_one_successor() {
    // As the server does: a used token is answered alike for a while.
    let server = Server::start(renewing).await;
    let clients = [(); 2].map(|()| {
        let store = Shared::with(&expired());
        (server.client().token_store(store.clone()).build().unwrap(), store)
    });
    let beats = join_all(clients.iter().map(|(client, _)| async { client.presence().send_heartbeat().await }));
    assert!(soon(beats).await.iter().all(Result::is_ok));
    let refreshes = server.seen(REFRESH);
    assert!(refreshes.iter().all(|seen| seen.body == json!({"refresh_token": "r-0"})), "{refreshes:?}");
    for (_, store) in &clients {
        assert_eq!(store.refresh_token().as_deref(), Some("r-1"));
    }
}

#[tokio::test]
async fn a_new_token_that_is_refused_as_well_ends_the_call_and_not_the_login() {
    let server = Server::start(|seen| match seen.what.as_str() {
        REFRESH => ok(pair("1")),
        _ => refused(401, "invalid_token"),
    })
    .await;
    let client = server.signed_in("old");
    let error = client.presence().send_heartbeat().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), ErrorCode::InvalidToken.into()));
    assert_eq!(server.seen(REFRESH).len(), 1);
    assert_eq!(server.seen(HEARTBEAT).len(), 2);
    assert!(client.is_signed_in().await.unwrap());
}

#[tokio::test]
async fn the_login_page_of_a_proxy_signs_nobody_out() {
    let server = Server::start(|_| Answer::Page(401)).await;
    let store = Shared::with(&expired());
    let client = server.client().token_store(store.clone()).build().unwrap();
    let error = client.presence().send_heartbeat().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 401, .. }), "{error:?}");
    assert!(client.is_signed_in().await.unwrap());
    assert_eq!(store.refresh_token().as_deref(), Some("r-0"));
}

#[tokio::test]
async fn who_waits_for_a_refresh_shares_its_failure() {
    let answered = gate();
    let behind = answered.clone();
    let server = Server::start(move |_| Answer::Behind(behind.clone(), Box::new(refused(500, "internal_error")))).await;
    let client = server.client().token_store(stored_expired()).build().unwrap();
    let calls = beat_at_once(&client, 20);
    let open = async {
        server.sees(REFRESH, 1).await;
        answered.add_permits(100);
    };
    let (results, ()) = tokio::join!(calls, open);
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| error.status() == Some(500))));
    assert_eq!(server.seen(REFRESH).len(), 1);
    // Who comes later tries again.
    client.presence().send_heartbeat().await.unwrap_err();
    assert_eq!(server.seen(REFRESH).len(), 2);
}

fn stored_expired() -> impl TokenStore {
    let store = MemoryStore::new();
    store.save(&expired()).unwrap();
    store
}

#[tokio::test]
async fn a_token_with_seconds_left_serves_while_it_cannot_be_renewed() {
    let server = Server::start(|seen| match seen.what.as_str() {
        REFRESH => refused(500, "internal_error"),
        _ => done(),
    })
    .await;
    let client = server.client().token_store(Shared::with(&tokens("alive", now() + 30))).build().unwrap();
    client.presence().send_heartbeat().await.unwrap();
    assert_eq!(server.seen(REFRESH).len(), 1, "it is renewed a minute before its end");
    assert_eq!(server.seen(HEARTBEAT)[0].token.as_deref(), Some("alive"));
}

#[tokio::test]
async fn two_clients_with_one_store_renew_once() {
    let server = Server::start(renewing).await;
    let store = Shared::with(&tokens("old", u64::MAX));
    let client = || server.client().token_store(store.clone()).build().unwrap();
    let (one, two) = (client(), client());
    assert!(one.is_signed_in().await.unwrap() && two.is_signed_in().await.unwrap());
    one.presence().send_heartbeat().await.unwrap();
    two.presence().send_heartbeat().await.unwrap();
    assert_eq!(server.seen(REFRESH).len(), 1, "the second takes over what the first has renewed");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_no_logout() {
    struct Locked;
    impl TokenStore for Locked {
        fn load(&self) -> Result<Option<Tokens>, StoreError> {
            Err("the keychain is locked".into())
        }
        fn save(&self, _: &Tokens) -> Result<(), StoreError> {
            panic!("nothing is written over what cannot be read")
        }
        fn clear(&self) -> Result<(), StoreError> {
            panic!("nothing is forgotten that cannot be read")
        }
    }
    let server = Server::start(|_| done()).await;
    let client = server.client().token_store(Locked).build().unwrap();
    assert!(matches!(client.is_signed_in().await, Err(Error::Storage { .. })));
    assert_eq!(client.session().state(), SessionState::Unknown);
}

#[tokio::test]
async fn a_logout_is_the_users_own_even_where_its_answer_was_lost() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/logout" if seen.earlier == 0 => Answer::Lost,
        REFRESH | "POST /auth/logout" => refused(401, "session_ended"),
        _ => done(),
    })
    .await;
    let store = Shared::with(&tokens("old", u64::MAX));
    let client = server.client().token_store(store.clone()).build().unwrap();
    let mut from_the_start = client.session();
    client.auth().logout().await.unwrap();
    assert_eq!(from_the_start.signed_out().await, Some(SignOut::ByUser));
    let mut session = client.session();
    assert_eq!(session.state(), SessionState::SignedOut);
    assert_eq!(store.refresh_token(), None);
    client.auth().forget().await.unwrap();
    assert!(futures_util::FutureExt::now_or_never(session.changed()).is_none(), "it is told once");
    assert_eq!(session.take_sign_out(), None, "it was over when this watch began");
}

#[tokio::test]
async fn a_logout_that_the_server_never_heard_of_leaves_one_signed_in() {
    let server = Server::start(|_| refused(500, "internal_error")).await;
    let client = server.client().token_store(stored("good")).build().unwrap();
    client.auth().logout().await.unwrap_err();
    assert!(client.is_signed_in().await.unwrap());
    client.auth().forget().await.unwrap();
    assert!(!client.is_signed_in().await.unwrap());
}
