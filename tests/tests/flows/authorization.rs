//! Who may do what: every operation of the document, asked by everybody (`authorization.txt`).

use std::collections::BTreeSet;

use reqwest::Method;
use saathii_sdk::types::{CallId, Earnings, ReportId, WithdrawalId, withdrawals::PayoutDetails};
use serde_json::Value;
use tests::{Answer, Person, TestApp};

const TABLE: &str = include_str!("authorization.txt");

const PEOPLE: [&str; 5] = ["nobody", "user", "listener", "other", "admin"];

/// A line of the table.
struct Line {
    method: Method,
    /// With what is asked after `?`.
    path: &'static str,
    statuses: [u16; 5],
    body: &'static str,
}

impl Line {
    fn parse(line: &'static str) -> Self {
        let parts: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let [operation, statuses, body] = parts[..] else { panic!("not three parts: {line}") };
        let (method, path) = operation.split_once(' ').unwrap();
        let statuses: Vec<u16> = statuses.split_whitespace().map(|status| status.parse().unwrap()).collect();
        Self { method: method.to_uppercase().parse().unwrap(), path, statuses: statuses.try_into().unwrap(), body }
    }

    /// As the document names it.
    fn operation(&self) -> String {
        format!("{} {}", self.method.as_str().to_lowercase(), self.path.split('?').next().unwrap())
    }
}

fn table() -> Vec<Line> {
    let lines = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(Line::parse).collect()
}

/// People and what is between them.
struct World {
    people: [Person; 4],
    somebody: Person,
    call: CallId,
    report: ReportId,
    sample: i64,
    withdrawal: WithdrawalId,
}

impl World {
    async fn make(app: &TestApp, number: usize) -> Self {
        let user = app.caller(&format!("user{number}"), 100).await;
        let listener = app.listener(&format!("listener{number}")).await;
        let other = app.caller(&format!("other{number}"), 100).await;
        let admin = app.register_admin(&format!("admin{number}")).await;
        let somebody = app.register(&format!("somebody{number}"), "user").await;
        let call = app.call(&user, &listener).await;
        app.end_call(&user, call).await.unwrap();
        let report = user.client.reports().send(listener.user_id(), Some(call), "Rude").await.unwrap().report_id;
        let sample = pending_sample(app, &listener).await;
        let details = PayoutDetails::Upi { upi_id: "jane.smith@okbank".into() };
        listener.client.withdrawals().set_bank_details(&details).await.unwrap();
        let withdrawal = listener.client.withdrawals().request(Earnings(500)).await.unwrap().withdrawal_id;
        Self { people: [user, listener, other, admin], somebody, call, report, sample, withdrawal }
    }

    fn fill(&self, app: &TestApp, asking: Option<&Person>, text: &str) -> String {
        let [user, listener, ..] = &self.people;
        let counterpart = if asking.is_some_and(|person| person.id == listener.id) { user } else { listener };
        text.replace("{user_id}", &self.somebody.id.to_string())
            .replace("{listener_id}", &listener.id.to_string())
            .replace("{counterpart_id}", &counterpart.id.to_string())
            .replace("{call_id}", &self.call.to_string())
            .replace("{report_id}", &self.report.to_string())
            .replace("{sample_id}", &self.sample.to_string())
            .replace("{withdrawal_id}", &self.withdrawal.to_string())
            .replace("{new_phone}", &app.new_phone())
    }

    async fn ask(&self, app: &TestApp, line: &Line, asking: Option<&Person>) -> Answer {
        let mut request = app.request(line.method.clone(), &self.fill(app, asking, line.path));
        if let Some(person) = asking {
            request = request.bearer(&person.access);
        }
        if !line.body.is_empty() {
            request = request.body("application/json", self.fill(app, asking, line.body));
        }
        request.send().await
    }
}

/// One that waits for a review; its audio matters to nobody here.
async fn pending_sample(app: &TestApp, listener: &Person) -> i64 {
    let insert =
        "INSERT INTO verification_samples (listener_id, audio_key, content_type, duration_ms, status, uploaded_at)
                  VALUES ($1, 'verification-audio/' || $1 || '/x', 'audio/mpeg', 5000, 'pending', $2)
                  RETURNING sample_id";
    let insert = sqlx::query_scalar(insert).bind(listener.id).bind(app.clock.now());
    insert.fetch_one(&app.state.db).await.unwrap()
}

#[test]
fn the_table_has_every_operation_of_the_document_and_no_other() {
    let document: Value = serde_json::from_str(&saathii_server::app::openapi().to_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let documented: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
        .collect();
    let lines: Vec<String> = table().iter().map(Line::operation).collect();
    let tabled: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(lines.len(), tabled.len(), "an operation stands twice");
    let missing: Vec<_> = documented.difference(&tabled).collect();
    let unknown: Vec<_> = tabled.difference(&documented).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not in the table: {missing:?}; not in the document: {unknown:?}"
    );
}

#[tokio::test]
async fn everybody_is_answered_as_the_table_says() {
    // A minute earns enough to be paid out.
    let app = TestApp::start_with(&[("LISTENER_AUDIO_EARNINGS", "1000")]).await;
    let shared = World::make(&app, 0).await;
    let mut wrong = Vec::new();
    for (number, line) in table().iter().enumerate() {
        let own;
        let world = if line.method == Method::GET {
            &shared
        } else {
            own = World::make(&app, number + 1).await;
            &own
        };
        let [user, listener, other, admin] = &world.people;
        let asking = [None, Some(user), Some(listener), Some(other), Some(admin)];
        for ((person, name), expected) in asking.into_iter().zip(PEOPLE).zip(line.statuses) {
            let answer = world.ask(&app, line, person).await;
            if answer.status != expected {
                wrong.push(format!(
                    "{} as {name}: {} and not {expected}: {}",
                    line.operation(),
                    answer.status,
                    answer.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
