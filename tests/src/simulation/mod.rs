//! A deterministic simulation of the billing engine, on a real database.
//!
//! A seed decides everything: who calls whom on which of two nodes, when their clocks go on and how far apart they are,
//! which two operations meet and trip by trip in what order, and at which trip to Postgres, before it or after it, a
//! node dies. After every step the whole state is read and must be one that the `model` allows (one alone, unless two
//! operations met or a node died), with the answers that belong to it; the `invariants` must hold, and the engine's
//! own proof must find nothing. The same seed makes the same trace.
//!
//! Nothing runs in the background: the meters tick and the reapers reap when the seed says so.

mod choice;
mod engine;
mod invariants;
mod link;
mod model;
mod node;
mod observe;
mod random;
mod refund;
mod request;
mod schedule;
mod stage;
mod state;

use std::{collections::HashMap, fmt, mem};

use saathii_server::proof;

use self::{
    choice::Choice,
    link::Cut,
    model::{Actor, Terms},
    random::Random,
    request::{Answer, Operation, Request},
    schedule::{Part, Played, Stuck},
    stage::Stage,
    state::{Micros, SECOND, State},
};

/// Steps of a seed, unless it is said otherwise.
pub const STEPS: usize = 60;

/// What a seed did, a line a step.
pub type Trace = Vec<String>;

/// A state that may not be.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub step: usize,
    /// What is wrong.
    pub problems: Vec<String>,
    /// The failing step comes last.
    pub trace: Trace,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} failed in step {}:", self.seed, self.step)?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "  {problem}"))?;
        writeln!(f, "after")?;
        self.trace.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        write!(f, "again: cargo run -p tests --bin simulate -- --first {} --seeds 1 --verbose", self.seed)
    }
}

/// Plays a seed to its end.
pub async fn play(seed: u64, steps: usize) -> Result<Trace, Failure> {
    let mut random = Random::new(seed);
    // Short minutes reach the longest call and bill many minutes at once; long ones leave room between.
    let minute_seconds = if random.percent(30) { 5 } else { 60 };
    let stage = Box::pin(Stage::set(minute_seconds)).await;
    let terms = Terms { minute: minute_seconds * SECOND, grace: stage::GRACE };
    let people = stage.people.iter().map(|person| person.id).collect();
    let trips = HashMap::new();
    let mut play = Play { stage, random, terms, people, state: State::default(), latest: 0, trips, trace: Vec::new() };
    let outcome = Box::pin(play.run(steps)).await;
    let Play { stage, trace, .. } = play;
    Box::pin(stage.strike()).await;
    match outcome {
        Ok(()) => Ok(trace),
        Err((step, problems)) => Err(Failure { seed, step, problems, trace }),
    }
}

struct Play {
    stage: Stage,
    random: Random,
    terms: Terms,
    people: Vec<i64>,
    /// As it was read after the last step.
    state: State,
    /// The latest time that either clock has shown: one that is set back does not undo what was billed.
    latest: Micros,
    /// How many trips an operation of a kind took when it was last seen.
    trips: HashMap<mem::Discriminant<Operation>, usize>,
    trace: Trace,
}

type Problems = Vec<String>;

impl Play {
    async fn run(&mut self, steps: usize) -> Result<(), (usize, Problems)> {
        self.state = self.read().await;
        for (number, request) in self.opening().into_iter().enumerate() {
            let part = self.part(number % 2, request, None);
            self.play_alone(&part).await.map_err(|problems| (0, problems))?;
        }
        for step in 1..=steps {
            self.step(step).await.map_err(|problems| (step, problems))?;
        }
        Ok(())
    }

    /// Coins for callers, some few and some many, and listeners who are there.
    fn opening(&mut self) -> Vec<Request> {
        let people = self.people.clone();
        let (callers, listeners) = people.split_at(people.len() / 2);
        let mut opening = Vec::new();
        for (number, user) in callers.iter().chain(&listeners[..1]).enumerate() {
            let most = if number == 0 { 200 } else { 12 };
            let coins = self.random.between(1, most) * 10 + self.random.between(0, 9);
            opening.push(Operation::Recharge { user: *user, coins });
        }
        opening.extend(listeners.iter().map(|user| Operation::Beat { user: *user }));
        opening.into_iter().map(|operation| Request { operation, key: None }).collect()
    }

