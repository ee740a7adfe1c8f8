//! Coins and earnings given or taken by hand.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{AdjustmentId, Coins, Earnings, UserId, wallet::Currency};

use super::{
    super::person::{Posting, posting_columns, posting_row},
    Tab, Tabs,
};
use crate::{
    address::{Address, Choice, Query},
    components::{
        confirm::ConfirmPage,
        facts::{Facts, Pill, Tone, at_length},
        filter::StatusTabs,
        form::{CsrfField, Field, SelectField, TextField, Typed},
        layout::{Layout, Section},
        money::{coins, earnings, signed},
        person::PersonLink,
        stat::grouped,
        table::{Column, Pager, Part, Row, Table},
        time::{Ago, When},
    },
    desk::Desk,
    facts, paths, row,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Applied,
    Rejected,
}

impl Choice for Status {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Pending, "pending", "Waiting"),
        (Self::Applied, "applied", "Applied"),
        (Self::Rejected, "rejected", "Rejected"),
    ];
}

/// Which way it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Give,
    Take,
}

impl Choice for Direction {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Give, "give", "Give"), (Self::Take, "take", "Take away")];
}

impl Choice for Currency {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Coins, "coins", "Coins"), (Self::Earnings, "earnings", "Earnings")];
}

/// What the form needs to know.
#[derive(Debug, Clone)]
pub struct Adjusting {
    pub id: UserId,
    pub name: String,
    pub balance: Coins,
    pub withdrawable: Earnings,
    /// From so many on another admin applies it.
    pub second_admin_from: i64,
    /// The same form sent twice is one adjustment.
    pub form_key: String,
}

/// What was typed, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdjustForm {
    pub direction: Option<Direction>,
    pub currency: Option<Currency>,
    pub amount: Typed,
    pub reason: Typed,
    /// What no field is at fault for.
    pub problem: String,
}

/// Asks before somebody's wallet is changed: what, how much, and why.
#[component]
pub fn AdjustPage(desk: Desk, adjusting: Adjusting, #[prop(optional)] form: AdjustForm) -> impl IntoView {
    let Adjusting { id, name, balance, withdrawable, second_admin_from, form_key } = adjusting;
    let AdjustForm { direction, currency, amount, reason, problem } = form;
    let meaning = vec![
        format!(
            "{name} has {} coins to spend and {} earnings to withdraw. The ledger keeps both sides, and the record who \
             did it and why.",
            coins(balance),
            earnings(withdrawable),
        ),
        format!(
            "From {} on, another admin has to apply it. What is applied is undone by another adjustment alone.",
            grouped(second_admin_from),
        ),
    ];
    view! {
        <ConfirmPage
            title=format!("Adjust the wallet of {name}")
            section=Section::People
            desk
            meaning
            action=paths::adjust(id)
            button="Adjust"
            back=paths::person(id)
            problem
        >
            <input type="hidden" name="form_key" value=form_key />
            <SelectField name="direction" label="Do" value=direction />
            <SelectField name="currency" label="Of" value=currency />
            <Field name="amount" label="How many" inputmode="numeric" maxlength=12 required=true typed=amount />
            <TextField name="reason" label="Why" hint="For the record; its owner can export it." maxlength=500 required=true typed=reason />
        </ConfirmPage>
    }
}

/// Which adjustments; without a word, those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdjustmentsQuery {
    pub status: Status,
    pub page: i64,
}

impl AdjustmentsQuery {
    pub fn of(query: &Query) -> Self {
        Self { status: query.choice("status").unwrap_or(Status::Pending), page: query.page("page") }
    }
}

#[derive(Debug, Clone)]
pub struct Adjustments {
    pub now: DateTime<Utc>,
    pub query: AdjustmentsQuery,
    pub part: Part,
    /// The newest first.
    pub rows: Vec<AdjustmentLine>,
}

#[derive(Debug, Clone)]
pub struct AdjustmentLine {
    pub id: AdjustmentId,
    pub owner: (UserId, String),
    pub currency: Currency,
    /// Given; taken where it is negative.
    pub amount: i64,
    pub reason: String,
    pub status: Status,
    pub asked_by: (UserId, String),
    pub asked_at: DateTime<Utc>,
    pub decided_by: Option<(UserId, String)>,
    pub decided_at: Option<DateTime<Utc>>,
}

impl AdjustmentLine {
    /// Like `+500 coins`.
    fn what(&self) -> String {
        let currency = self.currency.label().to_lowercase();
        format!("{} {currency}", signed(self.amount))
    }
}

#[component]
pub fn AdjustmentsPage(desk: Desk, adjustments: Adjustments) -> impl IntoView {
    let Adjustments { now, query, part, rows } = adjustments;
    let address = Address::new(paths::ADJUSTMENTS).with("status", Some(query.status.word()));
    let columns = vec![
        Column::text("Adjustment"),
        Column::text("Person"),
        Column::number("What"),
        Column::text("Why").wide_only(),
        Column::text("Asked by").wide_only(),
        Column::number("Asked").wide_only(),
    ];
    let rows = rows.into_iter().map(|line| adjustment_row(line, now)).collect();
    view! {
        <Layout title="Adjustments" current=Section::Money desk as_of=now>
            <Tabs current=Tab::Adjustments />
            <StatusTabs path=paths::ADJUSTMENTS current=query.status />
            <Table id="adjustments" title=format!("{}, the newest first", query.status.label()) columns rows empty="None." live=true>
                <Pager address part />
            </Table>
            <p class="hint">"A wallet is adjusted from the page of its owner."</p>
        </Layout>
    }
}

