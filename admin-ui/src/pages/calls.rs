//! Calls: those that go on, those that were, and one minute by minute.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use saathii_shared_types::{
    CallId, Coins, Earnings, UserId,
    calls::{CallStatus, CallType, EndCause},
};

use super::person::{Posting, posting_columns, posting_row};
use crate::{
    address::{Address, Choice, Days, Query},
    components::{
        call::{CallLink, CallState, Costing, Lasting},
        confirm::ConfirmPage,
        facts::{Facts, at_length},
        filter::{ChoiceFilter, DaysFilter, FilterForm, TextFilter},
        form::{TextField, Typed},
        layout::{Layout, Section},
        money::{coins, earnings},
        person::PersonLink,
        stat::grouped,
        table::{Column, Older, Row, Table},
        time::{When, duration},
    },
    desk::Desk,
    facts, paths, row,
};

/// Which calls of the past.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallsQuery {
    /// On either side.
    pub person: Option<UserId>,
    pub status: Option<CallStatus>,
    pub cause: Option<EndCause>,
    pub call_type: Option<CallType>,
    /// On which they began.
    pub days: Days,
    /// Older ones than this.
    pub before: Option<CallId>,
}

/// The values of the filter form; another filter starts with the newest.
const FIELDS: &[&str] = &["person", "status", "cause", "type", "from", "to", "before"];

impl CallsQuery {
    pub fn of(query: &Query) -> Self {
        Self {
            person: query.id("person").map(UserId),
            status: query.choice("status"),
            cause: query.choice("cause"),
            call_type: query.choice("type"),
            days: Days::of(query),
            before: query.id("before").map(CallId),
        }
    }

    /// The newest of this list.
    fn address(self) -> Address {
        Address::new(paths::CALLS)
            .with("person", self.person)
            .with("status", self.status.map(Choice::word))
            .with("cause", self.cause.map(Choice::word))
            .with("type", self.call_type.map(Choice::word))
            .with_days(self.days)
            .at("calls")
    }
}

#[derive(Debug, Clone)]
pub struct Calls {
    pub now: DateTime<Utc>,
    pub query: CallsQuery,
    /// Some of those that go on, the newest first.
    pub live: Vec<CallEntry>,
    /// How many go on.
    pub live_total: i64,
    pub rows: Vec<CallEntry>,
    pub has_older: bool,
}

#[derive(Debug, Clone)]
pub struct CallEntry {
    pub id: CallId,
    pub call_type: CallType,
    pub status: CallStatus,
    pub cause: Option<EndCause>,
    pub caller: (UserId, String),
    pub listener: (UserId, String),
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub minutes: i64,
    pub rate_coins: Coins,
    pub rate_earnings: Earnings,
    pub minute: TimeDelta,
}

impl CallEntry {
    fn coins(&self) -> Coins {
        self.rate_coins * self.minutes
    }

    fn earned(&self) -> Earnings {
        self.rate_earnings * self.minutes
    }
}

#[component]
pub fn CallsPage(desk: Desk, calls: Calls) -> impl IntoView {
    let Calls { now, query, live, live_total, rows, has_older } = calls;
    let may = desk.may_change();
    let shown = live.len();
    let is_part = i64::try_from(shown).is_ok_and(|shown| shown < live_total);
    let live_columns = vec![
        Column::text("Call"),
        Column::text("Caller"),
        Column::text("Listener"),
        Column::text("Kind").wide_only(),
        Column::number("Lasts"),
        Column::number("Coins"),
        Column::number("").wide_only(),
    ];
    let live_rows = live.into_iter().map(|call| live_row(call, may, now)).collect();
    let columns = vec![
        Column::text("Call"),
        Column::text("Caller"),
        Column::text("Listener"),
        Column::text("Kind").wide_only(),
        Column::text("Status").wide_only(),
        Column::number("Began").wide_only(),
        Column::number("Lasted"),
        Column::number("Coins").wide_only(),
        Column::number("Earned").wide_only(),
    ];
    let address = query.address();
    let older = rows.last().filter(|_| has_older).map(|last| address.clone().with("before", Some(last.id)));
    let newest = query.before.map(|_| address.clone());
    let rows = rows.into_iter().map(|call| past_row(call, now)).collect();
    let person = query.person.map(|id| format!("#{id}"));
    view! {
        <Layout title="Calls" current=Section::Calls desk as_of=now>
            <Table id="live" title="Live" columns=live_columns rows=live_rows empty="Nobody is in a call." live=true>
                {is_part.then(|| view! { <p class="more">{format!("{shown} of {} are shown.", grouped(live_total))}</p> })}
            </Table>
            <FilterForm address=address fields=FIELDS>
                <TextFilter name="person" label="Id of a person" value=person placeholder="#12" short=true />
                <ChoiceFilter name="status" label="Status" value=query.status />
                <ChoiceFilter name="cause" label="Ended because" value=query.cause />
                <ChoiceFilter name="type" label="Kind" value=query.call_type />
                <DaysFilter days=query.days />
            </FilterForm>
            <Table id="calls" title="Calls" columns rows empty="No call is found by this." live=true>
                <Older newest older />
            </Table>
        </Layout>
    }
}

