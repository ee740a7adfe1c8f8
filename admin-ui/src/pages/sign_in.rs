//! Signing in: first the phone, then the code that was sent to it.

use leptos::prelude::*;

use crate::{
    components::{
        document::CardDocument,
        form::{CsrfField, Problem, fault},
    },
    paths,
};

/// Asks for the phone.
#[component]
pub fn PhonePage(csrf: String, phone: String, problem: Option<String>) -> impl IntoView {
    let (invalid, described_by) = fault(problem.as_deref());
    view! {
        <CardDocument title="Sign in">
            <h1>"Sign in"</h1>
            <form class="fields" method="post" action=paths::SIGN_IN>
                <CsrfField value=csrf />
                <label for="phone">"Phone number"</label>
                <input
                    id="phone"
                    name="phone"
                    type="tel"
                    autocomplete="tel"
                    placeholder="+91 98765 43210"
                    required
                    autofocus
                    value=phone
                    aria-invalid=invalid
                    aria-describedby=described_by
                />
                <Problem text=problem />
                <button>"Send code"</button>
            </form>
            <p class="hint">"For those who work here. The code arrives by SMS."</p>
        </CardDocument>
    }
}

/// What the code form says beside its field.
#[derive(Debug, Clone, Default)]
pub struct CodeRemark {
    pub problem: Option<String>,
    pub notice: Option<&'static str>,
}

/// Asks for the code that was sent to `phone`.
#[component]
pub fn CodePage(csrf: String, phone: String, code: String, remark: CodeRemark) -> impl IntoView {
    let CodeRemark { problem, notice } = remark;
    let (invalid, described_by) = fault(problem.as_deref());
    view! {
        <CardDocument title="Enter the code">
            <h1>"Enter the code"</h1>
            <p>"Six digits were sent to " <strong class="nowrap">{phone}</strong> ". A code lives for 5 minutes."</p>
            {notice.map(|notice| view! { <p class="notice" role="status">{notice}</p> })}
            <form class="fields" method="post" action=paths::SIGN_IN_CODE>
                <CsrfField value=csrf.clone() />
                <label for="code">"Code"</label>
                <input
                    id="code"
                    class="code"
                    name="code"
                    inputmode="numeric"
                    autocomplete="one-time-code"
                    maxlength="12"
                    required
                    autofocus
                    value=code
                    aria-invalid=invalid
                    aria-describedby=described_by
                />
                <Problem text=problem />
                <button>"Sign in"</button>
            </form>
            <div class="others">
                <form method="post" action=paths::SIGN_IN_RESEND>
                    <CsrfField value=csrf />
                    <button class="quiet">"Send again"</button>
                </form>
                <a href=paths::SIGN_IN>"Use another number"</a>
            </div>
        </CardDocument>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn what_was_typed_comes_back_escaped() {
        let html = render(|| {
            let phone = r#""><script>alert(1)</script>"#.to_owned();
            view! { <PhonePage csrf="c".to_owned() phone problem=Some("Not a <phone> number".to_owned()) /> }
        });
        assert!(html.contains(r#"value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;""#), "{html}");
        assert!(html.contains("Not a &lt;phone&gt; number"), "{html}");
        assert!(html.contains(r#"aria-invalid="true" aria-describedby="problem""#), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn a_fresh_form_complains_of_nothing() {
        let html = render(|| view! { <PhonePage csrf="proof".to_owned() phone=String::new() problem=None /> });
        assert!(!html.contains("aria-invalid"), "{html}");
        assert!(!html.contains("role=\"alert\""), "{html}");
        assert!(html.contains(r#"<input type="hidden" name="csrf" value="proof">"#), "{html}");
    }

    #[test]
    fn both_forms_of_the_code_page_carry_the_proof() {
        let html = render(|| {
            let (csrf, phone) = ("proof".to_owned(), "+919876543210".to_owned());
            view! { <CodePage csrf phone code=String::new() remark=CodeRemark::default() /> }
        });
        assert_eq!(html.matches(r#"name="csrf" value="proof""#).count(), html.matches("<form").count(), "{html}");
        assert!(html.contains("+919876543210"), "{html}");
    }
}
