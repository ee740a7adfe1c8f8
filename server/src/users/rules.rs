//! What a profile may say.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};
use saathii_shared_types::{
    FieldError,
    auth::RegisterRequest,
    users::{ProfilePatch, Sex},
};
use url::Url;

const LONGEST_BIO: usize = 1000;
const MOST_INTERESTS: usize = 20;
const LONGEST_INTEREST: usize = 50;
const LONGEST_URL: usize = 2048;
const LONGEST_LANGUAGE: usize = 35;

/// A profile that may be stored.
#[derive(Debug, Clone)]
pub struct Profile {
    pub username: String,
    pub sex: Sex,
    pub dob: Option<NaiveDate>,
    pub bio: Option<String>,
    pub interests: Vec<String>,
    pub profile_image_url: Option<String>,
    pub preferred_language: Option<String>,
}

/// A change of a profile that may be stored; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct ProfileChange {
    pub(super) username: Option<String>,
    pub(super) bio: Option<Option<String>>,
    pub(super) interests: Option<Vec<String>>,
    pub(super) profile_image_url: Option<Option<String>>,
    pub(super) preferred_language: Option<Option<String>>,
}

impl Profile {
    /// Checks every field and names all that are at fault.
    pub fn parse(request: &RegisterRequest, today: NaiveDate) -> Result<Self, Vec<FieldError>> {
        let mut faults = Faults::default();
        let profile = Self {
            username: faults.check("username", username(&request.username)),
            sex: request.sex,
            dob: faults.optional("dob", request.dob, |dob| date_of_birth(dob, today)),
            bio: faults.optional("bio", request.bio.as_deref(), bio).flatten(),
            interests: faults.optional("interests", request.interests.as_deref(), interests).unwrap_or_default(),
            profile_image_url: faults
                .optional("profile_image_url", request.profile_image_url.as_deref(), image_url)
                .flatten(),
            preferred_language: faults
                .optional("preferred_language", request.preferred_language.as_deref(), language)
                .flatten(),
        };
        faults.none_or(profile)
    }
}

impl ProfileChange {
    pub(super) fn parse(patch: &ProfilePatch) -> Result<Self, Vec<FieldError>> {
        let mut faults = Faults::default();
        let change = Self {
            username: faults.optional("username", patch.username.as_deref(), username),
            bio: faults.optional("bio", patch.bio.as_ref(), |text| bio(text.as_deref().unwrap_or_default())),
            interests: faults
                .optional("interests", patch.interests.as_ref(), |list| interests(list.as_deref().unwrap_or_default())),
            profile_image_url: faults.optional("profile_image_url", patch.profile_image_url.as_ref(), |text| {
                image_url(text.as_deref().unwrap_or_default())
            }),
            preferred_language: faults.optional("preferred_language", patch.preferred_language.as_ref(), |text| {
                language(text.as_deref().unwrap_or_default())
            }),
        };
        faults.none_or(change)
    }
}

#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn check<T: Default>(&mut self, field: &str, value: Result<T, &'static str>) -> T {
        value.unwrap_or_else(|msg| {
            let loc = vec!["body".to_owned(), field.to_owned()];
            self.0.push(FieldError { loc, msg: msg.to_owned(), kind: "value_error".to_owned() });
            T::default()
        })
    }

    fn optional<I, T: Default>(
        &mut self,
        field: &str,
        value: Option<I>,
        rule: impl Fn(I) -> Result<T, &'static str>,
    ) -> Option<T> {
        value.map(|value| self.check(field, rule(value)))
    }

    fn none_or<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

fn username(text: &str) -> Result<String, &'static str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !(3..=30).contains(&text.len()) || !text.chars().all(is_plain) {
        return Err("must be 3 to 30 of letters, digits and _ . -");
    }
    Ok(text.to_owned())
}

fn date_of_birth(date: NaiveDate, today: NaiveDate) -> Result<NaiveDate, &'static str> {
    if date.year() < 1900 || date > today { Err("not a date of birth") } else { Ok(date) }
}

/// Empty text is no text.
fn bio(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.chars().count() > LONGEST_BIO {
        return Err("must be at most 1000 characters");
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("contains control characters");
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn interests(list: &[String]) -> Result<Vec<String>, &'static str> {
    if list.len() > MOST_INTERESTS {
        return Err("must be at most 20 items");
    }
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for item in list.iter().map(|item| item.trim()) {
        // The feed's filter separates them by commas.
        if item.is_empty()
            || item.chars().count() > LONGEST_INTEREST
            || item.chars().any(|c| c.is_control() || c == ',')
        {
            return Err("each must be 1 to 50 characters without commas");
        }
        if seen.insert(item.to_lowercase()) {
            kept.push(item.to_owned());
        }
    }
    Ok(kept)
}

fn image_url(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let is_clean = text.len() <= LONGEST_URL && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if is_web && is_clean {
        Ok(Some(text.to_owned()))
    } else {
        Err("must be an http or https URL of at most 2048 characters")
    }
}

fn language(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_tag = text.len() <= LONGEST_LANGUAGE
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_tag { Ok(Some(text.to_owned())) } else { Err("must be a language like `en` or `hi-IN`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_follow_the_design() {
        for name in ["abc", "Alice_9", "a.b-c", &"x".repeat(30)] {
            assert!(username(name).is_ok(), "{name}");
        }
        for name in ["", "ab", "has space", "ümlaut", "a\0b", "a/b", &"x".repeat(31)] {
            assert!(username(name).is_err(), "{name}");
        }
    }

    #[test]
    fn text_is_trimmed_and_free_of_controls() {
        assert_eq!(bio("  hello\nthere "), Ok(Some("hello\nthere".into())));
        assert_eq!(bio("   "), Ok(None));
        assert!(bio("nul\0").is_err());
        assert!(bio(&"x".repeat(1001)).is_err());
    }

    #[test]
    fn interests_are_few_short_and_distinct() {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        assert_eq!(interests(&list(&["Music", " music ", "tech"])), Ok(list(&["Music", "tech"])));
        assert!(interests(&list(&["a,b"])).is_err());
        assert!(interests(&list(&[""])).is_err());
        assert!(interests(&vec!["x".to_owned(); 21]).is_err());
    }

    #[test]
    fn images_are_on_the_web() {
        assert!(image_url("https://example.com/a.jpg").is_ok());
        for url in ["javascript:alert(1)", "data:text/html,x", "ftp://x/y", "https://", "nonsense"] {
            assert!(image_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn birthdays_lie_in_the_past() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(date_of_birth(day("2000-01-01"), day("2026-11-22")).is_ok());
        assert!(date_of_birth(day("2026-11-23"), day("2026-11-22")).is_err());
        assert!(date_of_birth(day("1850-01-01"), day("2026-11-22")).is_err());
    }
}
