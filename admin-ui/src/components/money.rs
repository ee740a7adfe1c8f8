//! Amounts as people read them.

use saathii_shared_types::{Coins, Earnings, Paise};

use super::stat::grouped;

pub fn coins(amount: Coins) -> String {
    grouped(amount.0)
}

pub fn earnings(amount: Earnings) -> String {
    grouped(amount.0)
}

/// `₹1,234.50`.
pub fn rupees(amount: Paise) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let paise = amount.0.unsigned_abs();
    let whole = i64::try_from(paise / 100).unwrap_or(i64::MAX);
    format!("{sign}₹{}.{:02}", grouped(whole), paise % 100)
}

/// With its sign, as a posting is read.
pub fn signed(amount: i64) -> String {
    if amount > 0 { format!("+{}", grouped(amount)) } else { grouped(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_signed() {
        assert_eq!(rupees(Paise(123_450)), "₹1,234.50");
        assert_eq!(rupees(Paise(-5)), "-₹0.05");
        assert_eq!((signed(1500), signed(-3), signed(0)), ("+1,500".into(), "-3".into(), "0".into()));
        assert_eq!((coins(Coins(10)), earnings(Earnings(12_345))), ("10".into(), "12,345".into()));
    }
}
