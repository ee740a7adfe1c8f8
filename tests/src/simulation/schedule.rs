//! Operations carried out: one alone, or two of two nodes trip by trip, in an order that the seed decides.
//!
//! While two run, each trip of theirs stands at its link's gate until it is let through, and only one runs at any
//! moment, until it stands at the gate again, is over, or waits for a lock: the server says so, and grants a lock in the
//! very moment of its release. So the order of everything that matters is the seed's.

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tokio::task::JoinHandle;

use super::{
    link::Cut,
    node::Node,
    random::Random,
    request::{Answer, Request},
};

/// Nothing of ours takes so long.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// An operation on a node, which may die in it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) node: usize,
    pub(super) request: Request,
    pub(super) token: Option<String>,
    pub(super) cut: Option<Cut>,
}

/// What came of a part.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) answer: Answer,
    pub(super) was_cut: bool,
    pub(super) trips: Vec<String>,
}

/// Something that no order of locks allows.
#[derive(Debug)]
pub(super) struct Stuck(pub(super) String);

/// Carries out one part.
pub(super) async fn alone(nodes: &mut [Node; 2], part: &Part, observer: &mut PgConnection) -> Result<Played, Stuck> {
    let node = &mut nodes[part.node];
    let running = begin(node, part, false);
    let began = Instant::now();
    while !is_over(node, &running) {
        if began.elapsed() > PATIENCE {
            return Err(stuck(node, part));
        }
        wait(node).await;
    }
    finish(node, running, observer).await
}

/// Carries out two parts of two nodes; beside what came of them, in which order they went.
pub(super) async fn together(
    nodes: &mut [Node; 2],
    parts: &[Part; 2],
    random: &mut Random,
    observer: &mut PgConnection,
) -> Result<([Played; 2], String), Stuck> {
    let [first, second] = parts;
    let running = [begin(&nodes[first.node], first, true), begin(&nodes[second.node], second, true)];
    let mut order = String::new();
    let mut is_buried = [false; 2];
    let mut last = random.below(2);
    loop {
        let mut stands = [Stand::Over; 2];
        // First whoever went last: the other may have waited for a lock of its.
        for index in [last, 1 - last] {
            let node = &nodes[parts[index].node];
            stands[index] = settle(node, &parts[index], &running[index], observer).await?;
            if node.link.is_cut() && !is_buried[index] {
                // Its locks are gone before anybody goes on.
                await_end_of(&node.link.pids(), observer).await;
                is_buried[index] = true;
            }
        }
        if stands == [Stand::Over; 2] {
            break;
        }
        // Mostly the same goes on: two that alternate strictly meet less often.
        let wanted = if random.percent(70) { last } else { 1 - last };
        let Some(next) = [wanted, 1 - wanted].into_iter().find(|index| stands[*index] == Stand::AtGate) else {
            return Err(Stuck(format!("{} and {} wait for each other", first.request, second.request)));
        };
        last = next;
        let node = &nodes[parts[next].node];
        order.push(node.name);
        node.link.let_through();
    }
    let [one, other] = running;
    let one = finish(&mut nodes[first.node], one, observer).await?;
    let other = finish(&mut nodes[second.node], other, observer).await?;
    Ok(([one, other], order))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    AtGate,
    WaitsForLock,
    Over,
}

fn begin(node: &Node, part: &Part, is_gated: bool) -> JoinHandle<Answer> {
    node.link.begin(part.cut, is_gated);
    tokio::spawn(node.hands().perform(part.request.clone(), part.token.clone()))
}

fn is_over(node: &Node, running: &JoinHandle<Answer>) -> bool {
    running.is_finished() && (node.link.is_cut() || node.is_idle())
}

async fn wait(node: &Node) {
    // Whichever comes first; much is over without any trip.
    let _ = tokio::time::timeout(LOOK_AGAIN, node.link.changed()).await;
}

/// Until the node stands still.
async fn settle(
    node: &Node,
    part: &Part,
    running: &JoinHandle<Answer>,
    observer: &mut PgConnection,
) -> Result<Stand, Stuck> {
    let began = Instant::now();
    loop {
        if node.link.is_waiting() && !node.link.is_cut() {
            return Ok(Stand::AtGate);
        }
        if is_over(node, running) {
            return Ok(Stand::Over);
        }
        wait(node).await;
        if !node.link.is_waiting() && !is_over(node, running) && waits_for_lock(&node.link.pids(), observer).await {
            return Ok(Stand::WaitsForLock);
        }
        if began.elapsed() > PATIENCE {
            return Err(stuck(node, part));
        }
    }
}

fn stuck(node: &Node, part: &Part) -> Stuck {
    Stuck(format!("{} on node {} does not end", part.request, node.name))
}

async fn finish(node: &mut Node, running: JoinHandle<Answer>, observer: &mut PgConnection) -> Result<Played, Stuck> {
    let answer = running.await.map_err(|error| Stuck(error.to_string()))?;
    let trips = node.link.finish();
    let was_cut = node.link.is_cut();
    if was_cut {
        await_end_of(&node.link.pids(), observer).await;
        while !node.is_idle() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        node.recover().await;
    }
    Ok(Played { answer, was_cut, trips })
}

/// Whether one of these server processes waits for another's lock.
async fn waits_for_lock(pids: &[i32], observer: &mut PgConnection) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = ANY ($1))")
        .bind(pids)
        .fetch_one(observer)
        .await
        .expect("Postgres answers")
}

/// Until the server has noticed that its clients are gone, and rolled back what they had begun.
async fn await_end_of(pids: &[i32], observer: &mut PgConnection) {
    let began = Instant::now();
    loop {
        let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY ($1))")
            .bind(pids)
            .fetch_one(&mut *observer)
            .await
            .expect("Postgres answers");
        if !there {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the server does not notice that its client is gone");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
