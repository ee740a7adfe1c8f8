//! What payout details, remarks and amounts may be; pure.

use saathii_shared_types::{Earnings, FieldError, Paise, withdrawals::PayoutDetails};

const LONGEST_HOLDER: usize = 100;
const LONGEST_REMARKS: usize = 500;
const LONGEST_REFERENCE: usize = 100;

/// The details as they are kept, or every field at fault.
pub(super) fn normalise(details: &PayoutDetails) -> Result<PayoutDetails, Vec<FieldError>> {
    let mut faults = Vec::new();
    let mut check = |field: &str, value: Option<String>, msg: &str| {
        if value.is_none() {
            let loc = vec!["body".to_owned(), field.to_owned()];
            faults.push(FieldError { loc, msg: msg.to_owned(), kind: "value_error".to_owned() });
        }
        value.unwrap_or_default()
    };
    let normal = match details {
        PayoutDetails::Bank { account_holder, account_number, ifsc: code } => PayoutDetails::Bank {
            account_holder: check("account_holder", holder(account_holder), "must be a name of 2 to 100 letters"),
            account_number: check("account_number", number(account_number), "must be 9 to 18 digits"),
            ifsc: check("ifsc", ifsc(code), "must be 11 characters such as HDFC0001234"),
        },
        PayoutDetails::Upi { upi_id } => {
            PayoutDetails::Upi { upi_id: check("upi_id", upi(upi_id), "must be an address such as name@bank") }
        }
    };
    if faults.is_empty() { Ok(normal) } else { Err(faults) }
}

fn holder(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Combining vowel signs of Indian scripts are no letters, but part of names.
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '\'' | '-' | '&' | '/') || is_sign(c);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 2 && text.chars().count() <= LONGEST_HOLDER && text.chars().all(is_of_name)).then_some(text)
}

/// The blocks of Indian scripts.
fn is_sign(c: char) -> bool {
    ('\u{900}'..='\u{DFF}').contains(&c)
}

fn number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_number = (9..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && digits.bytes().any(|byte| byte != b'0')).then_some(digits)
}

/// Four letters of the bank, a zero, six letters or digits of the branch.
fn ifsc(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    let is_code = code.len() == 11
        && code.bytes().take(4).all(|byte| byte.is_ascii_uppercase())
        && code.as_bytes().get(4) == Some(&b'0')
        && code.bytes().skip(5).all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_code.then_some(code)
}

fn upi(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, handle) = text.split_once('@')?;
    let is_name = (2..=256).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let is_handle = (2..=64).contains(&handle.len())
        && handle.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && handle.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    (is_name && is_handle).then(|| text.to_ascii_lowercase())
}

/// Enough to recognise normal details by, and no more.
pub(super) fn mask(details: &PayoutDetails) -> String {
    match details {
        PayoutDetails::Bank { account_number, ifsc, .. } => {
            let end = account_number.len().saturating_sub(4);
            format!("Bank …{}, {ifsc}", account_number.get(end..).unwrap_or_default())
        }
        PayoutDetails::Upi { upi_id } => {
            let (name, handle) = upi_id.split_once('@').unwrap_or_default();
            // Of a short name two letters would be all of it.
            let shown = if name.len() > 4 { 2 } else { 1 };
            format!("UPI {}…@{handle}", name.get(..shown).unwrap_or_default())
        }
    }
}

/// What will be paid for an amount; none where nobody has so much.
pub(super) fn worth(amount: Earnings, paise_per_earning: Paise) -> Option<Paise> {
    amount.0.checked_mul(paise_per_earning.0).map(Paise)
}

pub(super) fn remarks(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_plain = |c: char| !c.is_control() || c == '\n';
    (!text.is_empty() && text.chars().count() <= LONGEST_REMARKS && text.chars().all(is_plain)).then_some(text)
}

pub(super) fn reference(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_good = !text.is_empty() && text.chars().count() <= LONGEST_REFERENCE && !text.contains(char::is_control);
    is_good.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(account_holder: &str, account_number: &str, ifsc: &str) -> PayoutDetails {
        PayoutDetails::Bank {
            account_holder: account_holder.to_owned(),
            account_number: account_number.to_owned(),
            ifsc: ifsc.to_owned(),
        }
    }

    fn upi_of(upi_id: &str) -> PayoutDetails {
        PayoutDetails::Upi { upi_id: upi_id.to_owned() }
    }

    fn faults(details: &PayoutDetails) -> Vec<String> {
        normalise(details).unwrap_err().into_iter().map(|fault| fault.loc[1].clone()).collect()
    }

    #[test]
    fn good_details_are_kept_in_one_form() {
        let kept = normalise(&bank("  Jane   Smith ", "0123 4567-8901", " hdfc0001234 ")).unwrap();
        assert_eq!(kept, bank("Jane Smith", "012345678901", "HDFC0001234"));
        assert_eq!(mask(&kept), "Bank …8901, HDFC0001234");
        let kept = normalise(&upi_of(" Jane.Smith-1@OkBank ")).unwrap();
        assert_eq!(kept, upi_of("jane.smith-1@okbank"));
        assert_eq!(mask(&kept), "UPI ja…@okbank");
        assert_eq!(mask(&upi_of("jo@upi")), "UPI j…@upi");
        normalise(&bank("M/s O'Neil & Sons Pvt. Ltd-2", "123456789", "SBIN0ABC123")).unwrap();
        normalise(&bank("प्रिया शर्मा", "123456789012345678", "SBIN0123456")).unwrap();
    }

    #[test]
    fn every_bad_field_is_named() {
        assert_eq!(faults(&bank("", "12345678", "HDFC1001234")), ["account_holder", "account_number", "ifsc"]);
        for holder in ["J", "12 34", "Jane\nSmith\0", "<b>Jane</b>", &"x".repeat(101)] {
            assert_eq!(faults(&bank(holder, "123456789", "HDFC0001234")), ["account_holder"], "{holder}");
        }
        for number in ["", "12345678", "1234567890123456789", "12345678a", "000000000", "١٢٣٤٥٦٧٨٩"] {
            assert_eq!(faults(&bank("Jane", number, "HDFC0001234")), ["account_number"], "{number}");
        }
        for ifsc in ["", "HDFC000123", "HDFC00012345", "HDF10001234", "HDFCO001234", "HDFC000123é", "HDFC0 01234"] {
            assert_eq!(faults(&bank("Jane", "123456789", ifsc)), ["ifsc"], "{ifsc}");
        }
        for upi in ["", "jane", "@bank", "j@bank", "jane@", "jane@b", "jane@ok bank", "ja ne@bank", "a@b@c", "jane@1x"]
        {
            assert_eq!(faults(&upi_of(upi)), ["upi_id"], "{upi}");
        }
    }

    #[test]
    fn amounts_and_words_have_limits() {
        assert_eq!(worth(Earnings(1000), Paise(50)), Some(Paise(50_000)));
        assert_eq!(worth(Earnings(i64::MAX), Paise(50)), None);
        assert_eq!(remarks("  why\nnot "), Some("why\nnot"));
        assert_eq!((remarks(" "), remarks(&"x".repeat(501)), remarks("a\0b")), (None, None, None));
        assert_eq!((reference(" UTR 1 "), reference(""), reference("a\nb")), (Some("UTR 1"), None, None));
    }
}
