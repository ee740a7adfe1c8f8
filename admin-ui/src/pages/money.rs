//! Money: purchases, payouts, the ledger, and whether the books close.

pub mod adjustments;
pub mod books;
pub mod ledger;
pub mod recharges;
pub mod withdrawals;

use leptos::prelude::*;

use crate::paths;

/// The pages of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Withdrawals,
    Recharges,
    Adjustments,
    Ledger,
    Books,
}

const TABS: &[(Tab, &str, &str)] = &[
    (Tab::Withdrawals, "Withdrawals", paths::WITHDRAWALS),
    (Tab::Recharges, "Recharges", paths::RECHARGES),
    (Tab::Adjustments, "Adjustments", paths::ADJUSTMENTS),
    (Tab::Ledger, "Transactions", paths::LEDGER),
    (Tab::Books, "Books and rates", paths::BOOKS),
];

#[component]
pub fn Tabs(current: Tab) -> impl IntoView {
    let tabs = TABS.iter().map(|(tab, name, path)| {
        let here = (*tab == current).then_some("page");
        view! { <li><a href=*path aria-current=here>{*name}</a></li> }
    });
    view! { <nav aria-label="Money"><ul class="spans">{tabs.collect_view()}</ul></nav> }
}
