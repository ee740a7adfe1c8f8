//! The signed-in pages and their addresses.

use std::{pin::Pin, sync::Arc};

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    hooks::use_params_map,
    path,
};
use saathii_shared_types::{AdjustmentId, CallId, ReportId, SampleId, UserId, WithdrawalId};

use crate::{
    address::Query,
    desk::Desk,
    pages::{
        account::{Account, AccountPage},
        calls::{Call, CallPage, Calls, CallsPage, CallsQuery, EndCallPage},
        log::{Log, LogPage, LogQuery},
        moderation::{Complaint, ComplaintPage, Reports, ReportsPage, ReportsQuery},
        money::{
            adjustments::{
                AdjustPage, Adjusting, Adjustment, AdjustmentPage, Adjustments, AdjustmentsPage, AdjustmentsQuery,
            },
            books::{Books, BooksPage},
            ledger::{Entry, Ledger, LedgerPage, LedgerQuery, TransferPage},
            recharges::{Recharges, RechargesPage, RechargesQuery},
            withdrawals::{Withdrawal, WithdrawalPage, Withdrawals, WithdrawalsPage, WithdrawalsQuery},
        },
        overview::{Overview, OverviewPage, OverviewQuery},
        people::{People, PeoplePage, PeopleQuery},
        person::{Person, PersonPage, PersonQuery, RightsChange, RightsPage, SignOutPage},
        second_factor::ResetFactorPage,
        suspension::{ReinstatePage, SuspendPage},
        system::{System, SystemPage},
        verification::{Queue, QueuePage, Sample, SamplePage, queue_page},
    },
    paths,
};

/// What the pages ask of the server, which cannot be named here: it depends on this crate.
pub trait Source: Send + Sync {
    fn overview(&self, query: OverviewQuery) -> Reading<'_, Overview>;
    fn queue(&self, page: i64) -> Reading<'_, Queue>;
    fn sample(&self, id: SampleId) -> Reading<'_, Sample>;
    fn people(&self, query: PeopleQuery) -> Reading<'_, People>;
    fn person(&self, id: UserId, query: PersonQuery) -> Reading<'_, Person>;
    /// The name of somebody who is not deleted.
    fn name(&self, id: UserId) -> Reading<'_, String>;
    fn calls(&self, query: CallsQuery) -> Reading<'_, Calls>;
    fn call(&self, id: CallId) -> Reading<'_, Call>;
    fn withdrawals(&self, query: WithdrawalsQuery) -> Reading<'_, Withdrawals>;
    fn withdrawal(&self, id: WithdrawalId) -> Reading<'_, Withdrawal>;
    /// What the form of an adjustment for somebody needs.
    fn adjusting(&self, id: UserId) -> Reading<'_, Adjusting>;
    fn adjustments(&self, query: AdjustmentsQuery) -> Reading<'_, Adjustments>;
    fn adjustment(&self, id: AdjustmentId) -> Reading<'_, Adjustment>;
    fn recharges(&self, query: RechargesQuery) -> Reading<'_, Recharges>;
    fn ledger(&self, query: LedgerQuery) -> Reading<'_, Ledger>;
    fn transfer(&self, id: i64) -> Reading<'_, Entry>;
    fn books(&self) -> Reading<'_, Books>;
    fn reports(&self, query: ReportsQuery) -> Reading<'_, Reports>;
    fn complaint(&self, id: ReportId) -> Reading<'_, Complaint>;
    fn log(&self, query: LogQuery) -> Reading<'_, Log>;
    fn account(&self) -> Reading<'_, Account>;
    fn system(&self) -> Reading<'_, System>;
}

pub type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unread>> + Send + 'a>>;

