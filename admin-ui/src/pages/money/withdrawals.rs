//! Payouts: what waits, and what becomes of it.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{
    UserId, WithdrawalId,
    wallet::WithdrawalStatus,
    withdrawals::{AdminWithdrawal, PayoutDetails},
};

use super::{
    super::person::{Posting, posting_columns, posting_row},
    Tab, Tabs,
};
use crate::{
    address::{Address, Choice, Query},
    components::{
        facts::{Facts, Pill, Tone, at_length},
        filter::StatusTabs,
        form::{CsrfField, Field, TextField, Typed},
        layout::{Layout, Section},
        money::{earnings, rupees},
        person::PersonLink,
        table::{Column, Pager, Part, Row, Table},
        time::{Ago, When},
    },
    desk::Desk,
    facts, paths, row,
};

impl Choice for WithdrawalStatus {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Requested, "requested", "Requested"),
        (Self::Approved, "approved", "Approved"),
        (Self::Paid, "paid", "Paid"),
        (Self::Rejected, "rejected", "Rejected"),
    ];
}

/// Which withdrawals; without a word, those that wait for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithdrawalsQuery {
    pub status: WithdrawalStatus,
    pub page: i64,
}

impl WithdrawalsQuery {
    pub fn of(query: &Query) -> Self {
        Self { status: query.choice("status").unwrap_or(WithdrawalStatus::Requested), page: query.page("page") }
    }
}

#[derive(Debug, Clone)]
pub struct Withdrawals {
    pub now: DateTime<Utc>,
    pub query: WithdrawalsQuery,
    pub part: Part,
    /// The oldest first.
    pub rows: Vec<AdminWithdrawal>,
}

#[component]
pub fn WithdrawalsPage(desk: Desk, withdrawals: Withdrawals) -> impl IntoView {
    let Withdrawals { now, query, part, rows } = withdrawals;
    let address = Address::new(paths::WITHDRAWALS).with("status", Some(query.status.word()));
    let columns = vec![
        Column::text("Withdrawal"),
        Column::text("Listener"),
        Column::text("To").wide_only(),
        Column::number("Earnings").wide_only(),
        Column::number("Rupees"),
        Column::number("Asked"),
    ];
    let rows = rows.into_iter().map(|withdrawal| withdrawal_row(withdrawal, now)).collect();
    view! {
        <Layout title="Withdrawals" current=Section::Money desk as_of=now>
            <Tabs current=Tab::Withdrawals />
            <StatusTabs path=paths::WITHDRAWALS current=query.status />
            <Table id="withdrawals" title=format!("{}, the oldest first", query.status.label()) columns rows empty="None." live=true>
                <Pager address part />
            </Table>
        </Layout>
    }
}

fn withdrawal_row(withdrawal: AdminWithdrawal, now: DateTime<Utc>) -> Row {
    let id = withdrawal.withdrawal_id;
    row![
        view! { <a href=paths::withdrawal(id)>{format!("#{id}")}</a> },
        view! { <PersonLink id=withdrawal.user_id name=withdrawal.username /> },
        withdrawal.destination,
        earnings(withdrawal.amount),
        rupees(withdrawal.amount_paise),
        view! { <Ago at=withdrawal.created_at now /> },
    ]
}

/// One withdrawal.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    pub now: DateTime<Utc>,
    pub row: AdminWithdrawal,
    /// Where to, in full: for who may pay, while it is open.
    pub details: Option<PayoutDetails>,
    pub decided_by: Option<(UserId, String)>,
    pub paid_by: Option<(UserId, String)>,
    pub postings: Vec<Posting>,
}

/// What an admin tried, and why it did not go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    pub remarks: Typed,
    pub reference: Typed,
    /// What no field is at fault for.
    pub problem: Option<String>,
}

#[component]
pub fn WithdrawalPage(desk: Desk, withdrawal: Withdrawal, #[prop(optional)] tried: Tried) -> impl IntoView {
    let Withdrawal { now, row, details, decided_by, paid_by, postings } = withdrawal;
    let id = row.withdrawal_id;
    let status = row.status;
    let tone = match status {
        WithdrawalStatus::Requested => Tone::Warn,
        WithdrawalStatus::Approved => Tone::Plain,
        WithdrawalStatus::Paid => Tone::Good,
        WithdrawalStatus::Rejected => Tone::Bad,
    };
    let by = |who: Option<(UserId, String)>, at: Option<DateTime<Utc>>| {
        who.zip(at).map(|((id, name), at)| view! { <PersonLink id name /> ", " <When at /> }.into_any())
    };
    let decided = if status == WithdrawalStatus::Rejected { "Rejected by" } else { "Approved by" };
    let mut facts = facts![
        "Status" => view! { <Pill text=status.label() tone /> },
        "Listener" => view! { <PersonLink id=row.user_id name=row.username.clone() /> },
        "Earnings" => earnings(row.amount),
        "Rupees" => rupees(row.amount_paise),
        "To" => row.destination.clone(),
        "Asked" => view! { <When at=row.created_at /> },
    ];
    facts.extend(by(decided_by, row.decided_at).map(|view| (decided, view)));
    facts.extend(by(paid_by, row.paid_at).map(|view| ("Paid by", view)));
    facts.extend(row.payout_reference.clone().map(|text| ("Reference", text.into_any())));
    facts.extend(row.remarks.clone().map(|text| ("Remarks", at_length(text).into_any())));
    let destination =
        details.map(|details| view! { <Facts id="destination" title="Where to" facts=details_of(details) /> });
    let problem = tried.problem.clone().map(|text| view! { <p class="problem" role="alert">{text}</p> });
    let forms = desk.may_change().then(|| view! { <Decide csrf=desk.csrf.clone() id status tried /> });
    let rows = postings.into_iter().map(posting_row).collect();
    view! {
        <Layout title=format!("Withdrawal #{id}") current=Section::Money desk as_of=now>
            <Tabs current=Tab::Withdrawals />
            {problem}
            <Facts id="withdrawal" title="The withdrawal" facts live=true />
            {destination}
            {forms}
            <Table id="postings" title="What it moved" columns=posting_columns() rows empty="Nothing yet." live=true />
        </Layout>
    }
}

