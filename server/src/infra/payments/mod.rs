//! Taking money: who does it is configuration.

mod event;
mod razorpay;

pub use self::{
    event::{Event, Money, Payment, Refund},
    razorpay::{PaymentError, Razorpay},
};

use crate::config;

pub enum Payments {
    /// Every purchase is paid at once.
    Sandbox,
    Razorpay(Razorpay),
}

impl Payments {
    pub fn new(provider: &config::Provider) -> Result<Self, reqwest::Error> {
        Ok(match provider {
            config::Provider::Sandbox => Self::Sandbox,
            config::Provider::Razorpay { api_url, key_id, key_secret, webhook_secret } => Self::Razorpay(
                Razorpay::new(api_url.clone(), key_id.clone(), key_secret.clone(), webhook_secret.clone())?,
            ),
        })
    }

    pub fn razorpay(&self) -> Option<&Razorpay> {
        match self {
            Self::Sandbox => None,
            Self::Razorpay(razorpay) => Some(razorpay),
        }
    }
}
