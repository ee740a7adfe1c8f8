use std::time::Duration;

use saathii_sdk::{
    Client, Error, IdempotencyKey, RetryPolicy, Verified,
    types::{Earnings, ErrorCode, payments::VerifyRecharge},
};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::support::{Answer, Clock, Server, done, ok, pair, refused, soon};

const VERIFY: &str = "POST /auth/verify";
const STEP: Duration = Duration::from_millis(100);
const REQUEST: &str = "POST /auth/request_otp";

fn limited(retry_after: u64) -> Answer {
    Answer::Json(429, json!({"detail": "Too many", "code": "rate_limited", "retry_after": retry_after}))
}

#[tokio::test]
async fn a_limit_is_waited_out() {
    let clock = Clock::stop();
    let server = Server::start(|seen| if seen.earlier == 0 { limited(7) } else { done() }).await;
    let client = server.client().build().unwrap();
    let auth = client.auth();
    let (sent, waited) = clock.drive(STEP, auth.request_otp("+919876543210")).await;
    sent.unwrap();
    assert!(waited >= Duration::from_secs(7), "{waited:?}");
    assert_eq!(server.seen(REQUEST).len(), 2);
}

#[tokio::test]
async fn a_limit_of_minutes_is_told_at_once() {
    // Nobody drives it: any wait would be for ever.
    let _clock = Clock::stop();
    let server = Server::start(|_| limited(900)).await;
    let client = server.client().build().unwrap();
    let error = soon(client.auth().request_otp("+919876543210")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_mins(15)));
    assert!(error.is_transient());
    assert_eq!(server.seen(REQUEST).len(), 1);
}

#[tokio::test]
async fn what_must_happen_once_is_not_repeated_once_it_was_sent() {
    for answer in [|| Answer::Lost, || refused(503, "unavailable"), || Answer::Page(502)] {
        let server = Server::start(move |seen| if seen.what == VERIFY { answer() } else { done() }).await;
        let client = server.client().build().unwrap();
        let sent = client.auth().request_otp("+919876543210").await.unwrap();
        let failed = sent.verify("123456").await.unwrap_err();
        assert!(failed.error.is_transient(), "{failed:?}");
        assert!(failed.again.is_some(), "its user may try again");
        assert_eq!(server.seen(VERIFY).len(), 1);
    }
}

#[tokio::test]
async fn what_moves_money_bears_one_key_however_often_it_is_sent() {
    let server =
        Server::start(|seen| if seen.earlier == 0 { Answer::Lost } else { refused(400, "invalid_amount") }).await;
    let client = server.signed_in("good");
    let proof = VerifyRecharge {
        razorpay_order_id: "order_1".into(),
        razorpay_payment_id: "pay_1".into(),
        razorpay_signature: "s".into(),
    };
    let kept: IdempotencyKey = "kept-since-the-last-start".parse().unwrap();
    client.recharges().buy(150, Some("upi")).await.unwrap_err();
    client.recharges().verify(&proof).await.unwrap_err();
    client.withdrawals().request(Earnings(1000)).await.unwrap_err();
    for what in ["POST /calls/recharge", "POST /calls/recharge/verify", "POST /wallet/withdraw"] {
        let keys: Vec<_> = server.seen(what).into_iter().map(|seen| seen.key.unwrap()).collect();
        assert!(keys.len() == 2 && keys[0] == keys[1], "{what}: {keys:?}");
    }
    client.recharges().with_key(&kept).buy(150, None).await.unwrap_err();
    client.recharges().with_key(&kept).verify(&proof).await.unwrap_err();
    client.withdrawals().with_key(&kept).request(Earnings(1000)).await.unwrap_err();
    for what in ["POST /calls/recharge", "POST /calls/recharge/verify", "POST /wallet/withdraw"] {
        assert_eq!(server.seen(what)[2].key.as_deref(), Some(kept.as_str()), "{what}");
    }
    assert_eq!(server.seen("POST /calls/recharge")[2].body, json!({"amount_rupees": 150}));
}

#[tokio::test]
async fn what_must_happen_once_is_repeated_while_no_server_is_there() {
    let clock = Clock::stop();
    // A port of ours where nobody listens yet.
    let port = TcpSocket::new_v4().unwrap();
    port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let retry = RetryPolicy { first_delay: Duration::from_secs(1), ..RetryPolicy::default() };
    let address = format!("http://{}", port.local_addr().unwrap());
    let client = Client::builder().base_url(address).retry(retry).build().unwrap();
    let auth = client.auth();
    let (refused, waited) = clock.drive(STEP, auth.request_otp("+919876543210")).await;
    assert!(matches!(refused.unwrap_err(), Error::Network { may_have_arrived: false, .. }));
    assert!(waited >= Duration::from_millis(500 + 1000 + 2000), "four attempts: {waited:?}");

    let asking = async {
        let sent = auth.request_otp("+919876543210").await?;
        Ok::<_, Error>(sent.verify("123456").await?)
    };
    let opening = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Server::on(port.listen(16).unwrap(), |seen| match seen.what.as_str() {
            VERIFY => {
                let tokens = pair("1");
                ok(json!({"status": "registered", "access_token": tokens["access_token"], "refresh_token": "r-1"}))
            }
            _ => done(),
        })
    };
    let ((verified, server), _) = clock.drive(STEP, async { tokio::join!(asking, opening) }).await;
    assert!(matches!(verified, Ok(Verified::SignedIn)));
    assert_eq!(server.seen(VERIFY).len(), 1);
}

#[tokio::test]
async fn what_may_happen_twice_is_repeated_until_it_works_or_the_attempts_are_used_up() {
    let server = Server::start(|seen| match (seen.what.as_str(), seen.earlier) {
        ("GET /feed/stats", 0) => refused(503, "unavailable"),
        ("GET /feed/stats", 1) => Answer::Lost,
        ("GET /feed/stats", _) => ok(json!({
            "total_listeners": 3, "online_listeners": 2, "available_listeners": 1, "busy_listeners": 1
        })),
        _ => Answer::Page(504),
    })
    .await;
    let client = server.signed_in("good");
    assert_eq!(client.feed().stats().await.unwrap().total_listeners, 3);
    assert_eq!(client.users().me().await.unwrap_err().status(), Some(504));
    assert_eq!(server.seen("GET /users/me").len(), 4);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for_for_ever() {
    let clock = Clock::stop();
    let server = Server::start(|_| Answer::Silence).await;
    let client = server.client().request_timeout(Duration::from_secs(30)).retry(RetryPolicy::never()).build().unwrap();
    let auth = client.auth();
    let (result, waited) = clock.drive(Duration::from_secs(1), auth.request_otp("+919876543210")).await;
    let error = result.unwrap_err();
    assert!(waited >= Duration::from_secs(30), "{waited:?}");
    assert!(matches!(error, Error::Timeout), "{error:?}");
}
