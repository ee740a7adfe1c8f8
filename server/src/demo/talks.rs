//! Demo callers call demo listeners, and pay.

use std::collections::HashSet;

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use saathii_shared_types::{
    CallId, UserId,
    calls::{CallType, EndCause, StartCall},
};

use super::coins::afford_a_call;
use crate::{
    calls::{self, Ending},
    http::{Answer, IdempotencyKey},
    state::AppState,
};

const MOST: usize = 4;

/// The demo's own calls.
#[derive(Default)]
pub(super) struct Talks(Vec<Talk>);

struct Talk {
    call: CallId,
    caller: UserId,
    listener: UserId,
    steps_left: u32,
}

impl Talks {
    /// Those that a stopped server left behind go on for a moment.
    pub(super) async fn resume(app: &AppState, callers: &[UserId]) -> sqlx::Result<Self> {
        let mut db = app.db.acquire().await?;
        let mut talks = Vec::new();
        for caller in callers {
            let call = calls::find_ongoing_of(&mut db, *caller).await?.filter(|call| call.caller_id == *caller);
            talks.extend(call.map(|call| Talk {
                call: call.call_id,
                caller: *caller,
                listener: call.listener_id,
                steps_left: 10,
            }));
        }
        Ok(Self(talks))
    }

    /// Whoever talks does nothing else.
    pub(super) fn people(&self) -> HashSet<UserId> {
        self.0.iter().flat_map(|talk| [talk.caller, talk.listener]).collect()
    }

    /// Ends what has lasted long enough, and now and then begins one among those who are free.
    pub(super) async fn step(&mut self, app: &AppState, callers: &[UserId], listeners: &[UserId], rng: &mut StdRng) {
        for talk in &mut self.0 {
            talk.steps_left = talk.steps_left.saturating_sub(1);
        }
        let (over, going): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|talk| talk.steps_left == 0);
        self.0 = going;
        for talk in over {
            let ending = Ending { cause: EndCause::Hangup, reason: None, message: "" };
            if let Err(error) = calls::end_call(app, talk.caller, talk.call, ending, &IdempotencyKey::none()).await {
                tracing::debug!(%error, "a demo call was not ended");
            }
        }
        if self.0.len() < MOST
            && rng.random_ratio(1, 4)
            && let (Some(caller), Some(listener)) = (callers.choose(rng), listeners.choose(rng))
        {
            let steps_left = rng.random_range(15..240);
            let call_type = if rng.random_ratio(1, 5) { CallType::Video } else { CallType::Audio };
            self.0.extend(begin(app, *caller, *listener, call_type).await.map(|call| Talk {
                call,
                caller: *caller,
                listener: *listener,
                steps_left,
            }));
        }
    }
}

async fn begin(app: &AppState, caller: UserId, listener: UserId, call_type: CallType) -> Option<CallId> {
    let request = StartCall { listener_id: listener, call_type, estimated_duration_minutes: None };
    match calls::start_call(app, caller, &request, &IdempotencyKey::none()).await {
        Ok(Answer::New(started) | Answer::NewAs(_, started)) => Some(started.call_id),
        Ok(Answer::Replayed(_)) => None,
        Err(calls::Error::InsufficientCoins { .. }) => {
            if let Err(error) = buy(app, caller).await {
                tracing::debug!(%error, "a demo caller could not buy coins");
            }
            None
        }
        Err(error) => {
            tracing::debug!(%error, "a demo call did not begin");
            None
        }
    }
}

async fn buy(app: &AppState, caller: UserId) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    afford_a_call(app, &mut tx, caller, app.clock.now()).await?;
    Ok(tx.commit().await?)
}
