//! What concerns one person alone, on that person's own sockets (DESIGN §5).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use saathii_server::realtime::Personal;
use saathii_shared_types::{
    CallId, Coins, Earnings, SampleId, UserId, events::ServerEvent, verification::VerificationStatus,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{CuttableLink, Person, Socket, TestApp, stores};

fn minute(person: &Person, minute: i64) -> Personal {
    let event = ServerEvent::CallMinute {
        call_id: CallId(7),
        minute,
        coins_spent: Coins(10 * minute),
        listener_money_earned: Earnings(15 * minute),
        remaining_coins: None,
    };
    Personal { user_id: UserId(person.id), event }
}

async fn next_minute(socket: &mut Socket) -> i64 {
    let frame = socket.next().await;
    frame["minute"].as_i64().unwrap_or_else(|| panic!("{frame}"))
}

async fn drain_minutes(socket: &mut Socket) -> Vec<i64> {
    socket.drain().await.iter().map(|frame| frame["minute"].as_i64().unwrap_or_else(|| panic!("{frame}"))).collect()
}

#[tokio::test]
async fn what_concerns_one_person_is_told_once_to_each_of_their_presence_sockets() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let person = one.register("caller", "user").await;
    let stranger = one.register("stranger", "user").await;
    let mut here = one.socket("/ws/presence", &person).await;
    let mut there = two.socket("/ws/presence", &person).await;
    let mut feeds = [one.socket("/ws/feed", &person).await, two.socket("/ws/feed", &person).await];
    let mut strangers = [one.socket("/ws/presence", &stranger).await, two.socket("/ws/presence", &stranger).await];

    one.state.bus.tell(vec![minute(&person, 1), minute(&stranger, 50)]);
    let documented = json!({
        "type": "call_minute", "call_id": 7, "minute": 1, "coins_spent": 10, "listener_money_earned": 15
    });
    for socket in [&mut here, &mut there] {
        assert_eq!(socket.next().await, documented);
    }
    two.state.bus.tell(vec![minute(&person, 2)]);
    for socket in [&mut here, &mut there] {
        assert_eq!(next_minute(socket).await, 2);
    }
    // The last of each: whatever was told twice or to a wrong socket would have come before it.
    for node in [&one, &two] {
        node.state.bus.tell(vec![minute(&person, 3), minute(&stranger, 51)]);
        for socket in [&mut here, &mut there] {
            assert_eq!(next_minute(socket).await, 3);
        }
    }
    for socket in &mut strangers {
        for expected in [50, 51, 51] {
            assert_eq!(next_minute(socket).await, expected);
        }
        assert!(socket.drain().await.is_empty());
    }
    for socket in [&mut here, &mut there].into_iter().chain(&mut feeds) {
        assert!(socket.drain().await.is_empty());
    }
}

#[tokio::test]
async fn a_reader_gets_a_thousand_events_in_order_whatever_it_narrowed_itself_to() {
    const AT_ONCE: i64 = 50;
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let person = one.register("busy", "user").await;
    let mut sockets = vec![one.socket("/ws/presence", &person).await, two.socket("/ws/presence", &person).await];
    for node in [&one, &two] {
        let mut narrowed = node.socket("/ws/presence", &person).await;
        narrowed.send(&json!({"type": "subscribe", "user_ids": [], "batch_ms": 10_000})).await;
        assert_eq!(narrowed.next().await["type"], "subscribed");
        sockets.push(narrowed);
    }
    for round in 0..1000 / AT_ONCE {
        let numbers = round * AT_ONCE..(round + 1) * AT_ONCE;
        one.state.bus.tell(numbers.clone().map(|number| minute(&person, number)).collect());
        join_all(sockets.iter_mut().map(async |socket| {
            for number in numbers.clone() {
                let frame = socket.next().await;
                assert_eq!((&frame["minute"], &frame["offset"]), (&json!(number), &Value::Null));
            }
        }))
        .await;
    }
    for socket in &mut sockets {
        assert!(socket.drain().await.is_empty());
    }
}

