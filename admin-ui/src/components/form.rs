//! Forms that change something: POST, with the proof of the session, values kept where something is wrong.

use leptos::prelude::*;

use crate::address::Choice;

/// The proof that every form carries.
#[component]
pub fn CsrfField(#[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name="csrf" value=value /> }
}

/// What is wrong with the form, named by `aria-describedby` of the field at fault.
#[component]
pub fn Problem(text: Option<String>) -> impl IntoView {
    text.map(|text| view! { <p id="problem" class="problem" role="alert">{text}</p> })
}

/// The attribute values that tie a field to its [`Problem`].
pub fn fault(problem: Option<&str>) -> (Option<&'static str>, Option<&'static str>) {
    problem.map_or((None, None), |_| (Some("true"), Some("problem")))
}

/// A field as it was sent, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    pub value: String,
    pub problem: Option<String>,
}

impl Typed {
    pub fn wrong(value: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { value: value.into(), problem: Some(problem.into()) }
    }
}

/// A labelled line of text.
#[component]
pub fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(optional)] typed: Typed,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(default = "text")] inputmode: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(default = 200)] maxlength: u32,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] class: Option<&'static str>,
) -> impl IntoView {
    let Typed { value, problem } = typed;
    let notes = Notes::of(name, hint, problem);
    let (invalid, described_by) = (notes.invalid(), notes.described_by());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                class=class
                inputmode=inputmode
                autocomplete=autocomplete
                maxlength=maxlength.to_string()
                required=required
                autofocus=autofocus
                value=value
                aria-invalid=invalid
                aria-describedby=described_by
            />
            {notes.shown()}
        </div>
    }
}

/// A labelled text of several lines.
#[component]
pub fn TextField(
    name: &'static str,
    label: &'static str,
    #[prop(optional)] typed: Typed,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(default = 1000)] maxlength: u32,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let Typed { value, problem } = typed;
    let notes = Notes::of(name, hint, problem);
    let (invalid, described_by) = (notes.invalid(), notes.described_by());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                id=name
                name=name
                rows="3"
                maxlength=maxlength.to_string()
                required=required
                aria-invalid=invalid
                aria-describedby=described_by
            >
                {text_of_area(&value)}
            </textarea>
            {notes.shown()}
        </div>
    }
}

/// A labelled choice; the first where there is none.
#[component]
pub fn SelectField<T: Choice>(name: &'static str, label: &'static str, value: Option<T>) -> impl IntoView {
    let options = T::ALL.iter().map(|(choice, word, label)| {
        let is_chosen = Some(*choice) == value;
        view! { <option value=*word selected=is_chosen>{*label}</option> }
    });
    let options = options.collect_view();
    view! {
        <div class="field"><label for=name>{label}</label><select id=name name=name>{options}</select></div>
    }
}

/// Leptos writes what is inside a `<textarea>` as it is.
fn text_of_area(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;")
}

/// What stands below a field.
struct Notes {
    name: &'static str,
    hint: Option<&'static str>,
    problem: Option<String>,
}

impl Notes {
    fn of(name: &'static str, hint: Option<&'static str>, problem: Option<String>) -> Self {
        Self { name, hint, problem }
    }

    fn invalid(&self) -> Option<&'static str> {
        self.problem.as_ref().map(|_| "true")
    }

    fn described_by(&self) -> Option<String> {
        let problem = self.problem.as_ref().map(|_| format!("{}-problem", self.name));
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let ids: Vec<String> = problem.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn shown(self) -> impl IntoView {
        let Self { name, hint, problem } = self;
        view! {
            {problem.map(|text| view! { <p id=format!("{name}-problem") class="problem" role="alert">{text}</p> })}
            {hint.map(|text| view! { <p id=format!("{name}-hint") class="hint">{text}</p> })}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn what_was_typed_comes_back_with_what_is_wrong() {
        let html = render(|| {
            let typed = Typed::wrong("</textarea><script>", "Too <long>");
            view! {
                <Field name="a" label="A" typed=typed.clone() hint="Some" />
                <TextField name="b" label="B" typed />
            }
        });
        assert!(!html.contains("<script>") && !html.contains("<long>"), "{html}");
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
        let field =
            r#"value="&lt;/textarea&gt;&lt;script&gt;" aria-invalid="true" aria-describedby="a-problem a-hint""#;
        assert!(html.contains(field), "{html}");
        assert!(html.contains(r#"aria-describedby="b-problem">&lt;/textarea>&lt;script></textarea>"#), "{html}");
    }
}
