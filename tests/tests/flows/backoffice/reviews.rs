//! The queue of samples.

use futures_util::future::join_all;
use saathii_sdk::{AudioFile, types::verification::VerificationStatus};
use tests::audio;

use super::*;

/// A sample that waits for its review.
pub(super) async fn send_sample(listener: &Person) -> SampleId {
    let audio = AudioFile::from_bytes("a.wav", audio::sample());
    listener.client.verification().upload(&audio).await.unwrap().sample_id
}

fn queue(page: &str) -> &str {
    between(page, "<section id=\"queue\"", "</section>").unwrap()
}

#[tokio::test]
async fn samples_are_heard_and_judged_the_oldest_first() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let empty = admin.get("/admin/verification").await.text;
    assert!(queue(&empty).contains("Nothing waits for a review."), "{empty}");
    assert!(!empty.contains("class=\"badge\""), "{empty}");

    let (one, two) = (app.register("voice.one", "listener").await, app.register("voice.two", "listener").await);
    let (first, second) = (send_sample(&one).await, send_sample(&two).await);
    let page = admin.get("/admin/verification").await.text;
    let names: Vec<_> = ["voice.one", "voice.two"].map(|name| queue(&page).find(name).unwrap()).into();
    assert!(names.is_sorted(), "{page}");
    assert_eq!(between(&page, "class=\"badge\">", "<"), Some("2"));
    assert_eq!(stat(&admin.get("/admin").await.text, "work", "Pending reviews"), "2");

    let sample = admin.get(&format!("/admin/verification/{first}")).await;
    sample.is_page(200, "Sample of voice.one");
    assert!(sample.text.contains(&format!("src=\"/admin/verification/{first}/audio\"")), "{}", sample.text);
    // The browser may play from the bucket, and from nowhere else.
    let link = admin.get(&format!("/admin/verification/{first}/audio")).await;
    let url = link.header("location").to_owned();
    let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
    assert!(sample.header("content-security-policy").contains(&format!("media-src 'self' {origin};")), "{url}");
    let heard = reqwest::get(&url).await.unwrap();
    assert_eq!(heard.status(), 200);

    let long = "x".repeat(1001);
    let refused =
        admin.submit(&format!("/admin/verification/{first}"), &[("verdict", "rejected"), ("remarks", &long)]).await;
    refused.is_page(422, "Sample of voice.one");
    assert!(refused.problem().contains("1000") && refused.text.contains(&long), "{}", refused.text);

    let rejected = [("verdict", "rejected"), ("remarks", "Too <quiet>")];
    admin
        .submit(&format!("/admin/verification/{first}"), &rejected)
        .await
        .leads_to(&format!("/admin/verification/{second}?done=rejected"));
    let history = one.client.verification().history().await.unwrap();
    assert_eq!(history[0].status, VerificationStatus::Rejected);
    assert_eq!(history[0].remarks.as_deref(), Some("Too <quiet>"));
    admin
        .submit(&format!("/admin/verification/{second}"), &[("verdict", "approved")])
        .await
        .leads_to("/admin/verification?done=approved");
    assert!(two.client.verification().status().await.unwrap().is_verified);
    let judged = admin.get(&format!("/admin/verification/{first}")).await.text;
    assert!(judged.contains("by the.boss") && judged.contains("Too &lt;quiet&gt;"), "{judged}");
    assert!(!judged.contains("name=\"verdict\""), "{judged}");
}

#[tokio::test]
async fn of_two_reviewers_at_once_the_second_is_told_who_was_first() {
    let app = TestApp::start().await;
    let (admin, boss) = at_work(&app).await;
    let other = app.register_admin("the.other").await;
    let rival = signed_in(&app, &other).await;
    let listener = app.register("voice", "listener").await;
    let path = format!("/admin/verification/{}", send_sample(&listener).await);
    let (mut mine, mut theirs) = (admin.clone(), rival.clone());
    let answers = join_all([
        mine.submit(&path, &[("verdict", "approved"), ("remarks", "mine")]),
        theirs.submit(&path, &[("verdict", "rejected"), ("remarks", "theirs")]),
    ])
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    let second = answers.iter().find(|answer| answer.status == 409).unwrap();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let verdict = between(&second.text, "<div id=\"verdict\"", "</div>").unwrap();
    let first = if answers[0].status == 303 { boss.username } else { other.username };
    assert!(verdict.contains(&format!("by {first}")), "{verdict}");
}
