//! When to try again.

use std::time::Duration;

use crate::error::{Error, Retry};

/// How often a failed request is repeated, and how patiently.
///
/// ```
/// use std::time::Duration;
///
/// use saathii_sdk::{Client, RetryPolicy};
///
/// # fn example() -> Result<(), saathii_sdk::Error> {
/// let retry = RetryPolicy { attempts: 6, longest_delay: Duration::from_secs(30), ..RetryPolicy::default() };
/// let client = Client::builder().retry(retry).build()?;
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// About how long to wait before the second attempt; doubled before each next one.
    pub first_delay: Duration,
    /// The longest wait that doubling leads to.
    pub longest_delay: Duration,
    /// A server that asks for a longer wait than this is not waited for: the call fails at once.
    pub longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(8),
            longest_retry_after: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// One attempt and no more.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The wait before the next attempt, after `made` of them; `None` where another one would be wrong or in vain.
    pub(crate) fn wait(&self, error: &Error, is_repeatable: bool, made: u32) -> Option<Duration> {
        let asked = match error.retry() {
            Retry::Harmless { after } => after,
            Retry::Ambiguous { after } if is_repeatable => after,
            Retry::Ambiguous { .. } | Retry::Never => return None,
        };
        if made >= self.attempts {
            return None;
        }
        match asked {
            Some(asked) if asked > self.longest_retry_after => None,
            // Not all at the same instant.
            Some(asked) => Some(asked + self.first_delay.mul_f64(fastrand::f64())),
            None => Some(back_off(self.first_delay, self.longest_delay, made)),
        }
    }
}

/// Doubles with every attempt made; between half of it and all of it.
pub(crate) fn back_off(first: Duration, longest: Duration, made: u32) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(made.saturating_sub(1)));
    doubled.min(longest).mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(retry_after: u64) -> Error {
        Error::of_answer(503, Some(retry_after), b"")
    }

    #[test]
    fn waits_double_up_to_the_longest_and_never_together() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(1));
        for (made, full) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (80, 1000)] {
            let full = Duration::from_millis(full);
            for _ in 0..50 {
                let wait = back_off(first, longest, made);
                assert!(wait >= full / 2 && wait <= full, "{made}: {wait:?}");
            }
        }
    }

    #[test]
    fn only_so_often_so_long_and_never_twice_where_once_is_meant() {
        let policy = RetryPolicy::default();
        assert!(policy.wait(&refused(2), true, 1).is_some_and(|wait| wait >= Duration::from_secs(2)));
        assert_eq!(policy.wait(&refused(2), true, policy.attempts), None);
        assert_eq!(policy.wait(&refused(31), true, 1), None);
        assert_eq!(policy.wait(&refused(2), false, 1), None);
        assert_eq!(RetryPolicy::never().wait(&refused(0), true, 1), None);
    }
}
