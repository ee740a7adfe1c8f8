//! Style, scripts and icon: in the binary, under a name that changes with their content.

use std::sync::LazyLock;

use crate::paths;

/// A file that browsers may keep for ever.
#[derive(Debug, PartialEq, Eq)]
pub struct Asset {
    pub url: String,
    pub content_type: &'static str,
    pub body: &'static str,
}

pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("admin", "css", "text/css; charset=utf-8", include_str!("assets/admin.css")));
pub static LIVE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("assets/live.js")));
pub static KEYS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("keys", "js", "text/javascript; charset=utf-8", include_str!("assets/keys.js")));
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")));

/// A header of the live script's requests: nobody is at work behind them.
pub const LIVE_HEADER: &str = "x-live";

pub fn all() -> [&'static Asset; 4] {
    [&STYLE, &LIVE, &KEYS, &ICON]
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, body: &'static str) -> Self {
        let url = format!("{}/{name}-{:016x}.{extension}", paths::ASSETS, fingerprint(body.as_bytes()));
        Self { url, content_type, body }
    }
}

/// FNV-1a: tells versions apart, and needs no cryptography for that.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_that_nobody_is_at_work() {
        assert!(LIVE.body.contains(&format!("headers: {{ \"{LIVE_HEADER}\":")));
    }

    #[test]
    fn another_content_has_another_name() {
        // The test vectors of the algorithm's authors.
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
