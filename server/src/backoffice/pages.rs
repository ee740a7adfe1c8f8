//! The pages of [`App`], mounted by `leptos_axum`.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{FromRef, Request, State},
    response::Response,
};
use futures_util::{Stream, StreamExt, stream};
use leptos::prelude::*;
use leptos_axum::LeptosRoutes;
use saathii_admin_ui::{
    App, Desk, Reading, Source, Unread,
    address::Query,
    desk::Waiting,
    html,
    pages::{
        account::Account,
        calls::{Call, Calls, CallsQuery},
        log::{Log, LogQuery},
        moderation::{Complaint, Reports, ReportsQuery},
        money::{
            adjustments::{Adjusting, Adjustment, Adjustments, AdjustmentsQuery},
            books::Books,
            ledger::{Entry, Ledger, LedgerQuery},
            recharges::{Recharges, RechargesQuery},
            withdrawals::{Withdrawal, Withdrawals, WithdrawalsQuery},
        },
        overview::{Overview, OverviewQuery},
        people::{People, PeopleQuery},
        person::{Person, PersonQuery},
        system::System,
        verification::{Queue, Sample},
    },
};
use saathii_shared_types::{AdjustmentId, CallId, ReportId, SampleId, UserId, WithdrawalId};

use super::{
    calls, error::PageError, log, moderation, money, overview, people, session::AdminSession, system, verification,
};
use crate::{adjustments, reports, second_factor, state::AppState, verification as samples, withdrawals};

type Pinned<T> = Pin<Box<T>>;
type Html = Pinned<dyn Stream<Item = String> + Send>;

/// Adds a route for every page.
pub(super) fn mount(router: Router<AppState>) -> Router<AppState> {
    let (pages, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(App, None, || {});
    router.leptos_routes_with_handler(pages, show_page)
}

/// `leptos_axum` mounts on nothing that cannot give it options; they are for its build tool, which is not used.
impl FromRef<AppState> for LeptosOptions {
    fn from_ref(_: &AppState) -> Self {
        Self::builder().output_name("saathii").build()
    }
}

async fn show_page(State(app): State<AppState>, admin: AdminSession, request: Request) -> Result<Response, PageError> {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let desk = desk_of(&app, &admin).await?.after(&query);
    let reader = Arc::new(Reader { app, admin, failure: Mutex::default() });
    let source: Arc<dyn Source> = reader.clone();
    let context = move || {
        provide_context(source.clone());
        provide_context(desk.clone());
        provide_context(query.clone());
    };
    let response = leptos_axum::handle_response_inner(context, App, request, plain_html).await;
    let failure = reader.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    failure.map_or(Ok(response), Err)
}

/// The frame of `admin`'s pages, with what waits at this moment.
pub(super) async fn desk_of(app: &AppState, admin: &AdminSession) -> Result<Desk, sqlx::Error> {
    let mut db = app.db.acquire().await?;
    let waiting = Waiting {
        reviews: samples::count_pending(&mut db).await?,
        withdrawals: withdrawals::count_requested(&mut db).await?,
        adjustments: adjustments::count_pending(&mut db).await?,
        reports: reports::count_open(&mut db).await?,
    };
    Ok(admin.desk(waiting))
}

/// The whole page at once, without the inline scripts that `leptos_axum`'s own builders end it with.
fn plain_html<V: IntoView + 'static>(
    app: V,
    _scripts: Box<dyn FnOnce() -> Html + Send>,
    _out_of_order: bool,
) -> Pinned<dyn Future<Output = Html> + Send> {
    Box::pin(async move {
        let page: String = app.to_html_stream_in_order().collect().await;
        Box::pin(stream::once(async move { html::plain(&page) })) as Html
    })
}

/// Reads for one page; what it could not read is answered instead of the page.
struct Reader {
    app: AppState,
    /// For whom.
    admin: AdminSession,
    failure: Mutex<Option<PageError>>,
}

impl Reader {
    async fn note<T, E: Into<PageError>>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, Unread> {
        read.await.map_err(|error| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
            Unread
        })
    }
}

