//! Payouts decided, purchases and transfers looked up, the proof and the rates.

use futures_util::future::join_all;
use saathii_sdk::types::{Earnings, withdrawals::PayoutDetails};

use super::*;

/// One minute earns 1000; from 800 on another admin pays than the one who approved.
async fn start() -> TestApp {
    TestApp::start_with(&[("LISTENER_AUDIO_EARNINGS", "1000"), ("WITHDRAWAL_SECOND_ADMIN_FROM", "800")]).await
}

/// A listener who has earned in a call, and asks for 500 of it.
pub(super) async fn request_withdrawal(app: &TestApp, name: &str) -> WithdrawalId {
    request(app, name, 500).await.1
}

async fn request(app: &TestApp, name: &str, amount: i64) -> (Person, WithdrawalId) {
    let (listener, caller) = (app.listener(name).await, app.caller(&format!("{name}s.caller"), 10).await);
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    let details = PayoutDetails::Upi { upi_id: "jane.smith@okbank".into() };
    listener.client.withdrawals().set_bank_details(&details).await.unwrap();
    let asked = listener.client.withdrawals().request(Earnings(amount)).await.unwrap();
    (listener, asked.withdrawal_id)
}

fn path(withdrawal: WithdrawalId) -> String {
    format!("/admin/money/withdrawals/{withdrawal}")
}

#[tokio::test]
async fn a_withdrawal_is_approved_and_paid_and_only_who_pays_sees_where_to() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, id) = request(&app, "voice", 500).await;
    let queue = admin.get("/admin/money/withdrawals").await.text;
    assert_eq!(rows(&queue, "withdrawals"), 1, "{queue}");
    assert!(!queue.contains("jane.smith"), "{queue}");
    assert_eq!(between(&queue, "class=\"badge\">", "<"), Some("1"));
    assert_eq!(stat(&admin.get("/admin").await.text, "work", "Pending withdrawals"), "1");
    let mine = admin.get(&path(id)).await.text;
    assert!(mine.contains("jane.smith@okbank"), "{mine}");
    let theirs = looking(&app).await.get(&path(id)).await.text;
    assert!(!theirs.contains("jane.smith"), "{theirs}");

    // Nobody pays what is not approved.
    let early = admin.submit(&path(id), &[("step", "pay"), ("reference", "UTR 1")]).await;
    early.is_page(409, &format!("Withdrawal #{id}"));
    admin.submit(&path(id), &[("step", "approve")]).await.leads_to(&format!("{}?done=withdrawal-approved", path(id)));
    let refused = admin.submit(&path(id), &[("step", "pay"), ("reference", " ")]).await;
    refused.is_page(422, &format!("Withdrawal #{id}"));
    assert!(refused.problem().contains("as the bank wrote it"), "{}", refused.text);
    admin
        .submit(&path(id), &[("step", "pay"), ("reference", "UTR <1>")])
        .await
        .leads_to(&format!("{}?done=withdrawal-paid", path(id)));
    let paid = admin.get(&path(id)).await.text;
    assert!(
        paid.contains("UTR &lt;1&gt;") && !paid.contains("jane.smith") && !paid.contains("name=\"step\""),
        "{paid}"
    );
    assert_eq!(rows(&paid, "postings"), 2, "{paid}");
    let wallet = listener.client.wallet().balance().await.unwrap();
    assert_eq!((wallet.total_withdrawn, wallet.withdrawable_money), (Earnings(500), Earnings(500)));
    assert_eq!(rows(&admin.get("/admin/money/withdrawals?status=paid").await.text, "withdrawals"), 1);
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_rejection_says_why_and_gives_back() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, id) = request(&app, "voice", 500).await;
    let long = "x".repeat(501);
    for remarks in ["", &long] {
        let refused = admin.submit(&path(id), &[("step", "reject"), ("remarks", remarks)]).await;
        refused.is_page(422, &format!("Withdrawal #{id}"));
        assert!(refused.text.contains(remarks), "{}", refused.text);
    }
    admin
        .submit(&path(id), &[("step", "reject"), ("remarks", "Wrong <account>")])
        .await
        .leads_to(&format!("{}?done=withdrawal-rejected", path(id)));
    let wallet = listener.client.wallet().balance().await.unwrap();
    assert_eq!(wallet.withdrawable_money, Earnings(1000));
    assert!(admin.get(&path(id)).await.text.contains("Wrong &lt;account&gt;"));
    admin.submit(&path(id), &[("step", "nonsense")]).await.is_page(422, "That did not work");
    admin.submit(&path(WithdrawalId(0)), &[("step", "approve")]).await.is_page(404, "Page not found");
}

