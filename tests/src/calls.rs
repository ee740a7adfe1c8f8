//! People who call and are called.

use chrono::TimeDelta;
use saathii_sdk::{
    CallFilter, Error, Page,
    types::{
        CallId, Coins, Earnings, PaymentId, UserId,
        calls::{Call, CallEnded, CallStarted, CallStatus, CallType, MinuteBilled, StartCall},
    },
};
use saathii_server::{proof, wallet};

use crate::{Person, TestApp};

impl TestApp {
    /// A verified listener who is online.
    pub async fn listener(&self, username: &str) -> Person {
        let person = self.register_listener(username).await;
        self.heartbeat(&person).await;
        person
    }

    /// Somebody with so many coins.
    pub async fn caller(&self, username: &str, coins: i64) -> Person {
        let person = self.register(username, "user").await;
        self.give_coins(&person, coins).await;
        person
    }

    /// Any number of coins, as a purchase: the shop sells only some.
    pub async fn give_coins(&self, person: &Person, coins: i64) {
        self.fund(person.id, coins).await;
    }

    /// As [`give_coins`](Self::give_coins), to somebody of whom only the id is known.
    pub async fn fund(&self, user: i64, coins: i64) {
        if coins == 0 {
            return;
        }
        let now = self.clock.now();
        let mut tx = self.state.db.begin().await.expect("a transaction");
        let payment: i64 = sqlx::query_scalar(
            "INSERT INTO payments (user_id, provider, amount_paise, coins, payment_method, status, created_at, paid_at)
             VALUES ($1, 'sandbox', $2 * 50, $2, 'test', 'paid', $3, $3) RETURNING payment_id",
        )
        .bind(user)
        .bind(coins)
        .bind(now)
        .fetch_one(&mut *tx)
        .await
        .expect("a payment");
        wallet::credit_purchase(&mut tx, UserId(user), PaymentId(payment), Coins(coins), now)
            .await
            .expect("the credit");
        tx.commit().await.expect("the commit");
    }

    pub async fn start_call(
        &self,
        caller: &Person,
        listener: &Person,
        call_type: CallType,
    ) -> Result<CallStarted, Error> {
        let call = StartCall { listener_id: listener.user_id(), call_type, estimated_duration_minutes: None };
        caller.at(self).calls().start_unfollowed(&call).await
    }

    /// The id of a call that has begun.
    pub async fn call(&self, caller: &Person, listener: &Person) -> CallId {
        self.start_call(caller, listener, CallType::Audio).await.expect("the call begins").call_id
    }

    pub async fn end_call(&self, person: &Person, call: CallId) -> Result<CallEnded, Error> {
        person.at(self).calls().end(call, Some("completed")).await
    }

    pub async fn bill_minute(&self, person: &Person, call: CallId) -> Result<MinuteBilled, Error> {
        person.at(self).calls().bill_minute(call).await
    }

    pub async fn coins(&self, person: &Person) -> Coins {
        person.at(self).wallet().coins().await.expect("a balance").current_balance
    }

    pub async fn earned(&self, person: &Person) -> Earnings {
        person.at(self).wallet().balance().await.expect("a wallet").total_earned
    }

    /// Time goes by in steps within the grace, and both phones beat.
    pub async fn talk(&self, people: &[&Person], time: TimeDelta) {
        let mut left = time;
        while left > TimeDelta::zero() {
            let step = left.min(TimeDelta::seconds(30));
            self.advance(step);
            left -= step;
            for person in people {
                self.heartbeat(person).await;
            }
        }
    }

    /// Waits until the call, as `person` sees it, is not ongoing any more; its last form.
    pub async fn call_ends(&self, person: &Person, call: CallId) -> Call {
        let client = person.at(self);
        let begun = std::time::Instant::now();
        loop {
            let history = client.calls().history(CallFilter::default(), Page::default()).await.expect("the history");
            let found = history.calls.into_iter().find(|one| one.call_id == call).expect("the call");
            if found.status != CallStatus::Ongoing {
                return found;
            }
            assert!(begun.elapsed().as_secs() < 10, "the call goes on: {found:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many minutes of the person's ongoing call are billed.
    pub async fn minutes_become(&self, person: &Person, rate: i64, minutes: i64) {
        let client = person.at(self);
        let begun = std::time::Instant::now();
        loop {
            let call = client.calls().ongoing().await.expect("an answer").expect("a call");
            if call.coins_spent == Coins(minutes * rate) {
                return;
            }
            assert!(begun.elapsed().as_secs() < 10, "not {minutes} minutes: {call:?}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// What the rooms' books say of each other that is not so.
    pub async fn discrepancies(&self) -> Vec<String> {
        let found = proof::prove(&self.state.db).await.expect("the proof");
        found.iter().map(ToString::to_string).collect()
    }

    pub async fn assert_books_close(&self) {
        assert_eq!(self.discrepancies().await, [""; 0]);
    }
}
