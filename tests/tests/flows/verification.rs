//! Audio samples and their review (contract §Listener Verification, §S3 File Upload). Everything here runs on any S3:
//! `TEST_S3_ENDPOINT` (suite `storage`).

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::{
    Method,
    header::HeaderMap,
    multipart::{Form, Part},
};
use saathii_sdk::{
    AudioFile, Error,
    types::{
        SampleId,
        calls::CallType,
        verification::{AudioLink, UploadTicket, VerificationSample, VerificationStatus},
    },
};
use saathii_server::{infra::object_store::ObjectStore, verification};
use serde_json::json;
use tests::{
    Answer, Person, Refused, TestApp,
    audio::{self, sample},
    client::Request,
    device::one_wins,
};

const UPLOAD: &str = "/verification/upload-audio-file";
const LIMIT: u32 = 10 * 1024 * 1024;

async fn upload(app: &TestApp, listener: &Person, bytes: impl Into<Vec<u8>>) -> Result<VerificationSample, Error> {
    listener.at(app).verification().upload(&AudioFile::from_bytes("a.mp3", bytes)).await
}

async fn history(listener: &Person) -> Vec<VerificationSample> {
    listener.client.verification().history().await.unwrap()
}

async fn review(app: &TestApp, admin: &Person, sample: SampleId, verdict: &str) -> Answer {
    let body = json!({"sample_id": sample, "status": verdict, "remarks": "Clear voice"});
    app.post_as(admin, "/admin/verification/review", &body).await
}

async fn pending(app: &TestApp, admin: &Person) -> Vec<SampleId> {
    let queue = app.get("/admin/verification/pending", &admin.access).await.ok();
    let queue: Vec<VerificationSample> = serde_json::from_value(queue).unwrap();
    queue.iter().map(|sample| sample.sample_id).collect()
}

/// What a link leads to.
async fn open(link: &AudioLink) -> (HeaderMap, Vec<u8>) {
    let (status, headers, heard) = Request::new(Method::GET, link.url.clone()).bytes().await;
    assert_eq!(status, 200);
    (headers, heard)
}

async fn objects(app: &TestApp, listener: &Person) -> Vec<String> {
    app.state.objects.list_folder(&format!("verification-audio/{}/", listener.id)).await.unwrap()
}

/// No row that anybody sees, and no object.
async fn assert_nothing_is_kept(app: &TestApp, listener: &Person, what: &str) {
    assert_eq!(history(listener).await, [], "{what}");
    assert_eq!(objects(app, listener).await, [""; 0], "{what}");
}

fn key_of(sample: &VerificationSample) -> String {
    let url = &sample.audio_file_url;
    url[url.find("verification-audio/").unwrap()..].to_owned()
}

fn extension(key: &str) -> &str {
    key.rsplit('.').next().unwrap()
}

#[tokio::test]
async fn a_listener_sends_a_sample_and_is_listed_once_it_is_approved() {
    let app = TestApp::start().await;
    let (listener, admin) = (app.register("voice", "listener").await, app.register_admin("judge").await);
    let nothing = app.get("/verification/status", &listener.access).await.ok();
    assert_eq!(
        nothing,
        json!({"is_verified": false, "verification_status": null, "last_verification": null,
               "message": "No verification submitted yet"})
    );

    let bytes = sample();
    let request = app.request(Method::POST, UPLOAD).bearer(&listener.access);
    let record = request.audio_file("a.mp3", "audio/mpeg", bytes.clone()).send().await.ok();
    let url = record["audio_file_url"].as_str().unwrap().to_owned();
    let (folder, name) = url.rsplit_once('/').unwrap();
    assert_eq!(folder, format!("{}/verification-audio/{}", app.state.objects.base_url(), listener.id));
    assert!(name.starts_with("20260115_103000_") && extension(name) == "wav" && name.len() == 28, "{name}");
    assert_eq!(
        record,
        json!({"sample_id": record["sample_id"], "listener_id": listener.id, "audio_file_url": url, "status": "pending",
               "remarks": null, "uploaded_at": "2026-01-15T10:30:00Z", "reviewed_at": null})
    );
    let status = app.get("/verification/status", &listener.access).await.ok();
    assert_eq!(
        status,
        json!({"is_verified": false, "verification_status": "pending", "last_verification": record,
               "message": "Verification status: pending"})
    );
    let queue = app.get("/admin/verification/pending?page=1&per_page=20", &admin.access).await.ok();
    assert_eq!(queue, json!([record]));
    assert_eq!(admin.client.feed().stats().await.unwrap().total_listeners, 0);

    app.advance(TimeDelta::minutes(5));
    let sample = SampleId(record["sample_id"].as_i64().unwrap());
    let answer = review(&app, &admin, sample, "approved").await.ok();
    let mut reviewed = record.clone();
    reviewed["status"] = json!("approved");
    reviewed["remarks"] = json!("Clear voice");
    reviewed["reviewed_at"] = json!("2026-01-15T10:35:00Z");
    assert_eq!(
        answer,
        json!({"success": true, "message": "Verification approved successfully with remarks: Clear voice",
               "verification": reviewed})
    );
    assert_eq!(app.get("/verification/history", &listener.access).await.ok(), json!([reviewed]));
    let status = listener.client.verification().status().await.unwrap();
    assert_eq!((status.is_verified, status.message.as_str()), (true, "Verification status: approved"));
    assert_eq!(app.get("/admin/verification/pending", &admin.access).await.ok(), json!([]));
    assert_eq!(admin.client.feed().stats().await.unwrap().total_listeners, 1);
    upload(&app, &listener, bytes).await.refused(400, "already_verified");
}

