//! The forty, made once; with their past, and the samples of those who wait for their review.

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};
use saathii_shared_types::users::Role;

use super::{
    past,
    people::{self, PEOPLE, Person},
    phone, requests, tone,
};
use crate::{
    presence,
    state::AppState,
    users::{self, NewUser, Profile},
    verification, wallet,
};

/// How many were made; none where anybody has registered.
pub async fn seed(app: &AppState) -> anyhow::Result<usize> {
    let mut tx = app.db.begin().await?;
    if users::any(&mut tx).await? {
        return Ok(0);
    }
    let now = app.clock.now();
    // The same forty everywhere, so that a screenshot can be made again.
    let mut rng = StdRng::seed_from_u64(40);
    let (mut waiting, mut callers, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
    for (index, person) in PEOPLE.iter().enumerate() {
        let phone = phone(index)?;
        let registered = now - TimeDelta::hours(rng.random_range(24..2400));
        let profile = profile_of(person, &mut rng);
        let roles = roles_of(index, person);
        let user = users::insert(&mut tx, NewUser { phone: &phone, profile: &profile, roles, now: registered }).await?;
        let last_seen = now - TimeDelta::minutes(rng.random_range(5..600));
        presence::insert(&mut tx, user, last_seen).await?;
        wallet::insert(&mut tx, user).await?;
        if person.is_listener {
            if people::is_waiting(index) {
                waiting.push(user);
            } else {
                users::set_verified(&mut tx, user, Some(registered)).await?;
                listeners.push(user);
            }
        } else {
            callers.push(user);
        }
    }
    past::insert(app, &mut tx, &callers, &listeners, now, &mut rng).await?;
    tx.commit().await?;
    for (nth, listener) in waiting.into_iter().enumerate() {
        // Without a bucket the demo has an empty queue, and everything else.
        if let Err(error) = verification::submit_bytes(app, listener, &tone::wav(nth)).await {
            tracing::warn!(%error, "a demo listener could not send a sample");
        }
    }
    // The admin has no complaints, and nobody pays out to themselves.
    if let Err(error) = requests::ask(app, callers.get(2..).unwrap_or_default(), &listeners).await {
        tracing::warn!(%error, "demo people could not ask for everything");
    }
    Ok(PEOPLE.len())
}

fn roles_of(index: usize, person: &Person) -> &'static [Role] {
    match (index == people::ADMIN, person.is_listener) {
        (true, _) => &[Role::User, Role::Admin],
        (false, true) => &[Role::Listener],
        (false, false) => &[Role::User],
    }
}

fn profile_of(person: &Person, rng: &mut StdRng) -> Profile {
    let year = rng.random_range(1978..=2004);
    Profile {
        username: person.username.to_owned(),
        sex: person.sex,
        dob: chrono::NaiveDate::from_ymd_opt(year, rng.random_range(1..=12), rng.random_range(1..=28)),
        bio: Some(person.bio.to_owned()).filter(|bio| !bio.is_empty()),
        interests: person.interests.split_whitespace().map(str::to_owned).collect(),
        profile_image_url: None,
        preferred_language: Some(person.language.to_owned()),
    }
}
