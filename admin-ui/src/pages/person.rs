//! One person: everything that is known here, and what an admin may do about it.

use chrono::{DateTime, NaiveDate, Utc};
use leptos::prelude::*;
use saathii_shared_types::{
    CallId, Coins, Earnings, SampleId, SessionId, UserId,
    calls::{CallStatus, CallType},
    reports::Report,
    users::{Role, Sex},
    verification::VerificationStatus,
};

use super::people::{Presence, roles_of, stars};
use super::{
    moderation::{report_columns, report_row},
    suspension::Suspended,
};
use crate::{
    address::{Address, Choice, Query},
    components::{
        call::{CallLink, CallState},
        confirm::ConfirmPage,
        facts::{Facts, Pill, Tone, at_length, or_dash},
        form::CsrfField,
        layout::{Layout, Section},
        money::{coins, earnings, signed},
        person::PersonLink,
        stat::grouped,
        table::{Column, Pager, Part, Row, Table},
        time::{Ago, When, duration},
    },
    desk::Desk,
    facts, paths, row,
};

/// Which pages of somebody's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonQuery {
    pub calls: i64,
    pub postings: i64,
}

impl PersonQuery {
    pub fn of(query: &Query) -> Self {
        Self { calls: query.page("calls"), postings: query.page("postings") }
    }
}

/// Everything about somebody.
#[derive(Debug, Clone)]
pub struct Person {
    pub now: DateTime<Utc>,
    pub account: Account,
    pub presence: Option<Seen>,
    /// The call they are in.
    pub call: Option<CallLine>,
    pub wallet: Wallet,
    pub calls: Vec<CallLine>,
    pub calls_part: Part,
    pub postings: Vec<Posting>,
    pub postings_part: Part,
    pub samples: Vec<SampleLine>,
    /// How many callers rated them.
    pub rating_count: i64,
    pub devices: Vec<Device>,
    /// By them and of them, the newest first.
    pub blocks: Vec<BlockLine>,
    pub suspended: Option<Suspended>,
    /// Of somebody who works here: whether signing in asks for a second factor.
    pub second_factor: Option<bool>,
    /// About them, the newest first.
    pub reports: Vec<Report>,
}

/// Somebody's row.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: UserId,
    pub name: String,
    /// `None` once they are deleted.
    pub phone: Option<String>,
    pub sex: Sex,
    pub dob: Option<NaiveDate>,
    pub bio: Option<String>,
    pub interests: Vec<String>,
    pub language: Option<String>,
    pub country: Option<String>,
    pub rating: f64,
    pub roles: Vec<Role>,
    pub is_viewer: bool,
    pub registered_at: DateTime<Utc>,
    pub verified_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub is_online: bool,
    pub is_busy: bool,
    pub last_seen: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy)]
pub struct Wallet {
    pub balance: Coins,
    pub spent: Coins,
    pub withdrawable: Earnings,
    pub pending: Earnings,
    pub withdrawn: Earnings,
}

#[derive(Debug, Clone)]
pub struct CallLine {
    pub id: CallId,
    pub call_type: CallType,
    pub status: CallStatus,
    /// Whether the person called; otherwise they listened.
    pub is_caller: bool,
    pub other: UserId,
    pub other_name: String,
    pub started_at: DateTime<Utc>,
    pub seconds: i64,
    pub minutes: i64,
    pub coins: Coins,
    pub earned: Earnings,
}

