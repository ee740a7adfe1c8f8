//! The configuration for the dashboard; of a secret only whether it is set.

use secrecy::SecretString;

use super::{Config, ListenerVerification, LogFormat, Mode, Otp, Payments, Provider, Sender, Server, Storage, Tokens};

impl Config {
    /// Variables and what they amount to. Lists by hand, so that a new secret is never shown by accident.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let Self { mode, data_dir, admin_phones, demo_data, calls, payouts, database, redis, .. } = self;
        let mut all = vec![
            ("APP_ENV", if *mode == Mode::Production { "production" } else { "development" }.to_owned()),
            ("DATA_DIR", data_dir.display().to_string()),
            ("DEMO_DATA", switch(*demo_data)),
            ("ADMIN_PHONES", format!("{} phones", admin_phones.len())),
            ("ADMIN_SECOND_FACTOR", if self.second_factor_required { "required" } else { "optional" }.to_owned()),
        ];
        all.extend(server(&self.server));
        all.extend([
            ("DATABASE_URL", masked(database.url.as_ref())),
            ("DATABASE_MAX_CONNECTIONS", database.max_connections.to_string()),
            ("REDIS_URL", masked(redis.url.as_ref())),
            ("REDIS_PREFIX", redis.prefix.clone()),
        ]);
        all.extend(storage(&self.storage));
        all.extend(tokens(&self.tokens));
        all.extend(otp(&self.otp));
        all.extend([
            ("CALL_AUDIO_COINS", calls.audio.coins.to_string()),
            ("LISTENER_AUDIO_EARNINGS", calls.audio.earnings.to_string()),
            ("CALL_VIDEO_COINS", calls.video.coins.to_string()),
            ("LISTENER_VIDEO_EARNINGS", calls.video.earnings.to_string()),
            ("CALL_MINUTE_SECONDS", calls.minute_seconds.to_string()),
            ("CALL_GRACE_SECONDS", calls.grace.num_seconds().to_string()),
            ("LISTENER_VERIFICATION", verification(calls.verification).to_owned()),
        ]);
        all.extend(payments(&self.payments));
        all.extend([
            ("PAYOUT_PAISE_PER_EARNING", payouts.paise_per_earning.to_string()),
            ("PAYOUT_ENCRYPTION_KEY", masked(payouts.encryption_key.as_ref())),
            ("WITHDRAWAL_MINIMUM", payouts.minimum.to_string()),
            ("WITHDRAWAL_SECOND_ADMIN_FROM", payouts.second_admin_from.to_string()),
            ("ADJUSTMENT_SECOND_ADMIN_FROM", self.adjustment_second_admin_from.to_string()),
        ]);
        all
    }
}

