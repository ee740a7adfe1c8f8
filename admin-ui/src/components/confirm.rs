use leptos::prelude::*;

use super::{
    form::CsrfField,
    layout::{Layout, Section},
};
use crate::desk::Desk;

/// Asks before something that cannot be undone: what it means, a form that does it, and the way back. Its fields are
/// the children.
#[component]
pub fn ConfirmPage(
    #[prop(into)] title: String,
    section: Section,
    desk: Desk,
    /// What will happen, a paragraph each.
    meaning: Vec<String>,
    /// Where the form goes.
    action: String,
    /// What the button says.
    button: &'static str,
    /// Where one goes who would rather not.
    back: String,
    /// What stood in the way of it.
    #[prop(optional)]
    problem: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let meaning = meaning.into_iter().map(|text| view! { <p>{text}</p> }).collect_view();
    let form = desk.may_change().then(|| {
        view! {
            <form class="fields" method="post" action=action>
                <CsrfField value=desk.csrf.clone() />
                {children.map(|children| children())}
                <div class="buttons"><button class="danger">{button}</button><a href=back.clone()>"Cancel"</a></div>
            </form>
        }
    });
    let refusal = (!desk.may_change()).then(|| {
        view! { <p class="hint">"Your role may look at this and not do it. " <a href=back>"Back"</a></p> }
    });
    view! {
        <Layout title current=section desk>
            <section class="card narrow">
                {(!problem.is_empty()).then(|| view! { <p class="problem" role="alert">{problem}</p> })}
                {meaning}
                {form}
                {refusal}
            </section>
        </Layout>
    }
}
