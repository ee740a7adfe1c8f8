//! What happens next: chosen by the seed, among what is likely to hurt.

use super::{
    engine,
    link::{Cut, Side},
    random::Random,
    request::{Operation, Request},
    state::{Micros, SECOND, State},
};

/// Trips of an operation that has not been seen yet.
const SOME_TRIPS: usize = 9;

/// Chooses for one seed.
pub(super) struct Choice<'a> {
    pub(super) random: &'a mut Random,
    pub(super) state: &'a State,
    pub(super) people: &'a [i64],
}

impl Choice<'_> {
    /// Seldom one who is deleted.
    fn person(&mut self) -> i64 {
        let user = *self.random.one_of(self.people).expect("people");
        let is_gone = self.state.deleted.contains(&user) && self.random.percent(90);
        if is_gone { self.person() } else { user }
    }

    /// Mostly one of `likely`, else anybody.
    fn mostly(&mut self, likely: &[i64]) -> i64 {
        if self.random.percent(90)
            && let Some(user) = self.random.one_of(likely)
        {
            return *user;
        }
        self.person()
    }

    /// How far time goes, where it goes.
    pub(super) fn time(&mut self, now: Micros) -> Option<Micros> {
        match self.random.below(100) {
            0..20 => Some(self.random.between(1, 20 * SECOND)),
            20..30 => Some(self.random.between(20 * SECOND, 80 * SECOND)),
            // Both phones of some call fall silent.
            30..33 => Some(self.random.between(80 * SECOND, 300 * SECOND)),
            // To the very beginning of a minute, a moment before and a moment after.
            33..50 => {
                let next: Vec<Micros> = self.state.ongoing().map(|call| call.next() - now).collect();
                let to = *self.random.one_of(&next)? + self.random.between(-1, 1);
                (0..600 * SECOND).contains(&to).then_some(to)
            }
            _ => None,
        }
    }

    /// To a moment after some ongoing call's next minute has begun, so that those who bill it may meet.
    pub(super) fn time_to_bill(&mut self, now: Micros) -> Option<Micros> {
        let next: Vec<Micros> = self.state.ongoing().map(|call| call.next() - now).collect();
        let to = *self.random.one_of(&next)? + self.random.between(1, SECOND);
        (0..90 * SECOND).contains(&to).then_some(to)
    }

    /// An operation for a pair: such as bills or ends, where there is something to.
    pub(super) fn contended(&mut self, number: usize) -> Request {
        let calls: Vec<i64> = self.state.ongoing().map(|call| call.id).collect();
        let Some(call) = self.random.one_of(&calls).copied() else { return self.request(number) };
        let user = self.side_of(call);
        let operation = match self.random.below(10) {
            0..4 => Operation::Tick,
            4..6 => Operation::Bill { user, call },
            6..8 => Operation::End { user, call, emergency: false },
            8 => Operation::Reap,
            _ => return self.request(number),
        };
        Request { key: operation.key_owner().map(|_| format!("step{number}")), operation }
    }

    /// An operation, with a key where it heeds one, mostly.
    pub(super) fn request(&mut self, number: usize) -> Request {
        let operation = self.operation();
        let wants_key = operation.key_owner().is_some() && self.random.percent(80);
        Request { key: wants_key.then(|| format!("step{number}")), operation }
    }

    fn operation(&mut self) -> Operation {
        let ongoing: Vec<(i64, i64, i64)> =
            self.state.ongoing().map(|call| (call.id, call.caller, call.listener)).collect();
        let a_call = self.random.one_of(&ongoing).copied();
        match (self.random.below(100), a_call) {
            (0..22, _) | (_, None) if self.random.percent(65) || ongoing.is_empty() => self.start_or_beat(),
            (0..40, Some((call, ..))) => Operation::Bill { user: self.side_of(call), call },
            (40..55, Some((call, ..))) => {
                Operation::End { user: self.side_of(call), call, emergency: self.random.percent(30) }
            }
            (55..68, _) => Operation::Tick,
            (68..73, _) => Operation::Reap,
            (73..74, _) => self.deletion(),
            _ => self.money(),
        }
    }

    /// Enough people stay to call each other.
    fn may_delete(&mut self) -> bool {
        self.state.deleted.len() < 3 && self.random.percent(40)
    }

    fn deletion(&mut self) -> Operation {
        let user = self.person();
        if self.may_delete() { Operation::Delete { user } } else { Operation::Beat { user } }
    }

    fn start_or_beat(&mut self) -> Operation {
        match self.random.below(100) {
            0..20 => Operation::Beat { user: self.person() },
            20..32 => self.money(),
            // A call that is over is billed and ended again.
            32..37 if !self.state.calls.is_empty() => {
                let call = self.state.calls[self.random.below(self.state.calls.len())].id;
                let user = self.side_of(call);
                if self.random.percent(50) {
                    Operation::Bill { user, call }
                } else {
                    Operation::End { user, call, emergency: false }
                }
            }
            37..39 => Operation::Sweep,
            _ => {
                let state = self.state;
                let free = |user: &i64| state.ongoing_of(*user).is_none() && !state.deleted.contains(user);
                let can_pay: Vec<i64> =
                    self.people.iter().copied().filter(|user| free(user) && state.wallets[user].coins >= 10).collect();
                let can_hear: Vec<i64> =
                    self.people.iter().copied().filter(|user| free(user) && state.listeners.contains(user)).collect();
                let (caller, listener) = (self.mostly(&can_pay), self.mostly(&can_hear));
                Operation::Start { caller, listener, video: self.random.percent(20) }
            }
        }
    }

    fn side_of(&mut self, call: i64) -> i64 {
        let sides: Vec<i64> = self.state.call(call).into_iter().flat_map(|call| [call.caller, call.listener]).collect();
        if self.random.percent(96) { self.mostly(&sides) } else { self.person() }
    }

    fn money(&mut self) -> Operation {
        let payments: Vec<i64> =
            self.state.payments.iter().filter(|one| one.status == "paid").map(|one| one.id).collect();
        let withdrawals: Vec<i64> = self.state.withdrawals.iter().map(|one| one.id).collect();
        let earners: Vec<i64> =
            self.state.wallets.iter().filter(|(_, wallet)| wallet.withdrawable > 0).map(|(user, _)| *user).collect();
        match self.random.below(100) {
            0..35 => Operation::Recharge { user: self.person(), coins: self.random.between(1, 12) * 10 - 3 },
            35..50 if !payments.is_empty() => {
                Operation::Refund { payment: *self.random.one_of(&payments).expect("a payment") }
            }
            50..75 if !earners.is_empty() => {
                let user = *self.random.one_of(&earners).expect("an earner");
                let most = self.state.wallets[&user].withdrawable + engine::rate(false).1;
                Operation::Withdraw { user, amount: self.random.between(1, most) }
            }
            75.. if !withdrawals.is_empty() => {
                let withdrawal = *self.random.one_of(&withdrawals).expect("a withdrawal");
                match self.random.below(3) {
                    0 => Operation::Approve { withdrawal },
                    1 => Operation::Pay { withdrawal },
                    _ => Operation::Reject { withdrawal },
                }
            }
            _ => Operation::Beat { user: self.person() },
        }
    }

    /// An operation that may meet `other`: for the same call or the same people, where there are such.
    pub(super) fn rival(&mut self, other: &Request, number: usize) -> Request {
        let roll = self.random.below(100);
        if roll < 12 && other.key.is_some() && other.operation.asker().is_some() {
            return other.clone();
        }
        let operation = match other.operation {
            Operation::Start { caller, listener, .. } if roll < 60 => match roll % 4 {
                0 => Operation::Start { caller: self.person(), listener, video: false },
                1 => Operation::Start { caller, listener: self.person(), video: false },
                2 => Operation::Start { caller: listener, listener: self.person(), video: false },
                _ if self.may_delete() => Operation::Delete { user: if roll % 8 < 4 { caller } else { listener } },
                _ => self.operation(),
            },
            Operation::Bill { call, .. } | Operation::End { call, .. } if roll < 75 => {
                let sides = self.state.call(call).map_or((0, 0), |call| (call.caller, call.listener));
                match roll % 8 {
                    0 => Operation::Reap,
                    1 => Operation::Bill { user: sides.1, call },
                    2 => Operation::End { user: sides.0, call, emergency: false },
                    3 => Operation::Recharge { user: sides.0, coins: 17 },
                    4 if self.may_delete() => Operation::Delete { user: sides.1 },
                    5 => Operation::Beat { user: sides.0 },
                    _ => Operation::Tick,
                }
            }
            Operation::Tick | Operation::Reap if roll < 50 => {
                if roll.is_multiple_of(2) {
                    Operation::Tick
                } else {
                    Operation::Reap
                }
            }
            Operation::Refund { payment } if roll < 40 => Operation::Refund { payment },
            Operation::Withdraw { user, amount } if roll < 60 => Operation::Withdraw { user, amount },
            Operation::Pay { withdrawal } | Operation::Reject { withdrawal } if roll < 60 => {
                if roll.is_multiple_of(2) {
                    Operation::Pay { withdrawal }
                } else {
                    Operation::Reject { withdrawal }
                }
            }
            _ => self.operation(),
        };
        Request { key: operation.key_owner().map(|_| format!("rival{number}")), operation }
    }

    /// Where a node dies in an operation that has so many trips.
    pub(super) fn cut(&mut self, trips: Option<usize>) -> Cut {
        let trip = 1 + self.random.below(trips.unwrap_or(SOME_TRIPS));
        Cut { trip, side: if self.random.percent(50) { Side::Before } else { Side::After } }
    }
}
