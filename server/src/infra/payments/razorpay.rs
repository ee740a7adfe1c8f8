//! Razorpay: orders by its API, and the two signatures by which it says that money was paid.

use std::time::Duration;

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use saathii_shared_types::Paise;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no order; names no secret.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    #[error("the payment provider did not answer: {0}")]
    Transport(#[from] reqwest::Error),
    #[error("the payment provider refused: HTTP {0}")]
    Refused(reqwest::StatusCode),
    #[error("the payment provider made another order than the one asked for")]
    OtherOrder,
}

pub struct Razorpay {
    api_url: String,
    key_id: String,
    key_secret: SecretString,
    webhook_secret: SecretString,
    http: Client,
}

#[derive(Deserialize)]
struct Order {
    id: String,
    amount: i64,
    currency: String,
}

impl Razorpay {
    /// Of the only currency that coins are sold for.
    pub const CURRENCY: &str = "INR";

    pub(super) fn new(
        api_url: String,
        key_id: String,
        key_secret: SecretString,
        webhook_secret: SecretString,
    ) -> Result<Self, reqwest::Error> {
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { api_url, key_id, key_secret, webhook_secret, http })
    }

    /// The public half of the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Makes an order that can be paid once; its id. An order that is forgotten is never paid and costs nothing.
    pub async fn create_order(&self, amount: Paise, receipt: &str) -> Result<String, PaymentError> {
        let order = json!({
            "amount": amount, "currency": Self::CURRENCY, "receipt": receipt, "payment_capture": true
        });
        let answer = self
            .http
            .post(format!("{}/v1/orders", self.api_url))
            .basic_auth(&self.key_id, Some(self.key_secret.expose_secret()))
            .json(&order)
            .send()
            .await?;
        if !answer.status().is_success() {
            return Err(PaymentError::Refused(answer.status()));
        }
        let order: Order = answer.json().await?;
        let is_ours = order.amount == amount.0 && order.currency == Self::CURRENCY && !order.id.is_empty();
        if is_ours { Ok(order.id) } else { Err(PaymentError::OtherOrder) }
    }

    /// Whether Razorpay's checkout gave the app this payment of this order.
    pub fn proves_checkout(&self, order: &str, payment: &str, signature: &str) -> bool {
        proves(&self.key_secret, format!("{order}|{payment}").as_bytes(), signature)
    }

    /// Whether Razorpay sent this body, byte for byte.
    pub fn proves_webhook(&self, body: &[u8], signature: &str) -> bool {
        proves(&self.webhook_secret, body, signature)
    }
}

/// In constant time; a signature of another length is none.
fn proves(secret: &SecretString, message: &[u8], signature: &str) -> bool {
    let Ok(signature) = HEXLOWER_PERMISSIVE.decode(signature.as_bytes()) else { return false };
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any length");
    mac.update(message);
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::proves;

    #[test]
    fn a_signature_holds_for_its_own_bytes_alone() {
        let secret = "key".into();
        // A known answer.
        let message = b"The quick brown fox jumps over the lazy dog";
        let signature = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert!(proves(&secret, message, signature));
        assert!(proves(&secret, message, &signature.to_uppercase()));
        assert!(!proves(&secret, b"the quick brown fox jumps over the lazy dog", signature));
        assert!(!proves(&"other".into(), message, signature));
        for wrong in ["", "f7", &signature[..62], &format!("{signature}00"), &signature.replacen('f', "e", 1), "zz"] {
            assert!(!proves(&secret, message, wrong), "{wrong}");
        }
    }
}
