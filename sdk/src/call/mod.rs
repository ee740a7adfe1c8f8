//! A call as it goes on: what its sockets tell, and what the server answers where they are silent.
//!
//! One task owns what is known. Events of one's own bear no offset, so after every loss of the connection the call is
//! read again; while the connection is away it is read at a slow pace, and after a minute of silence as well.

mod account;
mod incoming;
mod keeper;
mod pace;

use saathii_shared_types::{
    CallId, Coins, UserId,
    calls::{Call, CallEnded, CallStarted, CallType, EndCause, StartCall},
    payments::{Recharge, VerifyRecharge},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use self::{
    account::Account,
    keeper::{Asked, Keeper},
    pace::Pace,
};
pub use self::{
    account::CallState,
    incoming::{IncomingCall, IncomingCalls},
};
use crate::{Client, Error, api::CallsApi, own_events::Listener};

/// Which of the two one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who called, and pays.
    Caller,
    /// Who was called, and earns.
    Listener,
}

/// The state of a [`CallSession`] for one more reader; it keeps nothing open.
#[derive(Debug, Clone)]
pub struct CallWatch(watch::Receiver<CallState>);

impl CallWatch {
    /// The call as it is.
    pub fn current(&self) -> CallState {
        *self.0.borrow()
    }

    /// Waits for a change and gives the call after it; `None` after its end, or once the session is dropped or the
    /// login is over.
    pub async fn changed(&mut self) -> Option<CallState> {
        self.0.changed().await.ok()?;
        Some(*self.0.borrow_and_update())
    }
}

/// A call that is followed to its end ([`CallsApi::start`], [`CallsApi::resume`], [`CallsApi::incoming`]).
///
/// Dropping it does not hang up: the call goes on and is billed until somebody [ends](Self::end) it. While it lives
/// and the call goes on, so does the heartbeat, whether the app is on screen or not.
///
/// ```no_run
/// # async fn example(mut call: saathii_sdk::CallSession) -> Result<(), saathii_sdk::Error> {
/// use saathii_sdk::CallState;
///
/// while let Some(state) = call.changed().await {
///     if let CallState::Ongoing { minutes, remaining_coins: Some(coins), low_balance: true, .. } = state {
///         println!("Minute {minutes}, and only {coins} coins: recharge to go on");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CallSession {
    client: Client,
    parties: Parties,
    state: CallWatch,
    ends: mpsc::Sender<CallState>,
    readings: mpsc::Sender<Asked>,
    keeper: JoinHandle<()>,
}

/// Who talks to whom.
#[derive(Debug, Clone, Copy)]
struct Parties {
    call: CallId,
    call_type: CallType,
    side: Side,
    other: UserId,
}

impl Parties {
    fn of_record(call: &Call, me: UserId) -> Self {
        let (side, other) =
            if call.user_id == me { (Side::Caller, call.listener_id) } else { (Side::Listener, call.user_id) };
        Self { call: call.call_id, call_type: call.call_type, side, other }
    }
}

impl CallSession {
    pub(crate) async fn start(api: &CallsApi<'_>, listener: UserId, call_type: CallType) -> Result<Self, Error> {
        let login = api.client.inner.session.access(None).await?.generation;
        // Before the request, so that nothing is told too early.
        let events = api.client.inner.own_events.listen(api.client);
        // A call that this very request begins needs no reading, where its events arrive from the first one on.
        let is_told = events.is_live() && api.key.is_none();
        // The cost of one minute is the rate, and the answer names it in no other way.
        let request = StartCall { listener_id: listener, call_type, estimated_duration_minutes: Some(1) };
        let CallStarted { call_id, estimated_cost, remaining_coins, .. } = api.start_unfollowed(&request).await?;
        let parties = Parties { call: call_id, call_type, side: Side::Caller, other: listener };
        let account = Account::begin(call_id, Side::Caller, estimated_cost, Some(remaining_coins));
        Ok(Self::follow(api.client, login, parties, account, events, is_told))
    }

    pub(crate) async fn resume(client: &Client) -> Result<Option<Self>, Error> {
        let login = client.inner.session.access(None).await?.generation;
        let events = client.inner.own_events.listen(client);
        let Some(call) = client.calls().ongoing().await? else { return Ok(None) };
        let coins = client.wallet().coins().await?;
        let parties = Parties::of_record(&call, coins.user_id);
        let balance = (parties.side == Side::Caller).then_some(coins.current_balance);
        Ok(Some(Self::of_record(client, login, parties, &call, balance, events).await))
    }

    /// Follows a call that was read after `events` had been listened to.
    async fn of_record(
        client: &Client,
        login: u64,
        parties: Parties,
        call: &Call,
        balance: Option<Coins>,
        events: Listener,
    ) -> Self {
        let rate = keeper::read_rate(client, parties).await;
        let account = Account::of_record(call, parties.side, rate, balance);
        // Where they were not live then, they have told by now that they are.
        let is_told = events.is_live();
        Self::follow(client, login, parties, account, events, is_told)
    }

