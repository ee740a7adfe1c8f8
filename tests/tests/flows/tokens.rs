//! Sessions: refresh, reuse, logout, rotation of keys, forged tokens.

use std::collections::HashSet;

use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use saathii_sdk::Error;
use serde_json::{Value, json};
use tests::{TestApp, app::SECRET};

#[tokio::test]
async fn twenty_refreshes_of_one_token_get_one_successor() {
    let app = TestApp::start().await;
    let person = app.register("many", "user").await;
    app.advance(TimeDelta::minutes(1));
    let answers = join_all((0..20).map(|_| app.refresh(&person.refresh))).await;
    let pairs: HashSet<_> =
        answers.iter().map(|answer| (answer.token("access_token"), answer.token("refresh_token"))).collect();
    assert_eq!(pairs.len(), 1);
    let (access, refresh) = pairs.into_iter().next().unwrap();
    app.get("/users/me", &access).await.ok();
    assert_ne!(refresh, person.refresh);
    app.refresh(&refresh).await.ok();
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_within_the_grace() {
    let app = TestApp::start().await;
    let person = app.register("lossy", "user").await;
    let first = app.refresh(&person.refresh).await;
    app.advance(TimeDelta::seconds(20));
    let second = app.refresh(&person.refresh).await;
    assert_eq!(first.ok(), second.ok());
}

#[tokio::test]
async fn a_used_token_after_the_grace_ends_the_login_and_its_sockets() {
    let app = TestApp::start().await;
    let person = app.register("robbed", "user").await;
    let other_device = app.sign_in(&person.phone).await;
    let next = app.refresh(&person.refresh).await;
    let mut thief = app.socket("/ws/presence", &person).await;
    let mut safe = app.socket("/ws/presence", &other_device).await;
    app.advance(TimeDelta::seconds(61));

    app.refresh(&person.refresh).await.refused(401, "token_reused");
    assert_eq!(thief.close_code().await, 4401);
    app.refresh(&next.token("refresh_token")).await.refused(401, "session_ended");
    app.get("/users/me", &next.token("access_token")).await.refused(401, "session_ended");

    // The other device's login goes on: its access token is renewed, its socket stays.
    let renewed = app.refresh(&other_device.refresh).await.token("access_token");
    app.get("/users/me", &renewed).await.ok();
    assert!(safe.drain().await.is_empty());
}

#[tokio::test]
async fn a_login_ends_with_its_absolute_lifetime_however_often_it_is_refreshed() {
    let app = TestApp::start_with(&[("JWT_SESSION_MAX_DAYS", "40"), ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", "30")]).await;
    let person = app.register("old", "user").await;
    app.advance(TimeDelta::days(25));
    let second = app.refresh(&person.refresh).await.token("refresh_token");
    app.advance(TimeDelta::days(14));
    let third = app.refresh(&second).await.token("refresh_token");
    app.advance(TimeDelta::days(2));
    app.refresh(&third).await.refused(401, "token_expired");
}

#[tokio::test]
async fn tokens_expire() {
    let app = TestApp::start().await;
    let person = app.register("idle", "user").await;
    app.advance(TimeDelta::minutes(30));
    app.get("/users/me", &person.access).await.refused(401, "token_expired");
    app.advance(TimeDelta::days(30));
    app.refresh(&person.refresh).await.refused(401, "token_expired");
    assert!(matches!(person.client.users().me().await, Err(Error::SignedOut)));
}

#[tokio::test]
async fn logout_ends_every_token_and_socket_of_the_user_and_nobody_elses() {
    let app = TestApp::start().await;
    let person = app.register("leaver", "user").await;
    let device = app.sign_in(&person.phone).await;
    let stranger = app.register("stayer", "user").await;
    let mut first = app.socket("/ws/feed", &person).await;
    let mut second = app.socket("/ws/presence", &device).await;
    let mut other = app.socket("/ws/presence", &stranger).await;

    let answer = app.request(reqwest::Method::POST, "/auth/logout").bearer(&person.access).send().await;
    assert_eq!(answer.ok(), json!({"message": "Logged out"}));
    for token in [&person.access, &device.access] {
        app.get("/users/me", token).await.refused(401, "session_ended");
    }
    for token in [&person.refresh, &device.refresh] {
        app.refresh(token).await.refused(401, "session_ended");
    }
    assert_eq!((first.close_code().await, second.close_code().await), (4401, 4401));
    assert!(other.drain().await.is_empty());

    app.sign_in(&person.phone).await.client.users().me().await.unwrap();
}

#[tokio::test]
async fn no_401_while_keys_rotate() {
    let app = TestApp::start().await;
    let person = app.register("rotating", "user").await;
    let vars = [("JWT_SECRET_KEY", "another-secret-of-the-tests-9876543210-zyx"), ("JWT_PREVIOUS_SECRET_KEY", SECRET)];
    let rotated = app.another_node_with(&vars).await;
    rotated.get("/users/me", &person.access).await.ok();
    let renewed = rotated.refresh(&person.refresh).await;
    rotated.get("/users/me", &renewed.token("access_token")).await.ok();

    let done = rotated.another_node_with(&[("JWT_PREVIOUS_SECRET_KEY", "")]).await;
    done.get("/users/me", &renewed.token("access_token")).await.ok();
    done.get("/users/me", &person.access).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn sessions_outlive_a_wiped_redis() {
    let app = TestApp::start().await;
    let person = app.register("durable", "user").await;
    let keys: Vec<String> = app.state.redis.query(redis::cmd("KEYS").arg(app.state.redis.key("*", "*"))).await.unwrap();
    let () = app.state.redis.query(redis::cmd("DEL").arg(&keys)).await.unwrap();
    person.client.users().me().await.unwrap();
    person.client.auth().refresh().await.unwrap();
}

/// A header and claims signed by whoever likes to be the server.
fn forge(header: &Header, claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn claims_of(token: &str) -> (Header, Value) {
    let header = jsonwebtoken::decode_header(token).unwrap();
    let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims = serde_json::from_slice(&claims).unwrap();
    (header, claims)
}

#[tokio::test]
async fn no_token_passes_for_another() {
    let app = TestApp::start().await;
    let person = app.register("forger", "user").await;
    let registration = app.registration_token().await;
    let (header, claims) = claims_of(&person.access);
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forge(&header, &claims, SECRET)
    };
    let mut another_algorithm = header.clone();
    another_algorithm.alg = Algorithm::HS512;
    let mut another_type = header.clone();
    another_type.typ = Some("JWT".into());
    let mut path_key = header.clone();
    path_key.kid = Some("../../dev/null".into());
    let mut no_key = header.clone();
    no_key.kid = None;
    let unsigned = {
        let text = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let header = json!({"alg": "none", "typ": "at+jwt", "kid": header.kid});
        format!("{}.{}.", text(header), text(claims.clone()))
    };
    // The genuine one, signed again, passes: so each of the others fails for its own fault.
    app.get("/users/me", &forge(&header, &claims, SECRET)).await.ok();
    let forged = [
        ("refresh as access", person.refresh.clone()),
        ("registration as access", registration.clone()),
        ("alg none", unsigned),
        ("another algorithm", forge(&another_algorithm, &claims, SECRET)),
        ("another type", forge(&another_type, &claims, SECRET)),
        ("kid is a path", forge(&path_key, &claims, SECRET)),
        ("no kid", forge(&no_key, &claims, SECRET)),
        ("another secret", forge(&header, &claims, "another-secret-another-secret-another")),
        ("wrong audience", with("aud", json!("somebody-else"))),
        ("wrong issuer", with("iss", json!("somebody-else"))),
        ("no expiry", with("exp", Value::Null)),
        ("no subject", with("sub", json!("nobody"))),
        ("cut", person.access[..person.access.len() - 2].to_owned()),
        ("nonsense", "nonsense".to_owned()),
        ("empty", String::new()),
    ];
    for (fault, token) in &forged {
        let answer = app.get("/users/me", token).await;
        assert_eq!(answer.status, 401, "{fault}: {}", answer.text);
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{fault}");
        let socket = tests::Socket::open(&app.socket_url(&format!("/ws/feed?token={token}")), &[]).await;
        assert_eq!(socket.err(), Some(401), "{fault}");
    }
    app.refresh(&person.access).await.refused(401, "invalid_token");
    app.refresh(&registration).await.refused(401, "invalid_token");
    let body = json!({"registration_token": person.access, "username": "forged", "sex": "male"});
    app.post("/auth/register", &body).await.refused(401, "invalid_token");
    app.request(reqwest::Method::GET, "/users/me").send().await.refused(401, "not_authenticated");
    app.request(reqwest::Method::GET, "/users/me")
        .header("authorization", "Basic abc")
        .send()
        .await
        .refused(401, "not_authenticated");
}
