//! How late minutes are paid while many calls go on.

use std::time::{Duration, Instant};

use saathii_server::{infra::clock::Clock, proof};
use tokio::net::TcpListener;

use crate::{crowd, place::Place};

/// Every call is billed once, and the summary has forgotten what was before.
const WATCHED: Duration = Duration::from_secs(75);

pub(crate) async fn measure(place: &Place, live: i64) {
    let database = format!("live_{live}");
    let seed = place.node(&database, Clock::system()).await;
    crowd::insert_people(&seed.db, live, seed.clock.now()).await;
    crowd::insert_calls(&seed.db, live, seed.clock.now()).await;
    crowd::settle(&seed.db).await;

    let app = place.running_node(&database).await;
    let state = app.state.clone();
    let served = tokio::spawn(app.serve(TcpListener::bind("127.0.0.1:0").await.unwrap()));
    let begun = Instant::now();
    let before = billed(place);
    tokio::time::sleep(WATCHED).await;
    let rate = (billed(place) - before) / begun.elapsed().as_secs_f64();
    let late = |quantile: &str| value(place, &format!("saathii_meter_lateness_seconds{{quantile=\"{quantile}\"}}"));
    let in_ms = |seconds: f64| format!("{:.0} ms", seconds * 1000.0);
    println!(
        "{:<44}{:>12}{:>12}{:>12}{rate:>8.0}",
        format!("{live} live calls"),
        in_ms(late("0.5")),
        in_ms(late("0.99")),
        in_ms(late("1"))
    );
    let found = proof::prove(&state.db).await.unwrap();
    assert!(found.is_empty(), "{found:#?}");
    state.shutdown.cancel();
    served.await.unwrap().unwrap();
}

fn billed(place: &Place) -> f64 {
    value(place, "saathii_call_minutes_total")
}

fn value(place: &Place, name: &str) -> f64 {
    let text = place.metrics.render();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    found.unwrap_or(0.0)
}
