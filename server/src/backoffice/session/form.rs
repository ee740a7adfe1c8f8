//! Forms from our own pages, and from no other.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{
        HeaderMap, StatusCode, Uri,
        header::{HOST, ORIGIN},
    },
};
use saathii_admin_ui::desk::Rights;
use serde::{Deserialize, de::DeserializeOwned};

use super::{AdminSession, Token};
use crate::{audit::AdminAction, auth::ClientInfo, backoffice::error::PageError, state::AppState};

/// The fields of a form that came from a page of ours, with the token that it proved.
pub(in crate::backoffice) struct Form<T> {
    pub(in crate::backoffice) fields: T,
    pub(in crate::backoffice) token: Token,
}

/// A form that changes something: from an admin's own page, and nobody else's.
pub(in crate::backoffice) struct Action<T> {
    pub(in crate::backoffice) fields: T,
    pub(in crate::backoffice) admin: AdminSession,
    /// The same admin, for the record of what admins do.
    pub(in crate::backoffice) work: AdminAction,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Action<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, PageError> {
        let admin = AdminSession::admit(app, request.headers()).await?;
        let (mut parts, body) = request.into_parts();
        let Ok(from) = ClientInfo::from_request_parts(&mut parts, app).await;
        let Form { fields, .. } = Form::from_request(Request::from_parts(parts, body), app).await?;
        if admin.rights != Rights::Admin {
            return Err(PageError::ReadOnly);
        }
        let work = AdminAction { admin: admin.user, from };
        Ok(Self { fields, admin, work })
    }
}

/// A form of nothing but its proof.
#[derive(Deserialize)]
pub(in crate::backoffice) struct NoFields {}

#[derive(Deserialize)]
struct Proof {
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, PageError> {
        let token = Token::in_headers(request.headers(), app.config.mode);
        let token = token.filter(|_| is_own_page(request.headers())).ok_or_else(PageError::stale_form)?;
        let bytes =
            Bytes::from_request(request, app).await.map_err(|rejection| PageError::bad_form(rejection.status()))?;
        let proof: Option<Proof> = serde_urlencoded::from_bytes(&bytes).ok();
        if !proof.is_some_and(|proof| token.proves(&proof.csrf)) {
            return Err(PageError::stale_form());
        }
        let fields =
            serde_urlencoded::from_bytes(&bytes).map_err(|_| PageError::bad_form(StatusCode::UNPROCESSABLE_ENTITY))?;
        Ok(Self { fields, token })
    }
}

/// What the browser says of the page that sent the form. Over plain http to another machine it says nothing of
/// the kind, and the form's origin stands in.
fn is_own_page(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        None => origin_host(headers).is_some_and(|origin| headers.get(HOST).is_some_and(|host| host == &origin)),
    }
}

fn origin_host(headers: &HeaderMap) -> Option<String> {
    let origin: Uri = headers.get(ORIGIN)?.to_str().ok()?.parse().ok()?;
    origin.scheme()?;
    Some(origin.authority()?.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(given: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "localhost:8000".parse().unwrap());
        for (name, value) in given {
            headers.insert(*name, value.parse().unwrap());
        }
        is_own_page(&headers)
    }

    #[test]
    fn other_sites_send_no_forms() {
        assert!(is_own(&[("sec-fetch-site", "same-origin")]));
        assert!(is_own(&[("sec-fetch-site", "none")]));
        assert!(is_own(&[("origin", "http://localhost:8000")]));
        for foreign in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8000")],
            &[("origin", "http://localhost:8001")],
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
        ] {
            assert!(!is_own(foreign), "{foreign:?}");
        }
    }
}
