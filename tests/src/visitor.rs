//! A browser at the dashboard: it keeps the cookie, follows no redirect and sends the forms of the page it is on.

use std::sync::LazyLock;

use reqwest::{
    Client, Method, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};

use crate::{TestApp, client::Answer};

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    drop(rustls::crypto::ring::default_provider().install_default());
    // Each test has a runtime of its own, which a pooled connection must not outlive.
    Client::builder().pool_max_idle_per_host(0).redirect(Policy::none()).build().expect("a client")
});

const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Somebody's browser. A clone is the same browser's other tab, until one of them is given another cookie.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub base: String,
    /// `name=value`.
    pub cookie: Option<String>,
    /// The proof of the page last seen.
    pub proof: Option<String>,
}

impl Visitor {
    pub fn at(app: &TestApp) -> Self {
        Self { base: app.base.clone(), cookie: None, proof: None }
    }

    /// The same browser at another node.
    #[must_use]
    pub fn moved_to(&self, app: &TestApp) -> Self {
        Self { base: app.base.clone(), ..self.clone() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.take(self.send(Method::GET, path, headers, None).await).await
    }

    /// An answer that does not end by itself.
    pub async fn open(&self, path: &str) -> Response {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a form of the page last seen.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_with(path, fields, &[SAME_ORIGIN]).await
    }

    /// Sends it with these headers alone.
    pub async fn submit_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let proof = self.proof.clone();
        let proof = proof.iter().map(|proof| ("csrf", proof.as_str()));
        let fields: Vec<_> = proof.chain(fields.iter().copied()).collect();
        self.take(self.send(Method::POST, path, headers, Some(&fields)).await).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Response {
        let mut request = CLIENT.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(fields) = form {
            request = request.form(fields);
        }
        request.send().await.expect("the server answers")
    }

    async fn take(&mut self, response: Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Answer { status, headers, text: response.text().await.expect("the answer is text") };
        if let Some(line) = answer.headers.get(SET_COOKIE) {
            let line = line.to_str().expect("a cookie is text");
            let pair = line.split(';').next().unwrap_or_default();
            self.cookie = (!line.contains("Max-Age=0")).then(|| pair.to_owned());
        }
        if let Some(proof) = between(&answer.text, r#"name="csrf" value=""#, "\"") {
            self.proof = Some(proof.to_owned());
        }
        answer
    }

    /// Proves `phone` to the dashboard; the answer to its code.
    pub async fn sign_in(&mut self, app: &TestApp, phone: &str) -> Answer {
        self.ask_for_code(phone).await;
        self.submit("/admin/sign-in/code", &[("code", &app.phones.last_code(phone))]).await
    }

    /// Goes on to the page that waits for the code.
    pub async fn ask_for_code(&mut self, phone: &str) {
        self.get("/admin/sign-in").await;
        self.submit("/admin/sign-in", &[("phone", phone)]).await.leads_to("/admin/sign-in/code");
        assert_eq!(self.get("/admin/sign-in/code").await.status, 200);
    }
}

impl Answer {
    /// A redirect after which the browser asks by GET.
    #[track_caller]
    pub fn leads_to(&self, path: &str) {
        let location = self.headers.get(LOCATION).map(|location| location.to_str().expect("a location is text"));
        assert_eq!((self.status.as_u16(), location), (303, Some(path)), "{}", self.text);
    }

    /// A page with this status and this heading.
    #[track_caller]
    pub fn is_page(&self, status: u16, heading: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert!(self.text.starts_with("<!DOCTYPE html>"), "{}", self.text);
        assert_eq!(between(&self.text, "<h1>", "</h1>"), Some(heading), "{}", self.text);
    }

    /// What the form says is wrong with it.
    #[track_caller]
    pub fn problem(&self) -> &str {
        let tag = between(&self.text, r#" role="alert""#, "</p>").and_then(|rest| rest.split_once('>'));
        tag.unwrap_or_else(|| panic!("no problem in {}", self.text)).1
    }

    /// The text of a header; empty where there is none.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("the header is text"))
    }
}

/// The first part of `text` between two others.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(part, _)| part)
}
