//! Audio samples that wait for somebody's ear.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{SampleId, UserId, verification::VerificationStatus};

use super::person::{SampleLine, SampleState};
use crate::{
    address::{Address, Query},
    components::{
        facts::{Facts, at_length, or_dash},
        form::{CsrfField, TextField, Typed},
        layout::{Layout, Section},
        person::PersonLink,
        table::{Column, Pager, Part, Row, Table},
        time::{Ago, When, duration},
    },
    desk::Desk,
    facts, paths, row,
};

/// What waits, the oldest first.
#[derive(Debug, Clone)]
pub struct Queue {
    pub now: DateTime<Utc>,
    pub part: Part,
    pub rows: Vec<Waiting>,
}

#[derive(Debug, Clone)]
pub struct Waiting {
    pub sample: SampleId,
    pub listener: UserId,
    pub name: String,
    pub length: Duration,
    pub sent_at: DateTime<Utc>,
}

/// The page of the queue that an address asks for.
pub fn queue_page(query: &Query) -> i64 {
    query.page("page")
}

#[component]
pub fn QueuePage(desk: Desk, queue: Queue) -> impl IntoView {
    let first = queue.rows.first().map(|waiting| waiting.sample);
    let begin = first.map(|first| {
        view! {
            <p class="buttons">
                <a class="button" href=paths::sample(first) data-key="n">"Begin with the oldest"</a>
                <span class="hint">"or press " <kbd>"n"</kbd></span>
            </p>
        }
    });
    view! {
        <Layout title="Verification" current=Section::Verification desk as_of=queue.now keys=true>
            <div id="begin" data-live>{begin}</div>
            <QueueTable queue current=SampleId(0) />
        </Layout>
    }
}

#[component]
fn QueueTable(queue: Queue, current: SampleId) -> impl IntoView {
    let Queue { now, part, rows } = queue;
    let columns = vec![Column::text("Listener"), Column::number("Length"), Column::number("Sent")];
    let rows = rows.into_iter().map(|waiting| waiting_row(waiting, current, now)).collect();
    view! {
        <Table id="queue" title="Waiting, the oldest first" columns rows empty="Nothing waits for a review." live=true>
            <Pager address=Address::new(paths::VERIFICATION) part />
        </Table>
    }
}

fn waiting_row(waiting: Waiting, current: SampleId, now: DateTime<Utc>) -> Row {
    let here = (waiting.sample == current).then_some("true");
    row![
        view! {
            <span class="person">
                <a class="name" href=paths::sample(waiting.sample) aria-current=here>{waiting.name}</a>
                <span class="detail">{format!("#{}", waiting.listener)}</span>
            </span>
        },
        length(waiting.length),
        view! { <Ago at=waiting.sent_at now /> },
    ]
}

fn length(length: Duration) -> String {
    duration(chrono::TimeDelta::from_std(length).unwrap_or_default())
}

/// One sample: to be heard and judged, or judged already.
#[derive(Debug, Clone)]
pub struct Sample {
    pub now: DateTime<Utc>,
    pub id: SampleId,
    pub listener: UserId,
    pub name: String,
    pub bio: Option<String>,
    pub language: Option<String>,
    pub country: Option<String>,
    pub length: Duration,
    pub sent_at: DateTime<Utc>,
    pub status: VerificationStatus,
    pub remarks: Option<String>,
    pub reviewed: Option<Reviewed>,
    /// The listener's others, the newest first.
    pub history: Vec<SampleLine>,
    /// Those beside it in the queue.
    pub previous: Option<SampleId>,
    pub next: Option<SampleId>,
    pub queue: Queue,
}

/// Who was first.
#[derive(Debug, Clone)]
pub struct Reviewed {
    pub by: String,
    pub at: DateTime<Utc>,
}

