//! Extractors that refuse in the one shape: axum's own answer in plain text.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use saathii_shared_types::{ErrorCode, FieldError};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::HttpError;

/// A JSON body, in or out.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let headers = request.headers().clone();
        let bytes = body_bytes(request, state).await?;
        parse_json(&headers, &bytes).map(Self)
    }
}

/// A body byte for byte, as its sender signed it.
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        body_bytes(request, state).await.map(Self)
    }
}

/// The whole body, within the limit.
pub(super) async fn body_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, HttpError> {
    Bytes::from_request(request, state).await.map_err(|rejection| refuse_body(rejection.status()))
}

pub(super) fn parse_json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, HttpError> {
    if !is_json(headers) {
        let detail = "Send the body as application/json";
        return Err(HttpError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType, detail));
    }
    // serde would take an array for a struct.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(HttpError::fields(vec![field(vec!["body".into()], "must be an object", "value_error")]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| located("body", &error.path().to_string(), &error.into_inner()))?;
    deserializer.end().map_err(|error| located("body", ".", &error))?;
    Ok(value)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn refuse_body(status: StatusCode) -> HttpError {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, "The body is too large");
    }
    HttpError::fields(vec![field(vec!["body".into()], "the body could not be read", "value_error")])
}

/// Says where in the input serde gave up, in the vocabulary that apps know from FastAPI.
fn located(place: &str, path: &str, error: &serde_json::Error) -> HttpError {
    let mut loc = vec![place.to_owned()];
    loc.extend(path.split('.').filter(|part| !matches!(*part, "" | "?")).map(str::to_owned));
    let message = error.to_string();
    // serde_json ends its messages with the position, which helps nobody who sends JSON from code.
    let message = message.split(" at line ").next().unwrap_or_default();
    if error.is_syntax() || error.is_eof() {
        return HttpError::fields(vec![field(loc, "the body is not valid JSON", "json_invalid")]);
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        loc.push(name.to_owned());
        return HttpError::fields(vec![field(loc, "Field required", "missing")]);
    }
    HttpError::fields(vec![field(loc, message, "value_error")])
}

fn field(loc: Vec<String>, msg: &str, kind: &str) -> FieldError {
    FieldError { loc, msg: msg.to_owned(), kind: kind.to_owned() }
}

/// The parts of the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        #[expect(clippy::disallowed_types, reason = "wrapped here once")]
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| {
            let msg = "not a whole number within 64 bits";
            HttpError::fields(vec![field(vec!["path".into()], msg, "int_parsing")])
        })
    }
}

/// The query string; empty values count as absent.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let query = parts.uri.query().unwrap_or_default();
        let mut given = serde_json::Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            // Postgres text holds no NUL.
            if value.contains('\0') {
                return Err(HttpError::fields(vec![field(
                    vec!["query".into(), name.into()],
                    "contains a NUL",
                    "value_error",
                )]));
            }
            given.insert(name.into_owned(), value.into());
        }
        let deserializer = serde_json::Value::Object(given);
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| located("query", &error.path().to_string(), &error.into_inner()))
    }
}

/// A page of a list. Anything that is a number is clamped, however large, and never refused (DESIGN §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// From 1.
    #[serde(default = "first", deserialize_with = "clamped::<1, { i64::MAX }, _>")]
    #[param(default = 1, example = 1)]
    pub page: i64,
    /// Items on a page, 1 to 100.
    #[serde(default = "twenty", deserialize_with = "clamped::<1, 100, _>")]
    #[param(default = 20, example = 20)]
    pub per_page: i64,
}

impl Paging {
    /// How many items stand before this page.
    pub fn offset(self) -> i64 {
        (self.page - 1).saturating_mul(self.per_page)
    }

    pub fn has_next(self, total: i64) -> bool {
        self.offset().saturating_add(self.per_page) < total
    }

    pub fn has_previous(self) -> bool {
        self.page > 1
    }
}

fn first() -> i64 {
    1
}

fn twenty() -> i64 {
    20
}

fn clamped<'de, const MIN: i64, const MAX: i64, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(serde::de::Error::custom("not a whole number"));
    }
    // All digits and yet no i64: too large to be one.
    let value = if negative { MIN } else { digits.parse().unwrap_or(MAX) };
    Ok(value.clamp(MIN, MAX))
}

/// A switch in a query, in the spellings that FastAPI took.
pub fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Ok(false),
        _ => Err(serde::de::Error::custom("not a boolean")),
    }
}

/// A comma-separated list in a query.
pub fn comma_separated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Result<Paging, StatusCode> {
        let request = Request::get(format!("/?{query}")).body(()).unwrap();
        let mut parts = request.into_parts().0;
        let future = Query::<Paging>::from_request_parts(&mut parts, &());
        let Some(result) = futures_util::FutureExt::now_or_never(future) else { unreachable!() };
        result.map(|query| query.0).map_err(|error| error.status())
    }

    #[test]
    fn paging_is_clamped_and_never_overflows() {
        for (query, page, per_page) in [
            ("", 1, 20),
            ("page=&per_page=", 1, 20),
            ("page=0&per_page=0", 1, 1),
            ("page=-7&per_page=1000", 1, 100),
            ("page=99999999999999999999999&per_page=100", i64::MAX, 100),
        ] {
            assert_eq!(paging(query), Ok(Paging { page, per_page }), "{query}");
        }
        let last = Paging { page: i64::MAX, per_page: 100 };
        assert_eq!((last.offset(), last.has_next(5)), (i64::MAX, false));
        assert_eq!(paging("page=two"), Err(StatusCode::UNPROCESSABLE_ENTITY));
    }
}
