//! Forms: whose they are.

use super::*;

/// A form as it could be sent now.
struct ReadyForm {
    visitor: Visitor,
    path: &'static str,
    fields: Vec<(&'static str, String)>,
    /// Where it leads when it works.
    then: &'static str,
}

impl ReadyForm {
    fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Sends it from a browser with this cookie and this proof.
    async fn send_as(&self, cookie: Option<&str>, proof: Option<&str>) -> Answer {
        let base = self.visitor.base.clone();
        let mut other = Visitor { base, cookie: cookie.map(str::to_owned), proof: proof.map(str::to_owned) };
        other.submit(self.path, &self.fields()).await
    }

    async fn send_with(&self, headers: &[(&str, &str)]) -> Answer {
        self.visitor.clone().submit_with(self.path, &self.fields(), headers).await
    }
}

/// All four.
async fn every_form(app: &TestApp) -> [ReadyForm; 4] {
    let (session, admin) = at_work(app).await;
    let mut visit = Visitor::at(app);
    visit.get(SIGN_IN).await.is_page(200, "Sign in");
    let mut waiting = Visitor::at(app);
    waiting.ask_for_code(&admin.phone).await;
    let code = app.phones.last_code(&admin.phone);
    let mut unsent = Visitor::at(app);
    unsent.ask_for_code(&app.new_phone()).await;
    [
        ReadyForm { visitor: visit, path: SIGN_IN, fields: vec![("phone", app.new_phone())], then: CODE },
        ReadyForm { visitor: waiting, path: CODE, fields: vec![("code", code)], then: "/admin" },
        ReadyForm { visitor: unsent, path: RESEND, fields: vec![], then: "/admin/sign-in/code?sent-again" },
        ReadyForm { visitor: session, path: SIGN_OUT, fields: vec![], then: SIGN_IN },
    ]
}

#[tokio::test]
async fn a_form_without_the_proof_of_its_own_session_changes_nothing() {
    let app = TestApp::start().await;
    let forms = every_form(&app).await;
    let mut stranger = Visitor::at(&app);
    stranger.get(SIGN_IN).await.is_page(200, "Sign in");
    for form in forms {
        let (cookie, proof) = (form.visitor.cookie.as_deref(), form.visitor.proof.as_deref().unwrap());
        let cut = &proof[..proof.len() - 2];
        for foreign in [None, Some(""), Some("00"), Some(cut), stranger.proof.as_deref()] {
            form.send_as(cookie, foreign).await.is_page(403, STALE);
        }
        if form.path == SIGN_OUT {
            // Without a cookie there is nobody to sign out.
            for cookie in [None, stranger.cookie.as_deref()] {
                form.send_as(cookie, Some(proof)).await.leads_to(SIGN_IN);
            }
            assert!(is_signed_in(&form.visitor).await);
        } else {
            for cookie in [None, stranger.cookie.as_deref()] {
                form.send_as(cookie, Some(proof)).await.is_page(403, STALE);
            }
        }
        if let [("phone", phone)] = form.fields()[..] {
            assert!(app.phones.codes(phone).is_empty());
        }
        // No code was spent and no session ended: the form works still.
        form.send_as(cookie, Some(proof)).await.leads_to(form.then);
    }
}

#[tokio::test]
async fn a_form_from_another_site_changes_nothing() {
    let app = TestApp::start().await;
    let own = app.base.clone();
    for form in every_form(&app).await {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-site"), ("origin", &own)],
            &[("origin", "https://evil.example")],
            &[("origin", "http://127.0.0.1:1")],
            &[("origin", "null")],
        ] {
            let answer = form.send_with(headers).await;
            assert_eq!(answer.status, 403, "{} {headers:?}", form.path);
            answer.is_page(403, STALE);
        }
        // Browsers send no Sec-Fetch-Site over plain http to another machine.
        form.send_with(&[("origin", &own)]).await.leads_to(form.then);
    }
}

#[tokio::test]
async fn a_form_too_large_is_a_page_and_changes_nothing() {
    let app = TestApp::start().await;
    let filler = "x".repeat(64 * 1024);
    for form in every_form(&app).await {
        let mut fields = form.fields();
        fields.push(("more", &filler));
        let answer = form.visitor.clone().submit(form.path, &fields).await;
        answer.is_page(413, "Too much at once");
        form.send_as(form.visitor.cookie.as_deref(), form.visitor.proof.as_deref()).await.leads_to(form.then);
    }
}
