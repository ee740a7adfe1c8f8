//! What is known of a call: pure, so that what comes late, twice or never can be tested.

use saathii_shared_types::{
    CallId, Coins, Earnings,
    calls::{Call, CallEnded, CallStatus, EndCause},
    events::ServerEvent,
};

use super::Side;

/// As many minutes as the server first warns of.
const LOW: i64 = 3;

/// A call at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// It goes on.
    #[non_exhaustive]
    Ongoing {
        /// The minutes that were billed, the running one included.
        minutes: i64,
        /// What the caller paid for them.
        coins_spent: Coins,
        /// What the listener earned by them, as far as one was told.
        earned: Option<Earnings>,
        /// The caller's balance; `None` for the listener, and until it is known.
        remaining_coins: Option<Coins>,
        /// The minutes that are left with that balance, the running one included.
        minutes_left: Option<i64>,
        /// Whether the caller should recharge now: three minutes or fewer are left.
        low_balance: bool,
    },
    /// It is over, and nothing follows.
    #[non_exhaustive]
    Ended {
        /// Whether one of the two hung up, or something else ended it.
        status: CallStatus,
        /// What ended it; `Unknown` where only the server's record told of the end, which does not say.
        cause: EndCause,
        /// How long it was.
        duration_seconds: i64,
        /// The minutes that were billed.
        minutes: i64,
        /// What the caller paid for them.
        coins_spent: Coins,
        /// What the listener earned by them.
        earned: Earnings,
    },
}

impl CallState {
    /// Whether the call is over.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    pub(super) fn of_record(call: &Call) -> Self {
        Self::Ended {
            status: call.status,
            cause: cause(call.status, EndCause::Unknown),
            duration_seconds: call.duration_seconds,
            minutes: call.duration_minutes,
            coins_spent: call.coins_spent,
            earned: call.listener_money_earned,
        }
    }

    /// `asked`: how one ended it oneself, if it was not over before.
    pub(super) fn of_answer(answer: &CallEnded, asked: EndCause) -> Self {
        Self::Ended {
            status: answer.status,
            cause: cause(answer.status, asked),
            duration_seconds: answer.duration_seconds,
            minutes: answer.duration_minutes,
            coins_spent: answer.coins_spent,
            earned: answer.listener_money_earned,
        }
    }
}

/// Only the two themselves complete a call.
fn cause(status: CallStatus, asked: EndCause) -> EndCause {
    match (status, asked) {
        (CallStatus::Completed, _) => EndCause::Hangup,
        (CallStatus::Dropped, EndCause::Emergency) => EndCause::Emergency,
        _ => EndCause::Unknown,
    }
}

#[derive(Debug)]
pub(super) struct Account {
    call: CallId,
    side: Side,
    rate: Option<Coins>,
    minutes: i64,
    coins_spent: Coins,
    earned: Option<Earnings>,
    remaining_coins: Option<Coins>,
    minutes_left: Option<i64>,
    end: Option<CallState>,
}

impl Account {
    /// At the beginning of a call, whose first minute is paid.
    pub(super) fn begin(call: CallId, side: Side, rate: Coins, remaining_coins: Option<Coins>) -> Self {
        let mut account = Self {
            call,
            side,
            rate: Some(rate),
            minutes: 1,
            coins_spent: rate,
            earned: None,
            remaining_coins: None,
            minutes_left: None,
            end: None,
        };
        account.set_remaining(remaining_coins);
        account
    }

    /// Somewhere in a call.
    pub(super) fn of_record(call: &Call, side: Side, rate: Option<Coins>, balance: Option<Coins>) -> Self {
        let mut account = Self {
            call: call.call_id,
            side,
            rate,
            minutes: 0,
            coins_spent: Coins(0),
            earned: None,
            remaining_coins: None,
            minutes_left: None,
            end: None,
        };
        account.read(call, balance);
        account
    }

