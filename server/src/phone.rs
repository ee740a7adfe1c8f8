//! Phone numbers: parsed and normalised once, at the edge.

use std::{fmt, str::FromStr};

use phonenumber::{PhoneNumber, country::Id};

/// A valid number in E.164. `Debug` shows no digits, so that it cannot reach a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    e164: String,
    country: Option<String>,
}

/// The text is no valid phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid phone number")]
pub struct InvalidPhone;

/// The longest E.164 number has 15 digits; the rest is room for how people write them.
const LONGEST_INPUT: usize = 40;

impl Phone {
    /// Reads an international number, or a national one of `region` (ISO 3166 alpha-2).
    pub fn parse(text: &str, region: &str) -> Result<Self, InvalidPhone> {
        if text.len() > LONGEST_INPUT {
            return Err(InvalidPhone);
        }
        let region = Id::from_str(region).ok();
        let number = parse_valid(region, text).or_else(|| parse_valid(None, &with_country_code(region?, text)?));
        let number = number.ok_or(InvalidPhone)?;
        Ok(Self {
            e164: number.format().mode(phonenumber::Mode::E164).to_string(),
            country: number.country().id().map(|id| id.as_ref().to_owned()),
        })
    }

    pub fn is_region(text: &str) -> bool {
        Id::from_str(text).is_ok()
    }

    pub fn as_str(&self) -> &str {
        &self.e164
    }

    /// ISO 3166 alpha-2.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The block of 10,000 numbers that this one is in: what an SMS pump walks through.
    pub fn block(&self) -> &str {
        &self.e164[..self.e164.len().saturating_sub(4)]
    }
}

fn parse_valid(region: Option<Id>, text: &str) -> Option<PhoneNumber> {
    let number = phonenumber::parse(region, text).ok()?;
    (number.is_valid() && number.extension().is_none()).then_some(number)
}

/// The library takes the first digits of a national number like 91234 56789 for the country's code.
fn with_country_code(region: Id, national: &str) -> Option<String> {
    let national = national.trim();
    let code = phonenumber::metadata::DATABASE.by_id(region.as_ref())?.country_code();
    national.starts_with(|c: char| c.is_ascii_digit()).then(|| format!("+{code}{}", national.trim_start_matches('0')))
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_however_the_number_is_written() {
        for text in ["+919876543210", "+91 98765 43210", "9876543210", "098765 43210", "+91-98765-43210"] {
            assert_eq!(Phone::parse(text, "IN").unwrap().as_str(), "+919876543210", "{text}");
        }
        for text in ["+919123456789", "9123456789", "91234 56789", "09123456789", "919123456789"] {
            assert_eq!(Phone::parse(text, "IN").unwrap().as_str(), "+919123456789", "{text}");
        }
        assert_eq!(Phone::parse("+14155552671", "IN").unwrap().country(), Some("US"));
    }

    #[test]
    fn nonsense_is_refused() {
        let long = "9".repeat(500);
        for text in ["", "abc", "+", "123", "+91987654321", "+9198765432109", "+919876543210 ext. 5", "\0", &long] {
            assert!(Phone::parse(text, "IN").is_err(), "{text}");
        }
    }
}
