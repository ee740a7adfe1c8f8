use leptos::prelude::*;

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
