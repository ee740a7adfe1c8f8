//! Whether the books close, and what a minute leaves.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{Coins, Earnings, Paise, calls::CallType};

use super::{Tab, Tabs};
use crate::{
    address::Choice,
    components::{
        facts::{Pill, Tone},
        layout::{Layout, Section},
        money::{coins, earnings, rupees},
        stat::grouped,
        table::{Column, Row, Table},
        time::Ago,
    },
    desk::Desk,
    row,
};

#[derive(Debug, Clone)]
pub struct Books {
    pub now: DateTime<Utc>,
    /// `None` where Postgres does not answer.
    pub proof: Option<Proven>,
    pub rates: Vec<RateLine>,
}

/// The last proof, and the first of what does not agree.
#[derive(Debug, Clone)]
pub struct Proven {
    pub at: DateTime<Utc>,
    pub total: i64,
    pub found: Vec<Difference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub subject: String,
    pub expected: String,
    pub found: String,
}

/// What a minute costs, pays and leaves.
#[derive(Debug, Clone)]
pub struct RateLine {
    pub call_type: CallType,
    pub coins: Coins,
    pub earnings: Earnings,
    /// What the coins are worth where they are cheapest.
    pub brings: Paise,
    pub pays: Paise,
}

#[component]
pub fn BooksPage(desk: Desk, books: Books) -> impl IntoView {
    let Books { now, proof, rates } = books;
    let verdict = match &proof {
        None => view! { <p>"They are being proven; large books take their time."</p> }.into_any(),
        Some(Proven { at, total: 0, .. }) => {
            view! { <p><Pill text="The books close" tone=Tone::Good /> " Proven " <Ago at=*at now /> "."</p> }
                .into_any()
        }
        Some(Proven { at, total, .. }) => {
            let text = format!("{} do not agree", grouped(*total));
            view! { <p><Pill text tone=Tone::Bad /> " Proven " <Ago at=*at now /> "."</p> }.into_any()
        }
    };
    let found = proof.map(|proof| proof.found).unwrap_or_default();
    let found_rows = found.into_iter().map(|one| row![one.subject, one.expected, one.found]).collect();
    let found_columns = vec![Column::text("What"), Column::text("By the ledger"), Column::text("By the records")];
    let rate_columns = vec![
        Column::text("Kind"),
        Column::number("Coins a minute"),
        Column::number("Earned a minute"),
        Column::number("Brings in").wide_only(),
        Column::number("Pays out").wide_only(),
        Column::number("Leaves"),
    ];
    let rate_rows = rates.into_iter().map(rate_row).collect();
    view! {
        <Layout title="Books and rates" current=Section::Money desk as_of=now>
            <Tabs current=Tab::Books />
            <section id="proof" class="panel" aria-labelledby="proof-title" data-live>
                <h2 id="proof-title">"The proof"</h2>
                {verdict}
                <p class="hint">
                    "Every ten minutes at most, at one moment: both sides of all postings sum to zero; each wallet is what
                    its postings say; each call, payment and withdrawal moved what its record says, once; no balance is
                    negative. " <code>"saathii ledger verify"</code> " does the same at once."
                </p>
            </section>
            <Table id="found" title="What does not agree" columns=found_columns rows=found_rows empty="Everything agrees." live=true />
            <Table id="rates" title="A minute" columns=rate_columns rows=rate_rows empty="" />
            <p class="hint">
                "Coins are worth what they bring where they are sold cheapest; earnings what a payout costs. Rates are
                set by the configuration, and hold for calls that begin after a restart."
            </p>
        </Layout>
    }
}

fn rate_row(rate: RateLine) -> Row {
    let left = Paise(rate.brings.0 - rate.pays.0);
    let warning = (left.0 < 0).then(|| view! { <br /><Pill text="At a loss" tone=Tone::Warn /> });
    row![
        view! { <span class="nowrap">{rate.call_type.label()}</span> },
        coins(rate.coins),
        earnings(rate.earnings),
        rupees(rate.brings),
        rupees(rate.pays),
        view! { {rupees(left)} {warning} },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    #[test]
    fn a_loss_and_a_gap_are_said_in_words() {
        let now = DateTime::UNIX_EPOCH;
        let found = vec![Difference { subject: "<i>".into(), expected: "1".into(), found: "2".into() }];
        let rate = RateLine {
            call_type: CallType::Audio,
            coins: Coins(10),
            earnings: Earnings(15),
            brings: Paise(500),
            pays: Paise(750),
        };
        let books = Books { now, proof: Some(Proven { at: now, total: 1, found }), rates: vec![rate] };
        let html = render(move || view! { <BooksPage desk=Desk::sample(Rights::Viewer) books /> });
        for part in ["1 do not agree", "-₹2.50", "At a loss", "&lt;i&gt;"] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
