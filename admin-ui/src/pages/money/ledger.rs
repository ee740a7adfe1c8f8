//! The ledger: every transfer, and both sides of one.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::{AdjustmentId, CallId, UserId, WithdrawalId};

use super::{Tab, Tabs};
use crate::{
    address::{Address, Choice, Query},
    components::{
        facts::Facts,
        filter::{ChoiceFilter, FilterForm, TextFilter},
        layout::{Layout, Section},
        money::signed,
        person::PersonLink,
        stat::grouped,
        table::{Column, Older, Row, Table},
        time::When,
    },
    desk::Desk,
    facts,
    pages::person::words,
    paths, row,
};

/// Why something moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Recharge,
    Refund,
    CoinAdjustment,
    CallCharge,
    CallEarning,
    EarningAdjustment,
    WithdrawalRequest,
    WithdrawalPayment,
    WithdrawalRejection,
}

/// As the ledger spells them.
impl Choice for Kind {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Recharge, "recharge", "Recharge"),
        (Self::Refund, "refund", "Refund"),
        (Self::CallCharge, "call_charge", "Call charge"),
        (Self::CallEarning, "call_earning", "Call earning"),
        (Self::WithdrawalRequest, "withdrawal_request", "Withdrawal request"),
        (Self::WithdrawalPayment, "withdrawal_payment", "Withdrawal payment"),
        (Self::WithdrawalRejection, "withdrawal_rejection", "Withdrawal rejection"),
        (Self::CoinAdjustment, "coin_adjustment", "Coin adjustment"),
        (Self::EarningAdjustment, "earning_adjustment", "Earning adjustment"),
    ];
}

impl Kind {
    /// The kinds that one call, payment, withdrawal or adjustment moves by.
    pub fn family(self) -> &'static [&'static str] {
        match self {
            Self::Recharge | Self::Refund => &["recharge", "refund"],
            Self::CallCharge | Self::CallEarning => &["call_charge", "call_earning"],
            Self::WithdrawalRequest | Self::WithdrawalPayment | Self::WithdrawalRejection => {
                &["withdrawal_request", "withdrawal_payment", "withdrawal_rejection"]
            }
            Self::CoinAdjustment | Self::EarningAdjustment => &["coin_adjustment", "earning_adjustment"],
        }
    }

    fn belongs_to(self) -> &'static str {
        match self {
            Self::Recharge | Self::Refund => "Payment",
            Self::CallCharge | Self::CallEarning => "Call",
            Self::WithdrawalRequest | Self::WithdrawalPayment | Self::WithdrawalRejection => "Withdrawal",
            Self::CoinAdjustment | Self::EarningAdjustment => "Adjustment",
        }
    }

    /// The page of what it belongs to.
    fn page_of(self, reference: i64) -> Option<String> {
        match self {
            Self::CallCharge | Self::CallEarning => Some(paths::call(CallId(reference))),
            Self::WithdrawalRequest | Self::WithdrawalPayment | Self::WithdrawalRejection => {
                Some(paths::withdrawal(WithdrawalId(reference)))
            }
            Self::CoinAdjustment | Self::EarningAdjustment => Some(paths::adjustment(AdjustmentId(reference))),
            Self::Recharge | Self::Refund => None,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerQuery {
    pub person: Option<UserId>,
    pub kind: Option<Kind>,
    /// The call, payment, withdrawal or adjustment.
    pub reference: Option<i64>,
    /// Older transfers than this.
    pub before: Option<i64>,
}

const FIELDS: &[&str] = &["person", "kind", "reference", "before"];

impl LedgerQuery {
    pub fn of(query: &Query) -> Self {
        Self {
            person: query.id("person").map(UserId),
            kind: query.choice("kind"),
            reference: query.id("reference"),
            before: query.id("before"),
        }
    }

    fn address(self) -> Address {
        Address::new(paths::LEDGER)
            .with("person", self.person)
            .with("kind", self.kind.map(Choice::word))
            .with("reference", self.reference)
    }
}

#[derive(Debug, Clone)]
pub struct Ledger {
    pub now: DateTime<Utc>,
    pub query: LedgerQuery,
    pub rows: Vec<Transfer>,
    pub has_older: bool,
}

/// One movement of the ledger: out of one account, into another.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub id: i64,
    pub kind: Option<Kind>,
    pub user: (UserId, String),
    pub debit: String,
    pub credit: String,
    pub amount: i64,
    pub reference: i64,
    /// The minute of a call.
    pub part: i32,
    pub at: DateTime<Utc>,
}

impl Transfer {
    fn name(&self) -> &'static str {
        self.kind.map_or("Transfer", Choice::label)
    }

    fn belongs(&self) -> AnyView {
        let what = self.kind.map_or("", Kind::belongs_to);
        let part = (self.part > 0).then(|| format!(", minute {}", self.part));
        let text = format!("{what} #{}", self.reference);
        match self.kind.and_then(|kind| kind.page_of(self.reference)) {
            Some(page) => view! { <a href=page>{text}</a> {part} }.into_any(),
            None => view! { {text} {part} }.into_any(),
        }
    }
}

