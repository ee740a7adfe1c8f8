//! Calls as people read them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use leptos::prelude::*;
use saathii_shared_types::{
    CallId, Coins,
    calls::{CallStatus, CallType, EndCause},
};

use super::{
    facts::{Pill, Tone},
    money::coins,
    time::duration,
};
use crate::{address::Choice, paths};

impl Choice for CallType {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Audio, "audio", "Audio"), (Self::Video, "video", "Video")];
}

impl Choice for CallStatus {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Ongoing, "ongoing", "Ongoing"),
        (Self::Completed, "completed", "Completed"),
        (Self::Dropped, "dropped", "Dropped"),
    ];
}

impl Choice for EndCause {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Hangup, "hangup", "Hung up"),
        (Self::Emergency, "emergency", "Broke off"),
        (Self::NoCoins, "no_coins", "No coins left"),
        (Self::Lost, "lost", "Both phones lost"),
        (Self::Limit, "limit", "Longest time reached"),
        (Self::AccountDeleted, "account_deleted", "Account deleted"),
        (Self::Suspended, "suspended", "Suspended"),
        (Self::Blocked, "blocked", "Blocked"),
        (Self::Admin, "admin", "Ended by an admin"),
    ];
}

#[component]
pub fn CallLink(id: CallId) -> impl IntoView {
    view! { <a href=paths::call(id)>{format!("#{id}")}</a> }
}

#[component]
pub fn CallState(status: CallStatus, #[prop(optional_no_strip)] cause: Option<EndCause>) -> impl IntoView {
    let tone = match status {
        CallStatus::Ongoing => Tone::Good,
        CallStatus::Completed => Tone::Plain,
        CallStatus::Dropped => Tone::Warn,
    };
    let cause = cause.filter(|_| status == CallStatus::Dropped).map(EndCause::label).filter(|label| !label.is_empty());
    view! {
        <Pill text=status.label() tone />
        {cause.map(|cause| view! { " " <span class="detail">{cause}</span> })}
    }
}

/// How long something goes on by now; the script counts on, second by second.
#[component]
pub fn Lasting(since: DateTime<Utc>, now: DateTime<Utc>) -> impl IntoView {
    view! { <span data-since=machine(since)>{duration(now - since)}</span> }
}

/// What a call costs by now: a minute is paid when it begins. The script counts on.
#[component]
pub fn Costing(since: DateTime<Utc>, spent: Coins, rate: Coins, minute: TimeDelta) -> impl IntoView {
    let (rate, every) = (rate.0.to_string(), minute.num_seconds().to_string());
    view! { <span data-since=machine(since) data-rate=rate data-every=every>{coins(spent)}</span> }
}

fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
