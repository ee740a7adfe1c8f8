//! What is sold, and what a refund takes back; pure.

use saathii_shared_types::{
    Coins, Paise, PaymentId, UserId,
    payments::{Recharge, RechargeRequest},
};

use super::Error;
use crate::config::Payments;

const LONGEST_METHOD: usize = 50;

/// A purchase that may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purchase {
    pub(super) amount_rupees: i64,
    pub(super) coins: Coins,
    pub(super) payment_method: Option<String>,
}

impl Purchase {
    pub(super) fn parse(request: &RechargeRequest, config: &Payments) -> Result<Self, Error> {
        let coins = *config.options.get(&request.amount_rupees).ok_or_else(|| {
            let sold: Vec<String> = config.options.keys().map(|rupees| format!("₹{rupees}")).collect();
            Error::InvalidAmount { sold: sold.join(", ") }
        })?;
        let method = request.payment_method.as_deref().map(str::trim).filter(|method| !method.is_empty());
        if method.is_some_and(|method| method.chars().count() > LONGEST_METHOD || method.contains(char::is_control)) {
            return Err(Error::InvalidMethod);
        }
        Ok(Self { amount_rupees: request.amount_rupees, coins, payment_method: method.map(str::to_owned) })
    }

    pub(super) fn amount(&self) -> Paise {
        Paise(self.amount_rupees * 100)
    }
}

/// What a payment is called outside.
pub(super) fn transaction_id(user: UserId, payment: PaymentId) -> String {
    format!("RCH_{user}_{payment}")
}

/// The answer to a purchase that is paid.
pub(super) fn recharged(transaction_id: String, amount: Paise, coins: Coins, balance: Coins) -> Recharge {
    let amount_rupees = amount.0 / 100;
    Recharge {
        transaction_id,
        amount_rupees,
        coins_added: coins,
        new_balance: balance,
        message: format!("Successfully recharged {coins} coins for ₹{amount_rupees}"),
        status: None,
        order: None,
    }
}

/// The coins that a refund takes back where `before` of `price` was given back before it and `after` is with it. Shares
/// of one payment add up to its coins, however it is cut.
pub(super) fn share(coins: Coins, price: Paise, before: Paise, after: Paise) -> Coins {
    let until = |refunded: Paise| coins.0 * refunded.0 / price.0;
    Coins(until(after) - until(before))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::Config;

    fn parse(amount_rupees: i64, method: Option<&str>) -> Result<Purchase, Error> {
        let config = Config::read(HashMap::new()).unwrap().payments;
        Purchase::parse(&RechargeRequest { amount_rupees, payment_method: method.map(str::to_owned) }, &config)
    }

    #[test]
    fn only_what_is_listed_is_sold() {
        let bought = parse(150, Some(" upi ")).unwrap();
        assert_eq!((bought.amount(), bought.coins), (Paise(15_000), Coins(300)));
        assert_eq!(bought.payment_method.as_deref(), Some("upi"));
        assert_eq!(parse(150, Some("  ")).unwrap().payment_method, None);
        for amount in [0, -150, 1, 149, 151, 15_000, i64::MAX, i64::MIN] {
            let Err(Error::InvalidAmount { sold }) = parse(amount, None) else { panic!("{amount}") };
            assert_eq!(sold, "₹150, ₹300, ₹500, ₹1000");
        }
        for method in ["x".repeat(51).as_str(), "a\0b", "a\nb"] {
            assert!(matches!(parse(150, Some(method)), Err(Error::InvalidMethod)), "{method}");
        }
        parse(150, Some(&"₹".repeat(50))).unwrap();
    }

    #[test]
    fn shares_add_up_however_a_refund_is_cut() {
        let (coins, price) = (Coins(301), Paise(15_000));
        assert_eq!(share(coins, price, Paise(0), price), coins);
        let cuts = [0, 1, 49, 50, 7_000, 7_001, 14_999, 15_000];
        let sum: i64 = cuts.windows(2).map(|cut| share(coins, price, Paise(cut[0]), Paise(cut[1])).0).sum();
        assert_eq!(sum, coins.0);
        assert_eq!(share(coins, price, Paise(1), Paise(1)), Coins(0));
    }
}
