//! `PAYMENT_PROVIDER` with the provider's own variables, `RECHARGE_OPTIONS`.

use std::collections::BTreeMap;

use saathii_shared_types::{Coins, Paise};
use secrecy::SecretString;

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Payments {
    pub provider: Provider,
    /// What is sold: rupees to coins.
    pub options: BTreeMap<i64, Coins>,
}

/// `PAYMENT_PROVIDER`: who takes the money.
#[derive(Debug, Clone)]
pub enum Provider {
    /// Nobody: every purchase succeeds at once. In production only where it is asked for by name.
    Sandbox,
    /// `RAZORPAY_KEY_ID`, `RAZORPAY_KEY_SECRET`, `RAZORPAY_WEBHOOK_SECRET`; `RAZORPAY_API_URL` for tests.
    Razorpay { api_url: String, key_id: String, key_secret: SecretString, webhook_secret: SecretString },
}

#[derive(Clone, Copy)]
enum Kind {
    Sandbox,
    Razorpay,
}

impl Payments {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let kinds = [("sandbox", Kind::Sandbox), ("razorpay", Kind::Razorpay)];
        if mode.is_production() && env.text("PAYMENT_PROVIDER").is_none() {
            env.problem("PAYMENT_PROVIDER: must be set in production; `sandbox` gives coins away");
        }
        let provider = match env.one_of("PAYMENT_PROVIDER", &kinds, Kind::Sandbox) {
            Kind::Sandbox => Provider::Sandbox,
            Kind::Razorpay => {
                let mut needed = |name: &str| {
                    let value = env.text(name);
                    if value.is_none() {
                        env.problem(format!("{name}: razorpay needs it"));
                    }
                    value.unwrap_or_default()
                };
                Provider::Razorpay {
                    key_id: needed("RAZORPAY_KEY_ID"),
                    key_secret: needed("RAZORPAY_KEY_SECRET").into(),
                    webhook_secret: needed("RAZORPAY_WEBHOOK_SECRET").into(),
                    api_url: env.text("RAZORPAY_API_URL").unwrap_or_else(|| "https://api.razorpay.com".into()),
                }
            }
        };
        Self { provider, options: options(env) }
    }

    /// What a coin of this option brings in; the cheapest option decides what a minute brings in.
    pub fn lowest_paise_per_hundred_coins(&self) -> Paise {
        let per_hundred = |(rupees, coins): (&i64, &Coins)| rupees * 100 * 100 / coins.0;
        Paise(self.options.iter().map(per_hundred).min().unwrap_or(0))
    }
}

fn options(env: &mut Env) -> BTreeMap<i64, Coins> {
    let standard = || [(150, 300), (300, 600), (500, 1000), (1000, 2000)].map(|(rupees, coins)| (rupees, Coins(coins)));
    let given = env.list("RECHARGE_OPTIONS");
    if given.is_empty() {
        return standard().into();
    }
    given.iter().filter_map(|text| env.check("RECHARGE_OPTIONS", option(text))).collect()
}

/// `rupees:coins`.
fn option(text: &str) -> Result<(i64, Coins), String> {
    let whole = |number: &str| number.trim().parse().ok().filter(|number| (1..=10_000_000).contains(number));
    let (rupees, coins) = text.split_once(':').unwrap_or_default();
    match (whole(rupees), whole(coins)) {
        (Some(rupees), Some(coins)) => Ok((rupees, Coins(coins))),
        _ => Err(format!("`{text}` is not rupees:coins")),
    }
}
