//! Paying listeners out.

use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::Method;
use saathii_sdk::{
    Error, Page,
    types::{
        Earnings, WithdrawalId,
        wallet::{Withdrawal, WithdrawalStatus},
        withdrawals::{PayoutDetails, WithdrawalPage},
    },
};
use serde_json::{Value, json};
use tests::{Answer, Person, Refused, TestApp, device::one_wins};
use tokio::task::JoinSet;

const WITHDRAW: &str = "/wallet/withdraw";
const DETAILS: &str = "/wallet/bank-details";
const OWN: &str = "/wallet/withdrawals";
const ALL: &str = "/admin/withdrawals";

/// One minute earns 1000.
async fn start() -> TestApp {
    TestApp::start_with(&[("LISTENER_AUDIO_EARNINGS", "1000"), ("WITHDRAWAL_SECOND_ADMIN_FROM", "800")]).await
}

fn upi(upi_id: &str) -> PayoutDetails {
    PayoutDetails::Upi { upi_id: upi_id.to_owned() }
}

/// Those of [`earner_with_details`].
fn kept_details() -> Value {
    json!({"method": "upi", "upi_id": "jane.smith@okbank"})
}

/// A listener who has earned 1000 in a call.
async fn earner(app: &TestApp, name: &str) -> Person {
    let (listener, caller) = (app.listener(name).await, app.caller(&format!("{name}-caller"), 10).await);
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    listener
}

async fn earner_with_details(app: &TestApp, name: &str) -> Person {
    let listener = earner(app, name).await;
    listener.client.withdrawals().set_bank_details(&upi("jane.smith@okbank")).await.unwrap();
    listener
}

async fn withdraw(listener: &Person, amount: i64) -> Result<Withdrawal, Error> {
    listener.client.withdrawals().request(Earnings(amount)).await
}

async fn request(listener: &Person, amount: i64) -> WithdrawalId {
    withdraw(listener, amount).await.unwrap().withdrawal_id
}

async fn history(listener: &Person) -> WithdrawalPage {
    listener.client.withdrawals().history(Page::default()).await.unwrap()
}

async fn decide(app: &TestApp, admin: &Person, withdrawal: WithdrawalId, step: &str) -> Answer {
    let path = format!("{ALL}/{withdrawal}/{step}");
    let body = match step {
        "reject" => json!({"remarks": "wrong account"}),
        "pay" => json!({"payout_reference": "UTR 1"}),
        _ => return app.request(Method::POST, &path).bearer(&admin.access).send().await,
    };
    app.send(&path, admin, &body, None).await
}

/// Withdrawable, pending and withdrawn.
async fn wallet(listener: &Person) -> [i64; 3] {
    let wallet = listener.client.wallet().balance().await.unwrap();
    [wallet.withdrawable_money, wallet.pending_withdrawals, wallet.total_withdrawn].map(|earnings| earnings.0)
}

