//! Files on their way up and down.

use saathii_sdk::{AudioFile, Code, Error, types::ErrorCode};
use serde_json::{Value, json};

use crate::support::{Answer, Server, done, ok, pair, refused};

const UPLOAD: &str = "POST /verification/upload-audio-file";
const CONFIRM: &str = "POST /verification/confirm-upload";
const STORE: &str = "POST /bucket/";
const EXPORT: &str = "GET /users/me/export";

fn sample() -> Value {
    json!({
        "sample_id": 1, "listener_id": 7, "audio_file_url": "https://bucket/verification-audio/7/a.mp3",
        "status": "pending", "remarks": null, "uploaded_at": "2024-01-15T10:30:00Z", "reviewed_at": null
    })
}

/// Bytes that no text survives as.
fn audio() -> Vec<u8> {
    (0..100_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// Of a form whose last part is the file.
fn file_of(form: &[u8]) -> &[u8] {
    let find = |what: &[u8], from: usize| {
        from + form[from..].windows(what.len()).position(|window| window == what).expect("a part of a form")
    };
    let begin = find(b"\r\n\r\n", find(b"filename=", 0)) + 4;
    let boundary = &form[..find(b"\r\n", 0)];
    let end = find(&[b"\r\n", boundary].concat(), begin);
    &form[begin..end]
}

fn heads_of(form: &[u8]) -> String {
    let file = file_of(form);
    let begin = file.as_ptr() as usize - form.as_ptr() as usize;
    String::from_utf8(form[..begin].to_vec()).unwrap()
}

#[tokio::test]
async fn a_sample_arrives_as_it_is_from_memory_and_from_the_disk() {
    let server = Server::start(|_| ok(sample())).await;
    let client = server.signed_in("good");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("héllo.ogg");
    std::fs::write(&path, audio()).unwrap();
    client.verification().upload(&AudioFile::from_bytes("a.mp3", audio())).await.unwrap();
    client.verification().upload(&AudioFile::from_path(&path)).await.unwrap();
    let seen = server.seen(UPLOAD);
    for (seen, kind) in seen.iter().zip(["audio/mpeg", "audio/ogg"]) {
        assert_eq!(file_of(&seen.raw), audio());
        let heads = heads_of(&seen.raw);
        assert!(heads.contains("name=\"audio_file\"") && heads.contains(kind), "{heads}");
        assert_eq!((seen.token.as_deref(), &seen.key), (Some("good"), &None));
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_before_anything_is_sent() {
    let server = Server::start(|_| ok(sample())).await;
    let client = server.signed_in("good");
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none.mp3"), folder.path().to_owned()] {
        let error = client.verification().upload(&AudioFile::from_path(path)).await.unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error:?}");
        assert_eq!(error.code(), Code::File);
    }
    assert!(server.seen(UPLOAD).is_empty());
}

#[tokio::test]
async fn a_sample_is_sent_again_where_it_was_not_taken_and_never_where_it_may_have_been() {
    let server = Server::start(|seen| match (seen.what.as_str(), seen.earlier) {
        (UPLOAD, 0) => refused(401, "token_expired"),
        (UPLOAD, 1) => refused(429, "rate_limited"),
        (UPLOAD, 2) => ok(sample()),
        (UPLOAD, _) => Answer::Lost,
        _ => ok(pair("1")),
    })
    .await;
    let client = server.signed_in("good");
    let file = AudioFile::from_bytes("a.mp3", audio());
    client.verification().upload(&file).await.unwrap();
    assert!(server.seen(UPLOAD).iter().all(|seen| file_of(&seen.raw) == audio()));
    let error = client.verification().upload(&file).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(server.seen(UPLOAD).len(), 4);
}

/// A store of objects, and the API that gives tickets to it.
async fn with_store(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |seen| match seen.what.as_str() {
        STORE => answer(seen.earlier),
        "POST /verification/upload-ticket" => ok(json!({
            "url": format!("http://{}/bucket/", seen.host), "key": "verification-uploads/7/a",
            "fields": {"key": "verification-uploads/7/a", "policy": "p"}, "expires_at": "2024-01-15T10:40:00Z"
        })),
        _ => ok(sample()),
    })
    .await
}

#[tokio::test]
async fn a_sample_goes_straight_to_the_store_without_the_token() {
    let server = with_store(|earlier| match earlier {
        0 => Answer::Page(503),
        1 => Answer::Lost,
        _ => done(),
    })
    .await;
    let client = server.signed_in("good");
    client.verification().upload_directly(&AudioFile::from_bytes("a.flac", audio())).await.unwrap();
    let posts = server.seen(STORE);
    // An answer that breaks off after its head has said enough.
    assert!((2..=3).contains(&posts.len()), "{}", posts.len());
    for post in &posts {
        assert_eq!((&post.token, file_of(&post.raw)), (&None, &audio()[..]));
        let heads = heads_of(&post.raw);
        let order = ["name=\"policy\"", "name=\"Content-Type\"\r\n\r\naudio/flac", "name=\"file\""];
        let places = order.map(|what| heads.find(what).unwrap_or_else(|| panic!("{what} in {heads}")));
        assert!(places.is_sorted(), "{heads}");
    }
    assert_eq!(server.seen(CONFIRM)[0].body, json!({"key": "verification-uploads/7/a"}));
}

#[tokio::test]
async fn what_the_store_does_not_take_is_told_with_its_reason_and_not_confirmed() {
    let refusal = "<?xml version=\"1.0\"?><Error><Code>EntityTooLarge</Code><Message>…</Message></Error>";
    let server = with_store(move |_| Answer::Text(400, refusal)).await;
    let client = server.signed_in("good");
    let error = client.verification().upload_directly(&AudioFile::from_bytes("a.mp3", audio())).await.unwrap_err();
    assert!(matches!(&error, Error::UploadRefused { status: 400, reason, .. } if reason == "EntityTooLarge"));
    assert_eq!((error.code(), error.is_transient()), (Code::UploadRefused, false));
    assert_eq!((server.seen(STORE).len(), server.seen(CONFIRM).len()), (1, 0));
}

#[tokio::test]
async fn an_export_is_whole_or_not_there_and_is_not_asked_for_twice() {
    let server = Server::start(|seen| match (seen.what.as_str(), seen.earlier) {
        (EXPORT, 0 | 1) => ok(json!({"profile": {"username": "asha"}})),
        (EXPORT, 2 | 3) => Answer::Lost,
        _ => Answer::Json(429, json!({"detail": "Too many", "code": "rate_limited", "retry_after": 900})),
    })
    .await;
    let client = server.signed_in("good");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.json");
    assert_eq!(client.users().export().await.unwrap()["profile"]["username"], "asha");
    client.users().export_to(&path).await.unwrap();
    let kept = std::fs::read(&path).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap()["profile"]["username"], "asha");

    assert!(client.users().export().await.unwrap_err().is_transient());
    assert!(client.users().export_to(&path).await.unwrap_err().is_transient());
    assert_eq!(client.users().export_to(&path).await.unwrap_err().code(), ErrorCode::RateLimited);
    assert_eq!(server.seen(EXPORT).len(), 5, "each counts against the limit");
    assert_eq!(std::fs::read(&path).unwrap(), kept, "the export of before is still there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is");
    let error = client.users().export_to(folder.path().join("none/export.json")).await.unwrap_err();
    assert_eq!(error.code(), Code::File);
    assert_eq!(server.seen(EXPORT).len(), 5);
}
