//! Views to text.

use leptos::prelude::*;

/// Renders a whole page outside of [`App`](crate::App): a form, an error.
pub fn render<V: IntoView + 'static>(view: impl FnOnce() -> V) -> String {
    // A root of its own: `Owner::with` would leave its thread-local behind if the view panicked.
    let owner = Owner::new_root(None);
    let html = owner.with(|| view().into_view().to_html());
    owner.cleanup();
    plain(&html)
}

/// Without the empty comments that mark text for hydration, which no page here does. Text and attributes of users
/// are escaped, so that none of theirs is meant.
pub fn plain(html: &str) -> String {
    html.replace("<!>", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_go_and_escaped_text_stays() {
        let text = "<!> & <script>".to_owned();
        let html = render(|| view! { <p title=text.clone()>"a " {text.clone()} " b"</p> });
        assert_eq!(html, r#"<p title="&lt;!&gt; &amp; &lt;script&gt;">a &lt;!&gt; &amp; &lt;script&gt; b</p>"#);
    }
}
