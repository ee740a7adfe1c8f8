//! Everything that money and calls are, as plain values: read from the database, and computed by the model.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::request::Answer;

/// Microseconds since the epoch, or of a time span.
pub(super) type Micros = i64;

pub(super) const SECOND: Micros = 1_000_000;

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) wallets: BTreeMap<i64, Wallet>,
    pub(super) presence: BTreeMap<i64, Presence>,
    pub(super) deleted: BTreeSet<i64>,
    /// Who may be called.
    pub(super) listeners: BTreeSet<i64>,
    pub(super) calls: Vec<Call>,
    pub(super) payments: Vec<Payment>,
    pub(super) withdrawals: Vec<Withdrawal>,
    /// Answers of requests that bore a key, by user and key.
    pub(super) kept: BTreeMap<(i64, String), Answer>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wallet {
    pub(super) coins: i64,
    pub(super) credited: i64,
    pub(super) withdrawable: i64,
    pub(super) pending: i64,
    pub(super) withdrawn: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Presence {
    pub(super) is_online: bool,
    pub(super) is_busy: bool,
    pub(super) call: Option<i64>,
    pub(super) seen: Micros,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// Near [`NEW`] where the model has begun it.
    pub(super) id: i64,
    pub(super) caller: i64,
    pub(super) listener: i64,
    pub(super) rate: i64,
    pub(super) earns: i64,
    pub(super) minute: Micros,
    pub(super) start: Micros,
    pub(super) minutes: i64,
    pub(super) status: String,
    pub(super) cause: Option<String>,
    pub(super) end: Option<Micros>,
}

impl Call {
    pub(super) fn is_ongoing(&self) -> bool {
        self.end.is_none()
    }

    pub(super) fn is_of(&self, user: i64) -> bool {
        self.caller == user || self.listener == user
    }

    /// When the first unbilled minute begins.
    pub(super) fn next(&self) -> Micros {
        self.start + self.minutes * self.minute
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Payment {
    pub(super) id: i64,
    pub(super) user: i64,
    pub(super) coins: i64,
    pub(super) taken_back: i64,
    pub(super) status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Withdrawal {
    pub(super) id: i64,
    pub(super) user: i64,
    pub(super) amount: i64,
    pub(super) status: String,
}

/// The id of what did not exist before the step: the database alone knows the real one.
pub(super) const NEW: i64 = i64::MAX;

impl State {
    pub(super) fn call(&self, id: i64) -> Option<&Call> {
        self.calls.iter().find(|call| call.id == id)
    }

    pub(super) fn call_mut(&mut self, id: i64) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.id == id)
    }

    pub(super) fn ongoing(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| call.is_ongoing())
    }

    pub(super) fn ongoing_of(&self, user: i64) -> Option<&Call> {
        self.ongoing().find(|call| call.is_of(user))
    }

    /// The same, with whatever `before` did not have called [`NEW`], in an order that does not depend on ids.
    pub(super) fn relative_to(&self, before: &Self) -> Self {
        let mut this = self.clone();
        let calls: BTreeSet<i64> = before.calls.iter().map(|call| call.id).collect();
        let rename = |id: &mut i64| {
            if !calls.contains(id) {
                *id = NEW;
            }
        };
        this.calls.iter_mut().for_each(|call| rename(&mut call.id));
        this.presence.values_mut().filter_map(|presence| presence.call.as_mut()).for_each(rename);
        let payments: BTreeSet<i64> = before.payments.iter().map(|payment| payment.id).collect();
        for payment in this.payments.iter_mut().filter(|payment| !payments.contains(&payment.id)) {
            payment.id = NEW;
        }
        let withdrawals: BTreeSet<i64> = before.withdrawals.iter().map(|withdrawal| withdrawal.id).collect();
        for withdrawal in this.withdrawals.iter_mut().filter(|withdrawal| !withdrawals.contains(&withdrawal.id)) {
            withdrawal.id = NEW;
        }
        this.calls.sort();
        this.payments.sort();
        this.withdrawals.sort();
        this
    }
}

/// A value a line, so that two states can be compared by eye.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wallets.iter().try_for_each(|(user, wallet)| writeln!(f, "user {user}: {wallet:?}"))?;
        self.presence.iter().try_for_each(|(user, presence)| writeln!(f, "user {user}: {presence:?}"))?;
        writeln!(f, "deleted: {:?}", self.deleted)?;
        self.calls.iter().try_for_each(|call| writeln!(f, "{call:?}"))?;
        self.payments.iter().try_for_each(|payment| writeln!(f, "{payment:?}"))?;
        self.withdrawals.iter().try_for_each(|withdrawal| writeln!(f, "{withdrawal:?}"))?;
        self.kept.iter().try_for_each(|(key, answer)| writeln!(f, "{key:?} answered {answer}"))
    }
}