/// It could not be read. The source knows why, and the server answers with that instead of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// Every page of the sidebar. Wants an `Arc<dyn Source>`, a [`Desk`] and a [`Query`] as context.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router base=paths::HOME>
            <Routes fallback=|| ()>
                <Route path=path!("") view=overview ssr=SsrMode::Async />
                <Route path=path!("verification") view=queue ssr=SsrMode::Async />
                <Route path=path!("verification/:id") view=sample ssr=SsrMode::Async />
                <Route path=path!("people") view=people ssr=SsrMode::Async />
                <Route path=path!("people/:id") view=person ssr=SsrMode::Async />
                <Route path=path!("people/:id/grant/admin") view=|| rights("admin", true) ssr=SsrMode::Async />
                <Route path=path!("people/:id/grant/viewer") view=|| rights("viewer", true) ssr=SsrMode::Async />
                <Route path=path!("people/:id/revoke/admin") view=|| rights("admin", false) ssr=SsrMode::Async />
                <Route path=path!("people/:id/revoke/viewer") view=|| rights("viewer", false) ssr=SsrMode::Async />
                <Route path=path!("people/:id/sign-out") view=sign_out ssr=SsrMode::Async />
                <Route path=path!("calls") view=calls ssr=SsrMode::Async />
                <Route path=path!("calls/:id") view=call ssr=SsrMode::Async />
                <Route path=path!("calls/:id/end") view=end_call ssr=SsrMode::Async />
                <Route path=path!("money/withdrawals") view=withdrawals ssr=SsrMode::Async />
                <Route path=path!("money/withdrawals/:id") view=withdrawal ssr=SsrMode::Async />
                <Route path=path!("money/recharges") view=recharges ssr=SsrMode::Async />
                <Route path=path!("money/transactions") view=ledger ssr=SsrMode::Async />
                <Route path=path!("money/transactions/:id") view=transfer ssr=SsrMode::Async />
                <Route path=path!("money/adjustments") view=adjustments ssr=SsrMode::Async />
                <Route path=path!("money/adjustments/:id") view=adjustment ssr=SsrMode::Async />
                <Route path=path!("people/:id/adjust") view=adjust ssr=SsrMode::Async />
                <Route path=path!("money/books") view=books ssr=SsrMode::Async />
                <Route path=path!("moderation") view=reports ssr=SsrMode::Async />
                <Route path=path!("moderation/:id") view=complaint ssr=SsrMode::Async />
                <Route path=path!("log") view=log ssr=SsrMode::Async />
                <Route path=path!("people/:id/suspend") view=suspend ssr=SsrMode::Async />
                <Route path=path!("people/:id/reinstate") view=reinstate ssr=SsrMode::Async />
                <Route path=path!("people/:id/reset-second-factor") view=reset_second_factor ssr=SsrMode::Async />
                <Route path=path!("system") view=system ssr=SsrMode::Async />
                <Route path=path!("account") view=account ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

fn overview() -> impl IntoView {
    page(
        |source, asked| source.overview(OverviewQuery::of(&asked.query)),
        |desk, overview| view! { <OverviewPage desk overview /> },
    )
}

fn queue() -> impl IntoView {
    page(|source, asked| source.queue(queue_page(&asked.query)), |desk, queue| view! { <QueuePage desk queue /> })
}

fn sample() -> impl IntoView {
    page(|source, asked| source.sample(SampleId(asked.id)), |desk, sample| view! { <SamplePage desk sample /> })
}

fn people() -> impl IntoView {
    page(
        |source, asked| source.people(PeopleQuery::of(&asked.query)),
        |desk, people| view! { <PeoplePage desk people /> },
    )
}

fn person() -> impl IntoView {
    page(
        |source, asked| source.person(UserId(asked.id), PersonQuery::of(&asked.query)),
        |desk, person| view! { <PersonPage desk person /> },
    )
}

fn rights(role: &'static str, grants: bool) -> impl IntoView {
    let change = RightsChange { role, grants };
    page(named, move |desk, (id, name)| view! { <RightsPage desk id name change problem=None /> })
}

fn sign_out() -> impl IntoView {
    page(named, |desk, (id, name)| view! { <SignOutPage desk id name /> })
}

fn suspend() -> impl IntoView {
    page(named, |desk, (id, name)| view! { <SuspendPage desk id name /> })
}

fn reset_second_factor() -> impl IntoView {
    page(named, |desk, (id, name)| view! { <ResetFactorPage desk id name /> })
}

fn reinstate() -> impl IntoView {
    page(named, |desk, (id, name)| view! { <ReinstatePage desk id name /> })
}

fn reports() -> impl IntoView {
    page(
        |source, asked| source.reports(ReportsQuery::of(&asked.query)),
        |desk, reports| view! { <ReportsPage desk reports /> },
    )
}

