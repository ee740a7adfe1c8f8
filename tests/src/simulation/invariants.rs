//! What is true of every state, whatever led to it: said once more without the model, which could be wrong too.

use super::state::{Call, Micros, State};

/// Every sentence that is not true of this state; `now` is the latest time that any node has seen.
pub(super) fn broken(state: &State, now: Micros) -> Vec<String> {
    let mut found = Vec::new();
    for (user, wallet) in &state.wallets {
        let balances = [wallet.coins, wallet.withdrawable, wallet.pending, wallet.withdrawn];
        if balances.iter().any(|balance| *balance < 0) {
            found.push(format!("user {user} has a negative balance: {wallet:?}"));
        }
        let bought: i64 = state.payments.iter().filter(|one| one.user == *user).map(|one| one.coins).sum();
        if bought != wallet.credited {
            found.push(format!("user {user} bought {bought} coins and was credited {}", wallet.credited));
        }
        let pending = |status: &str| status == "requested" || status == "approved";
        let requests = state.withdrawals.iter().filter(|one| one.user == *user);
        let open: i64 = requests.filter(|one| pending(&one.status)).map(|one| one.amount).sum();
        if open != wallet.pending {
            found.push(format!("user {user} has open withdrawals of {open} and {} pending", wallet.pending));
        }
    }
    for (user, presence) in &state.presence {
        let calls: Vec<i64> = state.ongoing().filter(|call| call.is_of(*user)).map(|call| call.id).collect();
        let marked: Vec<i64> = presence.call.into_iter().collect();
        if calls != marked {
            found.push(format!("user {user} is in the calls {calls:?} and is marked with {marked:?}"));
        }
        if !calls.is_empty() && !presence.is_busy {
            found.push(format!("user {user} is in a call and not busy"));
        }
    }
    found.extend(state.calls.iter().filter_map(|call| broken_call(call, now)));
    found
}

fn broken_call(call: &Call, now: Micros) -> Option<String> {
    let begun = |until: Micros| {
        let elapsed = until - call.start;
        (elapsed + call.minute - 1).div_euclid(call.minute).max(1)
    };
    match (call.end, call.cause.as_deref()) {
        (None, None) if call.status == "ongoing" => {
            (call.minutes > begun(now)).then(|| format!("a minute was billed that has not begun at {now}: {call:?}"))
        }
        (Some(end), Some(cause)) => {
            let length = end - call.start;
            let whole = length == call.minutes * call.minute;
            let fits = match cause {
                "hangup" => call.status == "completed",
                "no_coins" => whole && call.status == "dropped",
                "limit" => whole && call.minutes == 120 && call.status == "dropped",
                "lost" | "emergency" | "account_deleted" => call.status == "dropped",
                _ => false,
            };
            let good = fits && length >= 0 && call.minutes == begun(end);
            (!good).then(|| format!("an end that does not fit its minutes: {call:?}"))
        }
        _ => Some(format!("half ended: {call:?}")),
    }
}

/// What may not be after both meters ran at `now` and none of them died: a minute that has begun and is not billed.
pub(super) fn unbilled(state: &State, now: Micros) -> Vec<String> {
    state.ongoing().filter(|call| call.next() < now).map(|call| format!("unbilled at {now}: {call:?}")).collect()
}

/// What may not be after a step in which nobody else touched their coins: a call cut although its next minute could be
/// paid.
pub(super) fn cut_too_early(before: &State, after: &State) -> Vec<String> {
    let cut = |call: &&Call| {
        let was_ongoing = before.call(call.id).is_some_and(Call::is_ongoing);
        was_ongoing && call.cause.as_deref() == Some("no_coins") && after.wallets[&call.caller].coins >= call.rate
    };
    after.calls.iter().filter(cut).map(|call| format!("there were coins for another minute: {call:?}")).collect()
}