    async fn step(&mut self, number: usize) -> Result<(), Problems> {
        self.let_time_pass().await?;
        match self.random.below(100) {
            0..10 => self.tick_both().await,
            10..28 => {
                let now = self.now();
                if let Some(by) = self.choice().time_to_bill(now) {
                    self.advance(by);
                }
                let request = self.choice().contended(number);
                self.play_together(request, number).await
            }
            28..44 => {
                let request = self.choice().request(number);
                self.play_together(request, number).await
            }
            roll => {
                let request = self.choice().request(number);
                let node = self.random.below(2);
                let cut = if roll < 72 { Some(self.cut(&request)) } else { None };
                let part = self.part(node, request, cut);
                let died = self.play_alone(&part).await?;
                // An app that had no answer asks again with the same key, wherever it gets through.
                if died && part.request.key.is_some() && self.random.percent(75) {
                    let part = Part { node: self.random.below(2), cut: None, ..part };
                    self.play_alone(&part).await?;
                }
                Ok(())
            }
        }
    }

    fn choice(&mut self) -> Choice<'_> {
        Choice { random: &mut self.random, state: &self.state, people: &self.people }
    }

    fn cut(&mut self, request: &Request) -> Cut {
        let trips = self.trips.get(&mem::discriminant(&request.operation)).copied();
        self.choice().cut(trips)
    }

    fn part(&self, node: usize, request: Request, cut: Option<Cut>) -> Part {
        let asker = request.operation.asker();
        let everybody = self.stage.people.iter().chain([&self.stage.admin]);
        let token = everybody.into_iter().find(|person| Some(person.id) == asker);
        Part { node, token: token.map(|person| person.access.clone()), request, cut }
    }

    /// The clocks go on together; sometimes one of them is set a little.
    async fn let_time_pass(&mut self) -> Result<(), Problems> {
        let now = self.now();
        if let Some(by) = self.choice().time(now) {
            self.advance(by);
            // Most phones in calls beat while time goes by.
            if by > 10 * SECOND && self.random.percent(80) {
                let sides: Vec<i64> = self.state.ongoing().flat_map(|call| [call.caller, call.listener]).collect();
                for user in sides {
                    if self.random.percent(60) {
                        let part = self.part(0, Request { operation: Operation::Beat { user }, key: None }, None);
                        self.play_alone(&part).await?;
                    }
                }
            }
        }
        if self.random.percent(6) {
            let by = self.random.between(-2 * SECOND, 2 * SECOND);
            let [a, b] = &self.stage.nodes;
            // Backwards too, within what NTP leaves.
            let by = (b.now() + by - a.now()).clamp(-3 * SECOND, 3 * SECOND) - (b.now() - a.now());
            b.advance(by);
            self.trace.push(format!("clock of b {by:+} µs"));
        }
        Ok(())
    }

    fn advance(&mut self, by: Micros) {
        self.stage.nodes.iter().for_each(|node| node.advance(by));
        self.trace.push(format!("time +{by} µs"));
    }

    /// Of the faster node.
    fn now(&self) -> Micros {
        self.stage.nodes.iter().map(node::Node::now).max().unwrap_or_default()
    }

    /// Whether its node died in it.
    async fn play_alone(&mut self, part: &Part) -> Result<bool, Problems> {
        let Stage { nodes, observer, .. } = &mut self.stage;
        let played = schedule::alone(nodes, part, observer).await.map_err(|Stuck(why)| vec![why])?;
        self.trace.push(line(nodes[part.node].name, part, &played));
        self.remember(part, &played);
        let before = mem::take(&mut self.state);
        self.check(&before, &[part], &[&played]).await?;
        if matches!(part.request.operation, Operation::Recharge { .. } | Operation::Refund { .. }) {
            return Ok(played.was_cut);
        }
        problems(invariants::cut_too_early(&before, &self.state))?;
        Ok(played.was_cut)
    }

    async fn play_together(&mut self, request: Request, number: usize) -> Result<(), Problems> {
        let rival = self.choice().rival(&request, number);
        let first = self.random.below(2);
        let cut = if self.random.percent(25) { Some(self.cut(&request)) } else { None };
        let parts = [self.part(first, request, cut), self.part(1 - first, rival, None)];
        // A sweep leaves out rows that are held, which is no matter of money.
        if parts.iter().any(|part| part.request.operation == Operation::Sweep) {
            return Ok(());
        }
        let Stage { nodes, observer, .. } = &mut self.stage;
        let played = schedule::together(nodes, &parts, &mut self.random, observer).await;
        let ([one, other], order) = played.map_err(|Stuck(why)| vec![why])?;
        self.trace.push(format!("together {order}:"));
        for (part, played) in parts.iter().zip([&one, &other]) {
            self.trace.push(line(nodes[part.node].name, part, played));
        }
        let before = mem::take(&mut self.state);
        self.check(&before, &[&parts[0], &parts[1]], &[&one, &other]).await
    }

    /// After both meters nothing that has begun is unbilled.
    async fn tick_both(&mut self) -> Result<(), Problems> {
        let first = self.random.below(2);
        for node in [first, 1 - first] {
            let part = self.part(node, Request { operation: Operation::Tick, key: None }, None);
            self.play_alone(&part).await?;
        }
        problems(invariants::unbilled(&self.state, self.now()))
    }

    fn remember(&mut self, part: &Part, played: &Played) {
        if !played.was_cut && !played.trips.is_empty() {
            self.trips.insert(mem::discriminant(&part.request.operation), played.trips.len());
        }
    }

    async fn read(&mut self) -> State {
        observe::read(&mut self.stage.observer).await.expect("Postgres answers")
    }

    /// Reads the state after these parts and holds it against all that must be true of it.
    async fn check(&mut self, before: &State, parts: &[&Part], played: &[&Played]) -> Result<(), Problems> {
        self.state = self.read().await;
        self.latest = self.latest.max(self.now());
        let mut found = invariants::broken(&self.state, self.latest);
        let proof = proof::prove(&self.stage.books).await.expect("Postgres answers");
        found.extend(proof.iter().map(|discrepancy| format!("the books: {discrepancy}")));
        found.extend(self.compare(before, parts, played));
        problems(found)
    }

    /// What no outcome of the model explains.
    fn compare(&self, before: &State, parts: &[&Part], played: &[&Played]) -> Problems {
        let mut actors = Vec::with_capacity(parts.len());
        for (part, played) in parts.iter().zip(played) {
            let now = self.stage.nodes[part.node].now();
            actors.push(Actor { request: &part.request, now, may_die: played.was_cut });
        }
        let outcomes = model::outcomes(before, &actors, self.terms);
        let found = self.state.relative_to(before);
        let answers = |told: &[Option<Answer>]| {
            told.iter().zip(played).all(|(told, played)| match told {
                Some(answer) => *answer == played.answer,
                None => played.was_cut && played.answer.is_failure(),
            })
        };
        let fits = |outcome: &model::Outcome| outcome.state.relative_to(before) == found && answers(&outcome.answers);
        if outcomes.iter().any(fits) {
            return Vec::new();
        }
        let told: Vec<String> = played.iter().map(|played| played.answer.to_string()).collect();
        let mut problems =
            vec![format!("none of {} outcomes is what was told, {}", outcomes.len(), told.join(" and "))];
        for outcome in outcomes.iter().take(4) {
            let told: Vec<String> = outcome
                .answers
                .iter()
                .map(|answer| match answer {
                    Some(answer) => answer.to_string(),
                    None => "dead".to_owned(),
                })
                .collect();
            problems.push(format!("- told {}", told.join(" and ")));
            problems.extend(differences(&outcome.state.relative_to(before), &found));
        }
        problems
    }
}

fn problems(found: Problems) -> Result<(), Problems> {
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Lines of one state that the other has not.
fn differences(expected: &State, found: &State) -> Problems {
    let (expected, found) = (expected.to_string(), found.to_string());
    let missing = expected.lines().filter(|line| !found.lines().any(|other| other == *line));
    let strange = found.lines().filter(|line| !expected.lines().any(|other| other == *line));
    let missing = missing.map(|line| format!("  expected {line}"));
    missing.chain(strange.map(|line| format!("  found    {line}"))).collect()
}

fn line(node: char, part: &Part, played: &Played) -> String {
    let line = format!("{node}: {} -> {} in {} trips", part.request, played.answer, played.trips.len());
    match part.cut.filter(|_| played.was_cut) {
        None => line,
        Some(cut) => {
            let trip = played.trips.last().map_or("", String::as_str);
            format!("{line}, died {:?} trip {}: {trip}", cut.side, cut.trip)
        }
    }
}
