use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use saathii_sdk::{CallFilter, CallSession, Client, Code, IdempotencyKey, Page};
use saathii_shared_types::{
    CallId, Coins, Earnings, UserId,
    calls::{
        CallEnded, CallHistory, CallRated, CallStatus, CallSummary, CallSystemStatus, CallType, EndCause, MinuteBilled,
    },
};
use tokio::task::AbortHandle;

use crate::{
    Event, SaathiiClient, SaathiiError,
    events::Events,
    recharges::parse_key,
    runtime::{run, run_to_end, runtime},
};

/// Which of the two one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Side {
    /// Who called, and pays.
    Caller,
    /// Who was called, and earns.
    Listener,
}

/// A call at one moment.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CallState {
    /// It goes on; `remaining_coins` and `minutes_left` are the caller's, and null for the listener.
    Ongoing {
        minutes: i64,
        coins_spent: Coins,
        earned: Option<Earnings>,
        remaining_coins: Option<Coins>,
        minutes_left: Option<i64>,
        low_balance: bool,
    },
    /// It is over; `end_cause` is unknown where only the server's record told of the end.
    Ended {
        status: CallStatus,
        end_cause: EndCause,
        duration_seconds: i64,
        minutes: i64,
        coins_spent: Coins,
        earned: Earnings,
    },
}

/// The call that the client follows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FollowedCall {
    pub call_id: CallId,
    pub call_type: CallType,
    pub side: Side,
    /// The one at the other end.
    pub other: UserId,
    pub state: CallState,
}

/// What a minute of a call costs and earns.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CallTypeRate {
    pub call_type: CallType,
    pub rate_per_minute: Coins,
    pub minimum_charge: Coins,
    /// The listener's, per minute.
    pub earnings: Earnings,
}

/// Coins that are sold.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RechargeOption {
    pub amount_rupees: i64,
    pub coins: Coins,
}

/// What calls cost and earn, and what coins cost.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Rates {
    pub calls: Vec<CallTypeRate>,
    pub recharge_options: Vec<RechargeOption>,
}

impl From<saathii_sdk::Side> for Side {
    fn from(side: saathii_sdk::Side) -> Self {
        match side {
            saathii_sdk::Side::Caller => Self::Caller,
            saathii_sdk::Side::Listener => Self::Listener,
        }
    }
}

impl From<saathii_sdk::CallState> for CallState {
    fn from(state: saathii_sdk::CallState) -> Self {
        match state {
            saathii_sdk::CallState::Ongoing {
                minutes,
                coins_spent,
                earned,
                remaining_coins,
                minutes_left,
                low_balance,
                ..
            } => Self::Ongoing { minutes, coins_spent, earned, remaining_coins, minutes_left, low_balance },
            saathii_sdk::CallState::Ended { status, cause, duration_seconds, minutes, coins_spent, earned, .. } => {
                Self::Ended { status, end_cause: cause, duration_seconds, minutes, coins_spent, earned }
            }
        }
    }
}

impl FollowedCall {
    fn of(session: &CallSession, state: saathii_sdk::CallState) -> Self {
        Self {
            call_id: session.id(),
            call_type: session.call_type(),
            side: session.side().into(),
            other: session.other(),
            state: state.into(),
        }
    }
}

impl From<saathii_shared_types::calls::CallRates> for Rates {
    fn from(rates: saathii_shared_types::calls::CallRates) -> Self {
        let earnings = rates.listener_earnings;
        let calls = rates.call_rates.into_iter().map(|(call_type, rate)| CallTypeRate {
            call_type,
            rate_per_minute: rate.rate_per_minute,
            minimum_charge: rate.minimum_charge,
            earnings: earnings.get(&call_type).copied().unwrap_or_default(),
        });
        let options = rates.recharge_options.into_iter();
        Self {
            calls: calls.collect(),
            recharge_options: options.map(|(amount_rupees, coins)| RechargeOption { amount_rupees, coins }).collect(),
        }
    }
}

struct OpenCall {
    session: Arc<CallSession>,
    watch: AbortHandle,
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// The one call that somebody can be in, and the ear for the next.
#[derive(Clone, Default)]
pub(crate) struct Calls {
    current: Arc<Mutex<Option<OpenCall>>>,
    incoming: Arc<Mutex<Option<AbortHandle>>>,
}

impl Calls {
    /// Ends what tells the host; the call itself goes on.
    pub(crate) fn close(&self) {
        lock(&self.current).take();
        if let Some(task) = lock(&self.incoming).take() {
            task.abort();
        }
    }

    /// Follows the call in place of the one before; `caller_username` where it rings.
    fn follow(
        &self,
        session: CallSession,
        events: Option<Arc<Events>>,
        caller_username: Option<String>,
    ) -> Result<FollowedCall, SaathiiError> {
        let (session, runtime) = (Arc::new(session), runtime()?);
        let mut changes = session.watch();
        let call = FollowedCall::of(&session, session.current());
        // Whoever hears it ring finds it here, and hears of its changes afterwards.
        let mut current = lock(&self.current);
        if let (Some(events), Some(caller_username)) = (&events, caller_username) {
            events.push(Event::CallRings { call: call.clone(), caller_username });
        }
        let followed = session.clone();
        let watching = async move {
            while let Some(state) = changes.changed().await {
                if let Some(events) = &events {
                    events.push(Event::CallChanged { call: FollowedCall::of(&followed, state) });
                }
            }
        };
        let watch = runtime.spawn(watching).abort_handle();
        *current = Some(OpenCall { session, watch });
        Ok(call)
    }

