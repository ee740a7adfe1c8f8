//! Whether calls pay for themselves.

use saathii_shared_types::{Paise, calls::CallType};

use super::{Config, Rate};

impl Config {
    /// What a minute of each type leaves, at the price of the cheapest coins; less than nothing where it pays out more
    /// than it brings in.
    pub fn margins(&self) -> [(CallType, Paise); 2] {
        let coins = self.payments.lowest_paise_per_hundred_coins();
        [CallType::Audio, CallType::Video]
            .map(|call_type| (call_type, margin(self.calls.rate(call_type), coins, self.payouts.paise_per_earning)))
    }
}

fn margin(rate: Rate, paise_per_hundred_coins: Paise, paise_per_earning: Paise) -> Paise {
    Paise(rate.coins.0 * paise_per_hundred_coins.0 / 100) - paise_per_earning * rate.earnings.0
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use saathii_shared_types::{Coins, Earnings};

    use super::*;

    #[test]
    fn a_margin_is_what_coins_bring_less_what_earnings_cost() {
        let rate = Rate { coins: Coins(10), earnings: Earnings(15) };
        assert_eq!(margin(rate, Paise(5_000), Paise(50)), Paise(500 - 750));
        assert_eq!(margin(rate, Paise(5_000), Paise(33)), Paise(500 - 495));
        assert_eq!(margin(rate, Paise(7_500), Paise(50)), Paise(0));
        assert_eq!(margin(Rate { coins: Coins(1), ..rate }, Paise(99), Paise(1)), Paise(-15));
    }

    #[test]
    fn the_cheapest_coins_decide() {
        let margins = |vars: &[(&str, &str)]| {
            let vars: HashMap<_, _> = vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            Config::read(vars).unwrap().margins()
        };
        assert_eq!(margins(&[]), [(CallType::Audio, Paise(-250)), (CallType::Video, Paise(-1250))]);
        let options = ("RECHARGE_OPTIONS", "100:100,500:1000");
        let earned = ("PAYOUT_PAISE_PER_EARNING", "20");
        assert_eq!(margins(&[options, earned])[0], (CallType::Audio, Paise(500 - 300)));
    }
}
