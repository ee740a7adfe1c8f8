use saathii_admin_ui::pages::money::books::{Books, Difference, Proven, RateLine};
use saathii_shared_types::{Paise, calls::CallType};

use crate::{backoffice::takings, state::AppState, wallet::Discrepancy};

pub(in crate::backoffice) async fn read(app: &AppState) -> Books {
    let proof = takings::read_proof(app).await.map(|proof| Proven {
        at: proof.at,
        total: i64::try_from(proof.total).unwrap_or(i64::MAX),
        found: proof.found.iter().map(difference).collect(),
    });
    Books { now: app.clock.now(), proof, rates: rates(app) }
}

fn difference(one: &Discrepancy) -> Difference {
    Difference { subject: one.subject.clone(), expected: one.expected.clone(), found: one.found.clone() }
}

fn rates(app: &AppState) -> Vec<RateLine> {
    let config = &app.config;
    let line = |(call_type, margin): (CallType, Paise)| {
        let rate = config.calls.rate(call_type);
        let pays = config.payouts.paise_per_earning * rate.earnings.0;
        RateLine { call_type, coins: rate.coins, earnings: rate.earnings, brings: Paise(margin.0 + pays.0), pays }
    };
    config.margins().into_iter().map(line).collect()
}