#[component]
pub fn LedgerPage(desk: Desk, ledger: Ledger) -> impl IntoView {
    let Ledger { now, query, rows, has_older } = ledger;
    let address = query.address();
    let csv = address.clone().moved_to(paths::LEDGER_CSV).to_string();
    let older = rows.last().filter(|_| has_older).map(|last| address.clone().with("before", Some(last.id)));
    let newest = query.before.map(|_| address.clone());
    let rows = rows.into_iter().map(transfer_row).collect();
    let person = query.person.map(|id| format!("#{id}"));
    let reference = query.reference.map(|id| id.to_string());
    view! {
        <Layout title="Transactions" current=Section::Money desk as_of=now>
            <Tabs current=Tab::Ledger />
            <FilterForm address fields=FIELDS>
                <TextFilter name="person" label="Id of a person" value=person placeholder="#12" short=true />
                <ChoiceFilter name="kind" label="Kind" value=query.kind />
                <TextFilter name="reference" label="Call, payment, withdrawal" value=reference placeholder="its id" short=true />
            </FilterForm>
            <Table id="transfers" title="The ledger, the newest first" columns=columns() rows empty="Nothing is found by this." live=true>
                <Older newest older />
            </Table>
            <p><a href=csv download="transactions.csv">"All of these as CSV"</a></p>
        </Layout>
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("Transfer"),
        Column::text("Person"),
        Column::text("From").wide_only(),
        Column::text("To").wide_only(),
        Column::number("Amount"),
        Column::text("Belongs to").wide_only(),
        Column::number("When").wide_only(),
    ]
}

fn transfer_row(transfer: Transfer) -> Row {
    let belongs = transfer.belongs();
    row![
        view! {
            <span class="person">
                <a class="name" href=paths::transfer(transfer.id)>{transfer.name()}</a>
                <span class="detail">{format!("#{}", transfer.id)}</span>
            </span>
        },
        view! { <PersonLink id=transfer.user.0 name=transfer.user.1 /> },
        words(&transfer.debit),
        words(&transfer.credit),
        grouped(transfer.amount),
        belongs,
        view! { <When at=transfer.at /> },
    ]
}

/// One transfer with both of its sides, and all that belongs to the same.
#[derive(Debug, Clone)]
pub struct Entry {
    pub transfer: Transfer,
    pub sides: [Side; 2],
    /// In order, itself among them.
    pub family: Vec<Transfer>,
}

/// What one account sees of a transfer.
#[derive(Debug, Clone)]
pub struct Side {
    pub account: String,
    /// Whose account; the platform's where nobody's.
    pub owner: Option<(UserId, String)>,
    pub currency: String,
    pub amount: i64,
}

#[component]
pub fn TransferPage(desk: Desk, entry: Entry) -> impl IntoView {
    let Entry { transfer, sides, family } = entry;
    let facts = facts![
        "Kind" => transfer.name(),
        "Person" => view! { <PersonLink id=transfer.user.0 name=transfer.user.1.clone() /> },
        "Belongs to" => transfer.belongs(),
        "When" => view! { <When at=transfer.at /> },
    ];
    let side_columns =
        vec![Column::text("Account"), Column::text("Whose"), Column::text("In"), Column::number("Posted")];
    let side_rows = sides.into_iter().map(side_row).collect();
    let rows = family.into_iter().map(transfer_row).collect();
    view! {
        <Layout title=format!("Transfer #{}", transfer.id) current=Section::Money desk>
            <Tabs current=Tab::Ledger />
            <Facts id="transfer" title="The transfer" facts />
            <Table id="sides" title="Both sides" columns=side_columns rows=side_rows empty="" />
            <Table id="family" title="All that belongs to the same" columns=columns() rows empty="" />
        </Layout>
    }
}

fn side_row(side: Side) -> Row {
    let owner = match side.owner {
        Some((id, name)) => view! { <PersonLink id name /> }.into_any(),
        None => "The platform".into_any(),
    };
    row![words(&side.account), owner, words(&side.currency), signed(side.amount)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    #[test]
    fn a_transfer_shows_both_sides_and_what_it_belongs_to() {
        let transfer = Transfer {
            id: 9,
            kind: Some(Kind::CallCharge),
            user: (UserId(3), "<b>asha".to_owned()),
            debit: "coins".to_owned(),
            credit: "call_revenue".to_owned(),
            amount: 10,
            reference: 5,
            part: 2,
            at: DateTime::UNIX_EPOCH,
        };
        let side = |account: &str, owner, amount| Side {
            account: account.to_owned(),
            owner,
            currency: "coins".to_owned(),
            amount,
        };
        let sides = [side("coins", Some(transfer.user.clone()), -10), side("call_revenue", None, 10)];
        let entry = Entry { transfer: transfer.clone(), sides, family: vec![transfer] };
        let html = render(move || view! { <TransferPage desk=Desk::sample(Rights::Viewer) entry /> });
        for part in ["Call revenue", "The platform", "-10", "+10", "href=\"/admin/calls/5\"", ", minute 2"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn every_kind_is_of_its_own_family() {
        for (kind, word, _) in Kind::ALL {
            assert!(kind.family().contains(word), "{word}");
        }
    }
}
