//! `PAYOUT_PAISE_PER_EARNING`, `PAYOUT_ENCRYPTION_KEY`, `WITHDRAWAL_MINIMUM`, `WITHDRAWAL_SECOND_ADMIN_FROM`.

use saathii_shared_types::{Earnings, Paise};
use secrecy::SecretString;

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Payouts {
    /// What one earning is worth.
    pub paise_per_earning: Paise,
    /// Seals bank details at rest; 32 bytes in base64. Without one, a random key is kept in `DATA_DIR`.
    pub encryption_key: Option<SecretString>,
    pub minimum: Earnings,
    /// From this amount on, another admin pays than the one who approved.
    pub second_admin_from: Earnings,
}

impl Payouts {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let key = env.required("PAYOUT_ENCRYPTION_KEY", mode.is_production());
        let is_key = |text: &String| data_encoding::BASE64.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32);
        if key.as_ref().is_some_and(|text| !is_key(text)) {
            env.problem("PAYOUT_ENCRYPTION_KEY: must be 32 bytes in base64 (openssl rand -base64 32)");
        }
        Self {
            paise_per_earning: Paise(env.number("PAYOUT_PAISE_PER_EARNING", 50, 1..=1_000_000)),
            encryption_key: key.map(SecretString::from),
            minimum: Earnings(env.number("WITHDRAWAL_MINIMUM", 100, 1..=1_000_000_000)),
            second_admin_from: Earnings(env.number("WITHDRAWAL_SECOND_ADMIN_FROM", 20_000, 1..=1_000_000_000_000)),
        }
    }
}