fn complaint() -> impl IntoView {
    page(
        |source, asked| source.complaint(ReportId(asked.id)),
        |desk, complaint| view! { <ComplaintPage desk complaint /> },
    )
}

fn log() -> impl IntoView {
    page(|source, asked| source.log(LogQuery::of(&asked.query)), |desk, log| view! { <LogPage desk log /> })
}

fn named<'a>(source: &'a dyn Source, asked: &Asked) -> Reading<'a, (UserId, String)> {
    let id = UserId(asked.id);
    Box::pin(async move { Ok((id, source.name(id).await?)) })
}

fn calls() -> impl IntoView {
    page(|source, asked| source.calls(CallsQuery::of(&asked.query)), |desk, calls| view! { <CallsPage desk calls /> })
}

fn call() -> impl IntoView {
    page(|source, asked| source.call(CallId(asked.id)), |desk, call| view! { <CallPage desk call /> })
}

fn end_call() -> impl IntoView {
    page(|source, asked| source.call(CallId(asked.id)), |desk, call| view! { <EndCallPage desk id=call.entry.id /> })
}

fn withdrawals() -> impl IntoView {
    page(
        |source, asked| source.withdrawals(WithdrawalsQuery::of(&asked.query)),
        |desk, withdrawals| view! { <WithdrawalsPage desk withdrawals /> },
    )
}

fn withdrawal() -> impl IntoView {
    page(
        |source, asked| source.withdrawal(WithdrawalId(asked.id)),
        |desk, withdrawal| view! { <WithdrawalPage desk withdrawal /> },
    )
}

fn recharges() -> impl IntoView {
    page(
        |source, asked| source.recharges(RechargesQuery::of(&asked.query)),
        |desk, recharges| view! { <RechargesPage desk recharges /> },
    )
}

fn adjust() -> impl IntoView {
    page(|source, asked| source.adjusting(UserId(asked.id)), |desk, adjusting| view! { <AdjustPage desk adjusting /> })
}

fn adjustments() -> impl IntoView {
    page(
        |source, asked| source.adjustments(AdjustmentsQuery::of(&asked.query)),
        |desk, adjustments| view! { <AdjustmentsPage desk adjustments /> },
    )
}

fn adjustment() -> impl IntoView {
    page(
        |source, asked| source.adjustment(AdjustmentId(asked.id)),
        |desk, adjustment| view! { <AdjustmentPage desk adjustment /> },
    )
}

fn ledger() -> impl IntoView {
    page(
        |source, asked| source.ledger(LedgerQuery::of(&asked.query)),
        |desk, ledger| view! { <LedgerPage desk ledger /> },
    )
}

fn transfer() -> impl IntoView {
    page(|source, asked| source.transfer(asked.id), |desk, entry| view! { <TransferPage desk entry /> })
}

fn books() -> impl IntoView {
    page(|source, _| source.books(), |desk, books| view! { <BooksPage desk books /> })
}

fn system() -> impl IntoView {
    page(|source, _| source.system(), |desk, system| view! { <SystemPage desk system /> })
}

fn account() -> impl IntoView {
    page(|source, _| source.account(), |desk, account| view! { <AccountPage desk account /> })
}

/// What the address asks for.
struct Asked {
    query: Query,
    /// The `:id` of the path. What is no id is 0, which nothing has.
    id: i64,
}

/// Reads what a page shows, then shows it. Without context there is nobody to show it to: `leptos_axum` runs the app
/// once at the start, only to learn its routes.
fn page<T, V>(
    read: impl for<'a> FnOnce(&'a dyn Source, &Asked) -> Reading<'a, T> + Send + 'static,
    show: impl FnOnce(Desk, T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    let context = use_context::<Arc<dyn Source>>().zip(use_context::<Desk>());
    let query = use_context::<Query>().unwrap_or_default();
    let id = use_params_map().with_untracked(|params| params.get("id").and_then(|id| id.parse().ok()));
    let asked = Asked { query, id: id.unwrap_or_default() };
    Suspend::new(async move {
        let (source, desk) = context?;
        let data = read(source.as_ref(), &asked).await.ok()?;
        Some(show(desk, data))
    })
}
