use leptos::prelude::*;

use super::stat::grouped;
use crate::address::Address;

/// A column of a [`Table`]: what its heading says, and how its cells stand.
#[derive(Debug, Clone)]
pub struct Column {
    label: &'static str,
    is_number: bool,
    is_wide_only: bool,
    sort: Option<Sort>,
}

/// A heading that sorts.
#[derive(Debug, Clone)]
struct Sort {
    href: String,
    /// The order that the rows have now, as `aria-sort` calls it.
    current: Option<&'static str>,
}

impl Column {
    pub fn text(label: &'static str) -> Self {
        Self { label, is_number: false, is_wide_only: false, sort: None }
    }

    /// At the end of its column, so that digits stand below digits.
    pub fn number(label: &'static str) -> Self {
        Self { is_number: true, ..Self::text(label) }
    }

    /// Left out where the screen is narrow.
    #[must_use]
    pub fn wide_only(self) -> Self {
        Self { is_wide_only: true, ..self }
    }

    /// Sorted by a click on its heading; `order` is how the rows stand now, if they are sorted by this column.
    #[must_use]
    pub fn sorted_by(self, address: &Address, order: Option<Order>) -> Self {
        let current = order.map(|order| match order {
            Order::Ascending => "ascending",
            Order::Descending => "descending",
        });
        Self { sort: Some(Sort { href: address.to_string(), current }), ..self }
    }

    fn class(&self) -> Option<&'static str> {
        match (self.is_number, self.is_wide_only) {
            (false, false) => None,
            (true, false) => Some("end"),
            (false, true) => Some("wide-only"),
            (true, true) => Some("end wide-only"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// The cells of a row, the first of which names it.
pub type Row = Vec<AnyView>;

/// A [`Row`] of anything that can be shown.
#[macro_export]
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$(leptos::prelude::IntoAny::into_any($cell)),*] };
}

/// A titled table, or in its place what to say when there are no rows.
#[component]
pub fn Table(
    id: &'static str,
    #[prop(into)] title: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    empty: &'static str,
    /// Whether the live script swaps it.
    #[prop(optional)]
    live: bool,
    /// Below the rows: a pager, or how many are not shown.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let body = if rows.is_empty() {
        view! { <p class="empty">{empty}</p> }.into_any()
    } else {
        let classes: Vec<_> = columns.iter().map(Column::class).collect();
        let rows = rows.into_iter().map(|row| cells(&classes, row)).collect_view();
        view! {
            <table>
                <thead><tr>{columns.into_iter().map(|column| view! { <Heading column /> }).collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section id=id class="panel" aria-labelledby=title_id data-live=live.then_some("")>
            <h2 id=title_id.clone()>{title}</h2>
            {body}
            {children.map(|children| children())}
        </section>
    }
}

#[component]
fn Heading(column: Column) -> impl IntoView {
    let class = column.class();
    let Column { label, sort, .. } = column;
    match sort {
        None => view! { <th scope="col" class=class>{label}</th> }.into_any(),
        Some(Sort { href, current }) => {
            view! { <th scope="col" class=class aria-sort=current><a class="sort" href=href>{label}</a></th> }
                .into_any()
        }
    }
}

fn cells(classes: &[Option<&'static str>], row: Row) -> impl IntoView + use<> {
    let cells: Vec<_> = row
        .into_iter()
        .zip(classes.to_vec())
        .enumerate()
        .map(|(place, (cell, class))| match place {
            0 => view! { <th scope="row" class=class>{cell}</th> }.into_any(),
            _ => view! { <td class=class>{cell}</td> }.into_any(),
        })
        .collect();
    view! { <tr>{cells}</tr> }
}

/// The way through a list that is too long to be counted, the newest first.
#[component]
pub fn Older(
    /// Where it begins, unless that is shown.
    newest: Option<Address>,
    /// What comes after the last row, if anything does.
    older: Option<Address>,
) -> impl IntoView {
    let link = |to: Option<Address>, rel: &'static str, text: &'static str| {
        to.map(|to| view! { <a href=to.to_string() rel=rel>{text}</a> })
    };
    (newest.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Older and newer">
                {link(newest, "first", "Newest")}
                {link(older, "next", "Older")}
            </nav>
        }
    })
}