impl Source for Reader {
    fn overview(&self, query: OverviewQuery) -> Reading<'_, Overview> {
        Box::pin(self.note(overview::read(&self.app, query)))
    }

    fn queue(&self, page: i64) -> Reading<'_, Queue> {
        Box::pin(self.note(verification::read_queue(&self.app, page)))
    }

    fn sample(&self, id: SampleId) -> Reading<'_, Sample> {
        Box::pin(self.note(verification::read_sample(&self.app, id)))
    }

    fn people(&self, query: PeopleQuery) -> Reading<'_, People> {
        Box::pin(self.note(people::list(&self.app, query)))
    }

    fn person(&self, id: UserId, query: PersonQuery) -> Reading<'_, Person> {
        Box::pin(self.note(people::read(&self.app, id, query)))
    }

    fn name(&self, id: UserId) -> Reading<'_, String> {
        Box::pin(self.note(people::name_of(&self.app, id)))
    }

    fn calls(&self, query: CallsQuery) -> Reading<'_, Calls> {
        Box::pin(self.note(calls::read_list(&self.app, query)))
    }

    fn call(&self, id: CallId) -> Reading<'_, Call> {
        Box::pin(self.note(calls::read_one(&self.app, id)))
    }

    fn withdrawals(&self, query: WithdrawalsQuery) -> Reading<'_, Withdrawals> {
        Box::pin(self.note(money::read_withdrawals(&self.app, query)))
    }

    fn withdrawal(&self, id: WithdrawalId) -> Reading<'_, Withdrawal> {
        Box::pin(self.note(money::read_withdrawal(&self.app, &self.admin, id)))
    }

    fn adjusting(&self, id: UserId) -> Reading<'_, Adjusting> {
        Box::pin(self.note(money::read_adjusting(&self.app, id)))
    }

    fn adjustments(&self, query: AdjustmentsQuery) -> Reading<'_, Adjustments> {
        Box::pin(self.note(money::read_adjustments(&self.app, query)))
    }

    fn adjustment(&self, id: AdjustmentId) -> Reading<'_, Adjustment> {
        Box::pin(self.note(money::read_adjustment(&self.app, id)))
    }

    fn recharges(&self, query: RechargesQuery) -> Reading<'_, Recharges> {
        Box::pin(self.note(money::read_recharges(&self.app, query)))
    }

    fn ledger(&self, query: LedgerQuery) -> Reading<'_, Ledger> {
        Box::pin(self.note(money::read_ledger(&self.app, query)))
    }

    fn transfer(&self, id: i64) -> Reading<'_, Entry> {
        Box::pin(self.note(money::read_transfer(&self.app, id)))
    }

    fn books(&self) -> Reading<'_, Books> {
        Box::pin(async { Ok(money::read_books(&self.app).await) })
    }

    fn reports(&self, query: ReportsQuery) -> Reading<'_, Reports> {
        Box::pin(self.note(moderation::read_queue(&self.app, query)))
    }

    fn complaint(&self, id: ReportId) -> Reading<'_, Complaint> {
        Box::pin(self.note(moderation::read_one(&self.app, id)))
    }

    fn log(&self, query: LogQuery) -> Reading<'_, Log> {
        Box::pin(self.note(log::read(&self.app, query)))
    }

    fn account(&self) -> Reading<'_, Account> {
        Box::pin(self.note(async {
            let second_factor = match second_factor::read(&self.app, self.admin.user, &self.admin.name).await? {
                second_factor::State::On { since, .. } => Some(since),
                second_factor::State::Off | second_factor::State::Begun(_) => None,
            };
            Ok::<_, second_factor::Error>(Account { second_factor })
        }))
    }

    fn system(&self) -> Reading<'_, System> {
        Box::pin(self.note(system::read(&self.app)))
    }
}

#[cfg(test)]
mod tests {
    use saathii_admin_ui::paths;

    use super::*;

    #[test]
    fn every_page_has_its_route() {
        let (pages, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(App, None, || {});
        let pages: Vec<&str> = pages.iter().map(leptos_axum::AxumRouteListing::path).collect();
        for path in [
            paths::HOME,
            paths::VERIFICATION,
            paths::CALLS,
            paths::PEOPLE,
            "/admin/people/{id}",
            paths::SYSTEM,
            paths::ACCOUNT,
        ] {
            assert!(pages.contains(&path), "{path} in {pages:?}");
        }
    }
}
