//! What people and admins do, to each other too.

use reqwest::Method;
use saathii_sdk::{
    Error,
    types::{
        presence::{StatusPatch, UserStatus},
        social::{BlockState, FavoriteState},
    },
};
use serde_json::{Value, json};

use crate::{Answer, Person, TestApp};

pub const ONLINE: StatusPatch = StatusPatch { is_online: Some(true), is_busy: None, busy_until: None };
pub const BUSY: StatusPatch = StatusPatch { is_online: None, is_busy: Some(true), busy_until: None };
pub const FREE: StatusPatch = StatusPatch { is_online: None, is_busy: Some(false), busy_until: None };

impl TestApp {
    pub async fn heartbeat(&self, person: &Person) {
        person.at(self).presence().send_heartbeat().await.expect("the heartbeat is taken");
    }

    pub async fn set_status(&self, person: &Person, patch: &StatusPatch) -> UserStatus {
        person.at(self).presence().update_status(patch).await.expect("the status changes")
    }

    /// A POST of somebody's by hand.
    pub async fn post_as(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.send(path, person, body, None).await
    }

    pub async fn delete_as(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.request(Method::DELETE, path).bearer(&person.access).json(body).send().await
    }

    pub async fn block(&self, person: &Person, other: &Person) -> Result<BlockState, Error> {
        person.at(self).blocks().add(other.user_id(), None).await
    }

    pub async fn unblock(&self, person: &Person, other: &Person) -> Result<BlockState, Error> {
        person.at(self).blocks().remove(other.user_id()).await
    }

    pub async fn add_favorite(&self, person: &Person, listener: &Person) -> Result<FavoriteState, Error> {
        person.at(self).favorites().add(listener.user_id()).await
    }

    pub async fn suspend(&self, admin: &Person, person: &Person, request: &Value) -> Answer {
        self.post_as(admin, &format!("/admin/users/{}/suspend", person.id), request).await
    }

    pub async fn reinstate(&self, admin: &Person, person: &Person) -> Answer {
        self.post_as(admin, &format!("/admin/users/{}/reinstate", person.id), &json!({})).await
    }
}
