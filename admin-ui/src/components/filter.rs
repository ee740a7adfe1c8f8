//! Forms that only narrow what is shown: GET, and so bookmarks.

use leptos::prelude::*;

use crate::address::{Address, Choice, Days};

/// Narrows the list at `address`, whose other values it keeps: those that no field of it is named by.
#[component]
pub fn FilterForm(
    address: Address,
    /// Names of the fields within, and of what starts anew with another filter.
    fields: &'static [&'static str],
    children: Children,
) -> impl IntoView {
    let kept = address.pairs().iter().filter(|(name, _)| !fields.contains(name)).cloned();
    let kept = kept.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let path = address.path().to_owned();
    view! {
        <form class="filters" method="get" action=path role="search">
            {kept}
            {children()}
            <div class="buttons"><button>"Show"</button><a href=path.clone()>"Clear"</a></div>
        </form>
    }
}

#[component]
pub fn TextFilter(
    name: &'static str,
    label: &'static str,
    value: Option<String>,
    #[prop(optional)] placeholder: &'static str,
    /// For an id, which needs no room.
    #[prop(optional)]
    short: bool,
) -> impl IntoView {
    let id = format!("filter-{name}");
    view! {
        <div class=if short { "field short" } else { "field grows" }>
            <label for=id.clone()>{label}</label>
            <input id=id name=name type="search" maxlength="200" placeholder=placeholder value=value />
        </div>
    }
}

/// From a day to a day.
#[component]
pub fn DaysFilter(days: Days) -> impl IntoView {
    let field = |name: &'static str, label: &'static str, day: Option<chrono::NaiveDate>| {
        let id = format!("filter-{name}");
        let value = day.map(|day| day.to_string());
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <input id=id name=name type="date" min="2000-01-01" max="2999-12-31" value=value />
            </div>
        }
    };
    view! { {field(Days::FROM, "From", days.from)} {field(Days::TO, "To", days.to)} }
}

#[component]
pub fn ChoiceFilter<T: Choice>(
    name: &'static str,
    label: &'static str,
    value: Option<T>,
    /// What no choice means.
    #[prop(default = "Any")]
    any: &'static str,
) -> impl IntoView {
    let options = T::ALL.iter().map(|(choice, word, label)| (*word, *label, Some(*choice) == value));
    let options = options.map(|(word, label, is_chosen)| option(word.to_owned(), label.to_owned(), is_chosen));
    select(name, label, any, options.collect())
}

/// A choice of what is known only at run time.
#[component]
pub fn WordFilter(
    name: &'static str,
    label: &'static str,
    value: Option<String>,
    words: Vec<String>,
    #[prop(default = "Any")] any: &'static str,
) -> impl IntoView {
    // What the address asks for is shown even where nobody has it any more.
    let unknown = value.clone().filter(|value| !words.contains(value));
    let options = words.into_iter().chain(unknown);
    let options = options.map(|word| {
        let is_chosen = value.as_ref() == Some(&word);
        option(word.clone(), word, is_chosen)
    });
    select(name, label, any, options.collect())
}

fn option(value: String, label: String, is_chosen: bool) -> AnyView {
    view! { <option value=value selected=is_chosen>{label}</option> }.into_any()
}

fn select(name: &'static str, label: &'static str, any: &'static str, options: Vec<AnyView>) -> impl IntoView {
    let id = format!("filter-{name}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select id=id name=name><option value="">{any}</option>{options}</select>
        </div>
    }
}

/// The states of a queue as tabs: one of them is shown.
#[component]
pub fn StatusTabs<T: Choice>(path: &'static str, current: T) -> impl IntoView {
    let tabs = T::ALL.iter().map(|(status, word, label)| {
        let href = Address::new(path).with("status", Some(word)).to_string();
        let here = (*status == current).then_some("true");
        view! { <li><a href=href aria-current=here>{*label}</a></li> }
    });
    view! { <nav aria-label="Status"><ul class="spans">{tabs.collect_view()}</ul></nav> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn a_form_keeps_what_it_does_not_ask_for() {
        let html = render(|| {
            let address =
                Address::new("/admin/x").with("q", Some("<b>")).with("sort", Some("name")).with("page", Some(3));
            view! {
                <FilterForm address fields=&["q", "country", "page"]>
                    <TextFilter name="q" label="Name" value=Some("<b>".to_owned()) />
                    <WordFilter name="country" label="Country" value=Some("XX".to_owned()) words=vec!["IN".to_owned()] />
                </FilterForm>
            }
        });
        assert!(html.contains(r#"<input type="hidden" name="sort" value="name">"#), "{html}");
        assert!(!html.contains(r#"type="hidden" name="page""#), "{html}");
        assert!(html.contains(r#"value="&lt;b&gt;""#), "{html}");
        assert!(
            html.contains(
                r#"<option value="">Any</option><option value="IN">IN</option><option value="XX" selected>XX</option>"#
            ),
            "{html}"
        );
    }
}
