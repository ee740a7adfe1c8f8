use saathii_sdk::{
    Client, Code, NewUser, Resent, SessionState, Verified,
    types::{
        ErrorCode,
        users::{Role, Sex},
    },
};
use serde_json::json;

use crate::support::{Answer, Server, done, ok, pair, refused};

fn needs_registration() -> Answer {
    ok(json!({"status": "needs_registration", "registration_token": "reg"}))
}

#[tokio::test]
async fn a_wrong_code_may_be_corrected() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/verify" if seen.body["otp"] == "000000" => refused(400, "invalid_otp"),
        "POST /auth/verify" => {
            let tokens = pair("1");
            ok(json!({
                "status": "registered", "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"]
            }))
        }
        "POST /auth/resend_otp" if seen.earlier == 0 => ok(json!({"message": "OTP re-sent"})),
        "POST /auth/resend_otp" => ok(json!({"message": "OTP sent"})),
        _ => done(),
    })
    .await;
    let client = server.client().build().unwrap();
    assert!(!client.is_signed_in().await.unwrap());
    let sent = client.auth().request_otp("98765 43210").await.unwrap();
    assert_eq!(sent.resend().await.unwrap(), Resent::Again);
    assert_eq!(sent.resend().await.unwrap(), Resent::Anew);
    let failed = sent.verify("000000").await.unwrap_err();
    assert_eq!(failed.error.code(), ErrorCode::InvalidOtp);
    assert!(matches!(failed.again.unwrap().verify(" 123456 ").await, Ok(Verified::SignedIn)));
    assert_eq!(client.session().state(), SessionState::SignedIn);
    let verified = &server.seen("POST /auth/verify")[1];
    assert_eq!(verified.body, json!({"phone": "98765 43210", "otp": "123456"}));
    assert_eq!(verified.token, None);
}

async fn register(client: &Client, user: &NewUser) -> Result<(), (Code, bool)> {
    let sent = client.auth().request_otp("+919876543210").await.unwrap();
    let Ok(Verified::NeedsRegistration(registration)) = sent.verify("123456").await else { panic!("not new") };
    registration.register(user).await.map_err(|failed| (failed.error.code(), failed.again.is_some()))
}

#[tokio::test]
async fn a_taken_username_gives_the_registration_back_and_a_spent_token_does_not() {
    for (status, code, expected, is_given_back) in [
        (409, "username_taken", ErrorCode::UsernameTaken, true),
        (422, "validation_error", ErrorCode::ValidationError, true),
        (401, "registration_spent", ErrorCode::RegistrationSpent, false),
        (409, "registration_spent", ErrorCode::RegistrationSpent, false),
        (401, "token_expired", ErrorCode::TokenExpired, false),
    ] {
        let server = Server::start(move |seen| match seen.what.as_str() {
            "POST /auth/verify" => needs_registration(),
            "POST /auth/register" => refused(status, code),
            _ => done(),
        })
        .await;
        let client = server.client().build().unwrap();
        let failed = register(&client, &NewUser::new("asha", Sex::Female)).await.unwrap_err();
        assert_eq!(failed, (expected.into(), is_given_back), "{status} {code}");
        assert!(!client.is_signed_in().await.unwrap());
        assert!(server.seen("POST /auth/refresh").is_empty(), "a refused registration is no refused login");
    }
}

#[tokio::test]
async fn a_registration_sends_what_was_given_and_signs_in() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/verify" => needs_registration(),
        "POST /auth/register" => ok(pair("1")),
        _ => done(),
    })
    .await;
    let client = server.client().build().unwrap();
    let user = NewUser {
        dob: chrono::NaiveDate::from_ymd_opt(2000, 1, 31),
        role: Some(Role::Listener),
        ..NewUser::new("asha", Sex::Female)
    };
    register(&client, &user).await.unwrap();
    assert!(client.is_signed_in().await.unwrap());
    let body = &server.seen("POST /auth/register")[0].body;
    let expected = json!({
        "registration_token": "reg", "username": "asha", "sex": "female", "dob": "2000-01-31", "role": "listener"
    });
    assert_eq!(*body, expected);
}
