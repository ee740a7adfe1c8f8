//! Every refusal, in the one shape (DESIGN §7).

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use saathii_shared_types::{ApiError, Detail, ErrorCode, FieldError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A refusal: what the client reads, and for the log what it does not.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    body: Box<ApiError>,
    source: Option<Source>,
}

impl HttpError {
    pub fn new(status: StatusCode, code: ErrorCode, detail: impl Into<String>) -> Self {
        let body =
            ApiError { detail: Detail::Text(detail.into()), code, retry_after: None, required: None, available: None };
        Self { status, body: Box::new(body), source: None }
    }

    /// 422 with the fields at fault.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let body = ApiError {
            detail: Detail::Fields(fields),
            code: ErrorCode::ValidationError,
            retry_after: None,
            required: None,
            available: None,
        };
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, body: Box::new(body), source: None }
    }

    /// 422 for one field of the body whose value its type cannot refuse.
    pub fn field(name: &str, msg: impl Into<String>) -> Self {
        Self::fields(vec![FieldError {
            loc: vec!["body".into(), name.into()],
            msg: msg.into(),
            kind: "value_error".into(),
        }])
    }

    /// 500; the cause goes to the log and never to the client.
    pub fn internal(source: impl Into<Source>) -> Self {
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::InternalError, "Internal server error");
        Self { source: Some(source.into()), ..error }
    }

    /// 503: a store is away, nothing was done, and the same request may succeed soon.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        let error =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable, "Service temporarily unavailable");
        Self { source: Some(source.into()), ..error }.retry_after(1)
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.body.retry_after = Some(seconds);
        self
    }

    /// Says what was needed and what is there, where a balance does not suffice.
    #[must_use]
    pub fn lacking(mut self, required: i64, available: i64) -> Self {
        self.body.required = Some(required);
        self.body.available = Some(available);
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Logs the cause: once, where it is answered. A person should act on 500 alone.
    pub fn log(&self) {
        match &self.source {
            Some(source) if self.status == StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(error = %source, "request failed");
            }
            Some(source) => tracing::warn!(error = %source, status = self.status.as_u16(), "request refused"),
            None => {}
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        self.log();
        let retry_after = self.body.retry_after;
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<sqlx::Error> for HttpError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
        match &error {
            Io(_) | Tls(_) | PoolTimedOut | PoolClosed | WorkerCrashed => Self::unavailable(error),
            sqlx::Error::Database(database) if database.code().is_some_and(|code| is_passing(&code)) => {
                Self::unavailable(error)
            }
            _ => Self::internal(error),
        }
    }
}

/// Refusals of a server that starts, stops or is full, and transactions that lost a race for locks:
/// classes 08 and 53, 57P01–57P03, 40001 and 40P01.
fn is_passing(sqlstate: &str) -> bool {
    sqlstate.starts_with("08")
        || sqlstate.starts_with("53")
        || sqlstate.starts_with("57P")
        || matches!(sqlstate, "40001" | "40P01")
}

impl From<redis::RedisError> for HttpError {
    fn from(error: redis::RedisError) -> Self {
        Self::unavailable(error)
    }
}

/// Answers a path that does not exist.
pub async fn not_found() -> HttpError {
    HttpError::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Not Found")
}

/// Answers a method that the path does not have.
pub async fn method_not_allowed(_: Request) -> HttpError {
    HttpError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, "Method Not Allowed")
}
