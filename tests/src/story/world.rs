//! All that is not the host: the server, what lies before it, and other people.

use std::{
    any::Any,
    collections::HashMap,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use futures_util::FutureExt;
use saathii_server::{auth, calls, phone::Phone, presence, users};
use saathii_shared_types::{UserId, presence::StatusPatch};
use serde_json::{Value, json};

use super::{ask::Ask, proxy::Proxy};
use crate::{Person, TestApp, app::StoppedApp};

/// Well within the silence after which a call is lost.
const STEP: TimeDelta = TimeDelta::seconds(30);

/// Longer than a batch of minutes ever takes.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct World {
    proxy: Proxy,
    /// One of these two, unless a start or a stop has failed.
    app: Option<TestApp>,
    stopped: Option<StoppedApp>,
    others: HashMap<i64, Person>,
    passed: Option<Vec<String>>,
}

impl World {
    pub(super) async fn create() -> anyhow::Result<Self> {
        let app = TestApp::start_at_present().await;
        let mut proxy = Proxy::to(app.base.trim_start_matches("http://").parse()?)?;
        proxy.open()?;
        Ok(Self { proxy, app: Some(app), stopped: None, others: HashMap::new(), passed: None })
    }

    /// The steps that have passed, once the story is done.
    pub(super) fn passed(&self) -> Option<&[String]> {
        self.passed.as_deref()
    }

    /// An ask that fails, or that breaks what it touches, is the host's to hear of.
    pub(super) async fn answer(&mut self, ask: Ask) -> Value {
        let answered = AssertUnwindSafe(self.grant(ask)).catch_unwind().await;
        match answered {
            Ok(Ok(value)) => json!({"ok": value}),
            Ok(Err(error)) => json!({"error": format!("{error:#}")}),
            Err(panic) => json!({"error": message_of(&*panic)}),
        }
    }

    async fn grant(&mut self, ask: Ask) -> anyhow::Result<Value> {
        match ask {
            Ask::Server {} => return Ok(json!({"base_url": self.proxy.url()})),
            Ask::Phone {} => return Ok(self.app()?.new_phone().into()),
            Ask::Code { phone } => {
                let code = self.app()?.phones.codes(&phone).pop();
                return Ok(code.with_context(|| format!("nothing was sent to {phone}"))?.into());
            }
            Ask::Other { username, role } => return self.register(&username, &role).await,
            Ask::Call { from, to } => return self.call(from, to).await,
            Ask::Balance { user_id } => return self.balance(user_id).await,
            Ask::CallsOf { user_id } => return self.count_calls(user_id).await,
            Ask::Requests { path } => return Ok(self.proxy.requests(&path).into()),
            Ask::VerifyListener { user_id } => self.app()?.verify_listener(user_id).await,
            Ask::Fund { user_id, coins } => self.app()?.fund(user_id, coins).await,
            Ask::SetStatus { user_id, is_online, is_busy } => self.set_status(user_id, is_online, is_busy).await?,
            Ask::Burst { user_id, count } => self.burst(user_id, count).await?,
            Ask::Talk { seconds } => self.talk(TimeDelta::seconds(seconds.into())).await?,
            Ask::KillTokens { user_id } => self.kill_tokens(UserId(user_id)).await?,
            Ask::EndLogin { phone } => self.end_login(&phone).await?,
            Ask::StopServer {} => self.stop().await?,
            Ask::StartServer {} => self.start().await?,
            Ask::CutSockets {} => self.proxy.cut().await,
            Ask::LoseAnswers { path, count } => self.proxy.lose_answers(path, count),
            Ask::Done { passed } => self.finish(passed)?,
        }
        Ok(true.into())
    }

    fn finish(&mut self, passed: Vec<String>) -> anyhow::Result<()> {
        ensure!(!passed.is_empty(), "a story has steps");
        self.passed = Some(passed);
        Ok(())
    }

    fn app(&self) -> anyhow::Result<&TestApp> {
        self.app.as_ref().context("the server is stopped")
    }

    fn other(&self, user: i64) -> anyhow::Result<&Person> {
        self.others.get(&user).with_context(|| format!("{user} is nobody that was asked for"))
    }

