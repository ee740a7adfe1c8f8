//! What the engine is meant to do, said a second time and simply: one value, one thing after another, no locks.
//!
//! An operation is a row of transactions. [`outcomes`] runs one or two operations in every order that their
//! transactions can have, with the answers that belong to each; a node that may die may do so between any two.

use std::collections::BTreeSet;

use super::{
    engine,
    request::{Answer, Operation, Request},
    state::{Micros, State},
};

/// The settings that the nodes run with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) minute: Micros,
    pub(super) grace: Micros,
}

/// A request on a node whose clock stands.
#[derive(Debug, Clone)]
pub(super) struct Actor<'a> {
    pub(super) request: &'a Request,
    pub(super) now: Micros,
    pub(super) may_die: bool,
}

/// A state that may be found in the end, and what each actor was told; nothing, where it died.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    pub(super) state: State,
    pub(super) answers: Vec<Option<Answer>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Running {
        phase: usize,
        queue: Vec<i64>,
    },
    /// Billed, and a heartbeat is to be recorded before the answer.
    Billed(Answer),
    Answered(Answer),
    Died,
}

/// Everything that may come of these requests.
pub(super) fn outcomes(state: &State, actors: &[Actor<'_>], terms: Terms) -> Vec<Outcome> {
    let is_over = |one: &Progress| matches!(one, Progress::Answered(_) | Progress::Died);
    let begun = vec![Progress::Running { phase: 0, queue: Vec::new() }; actors.len()];
    let mut seen = BTreeSet::new();
    let mut open = vec![(state.clone(), begun)];
    let mut found = BTreeSet::new();
    while let Some((state, progress)) = open.pop() {
        if !seen.insert((state.clone(), progress.clone())) {
            continue;
        }
        if progress.iter().all(is_over) {
            found.insert(Outcome { state: state.clone(), answers: progress.iter().map(answer_of).collect() });
        }
        for (index, actor) in actors.iter().enumerate() {
            let mut go_on = |state: State, one: Progress| {
                let mut progress = progress.clone();
                progress[index] = one;
                open.push((state, progress));
            };
            if actor.may_die && progress[index] != Progress::Died {
                go_on(state.clone(), Progress::Died);
            }
            match &progress[index] {
                Progress::Running { phase, queue } => {
                    let mut others = actors.iter().zip(&progress).enumerate();
                    let other = others.find(|(at, (_, one))| *at != index && !is_over(one));
                    let other = other.map(|(_, (other, _))| other.request);
                    for (state, one) in advance(&state, actor, *phase, queue, other, terms) {
                        go_on(state, one);
                    }
                }
                Progress::Billed(answer) => {
                    let mut state = state.clone();
                    if let Some(user) = actor.request.operation.asker() {
                        engine::beat(&mut state, user, actor.now);
                    }
                    go_on(state, Progress::Answered(answer.clone()));
                }
                Progress::Answered(_) | Progress::Died => {}
            }
        }
    }
    found.into_iter().collect()
}

fn answer_of(progress: &Progress) -> Option<Answer> {
    match progress {
        Progress::Answered(answer) => Some(answer.clone()),
        _ => None,
    }
}

/// What one more transaction of an actor may lead to, while the `other` runs.
fn advance(
    state: &State,
    actor: &Actor<'_>,
    phase: usize,
    queue: &[i64],
    other: Option<&Request>,
    terms: Terms,
) -> Vec<(State, Progress)> {
    let (request, now) = (actor.request, actor.now);
    let mut state = state.clone();
    match (&request.operation, phase) {
        (Operation::Tick, _) => {
            let batches = held_by(other, &state).into_iter().map(|held| {
                let mut state = state.clone();
                let progress = match engine::bill_batch(&mut state, now, &held, terms) {
                    0 => Progress::Answered(Answer::ok()),
                    _ => Progress::Running { phase: 0, queue: Vec::new() },
                };
                (state, progress)
            });
            batches.collect()
        }
        (Operation::Reap, 0) => {
            let queue = engine::silent_calls(&state, now, terms);
            vec![(state, Progress::Running { phase: 1, queue })]
        }
        (Operation::Reap, _) => match queue.split_first() {
            None => vec![(state, Progress::Answered(Answer::ok()))],
            Some((call, rest)) => {
                engine::reap(&mut state, *call, now, terms);
                vec![(state, Progress::Running { phase: 1, queue: rest.to_vec() })]
            }
        },
        (operation, 0) if operation.asker().is_some() => {
            let is_gone = operation.asker().is_some_and(|asker| state.deleted.contains(&asker));
            let mut found = vec![(state.clone(), Progress::Running { phase: 1, queue: Vec::new() })];
            if is_gone {
                // Where the node died that deleted it, a cache may still know the login.
                found.push((state, Progress::Answered(Answer::refused(401, ""))));
            }
            found
        }
        (operation, _) => {
            let mut found = Vec::new();
            if operation.asker().is_some() && other.is_some_and(|other| is_same_key(other, request)) {
                found.push((state.clone(), Progress::Answered(Answer::refused(409, "idempotency_in_progress"))));
            }
            let (answer, is_new) = engine::answer(&mut state, request, now, terms);
            let beats = matches!(operation, Operation::Bill { .. }) && is_new && answer.status == 200;
            found.push((state, if beats { Progress::Billed(answer) } else { Progress::Answered(answer) }));
            found
        }
    }
}

fn is_same_key(one: &Request, other: &Request) -> bool {
    one.key.is_some() && one.key == other.key && one.operation.key_owner() == other.operation.key_owner()
}

/// Calls that the other operation may hold when a meter looks for those that nobody holds: one of these sets.
fn held_by(other: Option<&Request>, state: &State) -> Vec<BTreeSet<i64>> {
    let mut sets = vec![BTreeSet::new()];
    match other.map(|other| &other.operation) {
        Some(Operation::Bill { call, .. } | Operation::End { call, .. }) => sets.push([*call].into()),
        Some(Operation::Delete { user }) => sets.extend(state.ongoing_of(*user).map(|call| [call.id].into())),
        Some(Operation::Reap) => sets.extend(state.ongoing().map(|call| [call.id].into())),
        Some(Operation::Tick) => sets.push(state.ongoing().map(|call| call.id).collect()),
        _ => {}
    }
    sets
}
