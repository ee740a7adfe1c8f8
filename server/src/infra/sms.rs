//! Sending a code to a phone.

use std::{io::Write, time::Duration};

use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{config::Sender, phone::Phone};

/// Why a code did not leave; names no phone and no code.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    #[error("the SMS provider did not answer: {0}")]
    Transport(reqwest::Error),
    #[error("the SMS provider refused: HTTP {0}")]
    Refused(reqwest::StatusCode),
    #[error("standard output is closed: {0}")]
    Console(std::io::Error),
}

pub struct Sms {
    sender: Sender,
    http: Client,
}

impl Sms {
    pub fn new(sender: Sender) -> Result<Self, reqwest::Error> {
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { sender, http })
    }

    /// Sends `otp`; `Ok` means that the provider took it, not that it arrived.
    pub async fn send_otp(&self, phone: &Phone, otp: &str) -> Result<(), SmsError> {
        let text = format!("{otp} is your Saathii code. It is valid for a few minutes. Do not share it.");
        let request = match &self.sender {
            Sender::Console => {
                // The one place where a code may be read, and only in development.
                return writeln!(std::io::stdout().lock(), "OTP for {}: {otp}", phone.as_str())
                    .map_err(SmsError::Console);
            }
            Sender::Http { url, token } => {
                let body = json!({"phone": phone.as_str(), "otp": otp, "message": text});
                bearer(self.http.post(url), token.as_ref()).json(&body)
            }
            Sender::Twilio { api_url, account_sid, auth_token, from } => self
                .http
                .post(format!("{api_url}/2010-04-01/Accounts/{account_sid}/Messages.json"))
                .basic_auth(account_sid, Some(auth_token.expose_secret()))
                .form(&[("To", phone.as_str()), ("From", from), ("Body", &text)]),
            Sender::Msg91 { api_url, auth_key, template_id } => {
                self.http.post(format!("{api_url}/api/v5/otp")).header("authkey", auth_key.expose_secret()).json(
                    &json!({
                        "template_id": template_id,
                        "mobile": phone.as_str().trim_start_matches('+'),
                        "otp": otp,
                        "otp_expiry": 5
                    }),
                )
            }
        };
        // The URL of a webhook may carry a secret.
        let answer = request.send().await.map_err(|error| SmsError::Transport(error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(SmsError::Refused(answer.status())) }
    }
}

fn bearer(request: RequestBuilder, token: Option<&SecretString>) -> RequestBuilder {
    match token {
        Some(token) => request.bearer_auth(token.expose_secret()),
        None => request,
    }
}
