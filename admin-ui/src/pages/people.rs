//! Everybody with an account: searched, filtered, sorted.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{UserId, users::Role};

use crate::{
    address::{Address, Choice, Query},
    components::{
        facts::{Pill, Tone, or_dash},
        filter::{ChoiceFilter, FilterForm, TextFilter, WordFilter},
        layout::{Layout, Section},
        person::{PersonName, role_names},
        table::{Column, Order, Pager, Part, Row, Table},
        time::Ago,
    },
    desk::Desk,
    paths, row,
};

/// Which people, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleQuery {
    /// How a name begins, a phone in any spelling, or an id.
    pub search: Option<String>,
    pub role: Option<RoleFilter>,
    pub verified: Option<Verified>,
    pub online: Option<Online>,
    pub country: Option<String>,
    pub language: Option<String>,
    pub sort: Sort,
    pub page: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleFilter {
    Caller,
    Listener,
    Admin,
    Viewer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Online {
    Available,
    Busy,
    Any,
    Offline,
    Suspended,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Newest,
    Name,
    Rating,
    Seen,
}

impl Choice for RoleFilter {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Caller, "caller", "Callers"),
        (Self::Listener, "listener", "Listeners"),
        (Self::Admin, "admin", "Admins"),
        (Self::Viewer, "viewer", "Viewers"),
    ];
}

impl Choice for Verified {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Yes, "yes", "Verified"), (Self::No, "no", "Not verified")];
}

impl Choice for Online {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Any, "online", "Online"),
        (Self::Available, "available", "Available"),
        (Self::Busy, "busy", "Busy"),
        (Self::Offline, "offline", "Offline"),
        (Self::Suspended, "suspended", "Suspended"),
    ];
}

impl Choice for Sort {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Newest, "newest", "Newest"),
        (Self::Name, "name", "Name"),
        (Self::Rating, "rating", "Rating"),
        (Self::Seen, "seen", "Last seen"),
    ];
}

/// The values of the filter form; another filter starts at the first page.
const FIELDS: &[&str] = &["q", "role", "verified", "online", "country", "language", "page"];

impl PeopleQuery {
    pub fn of(query: &Query) -> Self {
        Self {
            search: query.text("q"),
            role: query.choice("role"),
            verified: query.choice("verified"),
            online: query.choice("online"),
            country: query.text("country"),
            language: query.text("language"),
            sort: query.choice("sort").unwrap_or_default(),
            page: query.page("page"),
        }
    }

    /// The first page of this list.
    fn address(&self) -> Address {
        Address::new(paths::PEOPLE)
            .with("q", self.search.as_ref())
            .with("role", self.role.map(Choice::word))
            .with("verified", self.verified.map(Choice::word))
            .with("online", self.online.map(Choice::word))
            .with("country", self.country.as_ref())
            .with("language", self.language.as_ref())
            .with("sort", (self.sort != Sort::default()).then(|| self.sort.word()))
    }
}

