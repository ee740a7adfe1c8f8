use saathii_shared_types::{
    CallId, ErrorCode, Message, UserId,
    calls::{
        Call, CallEnded, CallHistory, CallRated, CallRates, CallStarted, CallStatus, CallSummary, CallSystemStatus,
        CallType, EndCall, MinuteBilled, RateCall, StartCall,
    },
};

use super::Page;
use crate::{CallSession, Client, Error, IdempotencyKey, IncomingCalls, transport::Request};

/// Paid calls, on either side (`client.calls()`).
#[derive(Clone, Copy)]
pub struct CallsApi<'a> {
    pub(crate) client: &'a Client,
    pub(crate) key: Option<&'a IdempotencyKey>,
}

/// Which calls; all of them by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Only these.
    pub call_type: Option<CallType>,
    /// Only these.
    pub status: Option<CallStatus>,
}

impl<'a> CallsApi<'a> {
    /// Has the next action bear this key instead of a new one.
    #[must_use]
    pub fn with_key(self, key: &'a IdempotencyKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Calls a listener and follows the call to its end. The first minute is paid at once.
    ///
    /// An error that [`is_transient`](Error::is_transient) leaves open whether the call began:
    /// [`resume`](Self::resume) tells.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client, listener: saathii_sdk::types::UserId) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::{CallState, types::calls::CallType};
    ///
    /// let mut call = match client.calls().start(listener, CallType::Audio).await {
    ///     Ok(call) => call,
    ///     Err(error) => {
    ///         if let Some(missing) = error.missing_coins() {
    ///             println!("A minute costs {} coins, you have {}", missing.required, missing.available);
    ///         }
    ///         return Err(error);
    ///     }
    /// };
    /// while let Some(state) = call.changed().await {
    ///     match state {
    ///         CallState::Ongoing { minutes, low_balance, .. } => println!("minute {minutes}, recharge: {low_balance}"),
    ///         CallState::Ended { cause, coins_spent, .. } => println!("{cause}, {coins_spent} coins"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(&self, listener: UserId, call_type: CallType) -> Result<CallSession, Error> {
        CallSession::start(self, listener, call_type).await
    }

    /// Calls a listener without following the call.
    pub async fn start_unfollowed(&self, call: &StartCall) -> Result<CallStarted, Error> {
        self.client.inner.call(&Request::post("/calls/start").json(call)?.once(self.key)).await
    }

    /// Follows the call that one is in, on either side, as after a start of the app; `None` where there is none.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// if let Some(call) = client.calls().resume().await? {
    ///     println!("Still in call {}: {:?}", call.id(), call.current());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resume(&self) -> Result<Option<CallSession>, Error> {
        CallSession::resume(self.client).await
    }

    /// Rings for calls to oneself as a listener, one that goes on already included, until it is dropped or the login
    /// ends.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn incoming(&self) -> IncomingCalls {
        IncomingCalls::open(self.client.clone())
    }

    /// Hangs up; a call that has ended is answered as it ended. `reason` is free text for the record.
    pub async fn end(&self, call: CallId, reason: Option<&str>) -> Result<CallEnded, Error> {
        let body = EndCall { call_id: call, reason: reason.map(str::to_owned) };
        self.client.inner.call(&Request::post("/calls/end").json(&body)?.once(self.key)).await
    }

    /// Ends a call that broke; its status is `dropped`.
    pub async fn emergency_end(&self, call: CallId) -> Result<CallEnded, Error> {
        self.client.inner.call(&Request::post(format!("/calls/emergency-end/{call}")).once(self.key)).await
    }

    /// Bills what has begun; the server does so by itself, and no minute is billed twice.
    pub async fn bill_minute(&self, call: CallId) -> Result<MinuteBilled, Error> {
        self.client.inner.call(&Request::post(format!("/calls/bill-minute/{call}")).once(self.key)).await
    }

    /// The call that one is in; `None` where there is none.
    pub async fn ongoing(&self) -> Result<Option<Call>, Error> {
        match self.client.inner.call(&Request::get("/calls/ongoing")).await {
            Ok(call) => Ok(Some(call)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One's calls on either side, the newest first.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::{CallFilter, Page, types::calls::CallStatus};
    ///
    /// let filter = CallFilter { status: Some(CallStatus::Completed), ..CallFilter::default() };
    /// for call in client.calls().history(filter, Page::default()).await?.calls {
    ///     println!("{} called {}: {} minutes", call.caller_username, call.listener_username, call.duration_minutes);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn history(&self, filter: CallFilter, page: Page) -> Result<CallHistory, Error> {
        let mut request = page.of(Request::get("/calls/history"));
        if let Some(call_type) = filter.call_type {
            request = request.query("call_type", &call_type);
        }
        if let Some(status) = filter.status {
            request = request.query("status", &status);
        }
        self.client.inner.call(&request).await
    }

    /// One's calls in numbers.
    pub async fn summary(&self) -> Result<CallSummary, Error> {
        self.client.inner.call(&Request::get("/calls/history/summary")).await
    }

    /// What calls cost and earn, and what coins cost; for everybody, signed in or not.
    pub async fn rates(&self) -> Result<CallRates, Error> {
        self.client.inner.transport.send(&Request::get("/calls/rates"), None).await
    }

    /// How the calls of the whole system are.
    pub async fn status(&self) -> Result<CallSystemStatus, Error> {
        self.client.inner.call(&Request::get("/calls/status")).await
    }

    /// Has the server look for lost calls now; it does so by itself all the time.
    pub async fn cleanup(&self) -> Result<(), Error> {
        self.client.inner.call::<Message>(&Request::post("/calls/cleanup").repeatable()).await.map(|_| ())
    }

    /// Rates a call that one has made, 1 to 5, once, after its end.
    pub async fn rate(&self, call: CallId, rating: u8) -> Result<CallRated, Error> {
        let body = RateCall { rating: rating.into() };
        self.client.inner.call(&Request::post(format!("/calls/{call}/rating")).json(&body)?).await
    }
}