#[tokio::test]
async fn samples_are_heard_through_links_by_their_owner_and_by_admins() {
    let app = TestApp::start().await;
    let (listener, other) = (app.register("voice", "listener").await, app.register("other", "listener").await);
    let admin = app.register_admin("judge").await;
    let record = upload(&app, &listener, sample()).await.unwrap();
    for person in [&listener, &admin] {
        let link = person.client.verification().audio(record.sample_id).await.unwrap();
        assert!(link.expires_at > app.clock.now(), "{link:?}");
        let (headers, heard) = open(&link).await;
        assert_eq!(headers["content-type"], "audio/wav");
        assert_eq!(heard, sample());
    }
    let wire = app.get(&format!("/verification/samples/{}/audio", record.sample_id), &admin.access).await.ok();
    assert!(wire["url"].is_string() && wire["expires_at"].is_string(), "{wire}");
    other.client.verification().audio(record.sample_id).await.refused(404, "not_found");
    admin.client.verification().audio(SampleId(999)).await.refused(404, "not_found");
    app.get("/verification/samples/x/audio", &admin.access).await.refused(422, "validation_error");
}

#[tokio::test]
async fn objects_bear_whose_they_are() {
    let app = TestApp::start().await;
    let listener = app.register("voice", "listener").await;
    let record = upload(&app, &listener, sample()).await.unwrap();
    let (headers, _) = open(&listener.client.verification().audio(record.sample_id).await.unwrap()).await;
    let metadata = |name: &str| headers[format!("x-amz-meta-{name}").as_str()].to_str().unwrap().to_owned();
    assert_eq!(metadata("user-id"), listener.id.to_string());
    assert_eq!((metadata("duration-ms"), metadata("channels")), ("2000".into(), "1".into()));
    assert_eq!(metadata("uploaded-at"), "2026-01-15T10:30:00+00:00");
}

#[tokio::test]
async fn every_accepted_format_is_known_by_its_content() {
    let app = TestApp::start().await;
    for (format, bytes) in [
        ("mp3", audio::MP3),
        ("m4a", audio::M4A),
        ("aac", audio::AAC),
        ("flac", audio::FLAC),
        ("ogg", audio::OGG),
        ("wav", &audio::wav(44_100, 2, 44_100)),
    ] {
        let listener = app.register(&format!("sends-{format}"), "listener").await;
        // What it is called and what the client takes it for says nothing.
        let request = app.request(Method::POST, UPLOAD).bearer(&listener.access);
        let record = request.audio_file("x.exe", "application/octet-stream", bytes.to_vec()).send().await.ok();
        assert_eq!(extension(&key_of(&serde_json::from_value(record).unwrap())), format);
    }
}

/// As a recorder leaves it that writes into a pipe.
#[tokio::test]
async fn a_wav_of_open_length_is_as_long_as_it_is() {
    let app = TestApp::start().await;
    let listener = app.register("piped", "listener").await;
    let mut bytes = sample();
    bytes[4..8].fill(0xff);
    bytes[40..44].fill(0xff);
    upload(&app, &listener, bytes).await.unwrap();
}

