use leptos::prelude::*;

/// How something stands, as its colour says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warn,
    Bad,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A short state in a colour that its words do not depend on.
#[component]
pub fn Pill(#[prop(into)] text: String, #[prop(optional)] tone: Tone) -> impl IntoView {
    view! { <span class=format!("pill {}", tone.class())>{text}</span> }
}

/// The facts of [`Facts`], of anything that can be shown.
#[macro_export]
macro_rules! facts {
    ($($name:expr => $fact:expr),* $(,)?) => { vec![$(($name, leptos::prelude::IntoAny::into_any($fact))),*] };
}

/// Names and what they stand for, below a title.
#[component]
pub fn Facts(
    id: &'static str,
    #[prop(into)] title: String,
    facts: Vec<(&'static str, AnyView)>,
    #[prop(optional)] live: bool,
    /// Below the facts: what can be done about them.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let facts = facts.into_iter().map(|(name, fact)| view! { <div><dt>{name}</dt><dd>{fact}</dd></div> });
    let facts = facts.collect_view();
    view! {
        <section id=id class="panel" aria-labelledby=title_id data-live=live.then_some("")>
            <h2 id=title_id.clone()>{title}</h2>
            <dl class="facts">{facts}</dl>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </section>
    }
}

/// A fact that people wrote at length: it takes the whole width.
pub fn at_length(text: impl Into<String>) -> impl IntoView {
    let text: String = text.into();
    view! { <span class="wide">{text}</span> }
}

/// A fact, or a dash where there is none.
pub fn or_dash(text: Option<impl Into<String>>) -> String {
    text.map_or_else(|| "–".to_owned(), Into::into)
}
