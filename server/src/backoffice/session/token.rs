//! The cookie and what is derived from it.

use axum::{
    http::{
        HeaderMap,
        header::{COOKIE, SET_COOKIE},
    },
    response::AppendHeaders,
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use sha2::{Digest, Sha256};

use crate::config::Mode;

/// A secret that a browser keeps: of a visit before somebody signs in, of a session after; never of both.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::backoffice) struct Token([u8; 32]);

/// A response header that changes the cookie.
pub(in crate::backoffice) type SetCookie = AppendHeaders<[(axum::http::HeaderName, String); 1]>;

const NONCE: usize = 16;

impl Token {
    pub(in crate::backoffice) fn random() -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The token that the browser sent, if it is one of ours by its form.
    pub(in crate::backoffice) fn in_headers(headers: &HeaderMap, mode: Mode) -> Option<Self> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == cookie_name(mode))?;
        BASE64URL_NOPAD.decode(value.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// Gives it to the browser, which forgets it when it closes.
    pub(in crate::backoffice) fn keep(&self, mode: Mode) -> SetCookie {
        set_cookie(mode, &BASE64URL_NOPAD.encode(&self.0), "")
    }

    /// Takes it from the browser.
    pub(in crate::backoffice) fn forget(mode: Mode) -> SetCookie {
        set_cookie(mode, "", "; Max-Age=0")
    }

    /// What is stored in its place.
    pub(in crate::backoffice) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Proves that a form came from a page that was made for this token. Another one each time, so that nobody
    /// learns it from the lengths of compressed pages.
    pub(in crate::backoffice) fn form_proof(&self) -> String {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let mac = self.mac(&nonce).finalize().into_bytes();
        HEXLOWER_PERMISSIVE.encode(&[&nonce[..], &mac[..]].concat())
    }

    pub(in crate::backoffice) fn proves(&self, proof: &str) -> bool {
        let Ok(bytes) = HEXLOWER_PERMISSIVE.decode(proof.as_bytes()) else { return false };
        bytes.split_at_checked(NONCE).is_some_and(|(nonce, mac)| self.mac(nonce).verify_slice(mac).is_ok())
    }

    fn mac(&self, nonce: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length");
        mac.update(b"form");
        mac.update(nonce);
        mac
    }
}

/// Browsers accept the prefix over TLS alone, and then from this very host alone (RFC 6265bis §4.1.3.2).
fn cookie_name(mode: Mode) -> &'static str {
    if mode.is_production() { "__Host-saathii-admin" } else { "saathii-admin" }
}

fn set_cookie(mode: Mode, value: &str, age: &str) -> SetCookie {
    let secure = if mode.is_production() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", cookie_name(mode));
    AppendHeaders([(SET_COOKIE, text)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(mode: Mode, token: &Token) -> String {
        let AppendHeaders([(_, text)]) = token.keep(mode);
        text
    }

    #[test]
    fn a_cookie_comes_back_as_it_went() {
        for mode in [Mode::Development, Mode::Production] {
            let token = Token::random();
            let pair = header(mode, &token).split(';').next().map(str::to_owned).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("theme=dark; {pair}; x=y=z").parse().unwrap());
            assert!(Token::in_headers(&headers, mode) == Some(token));
        }
    }

    #[test]
    fn nonsense_is_no_token() {
        for value in ["", "abc", "=", "AAAA", &"A".repeat(44), &"ä".repeat(43)] {
            let mut headers = HeaderMap::new();
            let line = format!("saathii-admin={value}");
            headers.insert(COOKIE, axum::http::HeaderValue::from_bytes(line.as_bytes()).unwrap());
            assert!(Token::in_headers(&headers, Mode::Development).is_none(), "{value}");
        }
    }

    #[test]
    fn production_wants_tls() {
        let text = header(Mode::Production, &Token::random());
        for part in ["__Host-saathii-admin=", "; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!header(Mode::Development, &Token::random()).contains("Secure"));
    }

    #[test]
    fn a_proof_is_good_for_its_own_token() {
        let (mine, other) = (Token::random(), Token::random());
        let proof = mine.form_proof();
        assert!(mine.proves(&proof));
        assert!(!other.proves(&proof));
        assert_ne!(proof, mine.form_proof());
        for wrong in ["", "00", &proof[..proof.len() - 2], &"0".repeat(proof.len()), &format!("{proof}00")] {
            assert!(!mine.proves(wrong), "{wrong}");
        }
    }
}
