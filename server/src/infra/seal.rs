//! Secrets of people at rest.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use anyhow::Context;
use data_encoding::{BASE64, HEXLOWER};
use rand::RngCore;
use saathii_shared_types::UserId;
use secrecy::ExposeSecret;

use super::kept_secret::kept_secret;
use crate::config::Config;

/// Before everything sealed: which cipher and which key, should there ever be others.
const VERSION: u8 = 1;
const NONCE: usize = 12;

/// Why sealed bytes cannot be read; says nothing of what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes cannot be read: another key, or changed")]
pub struct SealError;

/// Encrypts with AES-256-GCM, each time with a nonce of its own and bound to what it is and whose: the bytes of one user
/// in the row of another do not open, nor do those of another table.
pub struct Seal(Aes256Gcm);

impl Seal {
    /// With `PAYOUT_ENCRYPTION_KEY`, or where there is none a random key, made once and kept in `DATA_DIR`.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let key = match &config.payouts.encryption_key {
            Some(key) => BASE64.decode(key.expose_secret().as_bytes()),
            None => HEXLOWER.decode(kept_secret(&config.data_dir, "payout-key")?.expose_secret().trim().as_bytes()),
        };
        let key = key.context("the key of sealed secrets")?;
        Ok(Self(Aes256Gcm::new_from_slice(&key).context("the key of sealed secrets")?))
    }

    /// `what` is one word for all bytes of a kind, and never changes.
    pub fn seal(&self, what: &'static str, user: UserId, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: &associated(what, user) };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError)?;
        Ok([&[VERSION], &nonce[..], &sealed].concat())
    }

    pub fn open(&self, what: &'static str, user: UserId, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(SealError)?;
        if version != VERSION {
            return Err(SealError);
        }
        let payload = Payload { msg: sealed, aad: &associated(what, user) };
        self.0.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError)
    }
}

fn associated(what: &'static str, user: UserId) -> Vec<u8> {
    [&[VERSION], what.as_bytes(), b" of ", &user.0.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn seal(key: u8) -> Seal {
        let vars = HashMap::from([("PAYOUT_ENCRYPTION_KEY".to_owned(), BASE64.encode(&[key; 32]))]);
        Seal::new(&Config::read(vars).unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_for_its_user_unchanged() {
        let sealed = seal(1).seal("a thing", UserId(7), b"jane@okbank").unwrap();
        let open = |key, what, user, bytes: &[u8]| seal(key).open(what, UserId(user), bytes);
        assert_eq!(open(1, "a thing", 7, &sealed).unwrap(), b"jane@okbank");
        assert!(!sealed.windows(4).any(|part| part == b"jane"));
        assert_ne!(seal(1).seal("a thing", UserId(7), b"jane@okbank").unwrap(), sealed, "a nonce is never used twice");
        assert_eq!(open(1, "a thing", 8, &sealed), Err(SealError), "another user");
        assert_eq!(open(1, "a secret", 7, &sealed), Err(SealError), "another kind");
        assert_eq!(open(2, "a thing", 7, &sealed), Err(SealError), "another key");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(open(1, "a thing", 7, &changed), Err(SealError), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert_eq!(open(1, "a thing", 7, &sealed[..length]), Err(SealError), "{length} bytes");
        }
    }
}
