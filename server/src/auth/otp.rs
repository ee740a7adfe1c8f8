//! One-time passwords: six digits, five minutes, five guesses, one use.
//!
//! Redis holds a random nonce and a MAC, never the code. The code is derived from the nonce, so that a resend
//! can say it again; a guess is checked against the MAC inside one script.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use redis::Script;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Error;
use crate::{config::TestNumber, infra::redis::Redis, phone::Phone};

const LIFETIME: TimeDelta = TimeDelta::minutes(5);
const GUESSES: u32 = 5;

/// Makes codes and checks guesses.
pub struct Codes {
    key: SecretString,
    test_numbers: Vec<TestNumber>,
}

/// A code on its way to its phone.
pub(super) enum Issued {
    Send(String),
    /// A test number: its code is known, nothing is sent.
    Known,
}

static ISSUE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], 'nonce', ARGV[1], 'check', ARGV[2], 'expires', ARGV[3])
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        return 1
        ",
    )
});

// A right guess deletes the code in the same step, so that of many at once one wins. The failures of a phone
// are counted across codes: from the twentieth on, every fifth closes the phone for twice as long as before,
// which keeps a patient guesser below a hundred tries (NIST SP 800-63B §3.2.2).
static GUESS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local now = tonumber(ARGV[2])
        local closed = tonumber(redis.call('HGET', KEYS[2], 'closed_until') or '')
        if closed and now < closed then return closed - now end
        local check = redis.call('HGET', KEYS[1], 'check')
        if not check or now >= tonumber(redis.call('HGET', KEYS[1], 'expires')) then return -1 end
        if check == ARGV[1] then
            redis.call('DEL', KEYS[1], KEYS[2])
            return 0
        end
        if redis.call('HINCRBY', KEYS[1], 'guesses', 1) >= tonumber(ARGV[3]) then redis.call('DEL', KEYS[1]) end
        local failures = redis.call('HINCRBY', KEYS[2], 'failures', 1)
        if failures >= 20 and failures % 5 == 0 then
            local wait = math.min(60000 * 2 ^ ((failures - 20) / 5), 86400000)
            redis.call('HSET', KEYS[2], 'closed_until', string.format('%.0f', now + wait))
        end
        redis.call('PEXPIRE', KEYS[2], 172800000)
        return -1
        ",
    )
});

impl Codes {
    /// `secret` is the server's own; another key is derived from it.
    pub fn new(secret: &SecretString, test_numbers: Vec<TestNumber>) -> Self {
        let key = HEXLOWER.encode(&mac(secret, &["one-time passwords"]));
        Self { key: key.into(), test_numbers }
    }

    /// Makes a new code for `phone`; an older one dies.
    pub(super) async fn issue(&self, redis: &Redis, phone: &Phone, now: DateTime<Utc>) -> Result<Issued, Error> {
        let mut nonce = [0; 16];
        rand::rng().fill_bytes(&mut nonce);
        let nonce = HEXLOWER.encode(&nonce);
        let fixed = self.test_number(phone, now);
        let code = fixed.map_or_else(|| self.derive(phone, &nonce), |number| number.code.clone());
        let expires = (now + LIFETIME).timestamp_millis().to_string();
        let lifetime = LIFETIME.num_milliseconds().to_string();
        let args = [nonce, self.check(phone, &code), expires, lifetime];
        let () = redis.script(&ISSUE, &[code_key(redis, phone)], &args).await?;
        Ok(if fixed.is_some() { Issued::Known } else { Issued::Send(code) })
    }

    /// Says the living code of `phone` again, without a longer life.
    pub(super) async fn recall(
        &self,
        redis: &Redis,
        phone: &Phone,
        now: DateTime<Utc>,
    ) -> Result<Option<Issued>, Error> {
        let mut command = redis::cmd("HMGET");
        command.arg(code_key(redis, phone)).arg("nonce").arg("expires");
        let (nonce, expires): (Option<String>, Option<i64>) = redis.query(&command).await?;
        let living = nonce.filter(|_| expires.is_some_and(|expires| now.timestamp_millis() < expires));
        let Some(nonce) = living else { return Ok(None) };
        let is_fixed = self.test_number(phone, now).is_some();
        Ok(Some(if is_fixed { Issued::Known } else { Issued::Send(self.derive(phone, &nonce)) }))
    }

    /// Spends the code of `phone` if `guess` is right.
    pub(super) async fn verify(
        &self,
        redis: &Redis,
        phone: &Phone,
        guess: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let keys = [code_key(redis, phone), redis.key("otp-failures", braced(phone))];
        let args = [self.check(phone, guess), now.timestamp_millis().to_string(), GUESSES.to_string()];
        match redis.script::<i64>(&GUESS, &keys, &args).await? {
            0 => Ok(()),
            closed_ms @ 1.. => Err(Error::RateLimited { retry_after: closed_ms.unsigned_abs().div_ceil(1000) }),
            _ => Err(Error::InvalidOtp),
        }
    }

    fn test_number(&self, phone: &Phone, now: DateTime<Utc>) -> Option<&TestNumber> {
        self.test_numbers.iter().find(|number| number.phone == *phone && now < number.expires_at)
    }

    fn derive(&self, phone: &Phone, nonce: &str) -> String {
        let mac = mac(&self.key, &["code", phone.as_str(), nonce]);
        let number = mac.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    fn check(&self, phone: &Phone, code: &str) -> String {
        HEXLOWER.encode(&mac(&self.key, &["check", phone.as_str(), code]))
    }
}

/// The braces are a Redis Cluster hash tag: both keys of a phone lie in one slot.
fn braced(phone: &Phone) -> String {
    format!("{{{}}}", phone.as_str())
}

fn code_key(redis: &Redis, phone: &Phone) -> String {
    redis.key("otp", braced(phone))
}

fn mac(key: &SecretString, parts: &[&str]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("any length");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac.finalize().into_bytes().to_vec()
}