#[tokio::test]
async fn what_is_no_sample_is_refused_with_the_reason_and_leaves_nothing() {
    let app = TestApp::start().await;
    let listener = app.register("wrong", "listener").await;
    let cut = |bytes: &[u8], len: usize| bytes[..len].to_vec();
    let joined = |parts: &[&[u8]]| parts.concat();
    let program = joined(&[b"\x7fELF\x02\x01\x01\0\0\0\0\0", &audio::noise(50_000)]);
    let second = audio::wav(8_000, 1, 8_000);
    let header = |rate, channels| joined(&[&audio::wav_header(rate, channels, 64_000), &audio::noise(64_000)]);
    let bad: [(&str, Vec<u8>, &str); 25] = [
        ("nothing", vec![], "empty"),
        ("one byte", vec![7], "accepted"),
        ("text", b"Hello, I am a voice.".repeat(500), "accepted"),
        ("a picture", joined(&[b"\x89PNG\r\n\x1a\n", &audio::noise(50_000)]), "accepted"),
        ("a page", b"<html><script>alert(1)</script></html>".repeat(100), "accepted"),
        ("a program", program.clone(), "accepted"),
        ("a program called ID3", joined(&[b"ID3\x04\0\0\0\0\0\0", &program]), "decoded"),
        ("noise behind a sync word", joined(&[b"\xff\xfb\x90\x00", &audio::noise(200_000)]), ""),
        ("a second, then garbage", joined(&[&second, &audio::noise(200_000)]), "not audio"),
        ("a second of mp3, then garbage", joined(&[audio::MP3, &audio::noise(100_000)]), ""),
        ("a header alone", audio::wav_header(8_000, 1, 32_000), ""),
        ("half a header", cut(&second, 30), ""),
        ("a cut wav", cut(&sample(), 20_000), "cut off"),
        ("a cut flac", cut(audio::FLAC, 9_000), ""),
        ("a cut m4a", cut(audio::M4A, 2_000), ""),
        ("too short", audio::wav(8_000, 1, 7_900), "shorter than 1 second"),
        ("too short an mp3", cut(audio::MP3, 1_500), "shorter than 1 second"),
        ("too long", audio::wav(8_000, 1, 8_000 * 601), "longer than 10 minutes"),
        ("many channels", header(8_000, 8), "stereo"),
        ("very many channels", header(8_000, 60_000), ""),
        ("no channel", header(8_000, 0), ""),
        ("a slow rate", header(100, 1), "rate"),
        ("a rate of nothing", header(0, 1), ""),
        ("another codec", audio::OPUS.to_vec(), ""),
        ("a film", audio::VIDEO.to_vec(), "not audio"),
    ];
    for (what, bytes, reason) in bad {
        let refused = upload(&app, &listener, bytes).await.refused(400, "invalid_audio");
        let detail = refused.detail.to_string();
        assert!(detail.starts_with("Invalid audio file: ") && detail.contains(reason), "{what}: {detail}");
    }
    assert_nothing_is_kept(&app, &listener, "refused files").await;
    upload(&app, &listener, sample()).await.unwrap();
}

#[tokio::test]
async fn a_small_file_that_unfolds_to_an_hour_is_refused() {
    let app = TestApp::start().await;
    let listener = app.register("bomb", "listener").await;
    let refused = upload(&app, &listener, audio::HOUR).await.refused(400, "invalid_audio");
    assert!(refused.detail.to_string().contains("longer than 10 minutes"), "{refused:?}");
}

#[tokio::test]
async fn nobody_tries_for_ever() {
    let app = TestApp::start().await;
    let listener = app.register("stubborn", "listener").await;
    for _ in 0..60 {
        upload(&app, &listener, "no audio").await.refused(400, "invalid_audio");
    }
    let refused = upload(&app, &listener, sample()).await.refused(429, "rate_limited");
    assert_eq!(refused.retry_after, Some(3600));
    app.advance(TimeDelta::hours(1));
    upload(&app, &listener, sample()).await.unwrap();
}

