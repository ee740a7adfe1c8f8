//! Complaints about people, the call as evidence, and what is made of them.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{
    ReportId, UserId,
    reports::{Report, ReportStatus},
};

use super::calls::CallEntry;
use crate::{
    address::{Address, Choice, Query},
    components::{
        call::{CallLink, CallState},
        facts::{Facts, Pill, Tone, at_length, or_dash},
        filter::StatusTabs,
        form::{CsrfField, TextField, Typed},
        layout::{Layout, Section},
        person::PersonLink,
        table::{Column, Pager, Part, Row, Table},
        time::{Ago, When, duration},
    },
    desk::Desk,
    facts, paths, row,
};

impl Choice for ReportStatus {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Open, "open", "Open"),
        (Self::Resolved, "resolved", "Resolved"),
        (Self::Dismissed, "dismissed", "Dismissed"),
    ];
}

/// Which reports; without a word, those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportsQuery {
    pub status: ReportStatus,
    pub page: i64,
}

impl ReportsQuery {
    pub fn of(query: &Query) -> Self {
        Self { status: query.choice("status").unwrap_or(ReportStatus::Open), page: query.page("page") }
    }
}

#[derive(Debug, Clone)]
pub struct Reports {
    pub now: DateTime<Utc>,
    pub query: ReportsQuery,
    pub part: Part,
    /// The oldest first.
    pub rows: Vec<Report>,
}

#[component]
pub fn ReportsPage(desk: Desk, reports: Reports) -> impl IntoView {
    let Reports { now, query, part, rows } = reports;
    let address = Address::new(paths::REPORTS).with("status", Some(query.status.word()));
    let rows = rows.into_iter().map(|report| report_row(report, now)).collect();
    view! {
        <Layout title="Reports" current=Section::Reports desk as_of=now>
            <StatusTabs path=paths::REPORTS current=query.status />
            <Table id="reports" title=format!("{}, the oldest first", query.status.label()) columns=report_columns() rows empty="None." live=true>
                <Pager address part />
            </Table>
        </Layout>
    }
}

pub(super) fn report_columns() -> Vec<Column> {
    vec![
        Column::text("Report"),
        Column::text("About"),
        Column::text("By").wide_only(),
        Column::text("Reason"),
        Column::text("Call").wide_only(),
        Column::text("Status").wide_only(),
        Column::number("Sent"),
    ]
}

/// What fits in a cell.
const SHOWN: usize = 80;

pub(super) fn report_row(report: Report, now: DateTime<Utc>) -> Row {
    let id = report.report_id;
    let reason: String = report.reason.chars().take(SHOWN).collect();
    let more = (report.reason.chars().count() > SHOWN).then_some("…");
    let call = match report.call_id {
        Some(id) => view! { <CallLink id /> }.into_any(),
        None => or_dash(None::<String>).into_any(),
    };
    row![
        view! { <a href=paths::report(id)>{format!("#{id}")}</a> },
        view! { <PersonLink id=report.user_id name=report.username /> },
        view! { <PersonLink id=report.reporter_id name=report.reporter_username /> },
        view! { {reason} {more} },
        call,
        view! { <ReportState status=report.status /> },
        view! { <Ago at=report.created_at now /> },
    ]
}

#[component]
fn ReportState(status: ReportStatus) -> impl IntoView {
    let tone = match status {
        ReportStatus::Open => Tone::Warn,
        ReportStatus::Resolved => Tone::Good,
        ReportStatus::Dismissed | ReportStatus::Unknown => Tone::Plain,
    };
    view! { <Pill text=status.label() tone /> }
}

/// One report with its evidence.
#[derive(Debug, Clone)]
pub struct Complaint {
    pub now: DateTime<Utc>,
    pub report: Report,
    pub call: Option<CallEntry>,
    pub decided_by: Option<(UserId, String)>,
    /// Whether the reported are suspended at the moment.
    pub is_suspended: bool,
    /// Others about the same person, the newest first.
    pub others: Vec<Report>,
}

