use leptos::prelude::*;

use crate::{components::document::CardDocument, paths};

/// A refusal: what happened and what to do.
#[component]
pub fn FailurePage(title: &'static str, advice: &'static str) -> impl IntoView {
    view! {
        <CardDocument title>
            <h1>{title}</h1>
            <p>{advice}</p>
            <p><a class="button" href=paths::HOME>"Go to the overview"</a></p>
        </CardDocument>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn a_failure_says_what_to_do() {
        let html = render(|| view! { <FailurePage title="Page not found" advice="Check the address." /> });
        assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
        assert!(html.contains("<title>Page not found · Saathii</title>"), "{html}");
        assert!(html.contains("<p>Check the address.</p>"), "{html}");
    }
}