/// A phone that loses its line in the middle of the answer, or of the file.
#[tokio::test]
async fn a_client_that_hangs_up_holds_no_place() {
    let app = TestApp::start().await;
    let (listener, admin) = (app.register("lost", "listener").await, app.register_admin("judge").await);
    for patience in [0, 1, 2, 5, 10, 20, 40] {
        let sent = upload(&app, &listener, audio::wav_of_size(2_000_000));
        drop(tokio::time::timeout(std::time::Duration::from_millis(patience), sent).await);
    }
    // Whatever arrived whole is a sample; everything else left the way free.
    let begun = std::time::Instant::now();
    while pending(&app, &admin).await.is_empty() {
        assert!(begun.elapsed().as_secs() < 10, "the place is held for nothing");
        if let Err(error) = upload(&app, &listener, sample()).await {
            error.refused(400, "verification_pending");
        }
    }
    assert_eq!(objects(&app, &listener).await.len(), 1);
}

#[tokio::test]
async fn ten_megabytes_are_taken_and_a_byte_more_is_not() {
    let app = TestApp::start().await;
    let (listener, other) = (app.register("large", "listener").await, app.register("larger", "listener").await);
    upload(&app, &listener, audio::wav_of_size(LIMIT)).await.unwrap();
    for size in [LIMIT + 1, 12 * 1024 * 1024, 28 * 1024 * 1024] {
        upload(&app, &other, audio::wav_of_size(size)).await.refused(400, "payload_too_large");
    }
    // Of unknown length: it ends where the server has seen enough.
    let chunks = (0..40).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 1024 * 1024]));
    let endless = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let answer = app.request(Method::POST, UPLOAD).bearer(&other.access).audio_file("a", "audio/wav", endless);
    answer.send().await.refused(400, "payload_too_large");
    assert_nothing_is_kept(&app, &other, "large files").await;
}

#[tokio::test]
async fn a_form_that_is_none_says_what_is_missing() {
    let app = TestApp::start().await;
    let listener = app.register("formless", "listener").await;
    let request = || app.request(Method::POST, UPLOAD).bearer(&listener.access);
    request().json(&json!({})).send().await.refused(415, "unsupported_media_type");
    request().body("multipart/form-data", "x").send().await.refused(415, "unsupported_media_type");
    request().body("multipart/form-data; boundary=x", "").send().await.refused(422, "validation_error");
    request().body("multipart/form-data; boundary=x", "--x\r\nrubbish").send().await.refused(422, "validation_error");
    let elsewhere = Form::new().part("file", Part::bytes(sample()).file_name("a.wav"));
    let refused = request().multipart(elsewhere).send().await.refused(422, "validation_error");
    assert_eq!(refused["detail"][0]["loc"], json!(["body", "audio_file"]));
    let second = Form::new().text("note", "hello").part("audio_file", Part::bytes(sample()));
    request().multipart(second).send().await.ok();
}

#[tokio::test]
async fn only_listeners_upload_and_only_admins_review() {
    let app = TestApp::start().await;
    let (user, listener) = (app.register("caller", "user").await, app.register("voice", "listener").await);
    for bytes in [sample(), audio::wav_of_size(LIMIT)] {
        upload(&app, &user, bytes).await.refused(403, "forbidden");
    }
    let theirs = user.client.verification();
    theirs.submit_url("https://example.com/a.mp3").await.refused(403, "forbidden");
    theirs.ticket().await.refused(403, "forbidden");
    theirs.confirm("x").await.refused(403, "forbidden");
    theirs.status().await.refused(403, "forbidden");
    theirs.history().await.refused(403, "forbidden");
    app.get("/admin/verification/pending", &listener.access).await.refused(403, "forbidden");
    let body = json!({"sample_id": 1, "status": "approved"});
    app.post_as(&listener, "/admin/verification/review", &body).await.refused(403, "forbidden");
    app.post("/admin/verification/review", &body).await.refused(401, "not_authenticated");
}

#[tokio::test]
async fn of_six_uploads_at_once_one_is_kept() {
    let app = TestApp::start().await;
    let second = app.another_node().await;
    let (listener, admin) = (app.register("hasty", "listener").await, app.register_admin("judge").await);
    let sent = (0..6).map(|nth| upload(if nth % 2 == 0 { &app } else { &second }, &listener, sample()));
    let kept = one_wins(join_all(sent).await, 400, "verification_pending");
    assert_eq!(pending(&app, &admin).await, [kept.sample_id]);
    assert_eq!(objects(&app, &listener).await, [key_of(&kept)]);
    upload(&app, &listener, sample()).await.refused(400, "verification_pending");
}