#[tokio::test]
async fn details_are_shown_masked_and_lie_sealed() {
    let app = TestApp::start().await;
    let listener = app.register("detailed", "listener").await;
    app.get(DETAILS, &listener.access).await.refused(404, "not_found");
    let bank = json!({
        "method": "bank", "account_holder": "Jane Smith", "account_number": "0123 4567 8901", "ifsc": "hdfc0001234"
    });
    let kept = app.put(DETAILS, &listener.access, &bank).await.ok();
    assert_eq!(kept, json!({"destination": "Bank …8901, HDFC0001234", "updated_at": "2026-01-15T10:30:00Z"}));
    assert_eq!(app.get(DETAILS, &listener.access).await.ok(), kept);
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM payout_details").fetch_one(&app.state.db).await.unwrap();
    for word in ["Jane", "Smith", "01234567", "account", "HDFC"] {
        assert!(!sealed.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
    }
    let kept = listener.client.withdrawals().set_bank_details(&upi("jane.smith@okbank")).await.unwrap();
    assert_eq!(kept.destination, "UPI ja…@okbank");

    for bad in [
        json!({}),
        json!({"method": "cash"}),
        json!({"method": "upi"}),
        json!({"method": "upi", "upi_id": 5}),
        json!({"method": "upi", "upi_id": "jane"}),
        json!({"method": "bank", "account_holder": "Jane", "account_number": "123456789"}),
        json!({"method": "bank", "account_holder": "Jane", "account_number": 123_456_789, "ifsc": "HDFC0001234"}),
        json!({"method": "bank", "account_holder": "J\u{0}", "account_number": "1", "ifsc": "HDFC1"}),
    ] {
        app.put(DETAILS, &listener.access, &bad).await.refused(422, "validation_error");
    }
    assert_eq!(listener.client.withdrawals().bank_details().await.unwrap(), Some(kept));
    let other = app.register("undetailed", "listener").await;
    assert_eq!(other.client.withdrawals().bank_details().await.unwrap(), None);
}

#[tokio::test]
async fn a_withdrawal_goes_from_its_request_to_the_bank() {
    let app = start().await;
    let listener = earner_with_details(&app, "earner").await;
    let (first, second) = (app.register_admin("first-admin").await, app.register_admin("second-admin").await);
    let asked = app.send(WITHDRAW, &listener, &json!({"amount": 600}), None).await.ok();
    let id = WithdrawalId(asked["withdrawal_id"].as_i64().unwrap());
    let expected = json!({
        "withdrawal_id": id, "amount": 600, "amount_paise": 30_000, "status": "requested", "remarks": null,
        "destination": "UPI ja…@okbank", "created_at": "2026-01-15T10:30:00Z", "decided_at": null, "paid_at": null
    });
    assert_eq!(asked, expected);
    assert_eq!(wallet(&listener).await, [400, 600, 0]);
    // It goes where it was to go, whatever is changed later.
    listener.client.withdrawals().set_bank_details(&upi("other@bank")).await.unwrap();

    let waiting = app.get(&format!("{ALL}?status=requested"), &first.access).await.ok();
    assert_eq!((&waiting["total_withdrawals"], &waiting["withdrawals"][0]["username"]), (&json!(1), &json!("earner")));
    assert!(!waiting.to_string().contains("jane.smith"), "{waiting}");
    let detail = app.get(&format!("{ALL}/{id}"), &first.access).await.ok();
    assert_eq!(detail["payout_details"], kept_details());
    assert_eq!(detail["withdrawal"], waiting["withdrawals"][0]);

    decide(&app, &first, id, "pay").await.refused(409, "withdrawal_decided");
    let approved = decide(&app, &first, id, "approve").await.ok();
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("approved"), &json!(first.id)));
    decide(&app, &second, id, "approve").await.refused(409, "withdrawal_decided");
    assert_eq!(wallet(&listener).await, [400, 600, 0]);

    let paid = decide(&app, &first, id, "pay").await.ok();
    let record = app.get(&format!("/admin/audit?subject_kind=withdrawal&subject_id={id}"), &first.access).await.ok();
    let entries = record["entries"].as_array().unwrap();
    let actions: Vec<&Value> = entries.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["withdrawal.pay", "withdrawal.approve"]);
    assert_eq!(entries[0]["after"]["payout_reference"], "UTR 1");
    assert_eq!((&paid["status"], &paid["payout_reference"]), (&json!("paid"), &json!("UTR 1")));
    assert_eq!(wallet(&listener).await, [400, 0, 600]);
    for step in ["approve", "reject", "pay"] {
        decide(&app, &second, id, step).await.refused(409, "withdrawal_decided");
    }
    assert_eq!(app.get(&format!("{ALL}/{id}"), &first.access).await.ok()["payout_details"], json!(null));
    let own = app.get(OWN, &listener.access).await.ok();
    let expected = json!({
        "withdrawals": [{
            "withdrawal_id": id, "amount": 600, "amount_paise": 30_000, "status": "paid", "remarks": null,
            "destination": "UPI ja…@okbank", "created_at": "2026-01-15T10:30:00Z",
            "decided_at": "2026-01-15T10:30:00Z", "paid_at": "2026-01-15T10:30:00Z"
        }],
        "total_withdrawals": 1, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
    });
    assert_eq!(own, expected);
    assert_eq!(app.get(&format!("{ALL}?status=requested"), &first.access).await.ok()["withdrawals"], json!([]));
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_rejected_withdrawal_gives_the_earnings_back() {
    let app = start().await;
    let listener = earner_with_details(&app, "rejectee").await;
    let (first, second) = (app.register_admin("first-admin").await, app.register_admin("second-admin").await);
    let at_once = request(&listener, 1000).await;
    decide(&app, &first, at_once, "reject").await.ok();
    assert_eq!(wallet(&listener).await, [1000, 0, 0]);
    let later = request(&listener, 1000).await;
    decide(&app, &first, later, "approve").await.ok();
    let rejected = decide(&app, &second, later, "reject").await.ok();
    assert_eq!((&rejected["status"], &rejected["remarks"]), (&json!("rejected"), &json!("wrong account")));
    assert_eq!(wallet(&listener).await, [1000, 0, 0]);
    let own = listener.client.withdrawals().history(Page { number: 1, size: 1 }).await.unwrap();
    let last = &own.withdrawals[0];
    assert_eq!((last.withdrawal_id, last.status, own.has_next), (later, WithdrawalStatus::Rejected, true));
    assert_eq!(last.remarks.as_deref(), Some("wrong account"));
    let kept: i64 = sqlx::query_scalar("SELECT count(sealed) FROM withdrawals").fetch_one(&app.state.db).await.unwrap();
    assert_eq!(kept, 0, "nobody needs the details any more");
    app.assert_books_close().await;
}

