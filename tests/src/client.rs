//! Requests as an app sends them, and answers as it reads them.

use std::sync::LazyLock;

use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::Value;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    drop(rustls::crypto::ring::default_provider().install_default());
    // Each test has a runtime of its own, which a pooled connection must not outlive.
    Client::builder().pool_max_idle_per_host(0).build().expect("a client")
});

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json()
    }

    /// A refusal: this status, this code, and the one shape.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["code"], code, "{}", self.text);
        assert!(body["detail"].is_string() || body["detail"].is_array(), "{}", self.text);
        body
    }

    pub fn token(&self, name: &str) -> String {
        self.ok()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.text)).to_owned()
    }
}

/// A request to be sent; awaited by [`send`](Self::send).
pub struct Request(reqwest::RequestBuilder);

impl Request {
    pub fn new(method: Method, url: String) -> Self {
        Self(CLIENT.request(method, url))
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", content_type).body(body))
    }

    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// A form with this file in its field `audio_file`, named and typed as told.
    #[must_use]
    pub fn audio_file(self, name: &str, content_type: &str, bytes: impl Into<reqwest::Body>) -> Self {
        let part = reqwest::multipart::Part::stream(bytes).file_name(name.to_owned());
        let part = part.mime_str(content_type).expect("a type");
        self.multipart(reqwest::multipart::Form::new().part("audio_file", part))
    }

    #[must_use]
    pub fn multipart(self, form: reqwest::multipart::Form) -> Self {
        Self(self.0.multipart(form))
    }

    /// The whole answer, as bytes.
    pub async fn bytes(self) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = self.0.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.bytes().await.expect("the whole answer").to_vec())
    }

    pub async fn send(self) -> Answer {
        self.try_send().await.expect("the server answers")
    }

    /// `None` where no connection could be made; an answer that breaks off is a failure.
    pub async fn try_send(self) -> Option<Answer> {
        let response = match self.0.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return None,
            Err(error) => panic!("{error:?}"),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        Some(Answer { status, headers, text: response.text().await.expect("the answer is text") })
    }
}