#[tokio::test]
async fn an_upload_that_broke_off_blocks_nobody_for_long_and_leaves_the_bucket() {
    let app = TestApp::start().await;
    let listener = app.register("unlucky", "listener").await;
    // As a server leaves it that dies between the put and its commit.
    let lost = upload(&app, &listener, sample()).await.unwrap();
    sqlx::query("UPDATE verification_samples SET status = 'uploading'").execute(&app.state.db).await.unwrap();
    assert_eq!(history(&listener).await, []);
    upload(&app, &listener, sample()).await.refused(400, "verification_pending");

    app.advance(TimeDelta::minutes(6));
    let kept = upload(&app, &listener, sample()).await.unwrap();
    assert_eq!(objects(&app, &listener).await.len(), 2);
    app.advance(TimeDelta::minutes(16));
    verification::tidy_up(&app.state).await.unwrap();
    assert_ne!(key_of(&lost), key_of(&kept));
    assert_eq!(objects(&app, &listener).await, [key_of(&kept)]);
}

#[tokio::test]
async fn uploads_that_nobody_repeats_are_swept_too() {
    let app = TestApp::start().await;
    let listener = app.register("unlucky", "listener").await;
    upload(&app, &listener, sample()).await.unwrap();
    sqlx::query("UPDATE verification_samples SET status = 'uploading'").execute(&app.state.db).await.unwrap();
    for _ in 0..2 {
        app.advance(TimeDelta::minutes(16));
        verification::tidy_up(&app.state).await.unwrap();
    }
    assert_eq!(objects(&app, &listener).await, [""; 0]);
    upload(&app, &listener, sample()).await.unwrap();
}

#[tokio::test]
async fn without_the_bucket_an_upload_is_503_and_may_be_repeated() {
    let app = TestApp::start_with(&[("S3_ENDPOINT_URL", "http://127.0.0.1:9")]).await;
    let listener = app.register("patient", "listener").await;
    for _ in 0..2 {
        upload(&app, &listener, sample()).await.refused(503, "unavailable");
    }
    assert_eq!(history(&listener).await, []);
}

#[tokio::test]
async fn only_an_object_of_ones_own_can_be_submitted_by_url() {
    let app = TestApp::start().await;
    let (listener, other) = (app.register("owner", "listener").await, app.register("other", "listener").await);
    let base = app.state.objects.base_url();
    let own = format!("{base}/verification-audio/{}", listener.id);
    let others = upload(&app, &other, sample()).await.unwrap();
    let submit = async |url: &str| listener.client.verification().submit_url(url).await;
    for url in [
        "",
        "a.mp3",
        "file:///etc/passwd",
        "https://bucket.s3.region.amazonaws.com/audio.mp3",
        "http://169.254.169.254/latest/meta-data/iam",
        &format!("http://169.254.169.254/verification-audio/{}/a.wav", listener.id),
        &others.audio_file_url,
        &format!("{base}-other/verification-audio/{}/a.wav", listener.id),
        &format!("{own}/../{}/a.wav", other.id),
        &format!("{own}/%2e%2e/{}/a.wav", other.id),
        &format!("{own}/a.wav?x=1"),
        &format!("{own}/a.wav#x"),
        &format!("{own}/"),
        &format!("{own}/missing.wav"),
        &format!("{base}/verification-uploads/{}/a.wav", listener.id),
    ] {
        submit(url).await.refused(400, "invalid_audio");
    }
    app.post_as(&listener, "/verification/upload-audio-url", &json!({})).await.refused(422, "validation_error");

    place(&app.state.objects, &format!("verification-audio/{}/noise.mp3", listener.id), &audio::noise(5_000)).await;
    submit(&format!("{own}/noise.mp3")).await.refused(400, "invalid_audio");
    place(&app.state.objects, &format!("verification-audio/{}/huge.wav", listener.id), &audio::wav_of_size(LIMIT + 1))
        .await;
    submit(&format!("{own}/huge.wav")).await.refused(400, "payload_too_large");
    place(&app.state.objects, &format!("verification-audio/{}/own.wav", listener.id), &sample()).await;
    let url = format!("{own}/own.wav");
    let record = app.post_as(&listener, "/verification/upload-audio-url", &json!({"audio_file_url": url})).await.ok();
    let expected = json!({
        "sample_id": record["sample_id"], "listener_id": listener.id, "audio_file_url": url, "status": "pending",
        "remarks": null, "uploaded_at": "2026-01-15T10:30:00Z", "reviewed_at": null
    });
    assert_eq!(record, expected);
    submit(&url).await.refused(400, "verification_pending");

    let admin = app.register_admin("judge").await;
    review(&app, &admin, SampleId(record["sample_id"].as_i64().unwrap()), "rejected").await.ok();
    let refused = submit(&url).await.refused(400, "invalid_audio");
    assert_eq!(refused.detail.to_string(), "This file was submitted before: send another");
}

