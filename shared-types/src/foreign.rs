//! How single values cross to other languages.

use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{CallId, Coins, Earnings, Paise, PaymentId, ReportId, SampleId, UserId, WithdrawalId};

type Timestamp = DateTime<Utc>;
type Day = NaiveDate;

uniffi::custom_newtype!(UserId, i64);
uniffi::custom_newtype!(CallId, i64);
uniffi::custom_newtype!(PaymentId, i64);
uniffi::custom_newtype!(WithdrawalId, i64);
uniffi::custom_newtype!(SampleId, i64);
uniffi::custom_newtype!(ReportId, i64);
uniffi::custom_newtype!(Coins, i64);
uniffi::custom_newtype!(Earnings, i64);
uniffi::custom_newtype!(Paise, i64);

uniffi::custom_type!(Timestamp, SystemTime, {
    remote,
    lower: |time| time.into(),
    try_lift: |time| Ok(time.into()),
});

// `2000-01-31`: a date without a time has no type that all languages share, and most have another `Date`.
uniffi::custom_type!(Day, String, {
    remote,
    lower: |date| date.to_string(),
    try_lift: |date| Ok(date.parse()?),
});
