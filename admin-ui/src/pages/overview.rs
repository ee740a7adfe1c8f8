//! The overview: how many, how well, who came and who is there.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use saathii_shared_types::{Coins, Earnings, Paise, UserId, feed::FeedStats, users::Role};

use crate::{
    address::{Address, Choice, Query},
    components::{
        chart::{Chart, Series, Shape},
        facts::or_dash,
        layout::{Layout, Section},
        person::{PersonName, role_names},
        stat::{Stat, grouped},
        table::{Column, Row, Table},
        time::{Ago, Moment, minutes_left},
    },
    desk::Desk,
    paths, row,
};

/// What the overview shows, as of `now`.
#[derive(Debug, Clone)]
pub struct Overview {
    pub now: DateTime<Utc>,
    pub listeners: FeedStats,
    pub people: People,
    /// Sockets of the node that answers.
    pub sockets: i64,
    pub stores: Vec<StoreHealth>,
    pub live_calls: i64,
    pub pending_reviews: i64,
    pub pending_withdrawals: i64,
    pub open_reports: i64,
    /// By how much the longest overdue minute of a call is late.
    pub meter_lateness: TimeDelta,
    pub proof: Option<Proof>,
    pub span: Span,
    /// One for each hour or day of the span, the oldest first.
    pub takings: Vec<Takings>,
    /// Some of those who are online, the busy first.
    pub online: Vec<OnlinePerson>,
    /// The latest to register, the newest first.
    pub newest: Vec<NewPerson>,
}

/// Which time the charts show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverviewQuery {
    pub span: Span,
}

impl OverviewQuery {
    pub fn of(query: &Query) -> Self {
        Self { span: query.choice("span").unwrap_or_default() }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Span {
    /// The last 24 hours, by the hour.
    Day,
    /// The last seven days.
    #[default]
    Week,
    /// The last thirty days.
    Month,
}

impl Choice for Span {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Day, "day", "24 hours"), (Self::Week, "week", "7 days"), (Self::Month, "month", "30 days")];
}

/// What the calls brought that began within an hour or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takings {
    pub at: DateTime<Utc>,
    pub calls: i64,
    /// Less those that were taken back.
    pub sold: Coins,
    /// Spent on calls.
    pub coins: Coins,
    pub earnings: Earnings,
    /// What the coins are worth, less what the earnings are.
    pub margin: Paise,
}

/// The last proof of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    pub at: DateTime<Utc>,
    /// What does not agree.
    pub discrepancies: usize,
}

/// How many have an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct People {
    pub total: i64,
    pub last_seven_days: i64,
    /// Since midnight UTC.
    pub today: i64,
    pub online: i64,
}