    async fn register(&mut self, username: &str, role: &str) -> anyhow::Result<Value> {
        let app = self.app()?;
        let person = match role {
            "listener" => app.register_listener(username).await,
            _ => app.register(username, role).await,
        };
        let id = person.id;
        self.others.insert(id, person);
        Ok(json!({"user_id": id}))
    }

    async fn set_status(&self, user: i64, is_online: bool, is_busy: bool) -> anyhow::Result<()> {
        let patch = StatusPatch { is_online: Some(is_online), is_busy: Some(is_busy), busy_until: None };
        self.app()?.set_status(self.other(user)?, &patch).await;
        Ok(())
    }

    async fn burst(&self, user: i64, count: u32) -> anyhow::Result<()> {
        ensure!(count.is_multiple_of(2), "an odd number of changes does not end where it began");
        self.set_status(user, true, false).await?;
        for left in (0..count).rev() {
            let patch = StatusPatch { is_online: None, is_busy: Some(!left.is_multiple_of(2)), busy_until: None };
            presence::update_status(&self.app()?.state, UserId(user), &patch).await?;
        }
        Ok(())
    }

    async fn talk(&self, mut left: TimeDelta) -> anyhow::Result<()> {
        let app = self.app()?;
        self.beat().await?;
        while left > TimeDelta::zero() {
            let step = left.min(STEP);
            app.advance(step);
            left -= step;
            self.beat().await?;
        }
        let begun = Instant::now();
        let mut db = app.state.db.acquire().await?;
        while calls::find_oldest_due(&mut db).await?.is_some_and(|due| due <= app.clock.now()) {
            ensure!(begun.elapsed() < PATIENCE, "minutes are not billed");
            calls::tick(&app.state).await?;
        }
        Ok(())
    }

    /// The phones of everybody who is in a call, whoever holds them: the host's beat in real time.
    async fn beat(&self) -> anyhow::Result<()> {
        let state = &self.app()?.state;
        let in_calls: Vec<i64> =
            sqlx::query_scalar("SELECT user_id FROM presence WHERE call_id IS NOT NULL").fetch_all(&state.db).await?;
        for user in in_calls {
            state.heartbeats.record(UserId(user)).await?;
        }
        Ok(())
    }

    async fn call(&self, from: i64, to: i64) -> anyhow::Result<Value> {
        let body = json!({"listener_id": to, "call_type": "audio"});
        let answer = self.app()?.post_as(self.other(from)?, "/calls/start", &body).await;
        ensure!(answer.status.is_success(), "{}", answer.text);
        Ok(json!({"call_id": answer.json()["call_id"]}))
    }

    async fn kill_tokens(&self, user: UserId) -> anyhow::Result<()> {
        let state = &self.app()?.state;
        let mut db = state.db.acquire().await?;
        let version = users::raise_access_version(&mut db, user).await?;
        drop(db);
        Ok(auth::announce_access_change(state, user, version, None).await?)
    }

    async fn end_login(&self, phone: &str) -> anyhow::Result<()> {
        let state = &self.app()?.state;
        let number = Phone::parse(phone, "IN").ok().context("no phone")?;
        let mut db = state.db.acquire().await?;
        let user = users::find_by_phone(&mut db, &number).await?;
        drop(db);
        Ok(auth::sign_out(state, user.with_context(|| format!("nobody has {phone}"))?).await?)
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        let app = self.app.take().context("the server is stopped")?;
        self.stopped = Some(app.go_down().await);
        self.proxy.close().await;
        Ok(())
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let stopped = self.stopped.take().context("the server runs")?;
        self.app = Some(stopped.start().await);
        self.proxy.open()
    }

    async fn balance(&self, user: i64) -> anyhow::Result<Value> {
        let balance: Option<i64> = sqlx::query_scalar("SELECT balance_coins FROM user_wallets WHERE user_id = $1")
            .bind(user)
            .fetch_optional(&self.app()?.state.db)
            .await?;
        Ok(balance.with_context(|| format!("{user} has no wallet"))?.into())
    }

    async fn count_calls(&self, user: i64) -> anyhow::Result<Value> {
        let mut db = self.app()?.state.db.acquire().await?;
        Ok(calls::count_of(&mut db, UserId(user)).await?.into())
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}
