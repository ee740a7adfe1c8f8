//! What admins did: who, what, to whom, before and after.

use chrono::{DateTime, Utc};
use leptos::{prelude::*, serde_json::Value};
use saathii_shared_types::{AdjustmentId, CallId, ReportId, SampleId, UserId, WithdrawalId, audit::AuditEntry};

use crate::{
    address::{Address, Days, Query},
    components::{
        facts::or_dash,
        filter::{DaysFilter, FilterForm, TextFilter, WordFilter},
        layout::{Layout, Section},
        person::PersonLink,
        table::{Column, Older, Row, Table},
        time::When,
    },
    desk::Desk,
    paths, row,
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// The admin who did it.
    pub actor: Option<UserId>,
    /// Like `user.suspend`.
    pub action: Option<String>,
    /// Like `user`.
    pub kind: Option<String>,
    pub subject: Option<i64>,
    pub days: Days,
    pub page: i64,
}

const FIELDS: &[&str] = &["actor", "action", "kind", "subject", "from", "to", "page"];

impl LogQuery {
    pub fn of(query: &Query) -> Self {
        Self {
            actor: query.id("actor").map(UserId),
            action: query.text("action"),
            kind: query.text("kind"),
            subject: query.id("subject"),
            days: Days::of(query),
            page: query.page("page"),
        }
    }

    fn address(&self) -> Address {
        Address::new(paths::LOG)
            .with("actor", self.actor)
            .with("action", self.action.as_ref())
            .with("kind", self.kind.as_ref())
            .with("subject", self.subject)
            .with_days(self.days)
    }
}

#[derive(Debug, Clone)]
pub struct Log {
    pub now: DateTime<Utc>,
    pub query: LogQuery,
    /// The newest first.
    pub rows: Vec<AuditEntry>,
    pub has_older: bool,
    /// To choose from.
    pub actions: Vec<String>,
    pub kinds: Vec<String>,
}

#[component]
pub fn LogPage(desk: Desk, log: Log) -> impl IntoView {
    let Log { now, query, rows, has_older, actions, kinds } = log;
    let address = query.address();
    let older = has_older.then(|| address.clone().with("page", Some(query.page + 1)));
    let newest = (query.page > 1).then(|| address.clone());
    let columns = vec![
        Column::text("When"),
        Column::text("Who"),
        Column::text("Did"),
        Column::text("To"),
        Column::text("Before").wide_only(),
        Column::text("After").wide_only(),
        Column::text("From where").wide_only(),
    ];
    let rows = rows.into_iter().map(entry_row).collect();
    let actor = query.actor.map(|id| format!("#{id}"));
    let subject = query.subject.map(|id| id.to_string());
    view! {
        <Layout title="Audit log" current=Section::Log desk as_of=now>
            <FilterForm address fields=FIELDS>
                <TextFilter name="actor" label="Id of the admin" value=actor placeholder="#12" short=true />
                <WordFilter name="action" label="Did" value=query.action words=actions />
                <WordFilter name="kind" label="To a" value=query.kind words=kinds />
                <TextFilter name="subject" label="Its id" value=subject placeholder="12" short=true />
                <DaysFilter days=query.days />
            </FilterForm>
            <Table id="log" title="The newest first" columns rows empty="Nothing is found by this." live=true>
                <Older newest older />
            </Table>
        </Layout>
    }
}

fn entry_row(entry: AuditEntry) -> Row {
    let who = match (entry.actor_id, entry.actor_username) {
        (Some(id), name) => view! { <PersonLink id name=name.unwrap_or_default() /> }.into_any(),
        (None, _) => words(&entry.actor).into_any(),
    };
    let subject = format!("{} #{}", entry.subject_kind, entry.subject_id);
    let subject = match page_of(&entry.subject_kind, entry.subject_id) {
        Some(page) => view! { <a href=page>{subject}</a> }.into_any(),
        None => subject.into_any(),
    };
    let from = entry.address.clone();
    row![
        view! { <When at=entry.created_at /> },
        who,
        view! { <code>{entry.action}</code> },
        subject,
        view! { <Values value=entry.before /> },
        view! { <Values value=entry.after /> },
        view! { <span title=entry.user_agent>{or_dash(from)}</span> },
    ]
}

/// `command_line` as people write it.
fn words(actor: &str) -> String {
    actor.replace('_', " ")
}

fn page_of(kind: &str, id: i64) -> Option<String> {
    match kind {
        "user" => Some(paths::person(UserId(id))),
        "call" => Some(paths::call(CallId(id))),
        "sample" => Some(paths::sample(SampleId(id))),
        "withdrawal" => Some(paths::withdrawal(WithdrawalId(id))),
        "report" => Some(paths::report(ReportId(id))),
        "adjustment" => Some(paths::adjustment(AdjustmentId(id))),
        _ => None,
    }
}

/// The fields of a record, one a line.
#[component]
fn Values(value: Option<Value>) -> impl IntoView {
    let Some(value) = value else { return or_dash(None::<String>).into_any() };
    let Value::Object(fields) = value else { return value.to_string().into_any() };
    let lines = fields.into_iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text,
            Value::Null => "–".to_owned(),
            other => other.to_string(),
        };
        view! { <li><span class="detail">{name}</span> " " {value}</li> }
    });
    view! { <ul class="values">{lines.collect_view()}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use leptos::serde_json::json;

    use super::*;
    use crate::{desk::Rights, html::render};

    #[test]
    fn an_entry_reads_as_who_did_what_to_whom() {
        let now = DateTime::UNIX_EPOCH;
        let entry = AuditEntry {
            entry_id: 1,
            actor: "admin".to_owned(),
            actor_id: Some(UserId(1)),
            actor_username: Some("<b>".to_owned()),
            action: "user.suspend".to_owned(),
            subject_kind: "user".to_owned(),
            subject_id: 2,
            before: None,
            after: Some(json!({"reason": "<i>", "until": null})),
            address: Some("127.0.0.1".to_owned()),
            user_agent: Some("<u>".to_owned()),
            created_at: now,
        };
        let query = LogQuery::of(&Query::parse("actor=%231&action=user.suspend&page=2"));
        let log = Log { now, query, rows: vec![entry], has_older: true, actions: Vec::new(), kinds: Vec::new() };
        let html = render(move || view! { <LogPage desk=Desk::sample(Rights::Viewer) log /> });
        for part in [
            "href=\"/admin/people/2\"",
            "user #2",
            "&lt;i&gt;",
            "href=\"/admin/log?actor=1&amp;action=user.suspend&amp;page=3\" rel=\"next\"",
            "href=\"/admin/log?actor=1&amp;action=user.suspend\" rel=\"first\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        for tag in ["<b>", "<i>", "<u>"] {
            assert!(!html.contains(tag), "{html}");
        }
    }
}
