use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

const LONGEST: usize = 255;

/// The name of one action of the user, so that a request that is sent again is answered again and done once.
///
/// Every request that moves money bears one by itself, the same for all its attempts. Keep one of your own where the
/// action must outlive the app: save it before the action, and after a restart send the same action with it.
///
/// ```no_run
/// # async fn example(client: saathii_sdk::Client, listener: saathii_sdk::types::UserId) -> Result<(), saathii_sdk::Error> {
/// use saathii_sdk::{IdempotencyKey, types::calls::CallType};
///
/// let key = IdempotencyKey::new();
/// std::fs::write("pending-call", key.as_str()).ok();
/// let call = client.calls().with_key(&key).start(listener, CallType::Audio).await?;
/// std::fs::remove_file("pending-call").ok();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key that nobody has used.
    pub fn new() -> Self {
        Self(format!("{:032x}", fastrand::u128(..)))
    }

    /// As it is sent; [`FromStr`] reads it back.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for IdempotencyKey {
    fn default() -> Self {
        Self::new()
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let is_good = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_good {
            Ok(Self(text))
        } else {
            Err(Error::Configuration("an idempotency key is 1 to 255 visible ASCII characters".to_owned()))
        }
    }
}

impl FromStr for IdempotencyKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.to_owned().try_into()
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_each_time_and_can_be_kept_as_text() {
        let key = IdempotencyKey::new();
        assert_ne!(key, IdempotencyKey::new());
        assert_eq!(key.to_string().parse::<IdempotencyKey>().unwrap(), key);
        for bad in ["", "two words", "é", "line\nbreak", &"x".repeat(256)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad}");
        }
    }
}
