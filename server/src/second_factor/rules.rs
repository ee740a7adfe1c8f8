//! How long the door stays shut.

use chrono::TimeDelta;

/// Fingers slip.
const FREE_FAILURES: i32 = 4;
const LONGEST: TimeDelta = TimeDelta::hours(12);

/// After so many wrong codes in a row: nothing at first, then a minute, and twice as long each time.
pub(super) fn lockout(failures: i32) -> Option<TimeDelta> {
    let beyond = failures - FREE_FAILURES - 1;
    (beyond >= 0).then(|| TimeDelta::minutes(1 << beyond.min(10)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_stays_shut_twice_as_long_each_time() {
        for (failures, minutes) in
            [(1, None), (4, None), (5, Some(1)), (6, Some(2)), (10, Some(32)), (14, Some(512)), (15, Some(720))]
        {
            assert_eq!(lockout(failures), minutes.map(TimeDelta::minutes), "{failures}");
        }
        assert_eq!(lockout(i32::MAX), Some(LONGEST));
    }
}
