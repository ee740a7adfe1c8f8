//! What the forms say when it did not work.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};

use crate::{auth, backoffice::error::PageError, http::HttpError, second_factor};

/// A refusal that the form itself answers.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

/// What went wrong, as the form tells it; everything that is nobody's fault at the keyboard is a page of its own.
pub(super) fn problem_of(error: auth::Error) -> Result<Problem, PageError> {
    match error {
        auth::Error::InvalidPhone => Ok(Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            text: "This is no phone number. Write it with its country code, like +91 98765 43210.".to_owned(),
        }),
        // One answer for a wrong code and for an account that has no business here.
        auth::Error::InvalidOtp | auth::Error::WrongRole => Ok(Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            text: "That did not work. The code may be wrong or expired, or the account may not be one that works here."
                .to_owned(),
        }),
        // The code was right, and the role is an admin's.
        auth::Error::Suspended(suspension) => {
            Ok(Problem { status: StatusCode::FORBIDDEN, text: auth::suspension_text(&suspension) })
        }
        auth::Error::RateLimited { retry_after } => Ok(Problem {
            status: StatusCode::TOO_MANY_REQUESTS,
            text: format!("Too many tries. Try again in {}.", waiting_time(retry_after)),
        }),
        auth::Error::Sms(error) => {
            HttpError::unavailable(error).log();
            let text = "The code could not be sent. Try again in a moment.".to_owned();
            Ok(Problem { status: StatusCode::SERVICE_UNAVAILABLE, text })
        }
        other => Err(other.into()),
    }
}

/// As [`problem_of`], of a code for the second factor.
pub(in crate::backoffice) fn refusal_of(
    error: second_factor::Error,
    now: DateTime<Utc>,
) -> Result<(StatusCode, String), PageError> {
    match error {
        second_factor::Error::WrongCode => Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not it, or it was used already. Wait for the next code, and look at your phone’s clock."
                .to_owned(),
        )),
        second_factor::Error::Locked { until } => {
            let seconds = (until - now).num_seconds().max(1).unsigned_abs();
            Ok((
                StatusCode::TOO_MANY_REQUESTS,
                format!("Too many wrong codes. Try again in {}.", waiting_time(seconds)),
            ))
        }
        other => Err(other.into()),
    }
}

fn waiting_time(seconds: u64) -> String {
    match (seconds, seconds.div_ceil(60), seconds.div_ceil(3600)) {
        (1, ..) => "1 second".to_owned(),
        (..=90, ..) => format!("{seconds} seconds"),
        (_, ..=90, _) => format!("{} minutes", seconds.div_ceil(60)),
        (.., hours) => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_told_in_units_of_people() {
        for (seconds, text) in
            [(1, "1 second"), (42, "42 seconds"), (91, "2 minutes"), (900, "15 minutes"), (86_400, "24 hours")]
        {
            assert_eq!(waiting_time(seconds), text);
        }
    }

    #[test]
    fn a_stranger_learns_nothing() {
        let said = |error| problem_of(error).map(|problem| (problem.status, problem.text)).ok();
        assert_eq!(said(auth::Error::InvalidOtp), said(auth::Error::WrongRole));
        assert!(said(auth::Error::InvalidOtp).is_some());
    }
}