fn live_row(call: CallEntry, may: bool, now: DateTime<Utc>) -> Row {
    let spent = call.coins();
    let end = may.then(|| view! { <a href=paths::end_call(call.id)>"End"</a> });
    row![
        view! { <CallLink id=call.id /> },
        view! { <PersonLink id=call.caller.0 name=call.caller.1 /> },
        view! { <PersonLink id=call.listener.0 name=call.listener.1 /> },
        call.call_type.label(),
        view! { <Lasting since=call.started_at now /> },
        view! { <Costing since=call.started_at spent rate=call.rate_coins minute=call.minute /> },
        end,
    ]
}

fn past_row(call: CallEntry, now: DateTime<Utc>) -> Row {
    let (spent, earned) = (call.coins(), call.earned());
    row![
        view! { <CallLink id=call.id /> },
        view! { <PersonLink id=call.caller.0 name=call.caller.1 /> },
        view! { <PersonLink id=call.listener.0 name=call.listener.1 /> },
        call.call_type.label(),
        view! { <CallState status=call.status cause=call.cause /> },
        view! { <When at=call.started_at /> },
        duration(call.ended_at.unwrap_or(now) - call.started_at),
        coins(spent),
        earnings(earned),
    ]
}

/// One call with everything that was paid for it.
#[derive(Debug, Clone)]
pub struct Call {
    pub now: DateTime<Utc>,
    pub entry: CallEntry,
    /// Who ended it, where somebody did.
    pub ended_by: Option<(UserId, String)>,
    /// What the app said, or the admin.
    pub reason: Option<String>,
    /// Of its caller, of five.
    pub rating: Option<i16>,
    /// In the order of minutes.
    pub postings: Vec<Posting>,
}

#[component]
pub fn CallPage(desk: Desk, call: Call) -> impl IntoView {
    let Call { now, entry, ended_by, reason, rating, postings } = call;
    let id = entry.id;
    let is_ongoing = entry.status == CallStatus::Ongoing;
    let lasted = match entry.ended_at {
        Some(end) => duration(end - entry.started_at).into_any(),
        None => view! { <Lasting since=entry.started_at now /> }.into_any(),
    };
    let (spent, earned) = (entry.coins(), entry.earned());
    let spent = if is_ongoing {
        view! { <Costing since=entry.started_at spent rate=entry.rate_coins minute=entry.minute /> }.into_any()
    } else {
        coins(spent).into_any()
    };
    let rate = format!("{} coins and {} earned a minute", coins(entry.rate_coins), earnings(entry.rate_earnings));
    let mut facts = facts![
        "Caller" => view! { <PersonLink id=entry.caller.0 name=entry.caller.1 /> },
        "Listener" => view! { <PersonLink id=entry.listener.0 name=entry.listener.1 /> },
        "Kind" => entry.call_type.label(),
        "Status" => view! { <CallState status=entry.status cause=entry.cause /> },
        "Began" => view! { <When at=entry.started_at /> },
        "Lasted" => lasted,
        "Minutes paid" => grouped(entry.minutes),
        "Coins" => spent,
        "Earned" => earnings(earned),
        "Rate" => rate,
    ];
    facts.extend(ended_by.map(|(id, name)| ("Ended by", view! { <PersonLink id name /> }.into_any())));
    facts.extend(reason.map(|reason| ("Reason", at_length(reason).into_any())));
    facts.extend(rating.map(|rating| ("Rated", format!("{rating} of 5").into_any())));
    let end = (is_ongoing && desk.may_change())
        .then(|| view! { <a class="button quiet" href=paths::end_call(id)>"End this call"</a> });
    let rows = postings.into_iter().map(posting_row).collect();
    view! {
        <Layout title=format!("Call #{id}") current=Section::Calls desk as_of=now>
            <Facts id="call" title="The call" facts live=true>{end}</Facts>
            <Table
                id="minutes"
                title="Minute by minute"
                columns=posting_columns()
                rows
                empty="Nothing was paid."
                live=true
            />
        </Layout>
    }
}