/// As somebody does who holds the bucket's keys.
pub(super) async fn place(objects: &ObjectStore, key: &str, bytes: &[u8]) {
    use std::io::Write;

    let path = std::env::temp_dir().join(format!("saathii-{}-{}", std::process::id(), key.replace('/', "-")));
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    let file = std::fs::File::open(&path).unwrap().into();
    std::fs::remove_file(&path).unwrap();
    let metadata = std::collections::HashMap::new();
    let upload = saathii_server::infra::object_store::Upload {
        key,
        file,
        len: bytes.len() as u64,
        content_type: "audio/mpeg",
        metadata,
    };
    objects.put(upload).await.unwrap();
}

async fn ticket(listener: &Person) -> UploadTicket {
    listener.client.verification().ticket().await.unwrap()
}

/// What a browser posts; the status of S3.
async fn post_to_bucket(ticket: &UploadTicket, fields: &[(&str, &str)], content_type: &str, bytes: Vec<u8>) -> u16 {
    let mut form = Form::new();
    for (name, value) in &ticket.fields {
        let other = fields.iter().find(|(changed, _)| changed == name).map(|(_, value)| (*value).to_owned());
        form = form.text(name.clone(), other.unwrap_or_else(|| value.clone()));
    }
    form = form.text("Content-Type", content_type.to_owned()).part("file", Part::bytes(bytes).file_name("a.mp3"));
    Request::new(Method::POST, ticket.url.clone()).multipart(form).bytes().await.0.as_u16()
}

#[tokio::test]
async fn a_ticket_uploads_straight_to_the_bucket() {
    let app = TestApp::start().await;
    let (listener, other) = (app.register("direct", "listener").await, app.register("other", "listener").await);
    let wire = app.request(Method::POST, "/verification/upload-ticket").bearer(&listener.access).send().await.ok();
    let fields: Vec<_> = wire.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["expires_at", "fields", "key", "url"]);
    let issued: UploadTicket = serde_json::from_value(wire).unwrap();
    let key = issued.key.as_str();
    assert!(key.starts_with(&format!("verification-uploads/{}/", listener.id)), "{issued:?}");
    let confirm = async |person: &Person, key: &str| person.client.verification().confirm(key).await;
    confirm(&listener, key).await.refused(400, "invalid_audio");
    assert_eq!(post_to_bucket(&issued, &[], "audio/mpeg", audio::MP3.to_vec()).await, 204);
    confirm(&other, key).await.refused(400, "invalid_audio");
    for wrong in ["", "../x", "verification-audio/1/a.wav", &format!("{key}/..")] {
        confirm(&listener, wrong).await.refused(400, "invalid_audio");
    }
    let record = app.post_as(&listener, "/verification/confirm-upload", &json!({"key": key})).await.ok();
    let record: VerificationSample = serde_json::from_value(record).unwrap();
    // A copy, which no ticket can write over.
    let kept = key_of(&record);
    assert!(kept.starts_with(&format!("verification-audio/{}/", listener.id)) && extension(&kept) == "mp3", "{kept}");
    assert_eq!(post_to_bucket(&issued, &[], "audio/mpeg", audio::noise(900)).await, 204);
    let (headers, heard) = open(&listener.client.verification().audio(record.sample_id).await.unwrap()).await;
    assert_eq!((heard.as_slice(), &headers["content-type"]), (audio::MP3, &"audio/mpeg".parse().unwrap()));
    confirm(&listener, key).await.refused(400, "verification_pending");
    listener.client.verification().ticket().await.refused(400, "verification_pending");

    // The way of an app, in one step.
    let audio = AudioFile::from_bytes("own.mp3", audio::MP3);
    let direct = other.client.verification().upload_directly(&audio).await.unwrap();
    assert_eq!(direct.status, VerificationStatus::Pending);

    app.advance(TimeDelta::minutes(16));
    verification::tidy_up(&app.state).await.unwrap();
    let uploads = format!("verification-uploads/{}/", listener.id);
    assert_eq!(app.state.objects.list_folder(&uploads).await.unwrap(), [""; 0]);
    assert_eq!(objects(&app, &listener).await, [kept]);
}