/// A page of people.
#[derive(Debug, Clone)]
pub struct People {
    pub now: DateTime<Utc>,
    pub query: PeopleQuery,
    pub part: Part,
    pub rows: Vec<PersonLine>,
    /// To choose from.
    pub countries: Vec<String>,
    pub languages: Vec<String>,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not hang together")]
pub struct PersonLine {
    pub id: UserId,
    pub name: String,
    pub phone: String,
    pub roles: Vec<Role>,
    pub is_viewer: bool,
    pub country: Option<String>,
    pub language: Option<String>,
    /// 0 before the first.
    pub rating: f64,
    pub is_verified: bool,
    pub is_online: bool,
    pub is_busy: bool,
    pub is_suspended: bool,
    pub last_seen: DateTime<Utc>,
    pub registered_at: DateTime<Utc>,
}

#[component]
pub fn PeoplePage(desk: Desk, people: People) -> impl IntoView {
    let People { now, query, part, rows, countries, languages } = people;
    let address = query.address();
    let csv = address.clone().moved_to(paths::PEOPLE_CSV).to_string();
    let sort = query.sort;
    let by = |column: Column, choice: Sort, order: Order| {
        let address = address.clone().with("sort", (choice != Sort::default()).then(|| choice.word()));
        column.sorted_by(&address, (sort == choice).then_some(order))
    };
    let columns = vec![
        by(Column::text("Person"), Sort::Name, Order::Ascending),
        Column::text("Phone").wide_only(),
        Column::text("Role").wide_only(),
        Column::text("Country").wide_only(),
        Column::text("Language").wide_only(),
        by(Column::number("Rating").wide_only(), Sort::Rating, Order::Descending),
        Column::text("Status"),
        by(Column::number("Seen"), Sort::Seen, Order::Descending),
        by(Column::number("Registered").wide_only(), Sort::Newest, Order::Descending),
    ];
    let rows = rows.into_iter().map(|person| person_row(person, now)).collect();
    let PeopleQuery { search, role, verified, online, country, language, .. } = query;
    view! {
        <Layout title="People" current=Section::People desk as_of=now>
            <FilterForm address=address.clone() fields=FIELDS>
                <TextFilter name="q" label="Name, phone or id" value=search placeholder="asha, +91 98765 43210, #12" />
                <ChoiceFilter name="role" label="Role" value=role />
                <ChoiceFilter name="verified" label="Verification" value=verified />
                <ChoiceFilter name="online" label="Status" value=online />
                <WordFilter name="country" label="Country" value=country words=countries />
                <WordFilter name="language" label="Language" value=language words=languages />
            </FilterForm>
            <Table id="people" title="Found" columns rows empty="Nobody is found by this." live=true>
                <Pager address part />
            </Table>
            <p><a href=csv download="people.csv">"All of these as CSV"</a></p>
        </Layout>
    }
}

fn person_row(person: PersonLine, now: DateTime<Utc>) -> Row {
    let roles = roles_of(&person.roles, person.is_viewer);
    let is_unverified = person.roles.contains(&Role::Listener) && !person.is_verified;
    row![
        view! { <PersonName id=person.id name=person.name roles=roles.clone() /> },
        view! { <span class="nowrap">{person.phone}</span> },
        roles,
        or_dash(person.country),
        or_dash(person.language),
        stars(person.rating),
        view! {
            <Presence is_online=person.is_online is_busy=person.is_busy />
            {person.is_suspended.then(|| view! { " " <Pill text="Suspended" tone=Tone::Bad /> })}
            {is_unverified.then(|| view! { " " <Pill text="Not verified" tone=Tone::Warn /> })}
        },
        view! { <Ago at=person.last_seen now /> },
        view! { <Ago at=person.registered_at now /> },
    ]
}

/// Every role somebody holds, as words.
pub(super) fn roles_of(roles: &[Role], is_viewer: bool) -> String {
    let names = role_names(roles);
    if is_viewer { format!("{names}, Viewer") } else { names }
}

/// A rating as it is read; nobody has rated a zero.
pub(super) fn stars(rating: f64) -> String {
    if rating > 0.0 { format!("{rating:.2}") } else { "–".to_owned() }
}

#[component]
pub fn Presence(is_online: bool, is_busy: bool) -> impl IntoView {
    let (tone, text) = match (is_online, is_busy) {
        (false, _) => (Tone::Plain, "Offline"),
        (true, true) => (Tone::Warn, "Busy"),
        (true, false) => (Tone::Good, "Available"),
    };
    view! { <Pill text tone /> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    fn html(query: &str, total: i64) -> String {
        let query = PeopleQuery::of(&Query::parse(query));
        let part = Part::new(query.page, 50, total);
        let now = DateTime::UNIX_EPOCH;
        let line = PersonLine {
            id: UserId(7),
            name: "<img src=x>".to_owned(),
            phone: "+919876543210".to_owned(),
            roles: vec![Role::Listener],
            is_viewer: true,
            country: Some("IN".to_owned()),
            language: None,
            rating: 4.5,
            is_verified: false,
            is_online: true,
            is_busy: true,
            is_suspended: false,
            last_seen: now,
            registered_at: now,
        };
        let people =
            People { now, query, part, rows: vec![line], countries: vec!["IN".to_owned()], languages: Vec::new() };
        render(|| view! { <PeoplePage desk=Desk::sample(Rights::Viewer) people /> })
    }

    #[test]
    fn filters_stay_in_every_link() {
        let html = html("q=%3Cb%3E&role=listener&sort=rating&page=2&verified=&online=nonsense", 200);
        for link in [
            "/admin/people?q=%3Cb%3E&amp;role=listener&amp;sort=rating&amp;page=3",
            "/admin/people?q=%3Cb%3E&amp;role=listener&amp;sort=name",
            "/admin/people.csv?q=%3Cb%3E&amp;role=listener&amp;sort=rating",
        ] {
            assert!(html.contains(&format!("href=\"{link}\"")), "{link} in {html}");
        }
        assert!(html.contains(r#"<option value="listener" selected>Listeners</option>"#), "{html}");
        assert!(html.contains(r#"<input type="hidden" name="sort" value="rating">"#), "{html}");
        assert!(html.contains("51–100 of 200"), "{html}");
    }

    #[test]
    fn what_people_call_themselves_is_text() {
        let html = html("", 1);
        assert!(!html.contains("<img") && html.contains("&lt;img src=x&gt;"), "{html}");
        assert!(html.contains("Not verified") && html.contains("Listener, Viewer"), "{html}");
    }
}
