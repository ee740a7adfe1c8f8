//! Believable people on an empty embedded database, and a small simulated life, so that everything moves from the
//! first minute. Never in production.
//!
//! Owns no table: demo people are made and moved through the rooms' front doors, and known by their phones.

mod coins;
mod life;
mod past;
mod people;
mod requests;
mod seed;
mod talks;
mod tone;

use anyhow::Context;

pub use self::seed::seed;
use crate::{phone::Phone, state::AppState, users};

/// What the start prints of the demo.
pub struct Demo {
    pub people: usize,
    /// A caller to log in with.
    pub phone: String,
    /// An admin to log in with.
    pub admin_phone: String,
}

/// Seeds an empty database; where demo people are, brings them to life. `None`: the database is somebody's own.
pub async fn start(app: &AppState) -> anyhow::Result<Option<Demo>> {
    seed(app).await?;
    let mut db = app.db.acquire().await?;
    let mut found = Vec::new();
    for index in 0..people::PEOPLE.len() {
        if let Some(user) = users::find_by_phone(&mut db, &phone(index)?).await? {
            found.push((index, user));
        }
    }
    drop(db);
    if found.is_empty() {
        return Ok(None);
    }
    let demo = Demo {
        people: found.len(),
        phone: phone(people::CALLER)?.as_str().to_owned(),
        admin_phone: phone(people::ADMIN)?.as_str().to_owned(),
    };
    let living = found
        .into_iter()
        .filter(|(index, _)| !people::is_yours(*index))
        .map(|(index, user)| (user, people::may_be_called(index)))
        .collect();
    tokio::spawn(life::run(app.clone(), living));
    Ok(Some(demo))
}

/// The phone of the person at `index`, in a block that belongs to the demo.
fn phone(index: usize) -> anyhow::Result<Phone> {
    Phone::parse(&format!("+919000000{index:03}"), "IN").context("a demo phone")
}