#[tokio::test]
async fn of_two_admins_at_once_the_second_is_told() {
    let app = start().await;
    let (admin, _) = at_work(&app).await;
    let second = second_admin(&app).await;
    let (_, id) = request(&app, "voice", 500).await;
    let tries = [admin.clone(), second.clone(), admin.clone(), second.clone()];
    let answers =
        join_all(tries.map(|mut visitor| async move {
            visitor.submit(&path(id), &[("step", "reject"), ("remarks", "No")]).await
        }))
        .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409]);
    let told = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert!(told.problem().contains("Somebody else was faster"), "{}", told.text);
    assert!(told.text.contains("Rejected by"), "{}", told.text);
    app.assert_books_close().await;
}

#[tokio::test]
async fn large_amounts_take_two_admins_and_nobody_decides_their_own() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let mut second = second_admin(&app).await;
    let (listener, id) = request(&app, "voice", 900).await;
    admin.submit(&path(id), &[("step", "approve")]).await.leads_to(&format!("{}?done=withdrawal-approved", path(id)));
    let pay = [("step", "pay"), ("reference", "UTR 9")];
    let refused = admin.submit(&path(id), &pay).await;
    refused.is_page(422, &format!("Withdrawal #{id}"));
    assert!(refused.problem().contains("another admin"), "{}", refused.text);
    assert!(refused.text.contains("value=\"UTR 9\""), "{}", refused.text);
    second.submit(&path(id), &pay).await.leads_to(&format!("{}?done=withdrawal-paid", path(id)));

    let (listener_too, own) = request(&app, "voice.two", 100).await;
    assert!(app.set_admin(&listener_too.phone, true).await);
    let mut themselves = signed_in(&app, &listener_too).await;
    let refused = themselves.submit(&path(own), &[("step", "approve")]).await;
    assert!(refused.problem().contains("your own"), "{}", refused.text);
    assert_ne!(listener.id, listener_too.id);
}

#[tokio::test]
async fn purchases_and_transfers_are_found_by_person_kind_and_reference() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, withdrawal) = request(&app, "voice", 500).await;
    let caller = app.caller("-rich", 1).await;
    let page = admin.get(&format!("/admin/money/recharges?person={}&status=paid", caller.id)).await.text;
    assert_eq!(rows(&page, "recharges"), 1, "{page}");
    assert_eq!(rows(&admin.get("/admin/money/recharges?status=failed").await.text, "recharges"), 0);
    for (query, count) in [("from=2026-01-15&to=2026-01-15", 2), ("from=2026-01-16", 0), ("to=2026-01-14", 0)] {
        let page = admin.get(&format!("/admin/money/recharges?{query}")).await.text;
        assert_eq!(rows(&page, "recharges"), count, "{query}: {page}");
    }
    for (query, count) in [
        (String::new(), 5),
        (format!("?person=%23{}", listener.id), 2),
        ("?kind=call_charge".into(), 1),
        (format!("?kind=withdrawal_request&reference={withdrawal}"), 1),
        ("?reference=424242".into(), 0),
        ("?kind=nonsense".into(), 5),
    ] {
        let page = admin.get(&format!("/admin/money/transactions{query}")).await.text;
        assert_eq!(rows(&page, "transfers"), count, "{query}: {page}");
    }
    let charges = admin.get("/admin/money/transactions?kind=call_charge").await.text;
    let transfer = between(&charges, "href=\"/admin/money/transactions/", "\"").unwrap();
    let one = admin.get(&format!("/admin/money/transactions/{transfer}")).await.text;
    assert_eq!((rows(&one, "sides"), rows(&one, "family")), (2, 2), "{one}");
    for part in ["The platform", "-10", "+10"] {
        assert!(section(&one, "sides").contains(part), "{part} in {one}");
    }
    let csv = admin.get("/admin/money/transactions.csv").await.text;
    assert_eq!(csv.lines().count(), 6, "{csv}");
    let csv = admin.get(&format!("/admin/money/recharges.csv?person={}", caller.id)).await.text;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("'-rich"), "{csv}");
}

#[tokio::test]
async fn the_books_page_names_what_does_not_agree_and_what_a_minute_leaves() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    request(&app, "voice", 500).await;
    let page = admin.get("/admin/money/books").await.text;
    assert!(section(&page, "proof").contains("The books close"), "{page}");
    assert_eq!(rows(&page, "rates"), 2, "{page}");
    assert!(section(&page, "rates").contains("At a loss"), "{page}");
    sqlx::query("UPDATE calls SET rate_coins = 99").execute(&app.state.db).await.unwrap();
    app.advance(chrono::TimeDelta::minutes(11));
    // Nobody waits for the next proof: the page shows it when it is made.
    for _ in 0..400 {
        let page = admin.get("/admin/money/books").await.text;
        if section(&page, "proof").contains("1 do not agree") {
            assert_eq!(rows(&page, "found"), 1, "{page}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the gap was never found");
}