type Described<const N: usize> = [(&'static str, String); N];

fn server(server: &Server) -> Described<7> {
    let log_format = match server.log_format {
        LogFormat::Pretty => "pretty",
        LogFormat::Json => "json",
    };
    [
        ("HOST", server.host.to_string()),
        ("PORT", server.port.to_string()),
        ("CORS_ORIGINS", listed(&server.cors_origins)),
        ("TRUSTED_PROXIES", listed(&server.trusted_proxies)),
        ("METRICS_TOKEN", masked(server.metrics_token.as_ref())),
        ("SHUTDOWN_DELAY_SECONDS", server.shutdown_delay.as_secs().to_string()),
        ("LOG_FORMAT", log_format.to_owned()),
    ]
}

fn storage(storage: &Storage) -> Described<6> {
    let external = storage.external.as_ref();
    let or_not_set = |text: Option<String>| text.unwrap_or_else(|| "not set".to_owned());
    [
        ("S3_BUCKET_NAME", storage.bucket.clone()),
        ("S3_ENDPOINT_URL", or_not_set(external.and_then(|s3| s3.endpoint_url.clone()))),
        ("S3_PATH_STYLE", or_not_set(external.map(|s3| switch(s3.path_style)))),
        ("AWS_REGION", or_not_set(external.map(|s3| s3.region.clone()))),
        ("AWS_ACCESS_KEY_ID", set(external.is_some_and(|s3| !s3.access_key_id.is_empty()))),
        ("AWS_SECRET_ACCESS_KEY", masked(external.map(|s3| &s3.secret_access_key))),
    ]
}

fn tokens(tokens: &Tokens) -> Described<7> {
    [
        ("JWT_SECRET_KEY", masked(tokens.secret.as_ref())),
        ("JWT_PREVIOUS_SECRET_KEY", masked(tokens.previous_secret.as_ref())),
        ("JWT_ALGORITHM", format!("{:?}", tokens.algorithm)),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", tokens.access_lifetime.num_minutes().to_string()),
        ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", tokens.refresh_lifetime.num_days().to_string()),
        ("JWT_SESSION_MAX_DAYS", tokens.session_lifetime.num_days().to_string()),
        ("JWT_REFRESH_GRACE_SECONDS", tokens.refresh_grace.num_seconds().to_string()),
    ]
}

/// Addresses of senders may bear secrets of their own.
fn otp(otp: &Otp) -> Described<14> {
    let sender = match otp.sender {
        Sender::Console => "console",
        Sender::Http { .. } => "http",
        Sender::Twilio { .. } => "twilio",
        Sender::Msg91 { .. } => "msg91",
    };
    let webhook = matches!(otp.sender, Sender::Http { .. });
    let webhook_token = matches!(otp.sender, Sender::Http { token: Some(_), .. });
    let twilio = matches!(otp.sender, Sender::Twilio { .. });
    let msg91 = matches!(otp.sender, Sender::Msg91 { .. });
    [
        ("PHONE_REGION", otp.default_region.clone()),
        ("OTP_SENDER", sender.to_owned()),
        ("SMS_WEBHOOK_URL", set(webhook)),
        ("SMS_WEBHOOK_TOKEN", set(webhook_token)),
        ("TWILIO_ACCOUNT_SID", set(twilio)),
        ("TWILIO_AUTH_TOKEN", set(twilio)),
        ("TWILIO_FROM", set(twilio)),
        ("TWILIO_API_URL", set(twilio)),
        ("MSG91_AUTH_KEY", set(msg91)),
        ("MSG91_TEMPLATE_ID", set(msg91)),
        ("MSG91_API_URL", set(msg91)),
        ("OTP_TEST_NUMBERS", format!("{} numbers", otp.test_numbers.len())),
        ("OTP_ADDRESS_LIMIT", otp.address_limit.to_string()),
        ("OTP_PREFIX_LIMIT", otp.prefix_limit.to_string()),
    ]
}

fn payments(payments: &Payments) -> Described<6> {
    let provider = match payments.provider {
        Provider::Sandbox => "sandbox",
        Provider::Razorpay { .. } => "razorpay",
    };
    let razorpay = set(matches!(payments.provider, Provider::Razorpay { .. }));
    let options: Vec<String> = payments.options.iter().map(|(rupees, coins)| format!("{rupees}:{coins}")).collect();
    [
        ("PAYMENT_PROVIDER", provider.to_owned()),
        ("RAZORPAY_KEY_ID", razorpay.clone()),
        ("RAZORPAY_KEY_SECRET", razorpay.clone()),
        ("RAZORPAY_WEBHOOK_SECRET", razorpay.clone()),
        ("RAZORPAY_API_URL", razorpay),
        ("RECHARGE_OPTIONS", listed(&options)),
    ]
}

fn masked(secret: Option<&SecretString>) -> String {
    set(secret.is_some())
}

fn set(is_set: bool) -> String {
    if is_set { "set".to_owned() } else { "not set".to_owned() }
}

fn switch(is_on: bool) -> String {
    if is_on { "on".to_owned() } else { "off".to_owned() }
}

fn listed<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    if items.is_empty() { "not set".to_owned() } else { items.join(", ") }
}

fn verification(verification: ListenerVerification) -> &'static str {
    match verification {
        ListenerVerification::Required => "required",
        ListenerVerification::Optional => "optional",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let secrets = [
            ("JWT_SECRET_KEY", "q7Jx2mVt9sKd4Wb8Zr1Ny6Hc3Lp5Gf0A"),
            ("METRICS_TOKEN", "metrics-secret"),
            ("DATABASE_URL", "postgres://somebody:pgsecret@localhost/x"),
            ("REDIS_URL", "redis://:redissecret@localhost"),
            ("AWS_ACCESS_KEY_ID", "a-key-nobody-sees"),
            ("AWS_SECRET_ACCESS_KEY", "s3secret"),
            ("S3_BUCKET_NAME", "voices"),
        ];
        let vars: HashMap<_, _> = secrets.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let shown = format!("{:?}", Config::read(vars).unwrap().describe());
        for (_, secret) in &secrets[..6] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("voices"), "{shown}");
    }
    /// The README's table names every variable; those of other hands' programs are not ours to show.
    #[test]
    fn every_variable_of_the_readme_is_shown() {
        let readme = include_str!("../../../README.md");
        let (_, table) = readme.split_once("## Configuration").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        let names = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once(" | "))
            .flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>());
        let mut ours: Vec<String> = names.filter(|name| !matches!(name.as_str(), "RUST_LOG" | "PG_BIN")).collect();
        let config = Config::read(HashMap::new()).unwrap();
        let mut shown: Vec<String> = config.describe().into_iter().map(|(name, _)| name.to_owned()).collect();
        ours.sort();
        shown.sort();
        assert!(ours.len() > 40, "{ours:?}");
        assert_eq!(shown, ours);
    }
}
