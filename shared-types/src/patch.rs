//! Partial updates: a field that is absent, and one that is null, mean different things.

use serde::{Deserialize, Deserializer};

/// Deserialises a present field, null included, to `Some`; use with `#[serde(default)]`.
pub fn nullable<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
