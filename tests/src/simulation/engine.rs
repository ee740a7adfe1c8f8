//! The engine's rules, each as one transaction on a value.

use std::collections::BTreeSet;

use super::{
    model::Terms,
    request::{Answer, Operation, Request},
    state::{Call, Micros, NEW, Payment, SECOND, State, Withdrawal},
};

const MOST_MINUTES: i64 = 120;
const SILENCE: Micros = 90 * SECOND;

/// Coins and earnings a minute.
pub(super) fn rate(video: bool) -> (i64, i64) {
    if video { (50, 75) } else { (10, 15) }
}

/// The answer to a request, and whether it is new: a key that was kept is answered from the record.
pub(super) fn answer(state: &mut State, request: &Request, now: Micros, terms: Terms) -> (Answer, bool) {
    let key = request.operation.key_owner().zip(request.key.clone());
    if let Some(kept) = key.as_ref().and_then(|key| state.kept.get(key)) {
        return (kept.clone(), false);
    }
    let answer = perform(state, &request.operation, now, terms);
    if let Some(key) = key.filter(|_| answer.status == 200) {
        state.kept.insert(key, answer.clone());
    }
    (answer, true)
}

fn perform(state: &mut State, operation: &Operation, now: Micros, terms: Terms) -> Answer {
    match *operation {
        Operation::Start { caller, listener, video } => start(state, caller, listener, rate(video), now, terms),
        Operation::Bill { user, call } => bill(state, user, call, now, terms),
        Operation::End { user, call, emergency } => {
            end(state, user, call, if emergency { "emergency" } else { "hangup" }, now, terms)
        }
        Operation::Beat { user } => {
            beat(state, user, now);
            Answer::ok()
        }
        Operation::Delete { user } => delete(state, user, now, terms),
        Operation::Recharge { user, .. } | Operation::Withdraw { user, .. } if state.deleted.contains(&user) => {
            Answer::refused(401, "")
        }
        Operation::Recharge { user, coins } => {
            state.payments.push(Payment { id: NEW, user, coins, taken_back: 0, status: "paid".to_owned() });
            let wallet = state.wallets.entry(user).or_default();
            wallet.coins += coins;
            wallet.credited += coins;
            Answer::ok()
        }
        Operation::Refund { payment } => refund(state, payment),
        Operation::Withdraw { user, amount } => {
            let wallet = state.wallets.entry(user).or_default();
            if wallet.withdrawable < amount {
                return lacking("insufficient_earnings", amount, wallet.withdrawable);
            }
            wallet.withdrawable -= amount;
            wallet.pending += amount;
            state.withdrawals.push(Withdrawal { id: NEW, user, amount, status: "requested".to_owned() });
            Answer::ok()
        }
        Operation::Approve { withdrawal } => decide(state, withdrawal, &["requested"], "approved"),
        Operation::Pay { withdrawal } => decide(state, withdrawal, &["approved"], "paid"),
        Operation::Reject { withdrawal } => decide(state, withdrawal, &["requested", "approved"], "rejected"),
        Operation::Sweep => {
            for presence in state.presence.values_mut() {
                presence.is_online &= presence.seen >= now - SILENCE;
            }
            Answer::ok()
        }
        Operation::Tick | Operation::Reap => unreachable!("these are several transactions"),
    }
}

