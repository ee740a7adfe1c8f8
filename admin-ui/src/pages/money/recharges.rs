//! What people paid for coins.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{Coins, Paise, PaymentId, UserId, payments::RechargeStatus};

use super::{Tab, Tabs};
use crate::{
    address::{Address, Choice, Days, Query},
    components::{
        facts::{Pill, Tone, or_dash},
        filter::{ChoiceFilter, DaysFilter, FilterForm, TextFilter},
        layout::{Layout, Section},
        money::{coins, rupees},
        person::PersonLink,
        table::{Column, Older, Row, Table},
        time::When,
    },
    desk::Desk,
    paths, row,
};

impl Choice for RechargeStatus {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Pending, "pending", "Not paid yet"),
        (Self::Paid, "paid", "Paid"),
        (Self::Failed, "failed", "Failed"),
        (Self::Refunded, "refunded", "Refunded"),
    ];
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RechargesQuery {
    pub person: Option<UserId>,
    pub status: Option<RechargeStatus>,
    pub days: Days,
    /// Older ones than this.
    pub before: Option<PaymentId>,
}

const FIELDS: &[&str] = &["person", "status", "from", "to", "before"];

impl RechargesQuery {
    pub fn of(query: &Query) -> Self {
        Self {
            person: query.id("person").map(UserId),
            status: query.choice("status"),
            days: Days::of(query),
            before: query.id("before").map(PaymentId),
        }
    }

    fn address(self) -> Address {
        Address::new(paths::RECHARGES)
            .with("person", self.person)
            .with("status", self.status.map(Choice::word))
            .with_days(self.days)
    }
}

#[derive(Debug, Clone)]
pub struct Recharges {
    pub now: DateTime<Utc>,
    pub query: RechargesQuery,
    pub rows: Vec<Recharge>,
    pub has_older: bool,
}

#[derive(Debug, Clone)]
pub struct Recharge {
    pub id: PaymentId,
    pub buyer: (UserId, String),
    pub provider: String,
    pub method: Option<String>,
    /// The provider's own word for the attempt that paid.
    pub reference: Option<String>,
    pub amount: Paise,
    pub refunded: Paise,
    pub coins: Coins,
    pub status: RechargeStatus,
    pub created_at: DateTime<Utc>,
}

#[component]
pub fn RechargesPage(desk: Desk, recharges: Recharges) -> impl IntoView {
    let Recharges { now, query, rows, has_older } = recharges;
    let address = query.address();
    let csv = address.clone().moved_to(paths::RECHARGES_CSV).to_string();
    let older = rows.last().filter(|_| has_older).map(|last| address.clone().with("before", Some(last.id)));
    let newest = query.before.map(|_| address.clone());
    let columns = vec![
        Column::text("Payment"),
        Column::text("Buyer"),
        Column::text("Through").wide_only(),
        Column::text("Status"),
        Column::number("Price"),
        Column::number("Refunded").wide_only(),
        Column::number("Coins"),
        Column::number("When").wide_only(),
    ];
    let rows = rows.into_iter().map(recharge_row).collect();
    let person = query.person.map(|id| format!("#{id}"));
    view! {
        <Layout title="Recharges" current=Section::Money desk as_of=now>
            <Tabs current=Tab::Recharges />
            <FilterForm address fields=FIELDS>
                <TextFilter name="person" label="Id of a person" value=person placeholder="#12" short=true />
                <ChoiceFilter name="status" label="Status" value=query.status />
                <DaysFilter days=query.days />
            </FilterForm>
            <Table id="recharges" title="Recharges, the newest first" columns rows empty="No purchase is found by this." live=true>
                <Older newest older />
            </Table>
            <p><a href=csv download="recharges.csv">"All of these as CSV"</a></p>
        </Layout>
    }
}

fn recharge_row(recharge: Recharge) -> Row {
    let tone = match recharge.status {
        RechargeStatus::Pending => Tone::Plain,
        RechargeStatus::Paid => Tone::Good,
        RechargeStatus::Failed => Tone::Bad,
        RechargeStatus::Refunded => Tone::Warn,
    };
    let refunded = (recharge.refunded.0 > 0).then(|| rupees(recharge.refunded));
    row![
        view! {
            <span class="person">
                <a class="name" href=paths::ledger_of("recharge", recharge.id.0)>{format!("#{}", recharge.id)}</a>
                <span class="detail">{recharge.reference}</span>
            </span>
        },
        view! { <PersonLink id=recharge.buyer.0 name=recharge.buyer.1 /> },
        format!("{}, {}", recharge.provider, or_dash(recharge.method)),
        view! { <Pill text=recharge.status.label() tone /> },
        rupees(recharge.amount),
        or_dash(refunded),
        coins(recharge.coins),
        view! { <When at=recharge.created_at /> },
    ]
}