#[tokio::test]
async fn a_reader_that_lets_events_pile_up_is_closed_and_the_others_get_everything() {
    const AT_ONCE: i64 = 32;
    let app = TestApp::start().await;
    let person = app.register("stuck", "user").await;
    let review = |sample_id| {
        let (sample_id, remarks) = (SampleId(sample_id), Some("x".repeat(16 * 1024)));
        let event = ServerEvent::VerificationReviewed { sample_id, status: VerificationStatus::Approved, remarks };
        Personal { user_id: UserId(person.id), event }
    };
    let mut reads = app.socket("/ws/presence", &person).await;
    let mut never_reads = app.socket("/ws/presence", &person).await;
    let mut told = 0;
    // Every buffer on the way fills first.
    while app.state.hub.connected_sessions().len() == 2 {
        assert!(told < 4000, "64 MB and nothing happens");
        app.state.bus.tell((told..told + AT_ONCE).map(review).collect());
        for number in told..told + AT_ONCE {
            assert_eq!(reads.next().await["sample_id"], number);
        }
        told += AT_ONCE;
    }
    assert_eq!(never_reads.end().await, Some(4408));
    app.state.bus.tell(vec![review(told)]);
    assert_eq!(reads.next().await["sample_id"], told);
    assert!(reads.drain().await.is_empty());
}

#[tokio::test]
async fn a_node_without_redis_tells_its_own_sockets_and_with_it_everybody_again() {
    let direct = stores::own().await.redis_url;
    let mut link = CuttableLink::to(direct.clone()).await;
    let one = TestApp::start_with(&[("REDIS_URL", link.url())]).await;
    let two = one.another_node_with(&[("REDIS_URL", direct.expose_secret())]).await;
    let person = one.register("patient", "user").await;
    let mut here = one.socket("/ws/presence", &person).await;
    let mut there = two.socket("/ws/presence", &person).await;
    one.state.bus.tell(vec![minute(&person, 0)]);
    assert_eq!((next_minute(&mut here).await, next_minute(&mut there).await), (0, 0));

    link.cut().await;
    for number in 1..=100 {
        one.state.bus.tell(vec![minute(&person, number)]);
        assert_eq!(next_minute(&mut here).await, number);
    }
    // They do not wait for Redis: by then the outbox has given them up.
    one.state.bus.flush().await;

    link.mend().await;
    let mut number = 100;
    let heard = tell_until_heard(&one, &person, &mut number, &mut there).await;
    assert!(heard > 100, "{heard} waited for Redis");
    for expected in 101..=number {
        assert_eq!(next_minute(&mut here).await, expected);
    }
    tell_until_heard(&two, &person, &mut number, &mut here).await;
    // Both ways are open: what each tells last is heard last, and what it tells from now on once.
    for node in [&one, &two] {
        number += 1;
        node.state.bus.tell(vec![minute(&person, number)]);
        while next_minute(&mut here).await != number {}
        while next_minute(&mut there).await != number {}
    }
    for node in [&one, &two] {
        number += 1;
        node.state.bus.tell(vec![minute(&person, number)]);
        for socket in [&mut here, &mut there] {
            assert_eq!(next_minute(socket).await, number);
        }
    }
    for socket in [&mut here, &mut there] {
        assert!(socket.drain().await.is_empty());
    }
}

/// Tells ever more of `number` until a socket of the other node hears of it; the first that it hears.
async fn tell_until_heard(node: &TestApp, person: &Person, number: &mut i64, socket: &mut Socket) -> i64 {
    let begun = Instant::now();
    loop {
        *number += 1;
        node.state.bus.tell(vec![minute(person, *number)]);
        // Not so often that the pings of it are too many.
        if let Some(first) = drain_minutes(socket).await.first() {
            return *first;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the other node does not hear");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