#[component]
pub fn ComplaintPage(
    desk: Desk,
    complaint: Complaint,
    #[prop(optional)] typed: Typed,
    #[prop(optional)] problem: String,
) -> impl IntoView {
    let Complaint { now, report, call, decided_by, is_suspended, others } = complaint;
    let id = report.report_id;
    let reported = report.user_id;
    let mut facts = facts![
        "Status" => view! { <ReportState status=report.status /> },
        "About" => view! {
            <PersonLink id=reported name=report.username.clone() />
            {is_suspended.then(|| view! { " " <Pill text="Suspended" tone=Tone::Bad /> })}
        },
        "By" => view! { <PersonLink id=report.reporter_id name=report.reporter_username.clone() /> },
        "Sent" => view! { <When at=report.created_at /> },
        "Reason" => at_length(report.reason.clone()),
    ];
    let decided = decided_by.zip(report.decided_at);
    facts.extend(
        decided.map(|((id, name), at)| ("Decided by", view! { <PersonLink id name /> ", " <When at /> }.into_any())),
    );
    facts.extend(report.remarks.clone().map(|remarks| ("Remarks", at_length(remarks).into_any())));
    let is_open = report.status == ReportStatus::Open;
    let form = (desk.may_change() && is_open).then(|| view! { <Decide csrf=desk.csrf.clone() id typed /> });
    let suspend = (desk.may_change() && !is_suspended)
        .then(|| view! { <a class="button quiet" href=paths::suspend(reported)>"Suspend them"</a> });
    let evidence = call.map(|call| view! { <Evidence call now /> });
    let rows = others.into_iter().map(|report| report_row(report, now)).collect();
    view! {
        <Layout title=format!("Report #{id}") current=Section::Reports desk as_of=now>
            {(!problem.is_empty()).then(|| view! { <p class="problem" role="alert">{problem}</p> })}
            <Facts id="report" title="The report" facts live=true>{suspend}</Facts>
            {evidence}
            {form}
            <Table id="others" title="Others about the same person" columns=report_columns() rows empty="This is the only one." live=true />
        </Layout>
    }
}

/// The call that the report names.
#[component]
fn Evidence(call: CallEntry, now: DateTime<Utc>) -> impl IntoView {
    let lasted = duration(call.ended_at.unwrap_or(now) - call.started_at);
    let facts = facts![
        "Call" => view! { <CallLink id=call.id /> },
        "Caller" => view! { <PersonLink id=call.caller.0 name=call.caller.1 /> },
        "Listener" => view! { <PersonLink id=call.listener.0 name=call.listener.1 /> },
        "Status" => view! { <CallState status=call.status cause=call.cause /> },
        "Began" => view! { <When at=call.started_at /> },
        "Lasted" => lasted,
    ];
    view! { <Facts id="evidence" title="The call it is about" facts /> }
}

#[component]
fn Decide(csrf: String, id: ReportId, typed: Typed) -> impl IntoView {
    let hint = "What was found and done, for the record. May be empty.";
    view! {
        <form class="card fields" method="post" action=paths::report(id)>
            <CsrfField value=csrf />
            <TextField name="remarks" label="Remarks" hint typed />
            <div class="buttons">
                <button name="outcome" value="resolved">"Resolved"</button>
                <button class="quiet" name="outcome" value="dismissed">"Dismiss"</button>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    fn html(rights: Rights, status: ReportStatus) -> String {
        let now = DateTime::UNIX_EPOCH;
        let report = Report {
            report_id: ReportId(4),
            reporter_id: UserId(1),
            reporter_username: "<b>".to_owned(),
            user_id: UserId(2),
            username: "<i>".to_owned(),
            call_id: None,
            reason: "<u>".to_owned() + &"x".repeat(200),
            status,
            created_at: now,
            decided_by: None,
            decided_at: None,
            remarks: Some("<s>".to_owned()),
        };
        let others = vec![report.clone()];
        let complaint = Complaint { now, report, call: None, decided_by: None, is_suspended: false, others };
        render(move || view! { <ComplaintPage desk=Desk::sample(rights) complaint /> })
    }

    #[test]
    fn an_open_report_is_decided_by_admins_alone() {
        let open = html(Rights::Admin, ReportStatus::Open);
        assert!(open.contains("value=\"resolved\"") && open.contains("/admin/people/2/suspend"), "{open}");
        for tag in ["<b>", "<i>", "<u>", "<s>"] {
            assert!(!open.contains(tag), "{open}");
        }
        for html in [html(Rights::Viewer, ReportStatus::Open), html(Rights::Admin, ReportStatus::Dismissed)] {
            assert!(!html.contains("name=\"outcome\""), "{html}");
        }
    }
}
