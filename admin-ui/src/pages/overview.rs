//! The overview: how many, how well, who came and who is there.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{UserId, feed::FeedStats, users::Role};

use crate::components::{
    layout::{Layout, Page, Viewer},
    person::{PersonName, role_names},
    stat::{Stat, grouped},
    time::{Ago, Moment, minutes_left},
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
    /// Some of those who are online, the busy first.
    pub online: Vec<OnlinePerson>,
    /// The latest to register, the newest first.
    pub newest: Vec<NewPerson>,
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
pub fn OverviewPage(viewer: Viewer, overview: Overview) -> impl IntoView {
    let Overview { now, listeners, people, sockets, stores, online, newest } = overview;
    view! {
        <Layout title="Overview" current=Page::Overview viewer as_of=now>
            <section aria-labelledby="listeners-title">
                <h2 id="listeners-title">"Listeners"</h2>
                <dl id="listeners" class="stats" data-live>
                    <Stat label="Available" value=listeners.available_listeners class="stat good" />
                    <Stat label="Busy" value=listeners.busy_listeners class="stat warn" />
                    <Stat label="Online" value=listeners.online_listeners />
                    <Stat label="All listeners" value=listeners.total_listeners />
                </dl>
            </section>
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
                    <li><span class="what">"Sockets on this node"</span><span class="number">{grouped(sockets)}</span></li>
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
    let rows = people.into_iter().map(|person| view! { <OnlineRow person now /> }).collect_view();
    view! {
        <section id="online" class="panel" aria-labelledby="online-title" data-live>
            <h2 id="online-title">"Online now"</h2>
            {if shown == 0 {
                view! { <p class="empty">"Nobody is online."</p> }.into_any()
            } else {
                view! {
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Person"</th>
                                <th scope="col" class="wide-only">"Role"</th>
                                <th scope="col">"Status"</th>
                                <th scope="col" class="end">"Seen"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            {is_part.then(|| view! { <p class="more">{format!("{shown} of {} are shown.", grouped(total))}</p> })}
        </section>
    }
}

#[component]
fn OnlineRow(person: OnlinePerson, now: DateTime<Utc>) -> impl IntoView {
    let OnlinePerson { id, name, roles, is_busy, busy_until, last_seen } = person;
    let (tone, status) = if is_busy { ("warn", "Busy") } else { ("good", "Available") };
    let roles = role_names(&roles);
    let left = busy_until.filter(|_| is_busy).and_then(|until| {
        let text = minutes_left(until - now)?;
        Some(view! { ", " <Moment at=until text /> })
    });
    view! {
        <tr>
            <th scope="row"><PersonName id name roles=roles.clone() /></th>
            <td class="wide-only">{roles}</td>
            <td><span class=format!("status {tone}")>{status}{left}</span></td>
            <td class="end"><Ago at=last_seen now /></td>
        </tr>
    }
}

#[component]
fn NewestTable(people: Vec<NewPerson>, now: DateTime<Utc>) -> impl IntoView {
    let is_empty = people.is_empty();
    let rows = people.into_iter().map(|person| view! { <NewestRow person now /> }).collect_view();
    view! {
        <section id="newest" class="panel" aria-labelledby="newest-title" data-live>
            <h2 id="newest-title">"Latest sign-ups"</h2>
            {if is_empty {
                view! { <p class="empty">"Nobody has registered yet."</p> }.into_any()
            } else {
                view! {
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Person"</th>
                                <th scope="col" class="wide-only">"Role"</th>
                                <th scope="col">"Country"</th>
                                <th scope="col" class="end">"Registered"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
        </section>
    }
}

#[component]
fn NewestRow(person: NewPerson, now: DateTime<Utc>) -> impl IntoView {
    let NewPerson { id, name, roles, country, registered_at } = person;
    let roles = role_names(&roles);
    view! {
        <tr>
            <th scope="row"><PersonName id name roles=roles.clone() /></th>
            <td class="wide-only">{roles}</td>
            <td>{country.unwrap_or_else(|| "–".to_owned())}</td>
            <td class="end"><Ago at=registered_at now /></td>
        </tr>
    }
}

#[cfg(test)]
mod tests;
