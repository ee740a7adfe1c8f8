//! The only sender of requests: headers, time limits, repetition, decoding.

use std::time::Duration;

use reqwest::{
    Method, Response, Url,
    header::{CONTENT_TYPE, HeaderName, RETRY_AFTER},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, IdempotencyKey, RetryPolicy};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    /// The same for every attempt.
    key: Option<IdempotencyKey>,
    /// Doing it twice is doing it once.
    is_repeatable: bool,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, true)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, true)
    }

    /// Repeated only while the server surely did not do it, unless [`repeatable`](Self::repeatable) or
    /// [`once`](Self::once).
    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path, false)
    }

    /// Repeated only while the server surely did not do it: a second deletion finds nobody to delete.
    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, false)
    }

    fn new(method: Method, path: impl Into<String>, is_repeatable: bool) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None, key: None, is_repeatable }
    }

    pub(crate) fn repeatable(self) -> Self {
        Self { is_repeatable: true, ..self }
    }

    /// One action of the user however often it is sent: the one that `key` names, or a new one.
    pub(crate) fn once(self, key: Option<&IdempotencyKey>) -> Self {
        Self { key: Some(key.cloned().unwrap_or_default()), is_repeatable: true, ..self }
    }

    pub(crate) fn query(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(crate) fn json(self, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Configuration(error.to_string()))?;
        Ok(Self { body: Some(body), ..self })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    retry: RetryPolicy,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
}

impl Transport {
    pub(crate) fn new(
        base: Url,
        tls: rustls::ClientConfig,
        user_agent: &str,
        timeouts: Timeouts,
        retry: RetryPolicy,
    ) -> Result<Self, Error> {
        let mut tls = tls;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(user_agent)
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.request)
            // A redirect of an API is a proxy's, and must not be given the token.
            .redirect(reqwest::redirect::Policy::none())
            // Requests and sockets take the same way.
            .no_proxy()
            .build()
            .map_err(Error::of_request)?;
        Ok(Self { http, base, retry })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.retry
    }

    /// Sends, and again where the error says that it helps.
    pub(crate) async fn send<T: DeserializeOwned>(&self, request: &Request, token: Option<&str>) -> Result<T, Error> {
        let mut made = 0;
        loop {
            let error = match self.attempt(request, token).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            made += 1;
            let Some(wait) = self.retry.wait(&error, request.is_repeatable, made) else { return Err(error) };
            tracing::debug!(%error, path = request.path, made, wait_ms = wait.as_millis(), "request is repeated");
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt<T: DeserializeOwned>(&self, request: &Request, token: Option<&str>) -> Result<T, Error> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), request.path));
        let mut builder = self.http.request(request.method.clone(), url).query(&request.query);
        if let Some(token) = token {
            builder = builder.bearer_auth(token);
        }
        if let Some(key) = &request.key {
            builder = builder.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = builder.send().await.map_err(Error::of_request)?;
        decode(response).await
    }
}

async fn decode<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.bytes().await.map_err(Error::of_request)?;
    if !status.is_success() {
        return Err(Error::of_answer(status.as_u16(), retry_after, &body));
    }
    serde_json::from_slice(&body)
        .map_err(|error| Error::Unexpected { status: status.as_u16(), reason: error.to_string() })
}
