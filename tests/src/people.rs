//! What people and admins do to each other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, TestApp, app::Person};

impl TestApp {
    pub async fn delete_as(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.request(Method::DELETE, path).bearer(&person.access).json(body).send().await
    }

    pub async fn block(&self, person: &Person, other: &Person) -> Answer {
        self.post_as(person, "/block", &json!({"blocked_id": other.id})).await
    }

    pub async fn unblock(&self, person: &Person, other: &Person) -> Answer {
        self.delete_as(person, "/block", &json!({"blocked_id": other.id})).await
    }

    pub async fn add_favorite(&self, person: &Person, listener: &Person) -> Answer {
        self.post_as(person, "/favorites/add", &json!({"listener_id": listener.id})).await
    }

    pub async fn suspend(&self, admin: &Person, person: &Person, request: &Value) -> Answer {
        self.post_as(admin, &format!("/admin/users/{}/suspend", person.id), request).await
    }

    pub async fn reinstate(&self, admin: &Person, person: &Person) -> Answer {
        self.post_as(admin, &format!("/admin/users/{}/reinstate", person.id), &json!({})).await
    }
}