    pub(super) fn state(&self) -> CallState {
        self.end.unwrap_or(CallState::Ongoing {
            minutes: self.minutes,
            coins_spent: self.coins_spent,
            earned: self.earned,
            remaining_coins: self.remaining_coins,
            minutes_left: self.minutes_left,
            low_balance: self.minutes_left.is_some_and(|left| left <= LOW),
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn knows_rate(&self) -> bool {
        self.rate.is_some()
    }

    pub(super) fn set_rate(&mut self, rate: Option<Coins>) {
        self.rate = self.rate.or(rate);
    }

    pub(super) fn end(&mut self, end: CallState) {
        self.end = Some(end);
    }

    /// Whether the event was about this call.
    pub(super) fn apply(&mut self, event: &ServerEvent) -> bool {
        match *event {
            ServerEvent::CallStarted { call_id, rate_per_minute, .. } if call_id == self.call => {
                self.rate = Some(rate_per_minute);
                self.set_remaining(self.remaining_coins);
            }
            ServerEvent::CallMinute { call_id, minute, coins_spent, listener_money_earned, remaining_coins }
                if call_id == self.call =>
            {
                // Of the minute known already the balance may be old: a recharge came in between.
                if minute > self.minutes {
                    self.minutes = minute;
                    self.coins_spent = coins_spent;
                    self.rate = Some(Coins(coins_spent.0 / minute));
                    self.set_remaining(remaining_coins.or(self.remaining_coins));
                }
                self.earned = self.earned.max(Some(listener_money_earned));
            }
            ServerEvent::CallLowBalance { call_id, minutes_left, remaining_coins } if call_id == self.call => {
                // Coins become more by a recharge alone, which is told by itself: another warning is an old one.
                if self.remaining_coins.is_none_or(|known| remaining_coins <= known) {
                    self.remaining_coins = Some(remaining_coins);
                    self.minutes_left = Some(minutes_left);
                }
            }
            ServerEvent::CallEnded {
                call_id,
                status,
                cause,
                duration_seconds,
                duration_minutes,
                coins_spent,
                listener_money_earned,
            } if call_id == self.call => {
                self.end = Some(CallState::Ended {
                    status,
                    cause,
                    duration_seconds,
                    minutes: duration_minutes,
                    coins_spent,
                    earned: listener_money_earned,
                });
            }
            ServerEvent::WalletUpdated { balance_coins, .. } => {
                if self.side == Side::Caller {
                    self.set_remaining(Some(balance_coins));
                }
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Takes over what the server answers about the ongoing call and, for its caller, the balance.
    pub(super) fn read(&mut self, call: &Call, balance: Option<Coins>) {
        // Minutes are never given back: less than is known is an old answer.
        if call.coins_spent < self.coins_spent {
            return;
        }
        self.coins_spent = call.coins_spent;
        self.minutes = match self.rate {
            Some(rate) if rate.0 > 0 => call.coins_spent.0 / rate.0,
            // By the clock, and so with the minute that is about to be billed.
            _ => call.duration_minutes,
        };
        self.earned = Some(call.listener_money_earned);
        self.set_remaining(balance.or(self.remaining_coins));
    }

    fn set_remaining(&mut self, coins: Option<Coins>) {
        self.remaining_coins = coins;
        if let (Some(coins), Some(rate)) = (coins, self.rate.filter(|rate| rate.0 > 0)) {
            self.minutes_left = Some(coins.0 / rate.0 + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use saathii_shared_types::{UserId, calls::CallType};

    use super::*;

    const CALL: CallId = CallId(7);

    fn account() -> Account {
        Account::begin(CALL, Side::Caller, Coins(10), Some(Coins(40)))
    }

    fn minute(call_id: CallId, minute: i64, remaining: i64) -> ServerEvent {
        ServerEvent::CallMinute {
            call_id,
            minute,
            coins_spent: Coins(10 * minute),
            listener_money_earned: Earnings(15 * minute),
            remaining_coins: Some(Coins(remaining)),
        }
    }

    fn warning(minutes_left: i64, remaining: i64) -> ServerEvent {
        ServerEvent::CallLowBalance { call_id: CALL, minutes_left, remaining_coins: Coins(remaining) }
    }

    fn recharged(coins: i64) -> ServerEvent {
        ServerEvent::WalletUpdated {
            balance_coins: Coins(coins),
            withdrawable_money: Earnings(0),
            pending_withdrawals: Earnings(0),
        }
    }

    fn ended() -> ServerEvent {
        ServerEvent::CallEnded {
            call_id: CALL,
            status: CallStatus::Dropped,
            cause: EndCause::NoCoins,
            duration_seconds: 120,
            duration_minutes: 2,
            coins_spent: Coins(20),
            listener_money_earned: Earnings(30),
        }
    }

    fn record(minutes_billed: i64, minutes_by_the_clock: i64) -> Call {
        Call {
            call_id: CALL,
            user_id: UserId(1),
            listener_id: UserId(2),
            call_type: CallType::Audio,
            start_time: chrono::DateTime::UNIX_EPOCH,
            end_time: None,
            duration_seconds: 60 * minutes_by_the_clock,
            duration_minutes: minutes_by_the_clock,
            coins_spent: Coins(10 * minutes_billed),
            user_money_spend: Coins(10 * minutes_billed),
            listener_money_earned: Earnings(15 * minutes_billed),
            status: CallStatus::Ongoing,
            caller_username: "john".to_owned(),
            listener_username: "jane".to_owned(),
        }
    }

    /// Minutes, remaining coins, minutes left, low balance.
    fn shown(account: &Account) -> (i64, Option<i64>, Option<i64>, bool) {
        match account.state() {
            CallState::Ongoing { minutes, remaining_coins, minutes_left, low_balance, coins_spent, .. } => {
                assert_eq!(coins_spent, Coins(10 * minutes));
                (minutes, remaining_coins.map(|coins| coins.0), minutes_left, low_balance)
            }
            CallState::Ended { .. } => panic!("it has ended"),
        }
    }

    #[test]
    fn minutes_only_go_forward() {
        let mut account = account();
        assert_eq!(shown(&account), (1, Some(40), Some(5), false));
        for event in [minute(CALL, 3, 20), minute(CALL, 2, 30), minute(CALL, 3, 20)] {
            assert!(account.apply(&event));
        }
        assert_eq!(shown(&account), (3, Some(20), Some(3), true));
        assert!(!account.apply(&minute(CallId(8), 9, 0)), "of another call");
        account.read(&record(2, 2), Some(Coins(30)));
        assert_eq!(shown(&account), (3, Some(20), Some(3), true), "an old answer");
    }

    #[test]
    fn a_recharge_ends_the_warning_and_an_old_warning_does_not_come_back() {
        let mut account = account();
        account.apply(&minute(CALL, 4, 10));
        account.apply(&warning(2, 10));
        assert_eq!(shown(&account), (4, Some(10), Some(2), true));
        assert!(!account.apply(&recharged(310)));
        assert_eq!(shown(&account), (4, Some(310), Some(32), false));
        account.apply(&warning(2, 10));
        account.apply(&minute(CALL, 4, 10));
        account.apply(&minute(CALL, 5, 300));
        assert_eq!(shown(&account), (5, Some(300), Some(31), false));
    }

    #[test]
    fn the_record_counts_the_minutes_billed_and_not_the_clock() {
        let mut account = account();
        account.read(&record(2, 3), Some(Coins(30)));
        assert_eq!(shown(&account), (2, Some(30), Some(4), false));
    }

    #[test]
    fn the_end_is_the_end_and_a_cause_is_better_than_none() {
        let mut account = account();
        let dropped = Call { status: CallStatus::Dropped, ..record(2, 2) };
        account.end(CallState::of_record(&dropped));
        assert!(matches!(account.state(), CallState::Ended { cause: EndCause::Unknown, minutes: 2, .. }));
        account.apply(&ended());
        account.apply(&minute(CALL, 3, 20));
        assert!(matches!(account.state(), CallState::Ended { cause: EndCause::NoCoins, minutes: 2, .. }));
        let completed = Call { status: CallStatus::Completed, ..record(2, 2) };
        assert!(matches!(CallState::of_record(&completed), CallState::Ended { cause: EndCause::Hangup, .. }));
    }

    #[test]
    fn a_listener_is_told_no_balance() {
        let mut account = Account::of_record(&record(2, 2), Side::Listener, Some(Coins(10)), None);
        account.apply(&recharged(500));
        assert_eq!(shown(&account), (2, None, None, false));
    }
}
