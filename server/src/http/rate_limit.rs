//! Counting in Redis: so many in a window, which begins with the first.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use redis::{RedisError, Script};

use crate::infra::redis::Redis;

/// At most `count` within `window`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub count: u32,
    pub window: TimeDelta,
}

/// The limit is reached; the window ends in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub retry_after: u64,
}

// Reading, counting and expiry are one step, so that no crash leaves a counter without an end. The window is
// kept as a time of ours beside the key's own expiry, which only tidies up.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local now, count, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local begun = tonumber(redis.call('HGET', KEYS[1], 'begun') or '')
        if not begun or now >= begun + window then
            redis.call('DEL', KEYS[1])
            redis.call('HSET', KEYS[1], 'begun', ARGV[1], 'taken', '0')
            redis.call('PEXPIRE', KEYS[1], ARGV[3])
            begun = now
        end
        if tonumber(redis.call('HGET', KEYS[1], 'taken')) >= count then
            return begun + window - now
        end
        redis.call('HINCRBY', KEYS[1], 'taken', 1)
        return 0
        ",
    )
});

/// Takes one from the limit at `key`.
pub async fn take(
    redis: &Redis,
    key: String,
    limit: Limit,
    now: DateTime<Utc>,
) -> Result<Result<(), Exceeded>, RedisError> {
    let args = [now.timestamp_millis(), i64::from(limit.count), limit.window.num_milliseconds()];
    let left: i64 = redis.script(&TAKE, &[key], &args).await?;
    match u64::try_from(left) {
        Ok(left) if left > 0 => Ok(Err(Exceeded { retry_after: left.div_ceil(1000) })),
        _ => Ok(Ok(())),
    }
}
