//! `CALL_AUDIO_COINS`, `CALL_VIDEO_COINS`, `LISTENER_AUDIO_EARNINGS`, `LISTENER_VIDEO_EARNINGS`, `CALL_MINUTE_SECONDS`,
//! `CALL_GRACE_SECONDS`, `LISTENER_VERIFICATION`.

use chrono::TimeDelta;
use saathii_shared_types::{Coins, Earnings, calls::CallType};

use super::env::Env;

#[derive(Debug, Clone)]
pub struct Calls {
    pub audio: Rate,
    pub video: Rate,
    /// How long a billed minute lasts, in seconds.
    pub minute_seconds: i32,
    /// Nothing heard of either side for so long: the call is lost.
    pub grace: TimeDelta,
    pub verification: ListenerVerification,
}

/// What a minute costs its caller and earns its listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub coins: Coins,
    pub earnings: Earnings,
}

/// Whether listeners must be verified to be listed and called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerVerification {
    Required,
    Optional,
}

impl Calls {
    pub(super) fn read(env: &mut Env) -> Self {
        let mut rate = |coins: (&str, i64), earnings: (&str, i64)| Rate {
            coins: Coins(env.number(coins.0, coins.1, 1..=1_000_000)),
            earnings: Earnings(env.number(earnings.0, earnings.1, 0..=1_000_000)),
        };
        Self {
            audio: rate(("CALL_AUDIO_COINS", 10), ("LISTENER_AUDIO_EARNINGS", 15)),
            video: rate(("CALL_VIDEO_COINS", 50), ("LISTENER_VIDEO_EARNINGS", 75)),
            minute_seconds: env.number("CALL_MINUTE_SECONDS", 60, 1..=3600),
            grace: TimeDelta::seconds(env.number("CALL_GRACE_SECONDS", 90, 5..=3600)),
            verification: env.one_of(
                "LISTENER_VERIFICATION",
                &[("required", ListenerVerification::Required), ("optional", ListenerVerification::Optional)],
                ListenerVerification::Required,
            ),
        }
    }

    pub fn rate(&self, call_type: CallType) -> Rate {
        match call_type {
            CallType::Audio => self.audio,
            CallType::Video => self.video,
        }
    }
}
