//! The three kinds of tokens (contract §Authentication; RFC 7519, RFC 8725).
//!
//! A refresh token and the access token beside it are functions of their session's row and the key. Nothing
//! of them is stored, and whoever asks twice gets the same.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use saathii_shared_types::{SessionId, UserId, auth::TokenPair, users::Role};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Error, store::Session};
use crate::config;

const ISSUER: &str = "saathii";
const AUDIENCE: &str = "saathii-api";

/// What a kind of token claims. The kind stands in the header's `typ`, so that none passes for another.
trait Claims: Serialize + DeserializeOwned {
    const TYP: &'static str;
    fn expires_at(&self) -> i64;
}

/// Lets its bearer act as the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Access {
    pub(super) sub: UserId,
    pub(super) sid: SessionId,
    /// The user's access version when this was signed.
    pub(super) ver: i32,
    pub(super) roles: Vec<Role>,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// Renews a session, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Refresh {
    pub(super) sub: UserId,
    pub(super) sid: SessionId,
    #[serde(rename = "gen")]
    pub(super) generation: i32,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// Finishes a registration; the phone lies in Redis under `jti`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Registration {
    pub(super) jti: Uuid,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

macro_rules! claims {
    ($($kind:ident = $typ:literal),*) => {$(
        impl Claims for $kind {
            const TYP: &'static str = $typ;

            fn expires_at(&self) -> i64 {
                self.exp
            }
        }
    )*};
}

claims!(Access = "at+jwt", Refresh = "rt+jwt", Registration = "reg+jwt");

pub(super) const REGISTRATION_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Who a session's tokens speak for.
pub(super) struct Bearer<'a> {
    pub(super) access_version: i32,
    pub(super) roles: &'a [Role],
}

/// Signs tokens and verifies them, with two keys alive while they are rotated.
pub struct Signer {
    algorithm: Algorithm,
    current: Key,
    previous: Option<Key>,
    access_lifetime: TimeDelta,
    refresh_lifetime: TimeDelta,
}

struct Key {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn new(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        Self {
            // Names the key without telling anything of it.
            kid: data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..4]),
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope<C> {
    iss: String,
    aud: String,
    #[serde(flatten)]
    claims: C,
}

impl Signer {
    pub fn new(config: &config::Tokens, secret: &SecretString) -> Self {
        Self {
            algorithm: config.algorithm,
            current: Key::new(secret),
            previous: config.previous_secret.as_ref().map(Key::new),
            access_lifetime: config.access_lifetime,
            refresh_lifetime: config.refresh_lifetime,
        }
    }

    /// The live pair of a session: the same for whoever asks until it is rotated.
    pub(super) fn pair(&self, session: &Session, bearer: &Bearer<'_>) -> Result<TokenPair, Error> {
        let iat = session.rotated_at.timestamp();
        let until = |lifetime: TimeDelta| (session.rotated_at + lifetime).min(session.expires_at).timestamp();
        let access = Access {
            sub: session.user_id,
            sid: session.session_id,
            ver: bearer.access_version,
            roles: bearer.roles.to_vec(),
            iat,
            exp: until(self.access_lifetime),
        };
        let refresh = Refresh {
            sub: session.user_id,
            sid: session.session_id,
            generation: session.generation,
            iat,
            exp: until(self.refresh_lifetime),
        };
        Ok(TokenPair { access_token: self.sign(access)?, refresh_token: self.sign(refresh)? })
    }

    /// A token that makes one account; `jti` finds its phone.
    pub(super) fn registration(&self, jti: Uuid, now: DateTime<Utc>) -> Result<String, Error> {
        let exp = (now + REGISTRATION_LIFETIME).timestamp();
        self.sign(Registration { jti, iat: now.timestamp(), exp })
    }

    pub(super) fn verify_access(&self, token: &str, now: DateTime<Utc>) -> Result<Access, Error> {
        self.verify(token, now)
    }

    pub(super) fn verify_refresh(&self, token: &str, now: DateTime<Utc>) -> Result<Refresh, Error> {
        self.verify(token, now)
    }

    pub(super) fn verify_registration(&self, token: &str, now: DateTime<Utc>) -> Result<Registration, Error> {
        self.verify(token, now)
    }

    fn sign<C: Claims>(&self, claims: C) -> Result<String, Error> {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(C::TYP.to_owned());
        header.kid = Some(self.current.kid.clone());
        let envelope = Envelope { iss: ISSUER.to_owned(), aud: AUDIENCE.to_owned(), claims };
        jsonwebtoken::encode(&header, &envelope, &self.current.encoding).map_err(Error::Signing)
    }

    fn verify<C: Claims>(&self, token: &str, now: DateTime<Utc>) -> Result<C, Error> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::InvalidToken)?;
        if header.typ.as_deref() != Some(C::TYP) {
            return Err(Error::InvalidToken);
        }
        let keys = [Some(&self.current), self.previous.as_ref()];
        let key =
            keys.into_iter().flatten().find(|key| Some(&key.kid) == header.kid.as_ref()).ok_or(Error::InvalidToken)?;
        // The algorithm is ours, whatever the header says (RFC 8725 §3.1).
        let mut validation = Validation::new(self.algorithm);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // Expiry is checked below, by the injected clock.
        validation.validate_exp = false;
        let data =
            jsonwebtoken::decode::<Envelope<C>>(token, &key.decoding, &validation).map_err(|_| Error::InvalidToken)?;
        let claims = data.claims.claims;
        if claims.expires_at() <= now.timestamp() { Err(Error::TokenExpired) } else { Ok(claims) }
    }
}