#[tokio::test]
async fn what_may_not_be_withdrawn_is_refused() {
    let app = start().await;
    let caller = app.register("only-calls", "user").await;
    withdraw(&caller, 100).await.refused(403, "forbidden");
    let poor = app.register("poor", "listener").await;
    let refused = withdraw(&poor, 100).await.refused(400, "insufficient_earnings");
    assert_eq!((refused.required, refused.available), (Some(100), Some(0)));

    let listener = earner(&app, "undecided").await;
    withdraw(&listener, 500).await.refused(400, "payout_details_missing");
    listener.client.withdrawals().set_bank_details(&upi("jane.smith@okbank")).await.unwrap();
    for amount in [0, -1, -500, 1, 99, i64::MIN] {
        withdraw(&listener, amount).await.refused(400, "invalid_amount");
    }
    for amount in [1001, 1_000_000, i64::MAX] {
        withdraw(&listener, amount).await.refused(400, "insufficient_earnings");
    }
    for body in [json!({}), json!({"amount": "500"}), json!({"amount": 500.5}), json!({"amount": null}), json!([500])] {
        app.send(WITHDRAW, &listener, &body, None).await.refused(422, "validation_error");
    }
    assert_eq!(wallet(&listener).await, [1000, 0, 0]);
    assert_eq!(history(&listener).await.total_withdrawals, 0);
    withdraw(&listener, 100).await.unwrap();
    app.assert_books_close().await;
}

