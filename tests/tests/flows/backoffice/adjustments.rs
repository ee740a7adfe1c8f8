//! Wallets adjusted by hand: small ones at once, large ones by two.

use futures_util::future::join_all;
use saathii_sdk::types::Earnings;

use super::*;

async fn start() -> TestApp {
    TestApp::start_with(&[("ADJUSTMENT_SECOND_ADMIN_FROM", "1000")]).await
}

/// Fills in the form of an adjustment as a page of it was made.
async fn fill(
    admin: &mut Visitor,
    person: &Person,
    direction: &'static str,
    amount: &'static str,
) -> (String, Vec<(&'static str, String)>) {
    let path = format!("/admin/people/{}/adjust", person.id);
    let page = admin.get(&path).await.text;
    let key = between(&page, "name=\"form_key\" value=\"", "\"").unwrap().to_owned();
    let fields = [("direction", direction), ("currency", "coins"), ("amount", amount), ("reason", "A <b>gift")];
    let fields = fields.map(|(name, value)| (name, value.to_owned()));
    (path, fields.into_iter().chain([("form_key", key)]).collect())
}

async fn adjust(admin: &mut Visitor, person: &Person, direction: &'static str, amount: &'static str) -> Answer {
    let (path, fields) = fill(admin, person, direction, amount).await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    admin.submit(&path, &fields).await
}

/// A large one for somebody, which waits; asked for by an admin of its own.
pub(super) async fn ask(app: &TestApp, person: &Person) -> i64 {
    let mut admin = second_admin(app).await;
    let asked = adjust(&mut admin, person, "give", "100000").await;
    between(asked.header("location"), "/admin/money/adjustments/", "?").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_small_adjustment_moves_the_wallet_at_once_through_the_ledger() {
    let app = start().await;
    let (mut admin, boss) = at_work(&app).await;
    let person = app.register("caller", "user").await;
    let mut socket = app.socket("/ws/presence", &person).await;
    let there = format!("/admin/people/{}?done=adjusted", person.id);
    adjust(&mut admin, &person, "give", "1,0 0").await.leads_to(&there);
    assert_eq!(app.coins(&person).await, Coins(100));
    assert_eq!(socket.next_named("wallet_updated").await["balance_coins"], 100);
    adjust(&mut admin, &person, "take", "30").await.leads_to(&there);
    assert_eq!(app.coins(&person).await, Coins(70));
    let page = admin.get(&format!("/admin/people/{}", person.id)).await.text;
    assert_eq!(rows(&page, "postings"), 2, "{page}");
    let list = admin.get("/admin/money/adjustments?status=applied").await.text;
    assert_eq!(rows(&list, "adjustments"), 2, "{list}");
    assert!(list.contains("-30 coins") && list.contains("A &lt;b&gt;gift"), "{list}");

    // The wallet never goes below zero, and what was typed comes back.
    let refused = adjust(&mut admin, &person, "take", "71").await;
    refused.is_page(422, "Adjust the wallet of caller");
    assert!(refused.problem().contains("not there"), "{}", refused.text);
    for part in ["value=\"71\"", "<option value=\"take\" selected", "A &lt;b>gift"] {
        assert!(refused.text.contains(part), "{part} in {}", refused.text);
    }
    for amount in ["0", "-5", "1.5", "many", "1000000001"] {
        let refused = adjust(&mut admin, &person, "give", amount).await;
        refused.is_page(422, "Adjust the wallet of caller");
        assert!(refused.problem().contains("whole number"), "{amount}: {}", refused.text);
    }
    let refused = adjust(&mut admin, &boss, "give", "5").await;
    assert!(refused.problem().contains("their own wallet"), "{}", refused.text);
    assert_eq!(app.coins(&person).await, Coins(70));
    let log = admin.get("/admin/log?kind=adjustment").await.text;
    assert_eq!(rows(&log, "log"), 2, "{log}");
    let export = person.client.users().export().await.unwrap();
    assert_eq!(export["adjustments"][1]["amount"], -30);
    app.assert_books_close().await;
}

#[tokio::test]
async fn earnings_are_adjusted_as_well() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let listener = app.listener("voice").await;
    let (path, mut fields) = fill(&mut admin, &listener, "give", "40").await;
    fields[1].1 = "earnings".to_owned();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    admin.submit(&path, &fields).await.leads_to(&format!("/admin/people/{}?done=adjusted", listener.id));
    let wallet = listener.client.wallet().balance().await.unwrap();
    assert_eq!((wallet.withdrawable_money, wallet.balance_coins), (Earnings(40), Coins(0)));
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_form_that_is_sent_many_times_is_one_adjustment() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let person = app.register("caller", "user").await;
    let (path, fields) = fill(&mut admin, &person, "give", "50").await;
    let answers = join_all((0..6).map(|_| {
        let (mut admin, path, fields) = (admin.clone(), path.clone(), fields.clone());
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            admin.submit(&path, &fields).await
        }
    }))
    .await;
    for answer in answers {
        answer.leads_to(&format!("/admin/people/{}?done=adjusted", person.id));
    }
    assert_eq!(app.coins(&person).await, Coins(50));
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_large_adjustment_waits_for_another_admin_and_is_applied_once() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let second = second_admin(&app).await;
    let person = app.register("caller", "user").await;
    let asked = adjust(&mut admin, &person, "give", "1000").await;
    let path = asked.header("location").split('?').next().unwrap().to_owned();
    asked.leads_to(&format!("{path}?done=adjustment-waits"));
    assert_eq!(app.coins(&person).await, Coins(0));
    assert_eq!(between(&admin.get("/admin").await.text, "class=\"badge\">", "<"), Some("1"));
    let refused = admin.submit(&path, &[("step", "apply")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.problem().contains("another admin"), "{}", refused.text);

    let answers = join_all((0..4).map(|_| {
        let (mut second, path) = (second.clone(), path.clone());
        async move { second.submit(&path, &[("step", "apply")]).await }
    }))
    .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409]);
    assert_eq!(app.coins(&person).await, Coins(1000));
    let page = admin.get(&path).await.text;
    assert!(page.contains("second.boss") && rows(&page, "postings") == 1, "{page}");
    app.assert_books_close().await;
}

#[tokio::test]
async fn what_is_gone_meanwhile_is_not_taken_and_who_asked_may_take_it_back() {
    let app = start().await;
    let (mut admin, _) = at_work(&app).await;
    let mut second = second_admin(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 1000).await);
    let asked = adjust(&mut admin, &caller, "take", "1000").await;
    let path = asked.header("location").split('?').next().unwrap().to_owned();
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    let refused = second.submit(&path, &[("step", "apply")]).await;
    assert!(refused.problem().contains("not there"), "{}", refused.text);
    assert!(refused.text.contains("Waiting"), "{}", refused.text);
    admin.submit(&path, &[("step", "reject")]).await.leads_to(&format!("{path}?done=adjustment-rejected"));
    assert_eq!(second.submit(&path, &[("step", "apply")]).await.status, 409);
    assert_eq!(app.coins(&caller).await, Coins(990));
    app.assert_books_close().await;
}
