//! Calls started and ended a second.

use std::{sync::Arc, time::Instant};

use futures_util::future::join_all;
use saathii_server::{
    calls::{self, Ending},
    http::{Answer, IdempotencyKey},
    infra::clock::Clock,
    proof,
};
use saathii_shared_types::{
    UserId,
    calls::{CallType, EndCause, StartCall},
};

use crate::{
    Size, crowd, median,
    pgbench::{run, statement, with},
    place::{Place, beginning, stdin},
    print,
};

const CLIENTS: usize = 8;
/// Pairs of people of each client.
const PAIRS: i64 = 500;

pub(crate) async fn measure(place: &Place, size: Size) {
    let app = place.node("pairs", Clock::manual(beginning())).await;
    let people = PAIRS * i64::try_from(CLIENTS).unwrap();
    crowd::insert_people(&app.db, people, app.clock.now()).await;
    let script = script(people);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let each = size.pairs / CLIENTS;
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let all = (each * CLIENTS) as f64;
    let app = Arc::new(app);
    for _ in 0..size.rounds {
        crowd::settle(&app.db).await;
        let begun = Instant::now();
        let clients = (0..CLIENTS).map(|client| {
            let app = app.clone();
            tokio::spawn(async move {
                for i in 0..each {
                    let caller = i64::try_from((i % usize::try_from(PAIRS).unwrap()) * CLIENTS + client + 1).unwrap();
                    start_and_end(&app, UserId(caller), UserId(caller + people)).await;
                }
            })
        });
        for client in join_all(clients).await {
            client.unwrap();
        }
        ours.push(all / begun.elapsed().as_secs_f64());

        crowd::settle(&app.db).await;
        let mut command = place.pgbench("pairs");
        command.args(["--protocol=prepared", "--file=/dev/stdin", "--jobs=2"]);
        command.arg(format!("--client={CLIENTS}")).arg(format!("--transactions={each}"));
        command.arg(format!("--define=now={}", app.clock.now().to_rfc3339()));
        theirs.push(run(command.stdin(stdin(&script))));
    }
    let found = proof::prove(&app.db).await.unwrap();
    assert!(found.is_empty(), "{found:#?}");
    print("calls started and ended by 8 clients, a second", median(ours), median(theirs));
}

async fn start_and_end(app: &saathii_server::state::AppState, caller: UserId, listener: UserId) {
    let request = StartCall { listener_id: listener, call_type: CallType::Audio, estimated_duration_minutes: None };
    let started = calls::start_call(app, caller, &request, &IdempotencyKey::none()).await.unwrap();
    let Answer::New(started) = started else { panic!("a replay") };
    let ending = Ending { cause: EndCause::Hangup, reason: None, message: "Call ended successfully" };
    calls::end_call(app, caller, started.call_id, ending, &IdempotencyKey::none()).await.unwrap();
}

fn script(people: i64) -> String {
    let parties =
        with(&statement(&["FROM users", "is_verified", "FOR SHARE"]), &["ARRAY[:caller, :listener]::bigint[]"]);
    let blocked = with(&statement(&["FROM blocks", "is_blocked!"]), &[":caller", ":listener"]);
    let insert =
        with(&statement(&["INSERT INTO calls"]), &[":caller", ":listener", "'audio'", "10", "15", "60", ":now"]);
    let charge = with(
        &statement(&["WITH due AS", "call_charge"]),
        &["ARRAY[:call]", "ARRAY[1]", "ARRAY[:caller]", "ARRAY[:listener]", "ARRAY[10]", "ARRAY[15]", ":now"],
    );
    let enter = with(&statement(&["WITH sides AS", "are_both"]), &[":call", ":caller", ":listener", ":now"]);
    let lock = with(&statement(&["FROM calls", "WHERE call_id = $1", "FOR NO KEY UPDATE"]), &[":call"]);
    let end = with(
        &statement(&["UPDATE calls", "end_cause = e.cause"]),
        &[
            "ARRAY[:call]",
            "ARRAY['completed']",
            "ARRAY[:now]::timestamptz[]",
            "ARRAY['hangup']",
            "ARRAY[:caller]",
            "ARRAY[NULL]",
        ],
    )
    .replace("::timestamptz[]::timestamptz[]", "::timestamptz[]");
    let leave = with(&statement(&["WITH sides AS", "call_id = NULL"]), &["ARRAY[:call]::bigint[]", ":now"]);
    let cards = with(
        &statement(&[
            "FROM users",
            "WHERE user_id = ANY($1) AND deleted_at IS NULL",
            "preferred_language, rating, country",
        ]),
        &["ARRAY[:caller, :listener]::bigint[]"],
    );
    format!(
        r#"\set caller (random(0, {PAIRS} - 1) * {CLIENTS} + :client_id + 1)
\set listener (:caller + {people})
BEGIN;
{parties};
{blocked};
WITH started AS ({insert}) SELECT "call_id: CallId" AS call FROM started \gset
{charge};
{enter};
COMMIT;
BEGIN;
{lock};
{end};
{leave};
{cards};
COMMIT;
"#
    )
}
