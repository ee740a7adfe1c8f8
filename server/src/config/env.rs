//! Reading variables, with every problem collected.

use std::{collections::HashMap, fmt::Display, ops::RangeInclusive, str::FromStr};

use secrecy::SecretString;

use super::ConfigError;

/// The variables of the environment; one that is set but empty counts as unset.
pub(super) struct Env {
    vars: HashMap<String, String>,
    problems: Vec<String>,
}

impl Env {
    pub(super) fn new(vars: HashMap<String, String>) -> Self {
        Self { vars, problems: Vec::new() }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError(self.problems)) }
    }

    pub(super) fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.vars.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A value that must be there in production.
    pub(super) fn required(&mut self, name: &str, needed: bool) -> Option<String> {
        let value = self.text(name);
        if value.is_none() && needed {
            self.problem(format!("{name}: must be set in production"));
        }
        value
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.text(name)
            .map(|text| text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
            .unwrap_or_default()
    }

    pub(super) fn check<T, E: Display>(&mut self, name: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.problem(format!("{name}: {error}"))).ok()
    }

    pub(super) fn parse<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(name)?;
        self.check(name, text.parse())
    }

    pub(super) fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
        T::Err: Display,
    {
        let value = self.parse(name).unwrap_or(default);
        if range.contains(&value) {
            return value;
        }
        self.problem(format!("{name}: {value} is not within {} to {}", range.start(), range.end()));
        default
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(name) else { return default };
        let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        if let Some((_, value)) = found {
            return *value;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problem(format!("{name}: `{text}` is none of {}", words.join(", ")));
        default
    }

    pub(super) fn switch(&mut self, name: &str, default: bool) -> bool {
        let words = [("on", true), ("true", true), ("1", true), ("off", false), ("false", false), ("0", false)];
        self.one_of(name, &words, default)
    }
}