fn details_of(details: PayoutDetails) -> Vec<(&'static str, AnyView)> {
    match details {
        PayoutDetails::Bank { account_holder, account_number, ifsc } => {
            facts!["Holder" => at_length(account_holder), "Account" => account_number, "IFSC" => ifsc]
        }
        PayoutDetails::Upi { upi_id } => facts!["UPI" => at_length(upi_id)],
    }
}

/// The next steps, a form each; live, so that whoever comes second has none left to send.
#[component]
fn Decide(csrf: String, id: WithdrawalId, status: WithdrawalStatus, tried: Tried) -> impl IntoView {
    let action = paths::withdrawal(id);
    let approve = (status == WithdrawalStatus::Requested).then(|| {
        view! {
            <form class="card fields" method="post" action=action.clone()>
                <CsrfField value=csrf.clone() />
                <p class="hint">"Approved, it may be paid. It can still be rejected until then."</p>
                <div class="buttons"><button name="step" value="approve">"Approve"</button></div>
            </form>
        }
    });
    let pay = (status == WithdrawalStatus::Approved).then(|| {
        let hint = "Send the money first. This cannot be undone.";
        view! {
            <form class="card fields" method="post" action=action.clone()>
                <CsrfField value=csrf.clone() />
                <Field name="reference" label="The bank’s reference (UTR)" hint maxlength=100 required=true typed=tried.reference />
                <div class="buttons"><button name="step" value="pay">"Mark as paid"</button></div>
            </form>
        }
    });
    let reject = matches!(status, WithdrawalStatus::Requested | WithdrawalStatus::Approved).then(|| {
        let hint = "The listener reads them. The earnings go back; this cannot be undone.";
        view! {
            <form class="card fields" method="post" action=action.clone()>
                <CsrfField value=csrf.clone() />
                <TextField name="remarks" label="Remarks" hint maxlength=500 required=true typed=tried.remarks />
                <div class="buttons"><button class="danger" name="step" value="reject">"Reject"</button></div>
            </form>
        }
    });
    view! { <div id="steps" class="pair">{approve}{pay}{reject}</div> }
}

#[cfg(test)]
mod tests {
    use saathii_shared_types::{Earnings, Paise};

    use super::*;
    use crate::{desk::Rights, html::render};

    fn html(rights: Rights, status: WithdrawalStatus) -> String {
        let now = DateTime::UNIX_EPOCH;
        let row = AdminWithdrawal {
            withdrawal_id: WithdrawalId(4),
            user_id: UserId(3),
            username: "<b>".to_owned(),
            amount: Earnings(1000),
            amount_paise: Paise(50_000),
            status,
            remarks: Some("<i>".to_owned()),
            destination: "UPI <u>".to_owned(),
            created_at: now,
            decided_by: None,
            decided_at: None,
            paid_by: None,
            paid_at: None,
            payout_reference: None,
        };
        let details = Some(PayoutDetails::Upi { upi_id: "<s>@bank".to_owned() });
        let withdrawal = Withdrawal { now, row, details, decided_by: None, paid_by: None, postings: Vec::new() };
        render(move || view! { <WithdrawalPage desk=Desk::sample(rights) withdrawal /> })
    }

    #[test]
    fn each_step_is_offered_when_it_comes() {
        use WithdrawalStatus::{Approved, Paid, Rejected, Requested};
        for (status, steps) in
            [(Requested, &["approve", "reject"][..]), (Approved, &["pay", "reject"]), (Paid, &[]), (Rejected, &[])]
        {
            let html = html(Rights::Admin, status);
            for step in ["approve", "pay", "reject"] {
                let is_offered = html.contains(&format!("name=\"step\" value=\"{step}\""));
                assert_eq!(is_offered, steps.contains(&step), "{step} of {status:?}: {html}");
            }
            for tag in ["<b>", "<i>", "<u>", "<s>"] {
                assert!(!html.contains(tag), "{html}");
            }
            assert!(html.contains("₹500.00"), "{html}");
        }
        assert!(!html(Rights::Viewer, Requested).contains("name=\"step\""));
    }
}
