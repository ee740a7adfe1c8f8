//! Keeps what is known of one call current.

use std::time::Duration;

use saathii_shared_types::{
    Coins,
    calls::{Call, CallStatus},
    events::ServerEvent,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep_until,
};

use super::{Account, CallState, Pace, Parties, Side};
use crate::{
    CallFilter, Client, Error, Page,
    heartbeat::InCall,
    own_events::{Listener, Notice},
    session::Login,
};

/// A recharge and a minute at the same moment may be told in either order: the balance is read once both are through.
const SETTLED: Duration = Duration::from_secs(2);

pub(super) struct Keeper {
    client: Client,
    parties: Parties,
    account: Account,
    events: Listener,
    pace: Pace,
    state: watch::Sender<CallState>,
    logins: watch::Receiver<Login>,
    _in_call: InCall,
}

/// Whoever waits for a reading.
pub(super) type Asked = oneshot::Sender<Result<(), Error>>;

enum Wake {
    Told(Option<Notice>),
    Read,
    Asked(Asked),
}

/// What the server answers about a call.
enum Answer {
    Ongoing { call: Call, balance: Option<Coins>, rate: Option<Coins> },
    Over(Call),
}

impl Keeper {
    pub(super) fn new(
        client: Client,
        parties: Parties,
        account: Account,
        events: Listener,
        pace: Pace,
        state: watch::Sender<CallState>,
    ) -> Self {
        let (logins, in_call) = (client.inner.session.logins(), InCall::begin(&client));
        Self { client, parties, account, events, pace, state, logins, _in_call: in_call }
    }

    /// Runs until the call or the login is over.
    pub(super) async fn run(
        mut self,
        login: u64,
        mut ends: mpsc::Receiver<CallState>,
        mut asked: mpsc::Receiver<Asked>,
    ) {
        let mut logins = self.logins.clone();
        tokio::select! {
            () = self.follow(&mut asked) => {}
            () = Login::is_not(&mut logins, login) => {}
            Some(end) = ends.recv() => {
                self.account.end(end);
                self.publish();
            }
        }
    }

    async fn follow(&mut self, asked: &mut mpsc::Receiver<Asked>) {
        while !self.account.has_ended() {
            let wake = tokio::select! {
                biased;
                notice = self.events.next() => Wake::Told(notice),
                Some(asked) = asked.recv() => Wake::Asked(asked),
                () = sleep_until(self.pace.read_at()) => Wake::Read,
            };
            let mut answer = None;
            match wake {
                Wake::Told(Some(notice)) => self.take(notice),
                // The next login has another line, and this task ends.
                Wake::Told(None) => self.events = self.client.inner.own_events.listen(&self.client),
                Wake::Read => drop(self.read().await),
                Wake::Asked(asked) => answer = Some((asked, self.read().await)),
            }
            while let Some(notice) = self.events.try_next() {
                self.take(notice);
            }
            self.publish();
            if let Some((asked, read)) = answer {
                // Whoever asked may have gone away.
                let _ = asked.send(read);
            }
        }
    }

    fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Connected => self.pace.read_within(Duration::ZERO),
            Notice::Disconnected => self.pace.lost(),
            Notice::Event(event) => {
                if self.account.apply(&event) {
                    self.pace.told();
                } else if matches!(event, ServerEvent::WalletUpdated { .. }) && self.parties.side == Side::Caller {
                    self.pace.read_within(SETTLED);
                }
            }
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        match self.ask().await {
            Ok(Answer::Ongoing { call, balance, rate }) => {
                self.account.set_rate(rate);
                self.account.read(&call, balance);
                self.pace.read(self.events.is_live());
            }
            Ok(Answer::Over(call)) => self.account.end(CallState::of_record(&call)),
            Err(error) => {
                tracing::debug!(%error, "a call could not be read");
                self.pace.failed(&self.client);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn ask(&self) -> Result<Answer, Error> {
        let Some(call) = self.client.calls().ongoing().await?.filter(|call| call.call_id == self.parties.call) else {
            return self.find_record().await;
        };
        let balance = match self.parties.side {
            Side::Caller => Some(self.client.wallet().coins().await?.current_balance),
            Side::Listener => None,
        };
        let rate = if self.account.knows_rate() { None } else { read_rate(&self.client, self.parties).await };
        Ok(Answer::Ongoing { call, balance, rate })
    }

    /// The record of the call, which is over: a call never comes back.
    async fn find_record(&self) -> Result<Answer, Error> {
        let filter = CallFilter { call_type: Some(self.parties.call_type), status: None };
        let mut page = Page::default();
        loop {
            let history = self.client.calls().history(filter, page).await?;
            if let Some(call) = history.calls.into_iter().find(|call| call.call_id == self.parties.call) {
                // Two answers of one moment may not agree.
                let is_ongoing = call.status == CallStatus::Ongoing;
                return Ok(if is_ongoing {
                    Answer::Ongoing { call, balance: None, rate: None }
                } else {
                    Answer::Over(call)
                });
            }
            if !history.has_next {
                return Err(Error::Unexpected { status: 200, reason: "a call is in no history".to_owned() });
            }
            page.number += 1;
        }
    }

    fn publish(&self) {
        let state = self.account.state();
        self.state.send_if_modified(|current| std::mem::replace(current, state) != state);
    }
}

/// What a minute of this call costs; without it the next minute tells.
pub(super) async fn read_rate(client: &Client, parties: Parties) -> Option<Coins> {
    match client.calls().rates().await {
        Ok(rates) => rates.call_rates.get(&parties.call_type).map(|rate| rate.rate_per_minute),
        Err(error) => {
            tracing::debug!(%error, "the rates could not be read");
            None
        }
    }
}
