//! What a call costs and when it ends; pure.

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{
    Coins,
    calls::{CallStatus, EndCause},
};

use super::Error;

/// The longest call: two hours.
pub(super) const MOST_MINUTES: i32 = 120;

/// The minutes of `minute` each that have begun after `elapsed`, at least one: a full minute has begun one, not two.
pub(super) fn minutes_begun(elapsed: TimeDelta, minute: TimeDelta) -> i64 {
    let (elapsed, minute) = (micros(elapsed), micros(minute));
    elapsed.div_euclid(minute) + i64::from(elapsed.rem_euclid(minute) > 0 || elapsed == 0)
}

fn micros(time: TimeDelta) -> i64 {
    time.num_microseconds().unwrap_or(i64::MAX)
}

/// What the caller expects to pay: for the minutes that they named, or that `balance` affords.
pub(super) fn estimated_cost(named: Option<i64>, balance: Coins, rate: Coins) -> Coins {
    rate * named.unwrap_or_else(|| (balance.0 / rate.0).min(i64::from(MOST_MINUTES)))
}

/// Refuses what no call can last.
pub(super) fn check_estimate(named: Option<i64>) -> Result<(), Error> {
    if named.is_none_or(|minutes| (1..=i64::from(MOST_MINUTES)).contains(&minutes)) {
        Ok(())
    } else {
        Err(Error::InvalidEstimate)
    }
}

/// The minutes that are left to talk with `balance` after a minute is paid, the running one included.
pub(super) fn minutes_left(balance: Coins, rate: Coins) -> i64 {
    balance.0 / rate.0 + 1
}

/// Whether the caller is warned at the beginning of this minute: when 3 and when 1 are left, or fewer from the start.
pub(super) fn warns(minute: i32, minutes_left: i64) -> bool {
    matches!(minutes_left, 1 | 3) || (minute == 1 && minutes_left < 3)
}

/// Only the two themselves complete a call.
pub(super) fn status_after(cause: EndCause) -> CallStatus {
    if cause == EndCause::Hangup { CallStatus::Completed } else { CallStatus::Dropped }
}

/// When a call is lost of which nothing was heard since `heard_at`; its paid minutes are over by then or running.
pub(super) fn lost_at(
    heard_at: DateTime<Utc>,
    grace: TimeDelta,
    last_minute_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    // The last minute has begun, so that the call outlasts its beginning.
    let begun = last_minute_at + TimeDelta::microseconds(1);
    (heard_at + grace).max(begun).min(now.max(begun))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: TimeDelta = TimeDelta::seconds(60);

    #[test]
    fn a_minute_counts_when_it_begins() {
        for (seconds, minutes) in [(0, 1), (1, 1), (59, 1), (60, 1), (61, 2), (120, 2), (1800, 30), (1801, 31)] {
            assert_eq!(minutes_begun(TimeDelta::seconds(seconds), MINUTE), minutes, "{seconds}");
        }
        assert_eq!(minutes_begun(TimeDelta::microseconds(60_000_001), MINUTE), 2);
    }

    #[test]
    fn estimates_are_the_callers_or_the_balances() {
        assert_eq!(estimated_cost(Some(30), Coins(710), Coins(10)), Coins(300));
        assert_eq!(estimated_cost(None, Coins(719), Coins(10)), Coins(710));
        assert_eq!(estimated_cost(None, Coins(1_000_000), Coins(10)), Coins(1200));
        for minutes in [i64::MIN, -1, 0, 121, i64::MAX] {
            assert!(check_estimate(Some(minutes)).is_err(), "{minutes}");
        }
        assert!(check_estimate(Some(1)).is_ok() && check_estimate(Some(120)).is_ok() && check_estimate(None).is_ok());
    }

    #[test]
    fn warnings_come_at_three_and_one() {
        // 25 coins at 10: the first minute leaves 15, the second 5.
        assert_eq!(minutes_left(Coins(15), Coins(10)), 2);
        assert!(warns(1, 2));
        assert!(warns(2, minutes_left(Coins(5), Coins(10))));
        let warned: Vec<i64> = (1..=6).rev().filter(|left| warns(9, *left)).collect();
        assert_eq!(warned, [3, 1]);
    }

    #[test]
    fn a_lost_call_ends_after_the_grace_and_never_before_its_last_paid_minute() {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap_or_default();
        let grace = TimeDelta::seconds(90);
        assert_eq!(lost_at(at(10), grace, at(60), at(103)), at(100));
        assert_eq!(lost_at(at(10), grace, at(60), at(95)), at(95));
        let last = lost_at(at(10), grace, at(120), at(121));
        assert_eq!(minutes_begun(last - at(0), MINUTE), 3);
    }
}