/// Asks before a call is ended, and why.
#[component]
pub fn EndCallPage(desk: Desk, id: CallId, #[prop(optional)] typed: Typed) -> impl IntoView {
    let meaning = "Both are told at once. Minutes that have begun stay paid; nothing is given back by itself.";
    let hint = "For the record; neither of the two reads it.";
    view! {
        <ConfirmPage
            title=format!("End call #{id}?")
            section=Section::Calls
            desk
            meaning=vec![meaning.to_owned()]
            action=paths::end_call(id)
            button="End the call"
            back=paths::call(id)
        >
            <TextField name="reason" label="Why" hint maxlength=500 required=true typed />
        </ConfirmPage>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    fn entry(status: CallStatus) -> CallEntry {
        let now = DateTime::UNIX_EPOCH;
        CallEntry {
            id: CallId(5),
            call_type: CallType::Audio,
            status,
            cause: Some(EndCause::NoCoins),
            caller: (UserId(1), "<b>caller".to_owned()),
            listener: (UserId(2), "<i>listener".to_owned()),
            started_at: now,
            ended_at: (status != CallStatus::Ongoing).then(|| now + TimeDelta::seconds(125)),
            minutes: 3,
            rate_coins: Coins(10),
            rate_earnings: Earnings(15),
            minute: TimeDelta::seconds(60),
        }
    }

    fn calls(rights: Rights, query: &str) -> String {
        let query = CallsQuery::of(&Query::parse(query));
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(125);
        let (live, rows) = (vec![entry(CallStatus::Ongoing)], vec![entry(CallStatus::Dropped)]);
        let calls = Calls { now, query, live, live_total: 70, rows, has_older: true };
        render(move || view! { <CallsPage desk=Desk::sample(rights) calls /> })
    }

    #[test]
    fn what_goes_on_counts_by_itself_and_what_was_keeps_its_filters() {
        let html = calls(Rights::Admin, "person=%231&status=dropped&cause=no_coins&before=9&type=nonsense");
        let list = "/admin/calls?person=1&amp;status=dropped&amp;cause=no_coins";
        for part in [
            r#"<span data-since="1970-01-01T00:00:00.000Z">2:05</span>"#,
            r#"data-rate="10" data-every="60">30</span>"#,
            "1 of 70 are shown.",
            "No coins left",
            r#"href="/admin/calls/5/end""#,
            &format!(r#"href="{list}&amp;before=5#calls" rel="next""#),
            &format!(r#"href="{list}#calls" rel="first""#),
            r##"value="#1""##,
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        for tag in ["<b>", "<i>"] {
            assert!(!html.contains(tag), "{html}");
        }
        assert!(!calls(Rights::Viewer, "").contains("/end\""));
    }

    #[test]
    fn only_what_goes_on_can_be_ended() {
        let html = |rights, status| {
            let reason = Some("<u>".to_owned());
            let postings = Vec::new();
            let call = Call {
                now: DateTime::UNIX_EPOCH,
                entry: entry(status),
                ended_by: None,
                reason,
                rating: Some(4),
                postings,
            };
            render(move || view! { <CallPage desk=Desk::sample(rights) call /> })
        };
        assert!(html(Rights::Admin, CallStatus::Ongoing).contains("End this call"));
        assert!(!html(Rights::Viewer, CallStatus::Ongoing).contains("End this call"));
        let ended = html(Rights::Admin, CallStatus::Completed);
        assert!(!ended.contains("End this call") && ended.contains("&lt;u&gt;") && !ended.contains("<u>"), "{ended}");
    }
}