fn start(
    state: &mut State,
    caller: i64,
    listener: i64,
    (rate, earns): (i64, i64),
    now: Micros,
    terms: Terms,
) -> Answer {
    if caller == listener {
        return Answer::refused(400, "self_call");
    }
    if state.deleted.contains(&caller) {
        return Answer::refused(401, "");
    }
    if state.deleted.contains(&listener) || !state.listeners.contains(&listener) {
        return Answer::refused(404, "listener_not_found");
    }
    if state.ongoing().any(|call| call.caller == caller) {
        return Answer::refused(409, "already_in_call");
    }
    if state.ongoing().any(|call| call.listener == listener) {
        return Answer::refused(409, "listener_busy");
    }
    let available = state.wallets[&caller].coins;
    if available < rate {
        return lacking("insufficient_coins", rate, available);
    }
    if state.presence[&caller].call.is_some() {
        return Answer::refused(409, "already_in_call");
    }
    let there = state.presence[&listener];
    if !there.is_online || there.is_busy {
        return Answer::refused(409, if there.is_online { "listener_busy" } else { "listener_offline" });
    }
    // Two may begin in one step.
    let id = NEW - i64::try_from(state.calls.len()).unwrap_or_default();
    state.calls.push(Call {
        id,
        caller,
        listener,
        rate,
        earns,
        minute: terms.minute,
        start: now,
        minutes: 0,
        status: "ongoing".to_owned(),
        cause: None,
        end: None,
    });
    pay(state, id);
    for side in [caller, listener] {
        let presence = state.presence.get_mut(&side).expect("everybody has a presence");
        (presence.call, presence.is_busy, presence.is_online) = (Some(id), true, true);
    }
    beat(state, caller, now);
    Answer::with(200, &[("remaining_coins", available - rate)])
}

fn lacking(code: &str, required: i64, available: i64) -> Answer {
    let answer = Answer::with(400, &[("available", available), ("required", required)]);
    Answer { code: code.to_owned(), ..answer }
}

/// One more minute of a call whose caller can afford it.
fn pay(state: &mut State, call: i64) {
    let call = state.call_mut(call).expect("a call");
    call.minutes += 1;
    let call = call.clone();
    state.wallets.get_mut(&call.caller).expect("a wallet").coins -= call.rate;
    state.wallets.get_mut(&call.listener).expect("a wallet").withdrawable += call.earns;
}

/// When either side of a call was last heard.
fn heard(state: &State, call: &Call) -> Micros {
    state.presence[&call.caller].seen.max(state.presence[&call.listener].seen)
}

/// The next minute of a call, which has begun: paid, or the end of the call.
fn bill_one(state: &mut State, id: i64, terms: Terms) {
    let call = state.call(id).expect("a call").clone();
    // A call outlasts the beginning of its last minute.
    let lost_at = (heard(state, &call) + terms.grace).max(call.next() - call.minute + 1);
    if lost_at < call.next() {
        over(state, id, "lost", lost_at);
    } else if call.minutes == MOST_MINUTES {
        over(state, id, "limit", call.next());
    } else if state.wallets[&call.caller].coins < call.rate {
        over(state, id, "no_coins", call.next());
    } else {
        pay(state, id);
    }
}

/// Pays what has begun before `until`, which may be the end of the call.
fn bill_until(state: &mut State, id: i64, until: Micros, terms: Terms) {
    while state.call(id).is_some_and(|call| call.is_ongoing() && call.next() < until) {
        bill_one(state, id, terms);
    }
}

fn over(state: &mut State, id: i64, cause: &str, at: Micros) {
    let call = state.call_mut(id).expect("a call");
    if cause == "hangup" { "completed" } else { "dropped" }.clone_into(&mut call.status);
    (call.cause, call.end) = (Some(cause.to_owned()), Some(at));
    for presence in state.presence.values_mut().filter(|presence| presence.call == Some(id)) {
        (presence.call, presence.is_busy) = (None, false);
    }
}

/// Ends a call at `at`, or when it ended by itself before; never before its last minute has begun.
fn settle(state: &mut State, id: i64, cause: &str, at: Micros, terms: Terms) {
    let Some(call) = state.call(id).filter(|call| call.is_ongoing()) else { return };
    let at = at.max(call.next() - call.minute + 1);
    bill_until(state, id, at, terms);
    if state.call(id).is_some_and(Call::is_ongoing) {
        over(state, id, cause, at);
    }
}

fn end(state: &mut State, user: i64, id: i64, cause: &str, now: Micros, terms: Terms) -> Answer {
    if !state.call(id).is_some_and(|call| call.is_of(user)) {
        return Answer::refused(404, "not_found");
    }
    settle(state, id, cause, now, terms);
    let call = state.call(id).expect("a call");
    Answer::with(
        200,
        &[
            ("coins_spent", call.minutes * call.rate),
            ("duration_minutes", call.minutes),
            ("listener_money_earned", call.minutes * call.earns),
        ],
    )
}

