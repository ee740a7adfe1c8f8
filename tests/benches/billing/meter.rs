//! Minutes billed a second.

use std::time::Instant;

use chrono::TimeDelta;
use saathii_server::{calls, infra::clock::Clock, proof};

use crate::{
    Size, crowd, median,
    pgbench::{run, statement, with},
    place::{Place, beginning},
    print,
};

/// As the meter takes them.
const BATCH: i64 = 500;

pub(crate) async fn measure(place: &Place, size: Size) {
    let clock = Clock::manual(beginning());
    let app = place.node("meter", clock.clone()).await;
    crowd::insert_people(&app.db, size.calls, clock.now()).await;
    crowd::insert_calls(&app.db, size.calls, clock.now()).await;
    let script = script();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let (all, batch) = (size.calls as f64, BATCH as f64);
    for _ in 0..size.rounds {
        clock.advance(TimeDelta::seconds(60));
        crowd::settle(&app.db).await;
        let begun = Instant::now();
        let billed = calls::tick(&app).await.unwrap();
        ours.push(all / begun.elapsed().as_secs_f64());
        assert_eq!(i64::try_from(billed), Ok(size.calls));

        clock.advance(TimeDelta::seconds(60));
        crowd::settle(&app.db).await;
        let mut command = place.pgbench("meter");
        command.args(["--protocol=prepared", "--file=/dev/stdin", "--client=1"]);
        command.arg(format!("--transactions={}", size.calls / BATCH));
        command.arg(format!("--define=now={}", clock.now().to_rfc3339()));
        theirs.push(batch * run(command.stdin(crate::place::stdin(&script))));
    }
    let found = proof::prove(&app.db).await.unwrap();
    assert!(found.is_empty(), "{found:#?}");
    print("minutes billed by one meter, a second", median(ours), median(theirs));
}

/// One batch of the meter.
fn script() -> String {
    let due = with(&statement(&["FROM calls", "next_minute_at < $1", "SKIP LOCKED"]), &[":now", &BATCH.to_string()]);
    let heard = with(&statement(&["SELECT user_id", "last_seen FROM presence WHERE user_id = ANY"]), &[":people"]);
    let charge = with(
        &statement(&["WITH due AS", "call_charge"]),
        &[":ids", ":minutes", ":callers", ":listeners", ":coins", ":earnings", ":now"],
    );
    let advance = with(&statement(&["UPDATE calls", "minutes_billed + 1"]), &[":ids"]);
    format!(
        r#"BEGIN;
SELECT array_agg("call_id: CallId") AS ids, array_agg(minutes_billed + 1) AS minutes, array_agg("caller_id: UserId") AS callers, array_agg("listener_id: UserId") AS listeners, array_agg("rate_coins: Coins") AS coins, array_agg("rate_earnings: Earnings") AS earnings, array_agg("caller_id: UserId") || array_agg("listener_id: UserId") AS people FROM ({due}) due \gset
{heard};
{charge};
{advance};
COMMIT;
"#
    )
}