    /// `is_told`: nothing can have happened that `account` does not know and `events` do not tell.
    fn follow(
        client: &Client,
        login: u64,
        parties: Parties,
        account: Account,
        events: Listener,
        is_told: bool,
    ) -> Self {
        let state = watch::Sender::new(account.state());
        let watch = CallWatch(state.subscribe());
        let (ends, told_ends) = mpsc::channel(1);
        let (readings, asked) = mpsc::channel(1);
        let is_live = events.is_live();
        let pace = if is_told { Pace::known(is_live) } else { Pace::unknown(is_live) };
        let keeper = Keeper::new(client.clone(), parties, account, events, pace, state);
        let keeper = tokio::spawn(keeper.run(login, told_ends, asked));
        Self { client: client.clone(), parties, state: watch, ends, readings, keeper }
    }

    /// Which call.
    pub fn id(&self) -> CallId {
        self.parties.call
    }

    /// With or without a picture.
    pub fn call_type(&self) -> CallType {
        self.parties.call_type
    }

    /// Which of the two one is.
    pub fn side(&self) -> Side {
        self.parties.side
    }

    /// The one at the other end.
    pub fn other(&self) -> UserId {
        self.parties.other
    }

    /// The call as it is.
    pub fn current(&self) -> CallState {
        self.state.current()
    }

    /// Waits for a change and gives the call after it; `None` after its end, or once the login is over.
    pub async fn changed(&mut self) -> Option<CallState> {
        self.state.changed().await
    }

    /// The same for another reader, who sees changes from now on.
    pub fn watch(&self) -> CallWatch {
        let mut watch = self.state.clone();
        watch.0.mark_unchanged();
        watch
    }

    /// Reads the call and its caller's balance from the server now, as after a recharge that was paid elsewhere.
    pub async fn refresh(&self) -> Result<CallState, Error> {
        let (sender, answer) = oneshot::channel();
        let read = match self.readings.send(sender).await {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        match read {
            Some(read) => read.map(|()| self.current()),
            // The task ends with the call, or with the login.
            None if self.current().is_ended() => Ok(self.current()),
            None => Err(Error::SignedOut),
        }
    }

    /// Buys coins as the caller, and the call goes on: once they are there, the state knows them.
    ///
    /// Where the answer bears an `order`, nothing is paid yet: hand the order to the provider's checkout, and what that
    /// returns to [`verify_recharge`](Self::verify_recharge). Every try of one purchase bears the same key; to choose
    /// it, buy by [`Client::recharges`] and [`refresh`](Self::refresh).
    ///
    /// ```no_run
    /// # async fn example(mut call: saathii_sdk::CallSession) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::CallState;
    ///
    /// while let Some(state) = call.changed().await {
    ///     if let CallState::Ongoing { low_balance: true, .. } = state {
    ///         let recharge = call.recharge(150, Some("upi")).await?;
    ///         println!("{}: {:?}", recharge.message, call.current());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recharge(&self, amount_rupees: i64, method: Option<&str>) -> Result<Recharge, Error> {
        let recharge = self.client.recharges().buy(amount_rupees, method).await?;
        if recharge.order.is_none() {
            self.look_for_coins().await;
        }
        Ok(recharge)
    }

    /// Says that the order of a recharge is paid, with what the checkout returned, and the call goes on.
    pub async fn verify_recharge(&self, proof: &VerifyRecharge) -> Result<Recharge, Error> {
        let recharge = self.client.recharges().verify(proof).await?;
        self.look_for_coins().await;
        Ok(recharge)
    }

    /// The purchase is done, whether the balance can be read or not; what keeps the call current reads it again.
    async fn look_for_coins(&self) {
        if let Err(error) = self.refresh().await {
            tracing::debug!(%error, "the balance could not be read after a recharge");
        }
    }

    /// Hangs up; a call that has ended is answered as it ended. On failure the call goes on.
    pub async fn end(&self) -> Result<CallEnded, Error> {
        let answer = self.client.calls().end(self.id(), None).await?;
        self.tell_end(&answer, EndCause::Hangup).await;
        Ok(answer)
    }

    /// Ends the call because it broke; its status is `dropped`. On failure the call goes on.
    pub async fn emergency_end(&self) -> Result<CallEnded, Error> {
        let answer = self.client.calls().emergency_end(self.id()).await?;
        self.tell_end(&answer, EndCause::Emergency).await;
        Ok(answer)
    }

    /// Returns when the state says so.
    async fn tell_end(&self, answer: &CallEnded, asked: EndCause) {
        // The task ends with the call, and may have done so already.
        if self.ends.send(CallState::of_answer(answer, asked)).await.is_ok() {
            self.ends.closed().await;
        }
    }
}

impl Drop for CallSession {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
