//! `PHONE_REGION`, `OTP_SENDER` with the sender's own variables, `OTP_TEST_NUMBERS`, `OTP_ADDRESS_LIMIT`, `OTP_PREFIX_LIMIT`.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use secrecy::SecretString;

use super::{Mode, env::Env};
use crate::phone::Phone;

#[derive(Debug, Clone)]
pub struct Otp {
    /// The region of numbers without a country code, ISO 3166 alpha-2.
    pub default_region: String,
    pub sender: Sender,
    /// Fixed codes for the reviewers of app stores.
    pub test_numbers: Vec<TestNumber>,
    /// Codes per hour that one address may ask for; off for loopback and outside production.
    pub address_limit: u32,
    /// Codes per hour within one block of 10,000 numbers; off for loopback and outside production.
    pub prefix_limit: u32,
}

/// `OTP_SENDER`: how a code reaches its phone.
#[derive(Debug, Clone)]
pub enum Sender {
    /// One line on standard output; development only.
    Console,
    /// `SMS_WEBHOOK_URL`, `SMS_WEBHOOK_TOKEN`: POST `{phone, otp, message}`.
    Http { url: String, token: Option<SecretString> },
    /// `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TWILIO_FROM`; `TWILIO_API_URL` for tests.
    Twilio { api_url: String, account_sid: String, auth_token: SecretString, from: String },
    /// `MSG91_AUTH_KEY`, `MSG91_TEMPLATE_ID`; `MSG91_API_URL` for tests.
    Msg91 { api_url: String, auth_key: SecretString, template_id: String },
}

/// `OTP_TEST_NUMBERS`: `phone:code:last day` separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestNumber {
    pub phone: Phone,
    pub code: String,
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Copy)]
enum Kind {
    Console,
    Http,
    Twilio,
    Msg91,
}

impl Otp {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let default_region = env.text("PHONE_REGION").unwrap_or_else(|| "IN".into()).to_ascii_uppercase();
        if !Phone::is_region(&default_region) {
            env.problem(format!("PHONE_REGION: `{default_region}` is no country (ISO 3166 alpha-2)"));
        }
        let test_numbers = env
            .list("OTP_TEST_NUMBERS")
            .iter()
            .filter_map(|text| env.check("OTP_TEST_NUMBERS", TestNumber::parse(text, &default_region)))
            .collect();
        Self {
            sender: Sender::read(env, mode),
            test_numbers,
            address_limit: env.number("OTP_ADDRESS_LIMIT", 60, 1..=1_000_000),
            prefix_limit: env.number("OTP_PREFIX_LIMIT", 300, 1..=1_000_000),
            default_region,
        }
    }
}

impl Sender {
    fn read(env: &mut Env, mode: Mode) -> Self {
        let kinds =
            [("console", Kind::Console), ("http", Kind::Http), ("twilio", Kind::Twilio), ("msg91", Kind::Msg91)];
        let named = env.text("OTP_SENDER").is_some();
        let kind = env.one_of("OTP_SENDER", &kinds, Kind::Console);
        let mut needed = |name: &str| {
            let value = env.text(name);
            if value.is_none() {
                env.problem(format!("{name}: this OTP_SENDER needs it"));
            }
            value.unwrap_or_default()
        };
        match kind {
            Kind::Console => {
                if mode.is_production() {
                    let said = if named { "prints codes instead of sending them" } else { "must be set in production" };
                    env.problem(format!("OTP_SENDER: {said}; use http, twilio or msg91"));
                }
                Self::Console
            }
            Kind::Http => Self::Http { url: needed("SMS_WEBHOOK_URL"), token: env.secret("SMS_WEBHOOK_TOKEN") },
            Kind::Twilio => Self::Twilio {
                account_sid: needed("TWILIO_ACCOUNT_SID"),
                auth_token: needed("TWILIO_AUTH_TOKEN").into(),
                from: needed("TWILIO_FROM"),
                api_url: env.text("TWILIO_API_URL").unwrap_or_else(|| "https://api.twilio.com".into()),
            },
            Kind::Msg91 => Self::Msg91 {
                auth_key: needed("MSG91_AUTH_KEY").into(),
                template_id: needed("MSG91_TEMPLATE_ID"),
                api_url: env.text("MSG91_API_URL").unwrap_or_else(|| "https://control.msg91.com".into()),
            },
        }
    }
}

impl TestNumber {
    fn parse(text: &str, region: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is not phone:code:YYYY-MM-DD");
        let [phone, code, day] = text.split(':').collect::<Vec<_>>()[..] else { return Err(form()) };
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("the code of `{phone}` is not six digits"));
        }
        let day: NaiveDate = day.parse().map_err(|_| form())?;
        Ok(Self {
            phone: Phone::parse(phone, region).map_err(|error| format!("`{phone}`: {error}"))?,
            code: code.to_owned(),
            expires_at: day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN).and_utc(),
        })
    }
}