/// A store behind the server, and how fast it answered; `None`: not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    pub name: &'static str,
    pub latency: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct OnlinePerson {
    pub id: UserId,
    pub name: String,
    pub roles: Vec<Role>,
    pub is_busy: bool,
    pub busy_until: Option<DateTime<Utc>>,
    pub last_seen: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct NewPerson {
    pub id: UserId,
    pub name: String,
    pub roles: Vec<Role>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    pub registered_at: DateTime<Utc>,
}

#[component]
pub fn OverviewPage(desk: Desk, overview: Overview) -> impl IntoView {
    let Overview { now, listeners, people, sockets, stores, online, newest, span, takings, proof, .. } = overview;
    let discrepancies = proof.map_or(0, |proof| i64::try_from(proof.discrepancies).unwrap_or(i64::MAX));
    let books_class = if discrepancies > 0 { "stat bad" } else { "stat" };
    let books = match proof {
        Some(Proof { at, .. }) => view! { "The books were proven " <Ago at now /> "." }.into_any(),
        None => "The books are being proven.".into_any(),
    };
    view! {
        <Layout title="Overview" current=Section::Overview desk as_of=now>
            <section aria-labelledby="listeners-title">
                <h2 id="listeners-title">"Listeners"</h2>
                <dl id="listeners" class="stats" data-live>
                    <Stat label="Available" value=listeners.available_listeners class="stat good" />
                    <Stat label="Busy" value=listeners.busy_listeners class="stat warn" />
                    <Stat label="Online" value=listeners.online_listeners />
                    <Stat label="All listeners" value=listeners.total_listeners />
                </dl>
            </section>
            <section aria-labelledby="work-title">
                <h2 id="work-title">"Work"</h2>
                <dl id="work" class="stats" data-live>
                    <Stat label="Live calls" value=overview.live_calls href=paths::CALLS />
                    <Stat label="Pending reviews" value=overview.pending_reviews href=paths::VERIFICATION />
                    <Stat label="Open reports" value=overview.open_reports href=paths::REPORTS />
                    <Stat label="Pending withdrawals" value=overview.pending_withdrawals href=paths::WITHDRAWALS />
                    <Stat label="Discrepancies in the books" value=discrepancies class=books_class href=paths::BOOKS />
                    <Stat label="Sockets" value=sockets note="on this node" />
                </dl>
                <p id="proof" class="hint" data-live>{books}</p>
            </section>
            <Charts span takings />
            <section aria-labelledby="people-title">
                <h2 id="people-title">"People"</h2>
                <dl id="people" class="stats" data-live>
                    <Stat label="Online" value=people.online note="callers and listeners" />
                    <Stat label="New today" value=people.today note="since 00:00 UTC" />
                    <Stat label="New in 7 days" value=people.last_seven_days />
                    <Stat label="Registered" value=people.total />
                </dl>
            </section>
            <section aria-labelledby="health-title">
                <h2 id="health-title">"Health"</h2>
                <ul id="health" class="health" data-live>
                    {stores.into_iter().map(|store| view! { <Health store /> }).collect_view()}
                    <Lateness late=overview.meter_lateness />
                </ul>
            </section>
            <div class="pair">
                <OnlineTable people=online total=people.online now />
                <NewestTable people=newest now />
            </div>
        </Layout>
    }
}

#[component]
fn Charts(span: Span, takings: Vec<Takings>) -> impl IntoView {
    let format = if span == Span::Day { "%H:00" } else { "%-d %b" };
    let labels: Vec<String> = takings.iter().map(|one| one.at.format(format).to_string()).collect();
    let values = |of: fn(&Takings) -> i64| takings.iter().map(of).collect::<Vec<i64>>();
    let calls = vec![Series { name: "Calls", values: values(|one| one.calls) }];
    let money = vec![
        Series { name: "Coins sold", values: values(|one| one.sold.0) },
        Series { name: "Coins spent", values: values(|one| one.coins.0) },
        Series { name: "Earnings owed", values: values(|one| one.earnings.0) },
    ];
    let margin = vec![Series { name: "Margin in rupees", values: values(|one| one.margin.0 / 100) }];
    let spans = Span::ALL.iter().map(|(choice, word, label)| {
        let href = Address::new(paths::HOME).with("span", Some(word)).to_string();
        let current = (*choice == span).then_some("true");
        view! { <li><a href=href aria-current=current>{*label}</a></li> }
    });
    view! {
        <section id="charts" aria-labelledby="charts-title" data-live>
            <div class="heading">
                <h2 id="charts-title">"Calls and money"</h2>
                <nav aria-label="Time shown"><ul class="spans">{spans.collect_view()}</ul></nav>
            </div>
            <div class="charts">
                <Chart id="chart-calls" title="Calls" shape=Shape::Bars labels=labels.clone() series=calls />
                <Chart id="chart-money" title="Coins and earnings" shape=Shape::Bars labels=labels.clone() series=money />
                <Chart id="chart-margin" title="Margin, in rupees" shape=Shape::Lines labels series=margin />
            </div>
        </section>
    }
}

/// A minute later than this is worth a look.
const LATE: TimeDelta = TimeDelta::seconds(5);

#[component]
fn Lateness(late: TimeDelta) -> impl IntoView {
    let tone = if late > LATE { "bad" } else { "good" };
    let text = if late > LATE { format!("{} s late", late.num_seconds()) } else { "On time".to_owned() };
    view! {
        <li>
            <span class="what"><span class=format!("dot {tone}") aria-hidden="true"></span>"Meter"</span>
            <span class=format!("number {tone}")>{text}</span>
        </li>
    }
}

#[component]
fn Health(store: StoreHealth) -> impl IntoView {
    let (tone, answer) = match store.latency {
        Some(latency) => ("good", milliseconds(latency)),
        None => ("bad", "No answer".to_owned()),
    };
    view! {
        <li>
            <span class="what"><span class=format!("dot {tone}") aria-hidden="true"></span>{store.name}</span>
            <span class=format!("number {tone}")>{answer}</span>
        </li>
    }
}

fn milliseconds(latency: Duration) -> String {
    let milliseconds = latency.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

#[component]
fn OnlineTable(people: Vec<OnlinePerson>, total: i64, now: DateTime<Utc>) -> impl IntoView {
    let shown = people.len();
    let is_part = i64::try_from(shown).is_ok_and(|shown| shown < total);
    let columns =
        vec![Column::text("Person"), Column::text("Role").wide_only(), Column::text("Status"), Column::number("Seen")];
    let rows = people.into_iter().map(|person| online_row(person, now)).collect();
    view! {
        <Table id="online" title="Online now" columns rows empty="Nobody is online." live=true>
            {is_part.then(|| view! { <p class="more">{format!("{shown} of {} are shown.", grouped(total))}</p> })}
        </Table>
    }
}

fn online_row(person: OnlinePerson, now: DateTime<Utc>) -> Row {
    let OnlinePerson { id, name, roles, is_busy, busy_until, last_seen } = person;
    let (tone, status) = if is_busy { ("warn", "Busy") } else { ("good", "Available") };
    let roles = role_names(&roles);
    let left = busy_until.filter(|_| is_busy).and_then(|until| {
        let text = minutes_left(until - now)?;
        Some(view! { ", " <Moment at=until text /> })
    });
    row![
        view! { <PersonName id name roles=roles.clone() /> },
        roles,
        view! { <span class=format!("status {tone}")>{status}{left}</span> },
        view! { <Ago at=last_seen now /> },
    ]
}

#[component]
fn NewestTable(people: Vec<NewPerson>, now: DateTime<Utc>) -> impl IntoView {
    let columns = vec![
        Column::text("Person"),
        Column::text("Role").wide_only(),
        Column::text("Country"),
        Column::number("Registered"),
    ];
    let rows = people.into_iter().map(|person| newest_row(person, now)).collect();
    view! { <Table id="newest" title="Latest sign-ups" columns rows empty="Nobody has registered yet." live=true /> }
}

fn newest_row(person: NewPerson, now: DateTime<Utc>) -> Row {
    let NewPerson { id, name, roles, country, registered_at } = person;
    let roles = role_names(&roles);
    row![
        view! { <PersonName id name roles=roles.clone() /> },
        roles,
        or_dash(country),
        view! { <Ago at=registered_at now /> },
    ]
}

#[cfg(test)]
mod tests;