#[component]
pub fn SamplePage(desk: Desk, sample: Sample, #[prop(optional)] typed: Typed) -> impl IntoView {
    let Sample { now, id, listener, length: played, sent_at, .. } = sample;
    let facts = facts![
        "Listener" => view! { <PersonLink id=listener name=sample.name.clone() /> },
        "Sent" => view! { <When at=sent_at /> },
        "Length" => length(played),
        "Language" => or_dash(sample.language),
        "Country" => or_dash(sample.country),
        "Bio" => at_length(or_dash(sample.bio)),
    ];
    let form = (desk.may_change() && sample.status == VerificationStatus::Pending)
        .then(|| view! { <Review csrf=desk.csrf.clone() id typed /> });
    let link = |to: Option<SampleId>, key: &'static str, rel: &'static str, text: &'static str| {
        to.map(|to| view! { <a href=paths::sample(to) rel=rel data-key=key>{text} " " <kbd>{key}</kbd></a> })
    };
    let columns = vec![
        Column::text("Sample"),
        Column::text("Status"),
        Column::text("Remarks").wide_only(),
        Column::number("Sent"),
    ];
    let history = sample.history.into_iter().map(history_row).collect();
    let title = format!("Sample of {}", sample.name);
    view! {
        <Layout title current=Section::Verification desk as_of=now keys=true>
            <div class="pair review">
                <div class="stack">
                    <Facts id="sample" title="To be heard" facts>
                        <audio controls preload="metadata" src=paths::sample_audio(id) data-key="space"></audio>
                        <span class="hint"><kbd>"space"</kbd> " plays and stops"</span>
                    </Facts>
                    <Verdict status=sample.status remarks=sample.remarks reviewed=sample.reviewed now />
                    {form}
                    <nav id="beside" class="buttons" aria-label="Beside it in the queue" data-live>
                        {link(sample.previous, "p", "prev", "Previous")}
                        {link(sample.next, "n", "next", "Next")}
                    </nav>
                    <Table id="history" title="Their other samples" columns rows=history empty="This is their first." />
                </div>
                <QueueTable queue=sample.queue current=id />
            </div>
        </Layout>
    }
}

/// How it stands; live, so that whoever still listens learns that another was first.
#[component]
fn Verdict(
    status: VerificationStatus,
    remarks: Option<String>,
    reviewed: Option<Reviewed>,
    now: DateTime<Utc>,
) -> impl IntoView {
    let verdict = reviewed.map(|Reviewed { by, at }| {
        view! {
            <p class="warning" role="status">
                <SampleState status /> " by " {by} ", " <Ago at now />
                {remarks.map(|remarks| view! { ": “" {remarks} "”" })}
            </p>
        }
    });
    view! { <div id="verdict" data-live>{verdict}</div> }
}

#[component]
fn Review(csrf: String, id: SampleId, typed: Typed) -> impl IntoView {
    view! {
        <form class="card fields" method="post" action=paths::sample(id)>
            <CsrfField value=csrf />
            <TextField name="remarks" label="Remarks" hint="The listener reads them. May be empty." typed />
            <div class="buttons">
                <button name="verdict" value="approved" data-key="a">"Approve " <kbd>"a"</kbd></button>
                <button class="danger" name="verdict" value="rejected" data-key="r">"Reject " <kbd>"r"</kbd></button>
            </div>
        </form>
    }
}

fn history_row(sample: SampleLine) -> Row {
    row![
        view! { <a href=paths::sample(sample.id)>{format!("#{}", sample.id)}</a> },
        view! { <SampleState status=sample.status /> },
        or_dash(sample.remarks),
        view! { <When at=sample.uploaded_at /> },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    fn html(rights: Rights, status: VerificationStatus) -> String {
        let now = DateTime::UNIX_EPOCH;
        let reviewed = (status != VerificationStatus::Pending).then(|| Reviewed { by: "<b>asha".to_owned(), at: now });
        let sample = Sample {
            now,
            id: SampleId(5),
            listener: UserId(7),
            name: "<i>meera".to_owned(),
            bio: Some("<script>".to_owned()),
            language: None,
            country: None,
            length: Duration::from_secs(65),
            sent_at: now,
            status,
            remarks: Some("<u>".to_owned()),
            reviewed,
            history: Vec::new(),
            previous: None,
            next: Some(SampleId(6)),
            queue: Queue { now, part: Part::new(1, 50, 0), rows: Vec::new() },
        };
        render(move || view! { <SamplePage desk=Desk::sample(rights) sample /> })
    }

    #[test]
    fn what_waits_can_be_heard_and_judged_by_keys() {
        let html = html(Rights::Admin, VerificationStatus::Pending);
        for part in [
            "1:05",
            "src=\"/admin/verification/5/audio\"",
            "data-key=\"a\"",
            "data-key=\"r\"",
            "href=\"/admin/verification/6\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("data-key=\"p\""), "{html}");
    }

    #[test]
    fn nobody_judges_twice_and_viewers_never() {
        for html in
            [html(Rights::Admin, VerificationStatus::Rejected), html(Rights::Viewer, VerificationStatus::Pending)]
        {
            assert!(!html.contains("name=\"verdict\""), "{html}");
        }
        let judged = html(Rights::Admin, VerificationStatus::Rejected);
        assert!(judged.contains("by &lt;b&gt;asha") && judged.contains("“&lt;u&gt;”"), "{judged}");
        for tag in ["<b>", "<i>", "<u>", "<script>"] {
            assert!(!judged.contains(tag), "{judged}");
        }
    }
}
