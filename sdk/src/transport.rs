//! The only sender of requests: headers, time limits, repetition, decoding.

use std::time::Duration;

use reqwest::{
    Method, Response, Url,
    header::{CONTENT_TYPE, HeaderName, RETRY_AFTER},
    multipart,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{AudioFile, Error, IdempotencyKey, RetryPolicy};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Body>,
    /// The same for every attempt.
    key: Option<IdempotencyKey>,
    /// Doing it twice is doing it once.
    is_repeatable: bool,
    /// A file goes up or down, over whatever line there is.
    is_transfer: bool,
}

#[derive(Debug, Clone)]
enum Body {
    Json(Vec<u8>),
    Form(Form),
}

/// A form whose last field is a file; made anew for every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) file_field: &'static str,
    pub(crate) file: AudioFile,
}

impl Form {
    async fn build(&self) -> Result<multipart::Form, Error> {
        let mut form = multipart::Form::new();
        for (name, value) in &self.fields {
            form = form.text(name.clone(), value.clone());
        }
        Ok(form.part(self.file_field, self.file.part().await?))
    }
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
        Self { method, path: path.into(), query: Vec::new(), body: None, key: None, is_repeatable, is_transfer: false }
    }

    pub(crate) fn repeatable(self) -> Self {
        Self { is_repeatable: true, ..self }
    }

    /// Repeated only while the server surely did not do it.
    pub(crate) fn unrepeatable(self) -> Self {
        Self { is_repeatable: false, ..self }
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
        Ok(Self { body: Some(Body::Json(body)), ..self })
    }

    pub(crate) fn form(self, form: Form) -> Self {
        Self { body: Some(Body::Form(form)), ..self }.transfer()
    }

    pub(crate) fn transfer(self) -> Self {
        Self { is_transfer: true, ..self }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    timeouts: Timeouts,
    retry: RetryPolicy,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
    pub(crate) transfer: Duration,
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
            // A redirect of an API is a proxy's, and must not be given the token.
            .redirect(reqwest::redirect::Policy::none())
            // Requests and sockets take the same way.
            .no_proxy()
            .build()
            .map_err(Error::of_request)?;
        Ok(Self { http, base, timeouts, retry })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.retry
    }

    /// Sends, and again where the error says that it helps.
    pub(crate) async fn send<T: DeserializeOwned>(&self, request: &Request, token: Option<&str>) -> Result<T, Error> {
        self.repeat(&request.path, request.is_repeatable, || async {
            decode(self.attempt(request, token).await?).await
        })
        .await
    }

    /// As [`send`](Self::send), for an answer that is read piece by piece: it may still break off.
    pub(crate) async fn open(&self, request: &Request, token: Option<&str>) -> Result<Response, Error> {
        self.repeat(&request.path, request.is_repeatable, || self.attempt(request, token)).await
    }

    /// Posts a form to an object store, which has no business with the token.
    pub(crate) async fn upload(&self, url: &str, form: &Form) -> Result<(), Error> {
        let url = Url::parse(url).map_err(|error| Error::Configuration(format!("not an address: {error}")))?;
        let attempt = || async {
            let post = self.http.post(url.clone()).timeout(self.timeouts.transfer).multipart(form.build().await?);
            let answer = post.send().await.map_err(Error::of_request)?;
            let status = answer.status();
            if status.is_success() {
                return Ok(());
            }
            let body = answer.text().await.map_err(Error::of_request)?;
            Err(Error::UploadRefused { status: status.as_u16(), reason: s3_reason(&body).to_owned() })
        };
        self.repeat("upload", true, attempt).await
    }

    async fn repeat<T, F>(&self, path: &str, is_repeatable: bool, mut attempt: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut made = 0;
        loop {
            let error = match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            made += 1;
            let Some(wait) = self.retry.wait(&error, is_repeatable, made) else { return Err(error) };
            tracing::debug!(%error, path, made, wait_ms = wait.as_millis(), "request is repeated");
            tokio::time::sleep(wait).await;
        }
    }

    /// The head of a success.
    async fn attempt(&self, request: &Request, token: Option<&str>) -> Result<Response, Error> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), request.path));
        let mut builder = self.http.request(request.method.clone(), url).query(&request.query);
        if let Some(token) = token {
            builder = builder.bearer_auth(token);
        }
        if let Some(key) = &request.key {
            builder = builder.header(IDEMPOTENCY_KEY, key.as_str());
        }
        let limit = if request.is_transfer { self.timeouts.transfer } else { self.timeouts.request };
        let builder = match &request.body {
            None => builder,
            Some(Body::Json(body)) => builder.header(CONTENT_TYPE, "application/json").body(body.clone()),
            Some(Body::Form(form)) => builder.multipart(form.build().await?),
        };
        let answer = builder.timeout(limit).send().await.map_err(Error::of_request)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.bytes().await.map_err(Error::of_request)?;
        Err(Error::of_answer(status.as_u16(), retry_after, &body))
    }
}

async fn decode<T: DeserializeOwned>(answer: Response) -> Result<T, Error> {
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(Error::of_request)?;
    serde_json::from_slice(&body).map_err(|error| Error::Unexpected { status, reason: error.to_string() })
}

/// `EntityTooLarge` of `<Error><Code>EntityTooLarge</Code>…`.
fn s3_reason(body: &str) -> &str {
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or("no reason given", |(code, _)| code)
}