#[tokio::test]
async fn a_ticket_is_good_for_one_key_and_for_small_audio() {
    let app = TestApp::start().await;
    let listener = app.register("sly", "listener").await;
    let large = audio::wav_of_size(LIMIT + 1);
    let foreign = format!("verification-audio/{}/stolen.mp3", listener.id);
    // The embedded S3 keeps to the policy as AWS does. Where one does not, the server still refuses what is confirmed.
    let (mut by_bucket, mut by_server) = (0, 0);
    for (fields, content_type, bytes) in [
        (vec![], "text/html", b"<html>".repeat(500)),
        (vec![], "audio/wav", large),
        (vec![], "audio/wav", vec![]),
        (vec![("key", foreign.as_str())], "audio/wav", audio::noise(500)),
        (vec![("x-amz-signature", "00")], "audio/wav", audio::noise(500)),
    ] {
        let issued = ticket(&listener).await;
        match post_to_bucket(&issued, &fields, content_type, bytes).await {
            400..500 => by_bucket += 1,
            _ => by_server += 1,
        }
        let refused = listener.client.verification().confirm(&issued.key).await.unwrap_err();
        assert_eq!(refused.status(), Some(400), "{refused:?}");
    }
    let expected = if tests::stores::embeds_s3() { (5, 0) } else { (by_bucket, 5 - by_bucket) };
    assert_eq!((by_bucket, by_server), expected);
    assert_eq!(history(&listener).await, []);
}

#[tokio::test]
async fn of_two_admins_at_once_one_decides_and_the_other_is_told() {
    let app = TestApp::start().await;
    let second = app.another_node().await;
    let listener = app.register("judged", "listener").await;
    let (one, two) = (app.register_admin("one").await, app.register_admin("two").await);
    let record = upload(&app, &listener, sample()).await.unwrap().sample_id;
    let (left, right) = tokio::join!(review(&app, &one, record, "approved"), review(&second, &two, record, "rejected"));
    let (won, lost) = if left.status == 200 { (left, right) } else { (right, left) };
    lost.refused(409, "already_reviewed");
    let status = listener.client.verification().status().await.unwrap();
    assert_eq!(json!(status.last_verification), won.ok()["verification"]);
    assert_eq!(status.is_verified, status.verification_status == Some(VerificationStatus::Approved));
    for verdict in ["approved", "rejected"] {
        review(&app, &one, record, verdict).await.refused(409, "already_reviewed");
    }
    assert_eq!(listener.client.verification().status().await.unwrap(), status);
}

#[tokio::test]
async fn whoever_is_rejected_may_try_again_and_nobody_judges_themselves() {
    let app = TestApp::start().await;
    let (listener, admin) = (app.register("again", "listener").await, app.register_admin("judge").await);
    let first = upload(&app, &listener, sample()).await.unwrap().sample_id;
    let body = json!({"sample_id": first, "status": "rejected"});
    let answer = app.post_as(&admin, "/admin/verification/review", &body).await.ok();
    assert_eq!(answer["message"], "Verification rejected successfully");
    assert_eq!(listener.client.verification().status().await.unwrap().message, "Verification status: rejected");
    let second = upload(&app, &listener, audio::FLAC).await.unwrap().sample_id;
    let order: Vec<_> = history(&listener).await.iter().map(|sample| sample.sample_id).collect();
    assert_eq!(order, [second, first]);

    // A listener who is made an admin.
    assert!(app.set_admin(&listener.phone, true).await);
    let both = app.sign_in(&listener.phone).await;
    review(&app, &both, second, "approved").await.refused(403, "own_sample");
    review(&app, &admin, second, "approved").await.ok();
}