/// Which part of a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// From 1, and no further than the list goes.
    pub page: i64,
    pub per_page: i64,
    pub total: i64,
}

impl Part {
    pub fn new(page: i64, per_page: i64, total: i64) -> Self {
        let last = ((total + per_page - 1) / per_page).max(1);
        Self { page: page.clamp(1, last), per_page, total }
    }

    /// How many rows stand before it.
    pub fn offset(self) -> i64 {
        (self.page - 1) * self.per_page
    }

    fn has_next(self) -> bool {
        self.offset() + self.per_page < self.total
    }
}

/// Leads to the other pages of a list. `address` is the list with all its filters, `name` the value that turns pages.
#[component]
pub fn Pager(address: Address, #[prop(default = "page")] name: &'static str, part: Part) -> impl IntoView {
    let link = move |page: i64, text: &'static str, rel: &'static str| {
        let href = address.clone().with(name, (page > 1).then_some(page)).to_string();
        view! { <a href=href rel=rel>{text}</a> }
    };
    let Part { page, total, .. } = part;
    let first = part.offset() + 1;
    let last = (part.offset() + part.per_page).min(total);
    (total > 0).then(|| {
        view! {
            <nav class="pager" aria-label="Pages of this list">
                <span>{format!("{}–{} of {}", grouped(first), grouped(last), grouped(total))}</span>
                {(page > 1).then(|| link(page - 1, "Previous", "prev"))}
                {part.has_next().then(|| link(page + 1, "Next", "next"))}
            </nav>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn a_cell_stands_as_its_column_says() {
        let html = render(|| {
            let address = Address::new("/admin/x").with("sort", Some("name"));
            let columns = vec![
                Column::text("Name").sorted_by(&address, Some(Order::Ascending)),
                Column::text("Role").wide_only(),
                Column::number("Coins"),
            ];
            view! { <Table id="t" title="People" columns rows=vec![row!["<b>", "x".to_owned(), 5]] empty="None." /> }
        });
        let html = html.replace(r#" class="""#, "");
        for part in [
            r#"<th scope="col" aria-sort="ascending"><a href="/admin/x?sort=name" class="sort">Name</a></th>"#,
            r#"<tr><th scope="row">&lt;b&gt;</th><td class="wide-only">x</td><td class="end">5</td></tr>"#,
        ] {
            assert!(html.contains(part), "{html}");
        }
        assert!(!html.contains("data-live"), "{html}");
    }

    #[test]
    fn an_empty_table_is_said_in_words() {
        let html = render(|| {
            view! { <Table id="t" title="People" columns=vec![Column::text("Name")] rows=vec![] empty="Nobody." live=true /> }
        });
        assert!(html.contains("Nobody.") && !html.contains("<table"), "{html}");
        assert!(html.contains(" data-live"), "{html}");
    }

    #[test]
    fn the_pager_keeps_every_filter_and_goes_no_further_than_the_list() {
        let pager = |page, total| {
            render(move || {
                let address = Address::new("/admin/x").with("q", Some("a b")).with("page", Some(page));
                view! { <Pager address part=Part::new(page, 50, total) /> }
            })
        };
        let middle = pager(2, 123);
        assert!(middle.contains("51–100 of 123"), "{middle}");
        assert!(middle.contains(r#"<a href="/admin/x?q=a+b" rel="prev">"#), "{middle}");
        assert!(middle.contains(r#"<a href="/admin/x?q=a+b&amp;page=3" rel="next">"#), "{middle}");
        let last = pager(1000, 123);
        assert!(last.contains("101–123 of 123") && !last.contains("Next"), "{last}");
        assert_eq!(pager(7, 0), "");
        assert_eq!(Part::new(i64::MAX, 50, 1_000_000).page, 20_000);
    }
}