fn bill(state: &mut State, user: i64, id: i64, now: Micros, terms: Terms) -> Answer {
    if !state.call(id).is_some_and(|call| call.is_of(user)) {
        return Answer::refused(404, "not_found");
    }
    bill_until(state, id, now, terms);
    let call = state.call(id).expect("a call");
    let coins = state.wallets[&call.caller].coins;
    match call.cause.as_deref() {
        None => Answer::with(
            200,
            &[
                ("coins_deducted", call.rate),
                ("remaining_coins", coins),
                ("total_coins_spent", call.minutes * call.rate),
            ],
        ),
        Some("no_coins") => lacking("insufficient_coins", call.rate, coins),
        Some(_) => Answer::refused(409, "call_ended"),
    }
}

/// One minute of every call that is due and not `held`; how many calls it were.
pub(super) fn bill_batch(state: &mut State, now: Micros, held: &BTreeSet<i64>, terms: Terms) -> usize {
    let is_due = |call: &&Call| call.next() < now && !held.contains(&call.id);
    let due: Vec<i64> = state.ongoing().filter(is_due).map(|call| call.id).collect();
    for call in &due {
        bill_one(state, *call, terms);
    }
    due.len()
}

/// Calls of which nothing was heard within the grace.
pub(super) fn silent_calls(state: &State, now: Micros, terms: Terms) -> Vec<i64> {
    let is_silent = |call: &&Call| heard(state, call) < now - terms.grace;
    let mut silent: Vec<i64> = state.ongoing().filter(is_silent).map(|call| call.id).collect();
    silent.sort_unstable();
    silent
}

/// Ends such a call, unless something was heard of it meanwhile.
pub(super) fn reap(state: &mut State, id: i64, now: Micros, terms: Terms) {
    let Some(call) = state.call(id).filter(|call| call.is_ongoing()) else { return };
    let lost_at = heard(state, call) + terms.grace;
    if lost_at < now {
        settle(state, id, "lost", lost_at, terms);
    }
}

pub(super) fn beat(state: &mut State, user: i64, now: Micros) {
    let presence = state.presence.get_mut(&user).expect("everybody has a presence");
    presence.is_online = true;
    presence.seen = presence.seen.max(now);
}

fn delete(state: &mut State, user: i64, now: Micros, terms: Terms) -> Answer {
    if !state.deleted.insert(user) {
        return Answer::refused(401, "");
    }
    if let Some(call) = state.ongoing_of(user).map(|call| call.id) {
        settle(state, call, "account_deleted", now, terms);
    }
    let presence = state.presence.get_mut(&user).expect("everybody has a presence");
    (presence.is_online, presence.is_busy) = (false, false);
    Answer::ok()
}

/// The whole purchase; of its coins what is left.
fn refund(state: &mut State, id: i64) -> Answer {
    let Some(payment) = state.payments.iter_mut().find(|payment| payment.id == id && payment.status == "paid") else {
        return Answer::refused(409, "not_refundable");
    };
    let wallet = state.wallets.get_mut(&payment.user).expect("a wallet");
    let taken = payment.coins.min(wallet.coins);
    wallet.coins -= taken;
    (payment.taken_back, payment.status) = (taken, "refunded".to_owned());
    Answer::ok()
}

fn decide(state: &mut State, id: i64, from: &[&str], to: &str) -> Answer {
    let found = state.withdrawals.iter_mut().find(|one| one.id == id && from.contains(&one.status.as_str()));
    let Some(withdrawal) = found else { return Answer::refused(409, "withdrawal_decided") };
    let wallet = state.wallets.get_mut(&withdrawal.user).expect("a wallet");
    match to {
        "paid" => {
            wallet.pending -= withdrawal.amount;
            wallet.withdrawn += withdrawal.amount;
        }
        "rejected" => {
            wallet.pending -= withdrawal.amount;
            wallet.withdrawable += withdrawal.amount;
        }
        _ => {}
    }
    to.clone_into(&mut withdrawal.status);
    Answer::ok()
}