#[tokio::test]
async fn of_twenty_who_ask_for_everything_one_gets_it() {
    let app = start().await;
    let listener = earner_with_details(&app, "racer").await;
    let answers = join_all((0..20).map(|_| withdraw(&listener, 1000))).await;
    one_wins(answers, 400, "insufficient_earnings");
    assert_eq!(wallet(&listener).await, [0, 1000, 0]);
    assert_eq!(history(&listener).await.total_withdrawals, 1);
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_withdrawal_with_a_key_is_made_once() {
    let app = start().await;
    let listener = earner_with_details(&app, "keyed").await;
    let body = json!({"amount": 300});
    let first = app.send(WITHDRAW, &listener, &body, Some("once")).await;
    let again = app.send(WITHDRAW, &listener, &body, Some("once")).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    app.send(WITHDRAW, &listener, &json!({"amount": 301}), Some("once")).await.refused(422, "idempotency_key_reused");
    assert_eq!(wallet(&listener).await, [700, 300, 0]);

    // So is a decision: its answer can be had again.
    let admin = app.register_admin("keyed-admin").await;
    let id = first.json()["withdrawal_id"].as_i64().unwrap();
    let approve = async || {
        let request = app.request(Method::POST, &format!("{ALL}/{id}/approve")).bearer(&admin.access);
        request.header("idempotency-key", "approve-once").send().await
    };
    let (first, again) = (approve().await, approve().await);
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
}

#[tokio::test]
async fn two_admins_at_once_decide_once() {
    let app = Arc::new(start().await);
    let admins = [app.register_admin("left-admin").await, app.register_admin("right-admin").await];
    let listener = earner_with_details(&app, "contested").await;
    for round in 0..6 {
        let withdrawal = request(&listener, 100).await;
        // Even rounds race for the request, odd ones for what is approved.
        let steps = if round % 2 == 0 {
            ["approve", "reject"]
        } else {
            decide(&app, &admins[0], withdrawal, "approve").await.ok();
            ["pay", "reject"]
        };
        let mut racing = JoinSet::new();
        for turn in 0..12 {
            let (app, admin) = (app.clone(), admins[turn / 2 % 2].clone());
            racing.spawn(async move { (steps[turn % 2], decide(&app, &admin, withdrawal, steps[turn % 2]).await) });
        }
        let answers = racing.join_all().await;
        let mut done: Vec<&str> = Vec::new();
        for (step, answer) in &answers {
            if answer.status == 200 {
                done.push(step);
            } else {
                answer.refused(409, "withdrawal_decided");
            }
        }
        done.sort_unstable();
        // What is approved may be rejected after; nothing else happens twice or after the end.
        assert!([&["approve"][..], &["reject"], &["pay"], &["approve", "reject"]].contains(&&done[..]), "{done:?}");
        app.assert_books_close().await;
    }
    let [withdrawable, pending, withdrawn] = wallet(&listener).await;
    assert_eq!(withdrawable + pending + withdrawn, 1000);
}

#[tokio::test]
async fn much_is_paid_by_another_admin_and_nobody_pays_themselves() {
    let app = start().await;
    let (first, second) = (app.register_admin("approver").await, app.register_admin("payer").await);
    let listener = earner_with_details(&app, "rich").await;
    let withdrawal = request(&listener, 800).await;
    decide(&app, &first, withdrawal, "approve").await.ok();
    decide(&app, &first, withdrawal, "pay").await.refused(403, "second_admin_required");
    assert_eq!(wallet(&listener).await, [200, 800, 0]);
    let paid = decide(&app, &second, withdrawal, "pay").await.ok();
    assert_eq!((&paid["decided_by"], &paid["paid_by"]), (&json!(first.id), &json!(second.id)));

    let both = earner_with_details(&app, "both").await;
    let withdrawal = request(&both, 100).await;
    assert!(app.set_admin(&both.phone, true).await);
    let both = app.sign_in(&both.phone).await;
    for step in ["approve", "reject"] {
        decide(&app, &both, withdrawal, step).await.refused(403, "forbidden");
    }
    decide(&app, &first, withdrawal, "approve").await.ok();
    for step in ["reject", "pay"] {
        decide(&app, &both, withdrawal, step).await.refused(403, "forbidden");
    }
    decide(&app, &first, withdrawal, "pay").await.ok();
    app.assert_books_close().await;
}

#[tokio::test]
async fn only_admins_decide_and_bad_words_are_refused() {
    let app = start().await;
    let admin = app.register_admin("strict-admin").await;
    let listener = earner_with_details(&app, "curious").await;
    let withdrawal = request(&listener, 100).await;
    for path in [ALL.to_owned(), format!("{ALL}/{withdrawal}")] {
        app.get(&path, &listener.access).await.refused(403, "forbidden");
        app.request(Method::GET, &path).send().await.refused(401, "not_authenticated");
    }
    for step in ["approve", "reject", "pay"] {
        decide(&app, &listener, withdrawal, step).await.refused(403, "forbidden");
        decide(&app, &admin, WithdrawalId(999_999), step).await.refused(404, "not_found");
    }
    app.get(&format!("{ALL}/999999"), &admin.access).await.refused(404, "not_found");
    app.get(&format!("{ALL}/one"), &admin.access).await.refused(422, "validation_error");
    app.get(&format!("{ALL}?status=lost"), &admin.access).await.refused(422, "validation_error");
    for (step, body) in [
        ("reject", json!({})),
        ("reject", json!({"remarks": "  "})),
        ("reject", json!({"remarks": "x".repeat(501)})),
        ("pay", json!({"payout_reference": ""})),
        ("pay", json!({"payout_reference": "a\u{0}b"})),
        ("pay", json!({"payout_reference": "x".repeat(101)})),
    ] {
        let path = format!("{ALL}/{withdrawal}/{step}");
        app.send(&path, &admin, &body, None).await.refused(422, "validation_error");
    }
    assert_eq!(wallet(&listener).await, [900, 100, 0]);
}

#[tokio::test]
async fn what_a_deleted_listener_asked_for_is_paid_and_then_forgotten() {
    let app = start().await;
    let admin = app.register_admin("tidy-admin").await;
    let listener = earner_with_details(&app, "leaver").await;
    let withdrawal = request(&listener, 500).await;
    listener.client.users().delete().await.unwrap();
    let count = async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&app.state.db).await.unwrap();
    assert_eq!(count("SELECT count(*) FROM payout_details").await, 0);
    let detail = app.get(&format!("{ALL}/{withdrawal}"), &admin.access).await.ok();
    assert_eq!(detail["payout_details"], kept_details());
    decide(&app, &admin, withdrawal, "approve").await.ok();
    decide(&app, &admin, withdrawal, "pay").await.ok();
    assert_eq!(count("SELECT count(sealed) FROM withdrawals").await, 0);
    app.assert_books_close().await;
}