fn adjustment_row(line: AdjustmentLine, now: DateTime<Utc>) -> Row {
    let what = line.what();
    row![
        view! { <a href=paths::adjustment(line.id)>{format!("#{}", line.id)}</a> },
        view! { <PersonLink id=line.owner.0 name=line.owner.1 /> },
        what,
        line.reason,
        view! { <PersonLink id=line.asked_by.0 name=line.asked_by.1 /> },
        view! { <Ago at=line.asked_at now /> },
    ]
}

/// One adjustment.
#[derive(Debug, Clone)]
pub struct Adjustment {
    pub now: DateTime<Utc>,
    pub line: AdjustmentLine,
    pub postings: Vec<Posting>,
}

#[component]
pub fn AdjustmentPage(desk: Desk, adjustment: Adjustment, #[prop(optional)] problem: String) -> impl IntoView {
    let Adjustment { now, line, postings } = adjustment;
    let id = line.id;
    let status = line.status;
    let tone = match status {
        Status::Pending => Tone::Warn,
        Status::Applied => Tone::Good,
        Status::Rejected => Tone::Bad,
    };
    let mut facts = facts![
        "Status" => view! { <Pill text=status.label() tone /> },
        "Person" => view! { <PersonLink id=line.owner.0 name=line.owner.1.clone() /> },
        "What" => line.what(),
        "Why" => at_length(line.reason.clone()),
        "Asked by" => view! { <PersonLink id=line.asked_by.0 name=line.asked_by.1.clone() /> ", " <When at=line.asked_at /> },
    ];
    let decided = line.decided_by.clone().zip(line.decided_at);
    facts.extend(
        decided.map(|((id, name), at)| {
            (status.label(), view! { "by " <PersonLink id name /> ", " <When at /> }.into_any())
        }),
    );
    let form = (desk.may_change() && status == Status::Pending).then(|| {
        view! {
            <form class="card fields" method="post" action=paths::adjustment(id)>
                <CsrfField value=desk.csrf.clone() />
                <p class="hint">
                    "Applied by another admin than the one who asked, it moves the wallet at once. Who asked may reject
                    it, to take it back."
                </p>
                <div class="buttons">
                    <button name="step" value="apply">"Apply"</button>
                    <button class="danger" name="step" value="reject">"Reject"</button>
                </div>
            </form>
        }
    });
    let rows = postings.into_iter().map(posting_row).collect();
    view! {
        <Layout title=format!("Adjustment #{id}") current=Section::Money desk as_of=now>
            <Tabs current=Tab::Adjustments />
            {(!problem.is_empty()).then(|| view! { <p class="problem" role="alert">{problem}</p> })}
            <Facts id="adjustment" title="The adjustment" facts live=true />
            {form}
            <Table id="postings" title="What it moved" columns=posting_columns() rows empty="Nothing yet." live=true />
        </Layout>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    fn line(status: Status) -> AdjustmentLine {
        AdjustmentLine {
            id: AdjustmentId(4),
            owner: (UserId(3), "<b>".to_owned()),
            currency: Currency::Coins,
            amount: -1500,
            reason: "<i>".to_owned(),
            status,
            asked_by: (UserId(1), "<u>".to_owned()),
            asked_at: DateTime::UNIX_EPOCH,
            decided_by: None,
            decided_at: None,
        }
    }

    #[test]
    fn only_what_waits_is_decided_and_only_by_admins() {
        let html = |rights, status| {
            let adjustment = Adjustment { now: DateTime::UNIX_EPOCH, line: line(status), postings: Vec::new() };
            render(move || view! { <AdjustmentPage desk=Desk::sample(rights) adjustment /> })
        };
        let waiting = html(Rights::Admin, Status::Pending);
        assert!(waiting.contains("-1,500 coins") && waiting.contains("value=\"apply\""), "{waiting}");
        for tag in ["<b>", "<i>", "<u>"] {
            assert!(!waiting.contains(tag), "{waiting}");
        }
        for html in [html(Rights::Viewer, Status::Pending), html(Rights::Admin, Status::Applied)] {
            assert!(!html.contains("name=\"step\""), "{html}");
        }
    }

    #[test]
    fn the_form_keeps_what_was_chosen() {
        let html = render(|| {
            let adjusting = Adjusting {
                id: UserId(3),
                name: "<b>".to_owned(),
                balance: Coins(10),
                withdrawable: Earnings(5),
                second_admin_from: 1000,
                form_key: "k".to_owned(),
            };
            let form = AdjustForm {
                direction: Some(Direction::Take),
                currency: Some(Currency::Earnings),
                amount: Typed::wrong("x", "A number"),
                ..AdjustForm::default()
            };
            view! { <AdjustPage desk=Desk::sample(Rights::Admin) adjusting form /> }
        });
        for part in
            [r#"<option value="take" selected"#, r#"<option value="earnings" selected"#, r#"name="form_key" value="k""#]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("<b>"), "{html}");
    }
}