#[tokio::test]
async fn reviews_that_make_no_sense_are_refused() {
    let app = TestApp::start().await;
    let (listener, admin) = (app.register("odd", "listener").await, app.register_admin("judge").await);
    let sample = upload(&app, &listener, sample()).await.unwrap().sample_id;
    for body in [
        json!({"sample_id": sample}),
        json!({"sample_id": sample, "status": "pending"}),
        json!({"sample_id": sample, "status": "perhaps"}),
        json!({"sample_id": "one", "status": "approved"}),
        json!({"sample_id": sample, "status": "approved", "remarks": "x".repeat(1001)}),
        json!({"sample_id": sample, "status": "approved", "remarks": "\0"}),
    ] {
        app.post_as(&admin, "/admin/verification/review", &body).await.refused(422, "validation_error");
    }
    for id in [0, -1, 999, i64::MAX] {
        let body = json!({"sample_id": id, "status": "approved"});
        app.post_as(&admin, "/admin/verification/review", &body).await.refused(404, "not_found");
    }
    assert_eq!(pending(&app, &admin).await, [sample]);
}

#[tokio::test]
async fn the_queue_is_paged_with_the_oldest_first() {
    let app = TestApp::start().await;
    let admin = app.register_admin("judge").await;
    let mut sent = Vec::new();
    for nth in 0..5 {
        let listener = app.register(&format!("waits-{nth}"), "listener").await;
        sent.push(upload(&app, &listener, sample()).await.unwrap().sample_id);
    }
    let page = async |query: &str| {
        let page = app.get(&format!("/admin/verification/pending?{query}"), &admin.access).await.ok();
        let page: Vec<VerificationSample> = serde_json::from_value(page).unwrap();
        page.iter().map(|sample| sample.sample_id).collect::<Vec<_>>()
    };
    assert_eq!(page("").await, sent);
    assert_eq!(page("page=2&per_page=2").await, sent[2..4]);
    assert_eq!(page("page=3&per_page=2").await, sent[4..]);
    assert_eq!(page("page=9223372036854775807&per_page=100").await, []);
}

#[tokio::test]
async fn a_deleted_listener_leaves_the_queue_and_the_bucket() {
    let app = TestApp::start().await;
    let (listener, admin) = (app.register("goner", "listener").await, app.register_admin("judge").await);
    let stays = app.register("stays", "listener").await;
    let kept = upload(&app, &stays, sample()).await.unwrap();
    let gone = upload(&app, &listener, sample()).await.unwrap();
    listener.client.users().delete().await.unwrap();
    assert_eq!(pending(&app, &admin).await, [kept.sample_id]);
    review(&app, &admin, gone.sample_id, "approved").await.refused(404, "not_found");
    admin.client.verification().audio(gone.sample_id).await.refused(404, "not_found");
    let begun = std::time::Instant::now();
    while !objects(&app, &listener).await.is_empty() {
        assert!(begun.elapsed().as_secs() < 10, "the recording is still there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    // What was on its way while the account ended is swept.
    place(&app.state.objects, &format!("verification-audio/{}/late.wav", listener.id), &sample()).await;
    app.advance(TimeDelta::minutes(16));
    verification::tidy_up(&app.state).await.unwrap();
    assert_eq!(objects(&app, &listener).await, [""; 0]);
    assert_eq!(objects(&app, &stays).await, [key_of(&kept)]);
}

#[tokio::test]
async fn the_demo_has_a_queue_that_can_be_heard() {
    let app = TestApp::start().await;
    saathii_server::demo::seed(&app.state).await.unwrap();
    let admin = app.register_admin("judge").await;
    let queue = pending(&app, &admin).await;
    assert_eq!(queue.len(), 4);
    assert_eq!(admin.client.feed().stats().await.unwrap().total_listeners, 24);
    let (_, heard) = open(&admin.client.verification().audio(queue[0]).await.unwrap()).await;
    assert!(heard.starts_with(b"RIFF") && heard.len() > 40_000);
}

#[tokio::test]
async fn a_review_is_heard_on_the_listeners_own_sockets_and_opens_the_line() {
    let app = TestApp::start().await;
    let (listener, admin) = (app.register("voice", "listener").await, app.register_admin("judge").await);
    let caller = app.caller("john", 100).await;
    app.heartbeat(&listener).await;
    app.start_call(&caller, &listener, CallType::Audio).await.refused(403, "listener_not_verified");
    let mut phone = app.socket("/ws/presence", &listener).await;
    let sent = upload(&app, &listener, sample()).await.unwrap();
    review(&app, &admin, sent.sample_id, "approved").await.ok();
    let heard = phone.next_named("verification_reviewed").await;
    let expected = json!({
        "type": "verification_reviewed", "sample_id": sent.sample_id, "status": "approved", "remarks": "Clear voice"
    });
    assert_eq!(heard, expected);
    app.call(&caller, &listener).await;
}
