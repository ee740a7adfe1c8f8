//! People come, talk, get busy, get free and go.

use std::time::Duration;

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};
use saathii_shared_types::{UserId, presence::StatusPatch};

use super::talks::Talks;
use crate::{presence, state::AppState};

const STEP: Duration = Duration::from_secs(2);
/// Of the people, this many in a hundred are around.
const AROUND: u32 = 65;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Away,
    Free,
    Busy,
}

struct Life {
    user: UserId,
    may_be_called: bool,
    mood: Mood,
    /// Steps until the next heartbeat.
    beat_in: u32,
}

/// Lives until the server goes down; of each, whether they may be called.
pub(super) async fn run(app: AppState, people: Vec<(UserId, bool)>) {
    let mut rng = StdRng::from_os_rng();
    let life = |(user, may_be_called)| Life { user, may_be_called, mood: Mood::Away, beat_in: 0 };
    let mut lives: Vec<Life> = people.into_iter().map(life).collect();
    // Most are there when the door opens; the rest come one by one.
    for life in &mut lives {
        if rng.random_ratio(AROUND, 100) {
            let mood = if rng.random_ratio(1, 4) { Mood::Busy } else { Mood::Free };
            change(&app, life, mood, &mut rng).await;
            life.beat_in = rng.random_range(1..15);
        }
    }
    let everybody: Vec<UserId> = lives.iter().map(|life| life.user).collect();
    let mut talks = Talks::resume(&app, &everybody).await.unwrap_or_default();
    while app.shutdown.run_until_cancelled(tokio::time::sleep(STEP)).await.is_some() {
        let talking = talks.people();
        let chosen = rng.random_range(0..lives.len().max(1));
        if let Some(life) = lives.get_mut(chosen).filter(|life| !talking.contains(&life.user)) {
            let mood = next_mood(life.mood, &mut rng);
            change(&app, life, mood, &mut rng).await;
        }
        for life in lives.iter_mut().filter(|life| life.mood != Mood::Away) {
            beat(&app, life).await;
        }
        let (listeners, callers): (Vec<&Life>, Vec<&Life>) = lives
            .iter()
            .filter(|life| life.mood == Mood::Free && !talking.contains(&life.user))
            .partition(|life| life.may_be_called);
        let users = |lives: Vec<&Life>| lives.iter().map(|life| life.user).collect::<Vec<_>>();
        talks.step(&app, &users(callers), &users(listeners), &mut rng).await;
    }
}

fn next_mood(mood: Mood, rng: &mut StdRng) -> Mood {
    match mood {
        Mood::Away if rng.random_ratio(AROUND, 100) => Mood::Free,
        Mood::Away => Mood::Away,
        Mood::Free if rng.random_ratio(1, 4) => Mood::Away,
        Mood::Free => Mood::Busy,
        Mood::Busy => Mood::Free,
    }
}

async fn change(app: &AppState, life: &mut Life, mood: Mood, rng: &mut StdRng) {
    if life.mood == mood {
        return;
    }
    let until = app.clock.now() + TimeDelta::minutes(rng.random_range(2..20));
    let patch = match mood {
        Mood::Away => StatusPatch { is_online: Some(false), is_busy: Some(false), busy_until: None },
        Mood::Free => StatusPatch { is_online: Some(true), is_busy: Some(false), busy_until: None },
        Mood::Busy => StatusPatch { is_online: Some(true), is_busy: Some(true), busy_until: Some(Some(until)) },
    };
    match presence::update_status(app, life.user, &patch).await {
        Ok(_) => life.mood = mood,
        Err(error) => tracing::debug!(%error, "a demo person stayed as they were"),
    }
}

async fn beat(app: &AppState, life: &mut Life) {
    if life.beat_in > 0 {
        life.beat_in -= 1;
        return;
    }
    life.beat_in = 14;
    if let Err(error) = app.heartbeats.record(life.user).await {
        tracing::debug!(%error, "a demo person's heart did not beat");
    }
}