#[tokio::test]
async fn the_proof_finds_what_is_wrong() {
    let app = start().await;
    let listener = earner_with_details(&app, "proven").await;
    let withdrawal = request(&listener, 500).await;
    app.assert_books_close().await;
    sqlx::query("UPDATE withdrawals SET amount = 499").execute(&app.state.db).await.unwrap();
    let found = app.discrepancies().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&format!("withdrawal {withdrawal}:")), "{found:?}");
}

#[tokio::test]
async fn ones_sockets_hear_when_the_wallet_moves() {
    let app = start().await;
    let admin = app.register_admin("treasurer").await;
    let listener = earner_with_details(&app, "heard").await;
    let mut phone = app.socket("/ws/presence", &listener).await;
    let withdrawal = request(&listener, 600).await;
    let heard = phone.next_named("wallet_updated").await;
    assert_eq!((&heard["withdrawable_money"], &heard["pending_withdrawals"]), (&json!(400), &json!(600)));
    decide(&app, &admin, withdrawal, "reject").await.ok();
    assert_eq!(phone.next_named("wallet_updated").await["withdrawable_money"], 1000);
    listener.client.recharges().buy(150, Some("upi")).await.unwrap();
    assert_eq!(phone.next_named("wallet_updated").await["balance_coins"], 300);
}