    pub(crate) fn session(&self) -> Result<Arc<CallSession>, SaathiiError> {
        let none = || SaathiiError::failed(Code::NoCall, "no call is followed");
        lock(&self.current).as_ref().map(|open| open.session.clone()).ok_or_else(none)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name for one action of the user, to be kept before the action and sent with it again after a restart.
#[uniffi::export]
pub fn new_idempotency_key() -> String {
    IdempotencyKey::new().into()
}

#[uniffi::export]
impl SaathiiClient {
    /// Calls a listener and follows the call; `CallChanged` tells of changes. Goes on where its caller goes away.
    #[uniffi::method(default(idempotency_key = None))]
    pub async fn start_call(
        &self,
        listener: UserId,
        call_type: CallType,
        idempotency_key: Option<String>,
    ) -> Result<FollowedCall, SaathiiError> {
        let (client, calls, events) = self.parts();
        run_to_end(async move {
            let key = parse_key(idempotency_key)?;
            let mut api = client.calls();
            if let Some(key) = &key {
                api = api.with_key(key);
            }
            calls.follow(api.start(listener, call_type).await?, events, None)
        })
        .await
    }

    /// Follows the call that one is in, as after a start of the app; null where there is none.
    pub async fn resume_call(&self) -> Result<Option<FollowedCall>, SaathiiError> {
        let (client, calls, events) = self.parts();
        run(async move {
            match client.calls().resume().await? {
                Some(session) => calls.follow(session, events, None).map(Some),
                None => Ok(None),
            }
        })
        .await
    }

    /// The call that is followed, ended or not; null where none is.
    pub fn current_call(&self) -> Option<FollowedCall> {
        let session = self.calls.session().ok()?;
        Some(FollowedCall::of(&session, session.current()))
    }

    /// Hangs up the call that is followed. On failure the call goes on.
    pub async fn end_call(&self) -> Result<CallEnded, SaathiiError> {
        let session = self.calls.session()?;
        run_to_end(async move { session.end().await }).await
    }

    /// Ends the call that is followed because it broke. On failure the call goes on.
    pub async fn emergency_end_call(&self) -> Result<CallEnded, SaathiiError> {
        let session = self.calls.session()?;
        run_to_end(async move { session.emergency_end().await }).await
    }

    /// Follows the call no longer; it goes on.
    pub fn leave_call(&self) {
        lock(&self.calls.current).take();
    }

    /// From now on calls to oneself ring as `CallRings` and are followed, in place of the call before.
    pub fn open_line(&self) -> Result<(), SaathiiError> {
        let (client, calls, events) = self.parts();
        let mut task = lock(&self.calls.incoming);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return Ok(());
        }
        let runtime = runtime()?;
        let _entered = runtime.enter();
        let mut incoming = client.calls().incoming();
        let listening = async move {
            while let Some(ringing) = incoming.next().await {
                if calls.follow(ringing.session, events.clone(), Some(ringing.caller_username)).is_err() {
                    return;
                }
            }
        };
        *task = Some(runtime.spawn(listening).abort_handle());
        Ok(())
    }

    /// Calls to oneself ring no longer.
    pub fn close_line(&self) {
        if let Some(task) = lock(&self.calls.incoming).take() {
            task.abort();
        }
    }

    /// Bills what has begun; the server does so by itself, and no minute is billed twice.
    pub async fn bill_call_minute(&self, call: CallId) -> Result<MinuteBilled, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.calls().bill_minute(call).await }).await
    }

    /// One's calls on either side, the newest first; pages from 1.
    #[uniffi::method(default(call_type = None, status = None))]
    pub async fn call_history(
        &self,
        page: u32,
        per_page: u32,
        call_type: Option<CallType>,
        status: Option<CallStatus>,
    ) -> Result<CallHistory, SaathiiError> {
        let client = self.client.clone();
        let (filter, page) = (CallFilter { call_type, status }, Page { number: page, size: per_page });
        run(async move { client.calls().history(filter, page).await }).await
    }

    /// One's calls in numbers.
    pub async fn call_summary(&self) -> Result<CallSummary, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.calls().summary().await }).await
    }

    /// What calls cost and earn, and what coins cost.
    pub async fn call_rates(&self) -> Result<Rates, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.calls().rates().await.map(Rates::from) }).await
    }

    /// How the calls of the whole system are.
    pub async fn call_status(&self) -> Result<CallSystemStatus, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.calls().status().await }).await
    }

    /// Has the server look for lost calls now.
    pub async fn clean_up_calls(&self) -> Result<(), SaathiiError> {
        let client = self.client.clone();
        run(async move { client.calls().cleanup().await }).await
    }

    /// Rates a call that one has made, 1 to 5, once, after its end.
    pub async fn rate_call(&self, call: CallId, rating: u8) -> Result<CallRated, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.calls().rate(call, rating).await }).await
    }
}

impl SaathiiClient {
    fn parts(&self) -> (Client, Calls, Option<Arc<Events>>) {
        (self.client.clone(), self.calls.clone(), self.events.clone())
    }
}