/// One movement of the ledger with both of its sides.
#[derive(Debug, Clone)]
pub struct Posting {
    pub id: i64,
    pub kind: String,
    pub debit: String,
    pub credit: String,
    pub amount: i64,
    /// The call, payment, withdrawal or adjustment that it belongs to.
    pub reference: i64,
    /// The minute of a call.
    pub part: i32,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct SampleLine {
    pub id: SampleId,
    pub status: VerificationStatus,
    pub remarks: Option<String>,
    pub uploaded_at: DateTime<Utc>,
    pub reviewed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct BlockLine {
    pub other: (UserId, String),
    /// Whether it is theirs; otherwise they are blocked.
    pub is_by_them: bool,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
}

/// A login on one device.
#[derive(Debug, Clone)]
pub struct Device {
    pub session: SessionId,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub since: DateTime<Utc>,
    pub used_at: DateTime<Utc>,
    /// Whether it is a browser at this dashboard.
    pub is_dashboard: bool,
}

#[component]
pub fn PersonPage(desk: Desk, person: Person) -> impl IntoView {
    let now = person.now;
    let id = person.account.id;
    let title = person.account.name.clone();
    let is_listener = person.account.roles.contains(&Role::Listener);
    let deleted = person.account.deleted_at.map(|at| {
        view! { <p class="warning">"This account was deleted " <Ago at now /> ". What others’ records need is kept."</p> }
    });
    let block_columns = vec![Column::text("Between"), Column::text("Why").wide_only(), Column::number("Since")];
    let block_rows = person.blocks.into_iter().map(block_row).collect();
    let is_suspended = person.suspended.is_some();
    let suspended = person.suspended.map(|Suspended { since, until, reason }| {
        let until = until.map(|at| view! { ", until " <When at /> });
        view! { <p class="warning">"Suspended since " <When at=since /> {until} ": “" {reason} "”"</p> }
    });
    let report_rows = person.reports.into_iter().map(|report| report_row(report, now)).collect();
    let calls = Address::new(paths::person(id))
        .with("postings", Some(person.postings_part.page).filter(|page| *page > 1))
        .at("calls");
    let postings = Address::new(paths::person(id))
        .with("calls", Some(person.calls_part.page).filter(|page| *page > 1))
        .at("postings");
    let call_rows = person.calls.into_iter().map(call_row).collect();
    let posting_rows = person.postings.into_iter().map(posting_row).collect();
    let sample_rows = person.samples.into_iter().map(sample_row).collect();
    let samples = is_listener.then(|| {
        let columns = vec![
            Column::text("Sample"),
            Column::text("Status"),
            Column::text("Remarks").wide_only(),
            Column::number("Sent"),
        ];
        view! { <Table id="samples" title="Verification samples" columns rows=sample_rows empty="No sample was sent yet." /> }
    });
    let may_adjust = desk.may_change() && person.account.deleted_at.is_none();
    let (calls_part, postings_part) = (person.calls_part, person.postings_part);
    view! {
        <Layout title current=Section::People desk=desk.clone() as_of=now>
            {deleted}
            {suspended}
            <div class="pair">
                <AccountFacts account=person.account rating_count=person.rating_count is_suspended factor=person.second_factor desk=desk.clone() />
                <PresenceFacts presence=person.presence call=person.call now />
            </div>
            <WalletFacts id wallet=person.wallet may_adjust />
            <Devices id devices=person.devices desk now />
            {samples}
            <Table id="reports" title="Reports about them" columns=report_columns() rows=report_rows empty="Nobody complained." live=true />
            <Table id="blocks" title="Blocks" columns=block_columns rows=block_rows empty="They block nobody, and nobody blocks them." />
            <Table id="calls" title="Calls" columns=call_columns() rows=call_rows empty="No calls yet." live=true>
                <Pager address=calls name="calls" part=calls_part />
            </Table>
            <Table
                id="postings"
                title="Every posting"
                columns=posting_columns()
                rows=posting_rows
                empty="Nothing was posted yet."
                live=true
            >
                <Pager address=postings name="postings" part=postings_part />
            </Table>
        </Layout>
    }
}

#[component]
fn AccountFacts(
    account: Account,
    rating_count: i64,
    is_suspended: bool,
    factor: Option<bool>,
    desk: Desk,
) -> impl IntoView {
    let id = account.id;
    let sex = match account.sex {
        Sex::Female => "Female",
        Sex::Male => "Male",
        Sex::Other => "Other",
    };
    let is_admin = account.roles.contains(&Role::Admin);
    let is_viewer = account.is_viewer;
    let calls = if rating_count == 1 { "call" } else { "calls" };
    let rating = format!("{} from {} {calls}", stars(account.rating), grouped(rating_count));
    let verified = account.verified_at.map(|at| view! { <When at /> }.into_any());
    let mut facts = facts![
        "Id" => format!("#{id}"),
        "Phone" => or_dash(account.phone),
        "Roles" => roles_of(&account.roles, is_viewer),
        "Country" => or_dash(account.country),
        "Language" => or_dash(account.language),
        "Sex" => sex,
        "Born" => or_dash(account.dob.map(|dob| dob.format("%-d %b %Y").to_string())),
        "Registered" => view! { <When at=account.registered_at /> },
        "Interests" => or_dash(Some(account.interests.join(", ")).filter(|text| !text.is_empty())),
    ];
    facts.extend(account.bio.map(|bio| ("Bio", at_length(bio).into_any())));
    if account.roles.contains(&Role::Listener) {
        facts.push(("Verified", verified.unwrap_or_else(|| "Not verified".into_any())));
        facts.push(("Rating", rating.into_any()));
    }
    facts.extend(factor.map(|is_on| ("Second factor", if is_on { "On" } else { "Off" }.into_any())));
    let may = desk.may_change() && account.deleted_at.is_none();
    let links = may.then(|| {
        let link = |role: &'static str, is_held: bool| {
            let (href, text) = if is_held {
                (paths::revoke(id, role), format!("Revoke {role}"))
            } else {
                (paths::grant(id, role), format!("Make {role}"))
            };
            view! { <a class="button quiet" href=href>{text}</a> }
        };
        let (href, text) =
            if is_suspended { (paths::reinstate(id), "Reinstate") } else { (paths::suspend(id), "Suspend") };
        // The role is taken first: who may suspend could otherwise suspend whoever would lift it.
        let suspension = (!is_admin).then(|| view! { <a class="button quiet" href=href>{text}</a> });
        let reset = (factor == Some(true)).then(|| {
            view! { <a class="button quiet" href=paths::reset_second_factor(id)>"Reset second factor"</a> }
        });
        view! { {link("admin", is_admin)} {link("viewer", is_viewer)} {suspension} {reset} }
    });
    view! { <Facts id="account" title="Account" facts>{links}</Facts> }
}

#[component]
fn PresenceFacts(presence: Option<Seen>, call: Option<CallLine>, now: DateTime<Utc>) -> impl IntoView {
    let mut facts = Vec::new();
    if let Some(seen) = presence {
        facts.push(("Status", view! { <Presence is_online=seen.is_online is_busy=seen.is_busy /> }.into_any()));
        facts.push(("Last seen", view! { <Ago at=seen.last_seen now /> }.into_any()));
    }
    let text = match call {
        None => "In no call".into_any(),
        Some(call) => {
            let spent = format!(", {} min, {} coins, with ", call.minutes, coins(call.coins));
            view! { "Call " <CallLink id=call.id /> {spent} <PersonLink id=call.other name=call.other_name /> }
                .into_any()
        }
    };
    facts.push(("Now", text));
    view! { <Facts id="presence" title="Presence" facts live=true /> }
}

#[component]
fn WalletFacts(id: UserId, wallet: Wallet, may_adjust: bool) -> impl IntoView {
    let facts = facts![
        "Coins" => coins(wallet.balance),
        "Coins spent" => coins(wallet.spent),
        "Earnings to withdraw" => earnings(wallet.withdrawable),
        "On their way out" => earnings(wallet.pending),
        "Withdrawn" => earnings(wallet.withdrawn),
    ];
    let adjust = may_adjust.then(|| view! { <a class="button quiet" href=paths::adjust(id)>"Adjust"</a> });
    view! { <Facts id="wallet" title="Wallet" facts live=true>{adjust}</Facts> }
}

#[component]
fn Devices(id: UserId, devices: Vec<Device>, desk: Desk, now: DateTime<Utc>) -> impl IntoView {
    let may = desk.may_change();
    let has_any = !devices.is_empty();
    let csrf = desk.csrf;
    let rows = devices.into_iter().map(|device| {
        let session = device.session;
        let csrf = csrf.clone();
        let form = may.then(|| {
            view! {
                <form method="post" action=paths::sign_out_device(id, session)>
                    <CsrfField value=csrf />
                    <button class="quiet small">"Sign out"</button>
                </form>
            }
        });
        let place = if device.is_dashboard { "Dashboard" } else { "App" };
        row![
            view! {
                <span class="person">
                    <span class="name">{or_dash(device.user_agent)}</span>
                    <span class="detail">{place}</span>
                </span>
            },
            or_dash(device.address),
            view! { <Ago at=device.since now /> },
            view! { <Ago at=device.used_at now /> },
            form,
        ]
    });
    let rows = rows.collect();
    let columns = vec![
        Column::text("Device"),
        Column::text("Address").wide_only(),
        Column::number("Since").wide_only(),
        Column::number("Used"),
        Column::number(""),
    ];
    view! {
        <Table id="devices" title="Devices" columns rows empty="Signed in nowhere.">
            {(may && has_any).then(|| {
                view! { <p class="more"><a href=paths::sign_out_all(id)>"Sign out everywhere"</a></p> }
            })}
        </Table>
    }
}

fn block_row(block: BlockLine) -> Row {
    let direction = if block.is_by_them { "blocks " } else { "is blocked by " };
    let (id, name) = block.other;
    row![
        view! { <span class="detail">{direction}</span> <PersonLink id name /> },
        or_dash(block.reason),
        view! { <When at=block.at /> },
    ]
}

fn call_columns() -> Vec<Column> {
    vec![
        Column::text("Call"),
        Column::text("With"),
        Column::text("Kind").wide_only(),
        Column::text("Status").wide_only(),
        Column::number("Began").wide_only(),
        Column::number("Lasted"),
        Column::number("Coins"),
        Column::number("Earned").wide_only(),
    ]
}

fn call_row(call: CallLine) -> Row {
    let direction = if call.is_caller { "called " } else { "was called by " };
    row![
        view! { <CallLink id=call.id /> },
        view! { <span class="detail">{direction}</span> <PersonLink id=call.other name=call.other_name /> },
        call.call_type.label(),
        view! { <CallState status=call.status /> },
        view! { <When at=call.started_at /> },
        duration(chrono::TimeDelta::seconds(call.seconds)),
        coins(call.coins),
        earnings(call.earned),
    ]
}

pub(super) fn posting_columns() -> Vec<Column> {
    vec![
        Column::text("Posting"),
        Column::text("From"),
        Column::text("To"),
        Column::number("Amount"),
        Column::text("Belongs to").wide_only(),
        Column::number("When").wide_only(),
    ]
}

pub(super) fn posting_row(posting: Posting) -> Row {
    let belongs = if posting.part > 0 {
        format!("#{}, minute {}", posting.reference, posting.part)
    } else {
        format!("#{}", posting.reference)
    };
    row![
        view! {
            <span class="person">
                <span class="name">{words(&posting.kind)}</span>
                <span class="detail">{format!("#{}", posting.id)}</span>
            </span>
        },
        view! { {words(&posting.debit)} " " <span class="detail">{signed(-posting.amount)}</span> },
        view! { {words(&posting.credit)} " " <span class="detail">{signed(posting.amount)}</span> },
        grouped(posting.amount),
        belongs,
        view! { <When at=posting.at /> },
    ]
}

/// `call_charge` as people write it.
pub(super) fn words(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn sample_row(sample: SampleLine) -> Row {
    row![
        view! { <a href=paths::sample(sample.id)>{format!("#{}", sample.id)}</a> },
        view! { <SampleState status=sample.status /> },
        or_dash(sample.remarks),
        view! { <When at=sample.uploaded_at /> },
    ]
}

#[component]
pub fn SampleState(status: VerificationStatus) -> impl IntoView {
    let (tone, text) = match status {
        VerificationStatus::Pending => (Tone::Warn, "Waiting"),
        VerificationStatus::Approved => (Tone::Good, "Approved"),
        VerificationStatus::Rejected => (Tone::Bad, "Rejected"),
    };
    view! { <Pill text tone /> }
}

/// What a change of rights does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightsChange {
    pub role: &'static str,
    pub grants: bool,
}

/// Asks before somebody's rights change.
#[component]
pub fn RightsPage(
    desk: Desk,
    id: UserId,
    name: String,
    change: RightsChange,
    problem: Option<String>,
) -> impl IntoView {
    let RightsChange { role, grants } = change;
    let meaning = match (role, grants) {
        ("admin", true) => "may read and change everything here, money included, and make others admin",
        ("admin", false) => "may change nothing here any more; open pages of theirs stop working at once",
        (_, true) => "may read everything here, phone numbers included, and change nothing",
        (_, false) => "does not see these pages any more; open ones stop working at once",
    };
    let (action, title, button) = if grants {
        (paths::grant(id, role), format!("Make {name} {role}?"), "Grant the role")
    } else {
        (paths::revoke(id, role), format!("Revoke {role} of {name}?"), "Revoke the role")
    };
    view! {
        <ConfirmPage
            title
            section=Section::People
            desk
            meaning=vec![format!("{name} {meaning}.")]
            action
            button
            back=paths::person(id)
            problem=problem.unwrap_or_default()
        />
    }
}

/// Asks before somebody is signed out of everything.
#[component]
pub fn SignOutPage(desk: Desk, id: UserId, name: String) -> impl IntoView {
    let meaning = format!("Every phone and browser of {name} is signed out at once, and open sockets close.");
    view! {
        <ConfirmPage
            title=format!("Sign {name} out everywhere?")
            section=Section::People
            desk
            meaning=vec![meaning]
            action=paths::sign_out_all(id)
            button="Sign out everywhere"
            back=paths::person(id)
        />
    }
}
