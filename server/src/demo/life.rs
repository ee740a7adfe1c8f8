//! People come, get busy, get free and go.

use std::time::Duration;

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};
use saathii_shared_types::{UserId, presence::StatusPatch};

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
    mood: Mood,
    /// Steps until the next heartbeat.
    beat_in: u32,
}

/// Lives until the server goes down.
pub(super) async fn run(app: AppState, users: Vec<UserId>) {
    let mut rng = StdRng::from_os_rng();
    let mut lives: Vec<Life> = users.into_iter().map(|user| Life { user, mood: Mood::Away, beat_in: 0 }).collect();
    // Most are there when the door opens; the rest come one by one.
    for life in &mut lives {
        if rng.random_ratio(AROUND, 100) {
            let mood = if rng.random_ratio(1, 4) { Mood::Busy } else { Mood::Free };
            change(&app, life, mood, &mut rng).await;
            life.beat_in = rng.random_range(1..15);
        }
    }
    while app.shutdown.run_until_cancelled(tokio::time::sleep(STEP)).await.is_some() {
        let chosen = rng.random_range(0..lives.len().max(1));
        if let Some(life) = lives.get_mut(chosen) {
            let mood = next_mood(life.mood, &mut rng);
            change(&app, life, mood, &mut rng).await;
        }
        for life in lives.iter_mut().filter(|life| life.mood != Mood::Away) {
            beat(&app, life).await;
        }
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
