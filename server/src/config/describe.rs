//! The configuration for the dashboard; of a secret only whether it is set.

use secrecy::SecretString;

use super::{Config, ListenerVerification, Mode, Provider, Sender, Tokens};

impl Config {
    /// Variables and what they amount to. Lists by hand, so that a new secret is never shown by accident.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let Self { mode, data_dir, admin_phones, demo_data, calls, payments, payouts, server, database, redis, .. } =
            self;
        let Tokens { secret, previous_secret, access_lifetime, refresh_lifetime, session_lifetime, .. } = &self.tokens;
        let storage = &self.storage;
        let external = storage.external.as_ref();
        vec![
            ("APP_ENV", if *mode == Mode::Production { "production" } else { "development" }.to_owned()),
            ("HOST", server.host.to_string()),
            ("PORT", server.port.to_string()),
            ("CORS_ORIGINS", listed(&server.cors_origins)),
            ("TRUSTED_PROXIES", listed(&server.trusted_proxies)),
            ("METRICS_TOKEN", masked(server.metrics_token.as_ref())),
            ("DATA_DIR", data_dir.display().to_string()),
            ("DEMO_DATA", switch(*demo_data)),
            ("ADMIN_PHONES", format!("{} phones", admin_phones.len())),
            ("ADMIN_SECOND_FACTOR", if self.second_factor_required { "required" } else { "optional" }.to_owned()),
            ("DATABASE_URL", masked(database.url.as_ref())),
            ("DATABASE_MAX_CONNECTIONS", database.max_connections.to_string()),
            ("REDIS_URL", masked(redis.url.as_ref())),
            ("REDIS_PREFIX", redis.prefix.clone()),
            ("S3_BUCKET_NAME", storage.bucket.clone()),
            (
                "S3_ENDPOINT_URL",
                external.and_then(|s3| s3.endpoint_url.clone()).unwrap_or_else(|| "not set".to_owned()),
            ),
            ("AWS_ACCESS_KEY_ID", set(external.is_some_and(|s3| !s3.access_key_id.is_empty()))),
            ("AWS_SECRET_ACCESS_KEY", masked(external.map(|s3| &s3.secret_access_key))),
            ("JWT_SECRET_KEY", masked(secret.as_ref())),
            ("JWT_PREVIOUS_SECRET_KEY", masked(previous_secret.as_ref())),
            ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", access_lifetime.num_minutes().to_string()),
            ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", refresh_lifetime.num_days().to_string()),
            ("JWT_SESSION_MAX_DAYS", session_lifetime.num_days().to_string()),
            ("OTP_SENDER", sender(&self.otp.sender).to_owned()),
            ("OTP_TEST_NUMBERS", format!("{} numbers", self.otp.test_numbers.len())),
            ("PHONE_REGION", self.otp.default_region.clone()),
            ("CALL_AUDIO_COINS", calls.audio.coins.to_string()),
            ("LISTENER_AUDIO_EARNINGS", calls.audio.earnings.to_string()),
            ("CALL_VIDEO_COINS", calls.video.coins.to_string()),
            ("LISTENER_VIDEO_EARNINGS", calls.video.earnings.to_string()),
            ("CALL_MINUTE_SECONDS", calls.minute_seconds.to_string()),
            ("CALL_GRACE_SECONDS", calls.grace.num_seconds().to_string()),
            ("LISTENER_VERIFICATION", verification(calls.verification).to_owned()),
            ("PAYMENT_PROVIDER", provider(&payments.provider).to_owned()),
            ("PAYOUT_PAISE_PER_EARNING", payouts.paise_per_earning.to_string()),
            ("PAYOUT_ENCRYPTION_KEY", masked(payouts.encryption_key.as_ref())),
            ("WITHDRAWAL_MINIMUM", payouts.minimum.to_string()),
            ("WITHDRAWAL_SECOND_ADMIN_FROM", payouts.second_admin_from.to_string()),
            ("ADJUSTMENT_SECOND_ADMIN_FROM", self.adjustment_second_admin_from.to_string()),
        ]
    }
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

fn sender(sender: &Sender) -> &'static str {
    match sender {
        Sender::Console => "console",
        Sender::Http { .. } => "http",
        Sender::Twilio { .. } => "twilio",
        Sender::Msg91 { .. } => "msg91",
    }
}

fn provider(provider: &Provider) -> &'static str {
    match provider {
        Provider::Sandbox => "sandbox",
        Provider::Razorpay { .. } => "razorpay",
    }
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
}
