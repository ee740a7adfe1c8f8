//! The OpenAPI document and its pages.

use reqwest::Method;
use serde_json::Value;
use tests::TestApp;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/flows/openapi.json");

/// Set to write the snapshot instead of comparing it.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

#[test]
fn the_document_is_the_one_that_was_agreed() {
    let document = saathii_server::app::openapi().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
    if std::env::var(UPDATE).is_ok() {
        std::fs::write(SNAPSHOT, &document).unwrap();
    }
    let agreed = std::fs::read_to_string(SNAPSHOT).unwrap();
    assert!(
        document == agreed,
        "the OpenAPI document has changed; if that is meant, run again with {UPDATE}=1 and read the diff"
    );
}

fn document() -> Value {
    serde_json::from_str(&saathii_server::app::openapi().to_json().unwrap()).unwrap()
}

/// Every operation with its path.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.iter().map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
        })
        .collect()
}

/// What is sent with no body.
const WITHOUT_BODY: [&str; 8] = [
    "post /admin/users/{user_id}/reinstate",
    "post /admin/withdrawals/{withdrawal_id}/approve",
    "post /auth/logout",
    "post /calls/bill-minute/{call_id}",
    "post /calls/cleanup",
    "post /calls/emergency-end/{call_id}",
    "post /users/me/heartbeat",
    "post /verification/upload-ticket",
];

/// What the contract sends with a body although it deletes.
const WITH_BODY: [&str; 2] = ["delete /favorites/remove", "delete /block"];

/// What is no JSON.
const FORMS: [&str; 1] = ["post /verification/upload-audio-file"];

/// The contract's groups, and ours.
const TAGS: [&str; 11] = [
    "Admin - Moderation",
    "Admin - Verification",
    "Admin - Withdrawals",
    "Authentication",
    "Call Management",
    "Favorites & Blocking",
    "Listener Verification",
    "Operations",
    "User Management",
    "Wallet",
    "WebSocket",
];

#[test]
fn every_request_and_answer_has_an_example() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let has_example = |content: &Value| {
        let schema = &content["schema"];
        let reference = schema["$ref"].as_str().or(schema["items"]["$ref"].as_str());
        let named = reference.map(|name| &document["components"]["schemas"][name.rsplit('/').next().unwrap()]);
        let describes_itself = |schema: &Value| {
            let all =
                |list: &Value| list.as_array().is_some_and(|list| list.iter().all(|one| one["example"].is_object()));
            !schema["example"].is_null() || all(&schema["oneOf"])
        };
        !content["example"].is_null() || named.is_some_and(describes_itself)
    };
    for (name, operation) in operations(&document) {
        assert!(operation["summary"].is_string() && operation["operationId"].is_string(), "{name}");
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.contains(&tag), "{name}: {tag}");
        let may_have_body = name.starts_with("post") || name.starts_with("put");
        let has_body = WITH_BODY.contains(&name.as_str()) || may_have_body && !WITHOUT_BODY.contains(&name.as_str());
        let content_type = if FORMS.contains(&name.as_str()) { "multipart/form-data" } else { "application/json" };
        let body = &operation["requestBody"]["content"][content_type];
        assert_eq!(body.is_object(), has_body, "{name}: request");
        assert!(!has_body || has_example(body), "{name}: request without an example");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            for content in answer["content"].as_object().into_iter().flat_map(serde_json::Map::values) {
                assert!(has_example(content), "{name}: {status}");
            }
        }
        let is_probe = tag == "Operations";
        assert!(is_probe || operation["responses"]["503"].is_object(), "{name} says nothing of 503");
        let is_secured = operation["security"].is_array() || tag == "WebSocket";
        assert!(!is_secured || operation["responses"]["401"].is_object(), "{name} says nothing of 401");
    }
}

#[tokio::test]
async fn the_pages_need_no_other_host() {
    let app = TestApp::start().await;
    for path in ["/docs/", "/redoc"] {
        let page = app.request(Method::GET, path).send().await;
        assert_eq!(page.status, 200, "{path}");
        for line in page.text.lines().filter(|line| line.contains("<script") || line.contains("<link")).take(20) {
            assert!(!line.contains("src=\"http") && !line.contains("href=\"http"), "{path}: {line}");
        }
    }
    let served: Value = app.request(Method::GET, "/openapi.json").send().await.ok();
    assert_eq!(served, document());
}
