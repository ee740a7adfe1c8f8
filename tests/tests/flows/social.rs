//! Favorites and blocks: the contract's endpoints, and what a block hides, everywhere and both ways.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use saathii_sdk::{
    FeedFilter, NewUser, Page,
    types::{
        Coins, Earnings, UserId, calls::CallType, feed::FeedListener, presence::StatusPatch, social::FavoritePage,
        users::Sex,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{
    CuttableLink, Person, Refused, Socket, TestApp,
    people::{BUSY, FREE},
    stores,
};

async fn feed(person: &Person) -> Vec<FeedListener> {
    person.client.feed().listeners(&FeedFilter::default(), Page { number: 1, size: 100 }).await.unwrap().listeners
}

async fn favorites(person: &Person) -> FavoritePage {
    person.client.favorites().list(Page::default()).await.unwrap()
}

async fn favorite_ids(person: &Person) -> Vec<i64> {
    favorites(person).await.favorites.iter().map(|favorite| favorite.listener.user_id.0).collect()
}

/// Whether somebody is out of any call, as the server tells them.
async fn is_free(person: &Person) -> bool {
    let ongoing = person.client.calls().ongoing().await.unwrap();
    ongoing.is_none() && !person.client.presence().my_status().await.unwrap().is_busy
}

#[tokio::test]
async fn favorites_are_added_listed_checked_and_removed() {
    let app = TestApp::start().await;
    let caller = app.register("caller", "user").await;
    let mut listeners = Vec::new();
    for name in ["first", "second", "third"] {
        listeners.push(app.listener(name).await);
        app.advance(TimeDelta::seconds(1));
    }
    for listener in &listeners {
        for _ in 0..2 {
            let added = app.post_as(&caller, "/favorites/add", &json!({"listener_id": listener.id})).await.ok();
            let expected = json!({
                "success": true, "message": "Added to favorites", "listener_id": listener.id, "is_favorited": true
            });
            assert_eq!(added, expected);
        }
        app.advance(TimeDelta::seconds(1));
    }
    let page = caller.client.favorites().list(Page { number: 1, size: 2 }).await.unwrap();
    let ids: Vec<_> = page.favorites.iter().map(|favorite| favorite.listener.user_id.0).collect();
    assert_eq!(ids, [listeners[2].id, listeners[1].id]);
    assert_eq!((page.total_count, page.has_next), (3, true));
    let cards = feed(&caller).await;
    let card = cards.iter().find(|card| card.user_id == listeners[2].user_id()).unwrap();
    let wire = app.get("/favorites?per_page=1", &caller.access).await.ok();
    let mut as_in_the_feed = serde_json::to_value(card).unwrap();
    as_in_the_feed["favorited_at"] = json!("2026-01-15T10:30:05Z");
    assert_eq!(
        wire,
        json!({
            "favorites": [as_in_the_feed], "total_count": 3, "page": 1, "per_page": 1, "has_next": true,
            "has_previous": false
        })
    );

    let check = format!("/favorites/check/{}", listeners[0].id);
    let expected = json!({
        "success": true, "message": "Listener is a favorite", "listener_id": listeners[0].id, "is_favorited": true
    });
    assert_eq!(app.get(&check, &caller.access).await.ok(), expected);
    let body = json!({"listener_id": listeners[0].id});
    let removed = app.delete_as(&caller, "/favorites/remove", &body).await.ok();
    let expected = json!({
        "success": true, "message": "Removed from favorites", "listener_id": listeners[0].id, "is_favorited": false
    });
    assert_eq!(removed, expected);
    let again = caller.client.favorites().remove(listeners[0].user_id()).await.unwrap();
    assert_eq!(serde_json::to_value(again).unwrap(), expected);
    assert!(!caller.client.favorites().contains(listeners[0].user_id()).await.unwrap());
    assert_eq!(favorite_ids(&listeners[0]).await, Vec::<i64>::new());

    app.add_favorite(&listeners[0], &listeners[0]).await.refused(400, "own_account");
    app.add_favorite(&listeners[0], &caller).await.refused(404, "listener_not_found");
    for unknown in [0, -1, i64::MAX].map(UserId) {
        caller.client.favorites().add(unknown).await.refused(404, "listener_not_found");
        caller.client.favorites().contains(unknown).await.refused(404, "listener_not_found");
    }
    for body in [json!({}), json!({"listener_id": "x"}), json!({"listener_id": 1.5}), json!([1])] {
        app.post_as(&caller, "/favorites/add", &body).await.refused(422, "validation_error");
        app.delete_as(&caller, "/favorites/remove", &body).await.refused(422, "validation_error");
    }
    listeners[1].client.users().delete().await.unwrap();
    assert_eq!(favorite_ids(&caller).await, [listeners[2].id]);
}

/// What `viewer` sees of the other: their presence, among others, and in the feed.
async fn sees(viewer: &Person, other: &Person) -> [bool; 3] {
    let presence = viewer.client.presence();
    let one = presence.of(other.user_id()).await;
    let is_shown = one.is_ok();
    if !is_shown {
        one.refused(404, "not_found");
    }
    let many = presence.of_many(&[other.user_id(), viewer.user_id()]).await.unwrap();
    let lists = |user: &Person| many.iter().any(|one| one.user_id == user.user_id());
    assert!(lists(viewer));
    [is_shown, lists(other), feed(viewer).await.iter().any(|one| one.user_id == other.user_id())]
}

#[tokio::test]
async fn a_block_hides_both_from_each_other_everywhere_and_ends_with_the_last_of_two() {
    let app = TestApp::start().await;
    let (one, other) = (app.listener("one").await, app.listener("other").await);
    let third = app.listener("third").await;
    for (from, to) in [(&one, &other), (&other, &one)] {
        app.give_coins(from, 100).await;
        app.add_favorite(from, to).await.unwrap();
    }
    assert_eq!(sees(&one, &other).await, [true; 3]);
    for _ in 0..2 {
        let blocked = app.post_as(&one, "/block", &json!({"blocked_id": other.id, "reason": " Rude "})).await.ok();
        let expected = json!({"success": true, "message": "User blocked", "blocked_id": other.id, "is_blocked": true});
        assert_eq!(blocked, expected);
    }
    for (from, to) in [(&one, &other), (&other, &one)] {
        assert_eq!(sees(from, to).await, [false; 3]);
        assert_eq!(sees(&third, to).await, [true; 3]);
        app.start_call(from, to, CallType::Audio).await.refused(403, "blocked");
        let kept = favorites(from).await;
        assert_eq!((kept.favorites.len(), kept.total_count), (0, 0));
        app.add_favorite(from, to).await.refused(403, "blocked");
        assert!(!from.client.favorites().contains(to.user_id()).await.unwrap());
        let page = from.client.feed().listeners(&FeedFilter::default(), Page::default()).await.unwrap();
        assert_eq!((page.total_count, page.online_count, page.available_count), (2, 2, 2));
        let stats = from.client.feed().stats().await.unwrap();
        assert_eq!((stats.total_listeners, stats.available_listeners), (2, 2));
    }
    assert_eq!(third.client.feed().stats().await.unwrap().total_listeners, 3);

    // Only who blocks knows.
    let list = app.get("/blocked", &one.access).await.ok();
    assert_eq!(
        list,
        json!({
            "blocked": [{
                "user_id": other.id, "username": "other", "sex": "female", "bio": null, "interests": [],
                "profile_image_url": null, "preferred_language": null, "rating": 0.0, "country": "IN",
                "roles": ["listener"], "is_online": false, "last_seen": "2026-01-15T10:30:00Z", "is_busy": false,
                "busy_until": null, "is_available": false, "blocked_at": "2026-01-15T10:30:00Z", "reason": "Rude"
            }],
            "total_count": 1, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
        })
    );
    assert!(other.client.blocks().list(Page::default()).await.unwrap().blocked.is_empty());
    let check = app.get(&format!("/block/check/{}", other.id), &one.access).await.ok();
    let expected = json!({"success": true, "message": "User is blocked", "blocked_id": other.id, "is_blocked": true});
    assert_eq!(check, expected);
    assert!(!other.client.blocks().contains(one.user_id()).await.unwrap());

    app.block(&other, &one).await.unwrap();
    app.unblock(&one, &other).await.unwrap();
    assert_eq!(sees(&one, &other).await, [false; 3], "the other still blocks");
    let unblocked = app.delete_as(&other, "/block", &json!({"blocked_id": one.id})).await.ok();
    let expected = json!({"success": true, "message": "User unblocked", "blocked_id": one.id, "is_blocked": false});
    assert_eq!(unblocked, expected);
    assert_eq!(serde_json::to_value(app.unblock(&other, &one).await.unwrap()).unwrap(), expected);
    for (from, to) in [(&one, &other), (&other, &one)] {
        assert_eq!(sees(from, to).await, [true; 3]);
        assert_eq!(favorite_ids(from).await, [to.id]);
    }
    app.call(&one, &other).await;
}

#[tokio::test]
async fn nobody_blocks_themselves_the_unknown_or_with_nonsense() {
    let app = TestApp::start().await;
    let (one, other) = (app.register("one", "user").await, app.register("other", "user").await);
    app.block(&one, &one).await.refused(400, "own_account");
    for unknown in [0, -7, i64::MAX].map(UserId) {
        one.client.blocks().add(unknown, None).await.refused(404, "not_found");
        one.client.blocks().contains(unknown).await.refused(404, "not_found");
    }
    for body in [
        json!({}),
        json!({"blocked_id": "x"}),
        json!({"blocked_id": other.id, "reason": 7}),
        json!({"blocked_id": other.id, "reason": "x".repeat(501)}),
        json!({"blocked_id": other.id, "reason": "a\u{0}b"}),
    ] {
        app.post_as(&one, "/block", &body).await.refused(422, "validation_error");
    }
    assert_eq!(one.client.blocks().list(Page::default()).await.unwrap().total_count, 0);
    other.client.users().delete().await.unwrap();
    app.block(&one, &other).await.refused(404, "not_found");
}

#[tokio::test]
async fn counts_leave_out_just_those_across_a_block_whom_the_filter_matches() {
    let app = TestApp::start().await;
    let viewer = app.register("viewer", "user").await;
    let mut people = Vec::new();
    for i in 0..12 {
        let language = if i % 2 == 0 { "en" } else { "hi" };
        let user = NewUser {
            preferred_language: Some(language.to_owned()),
            ..NewUser::new(format!("listener{i}"), Sex::Female)
        };
        let listener = app.register_listener_with(user).await;
        app.set_status(
            &listener,
            &StatusPatch { is_online: Some(i % 3 != 0), is_busy: Some(i % 4 == 1), busy_until: None },
        )
        .await;
        people.push(listener);
    }
    for i in [0, 1, 2, 5, 6] {
        // Half of them block the viewer.
        let (from, to) = if i % 2 == 0 { (&viewer, &people[i]) } else { (&people[i], &viewer) };
        app.block(from, to).await.unwrap();
    }
    let all = FeedFilter::default();
    for filter in [
        all.clone(),
        FeedFilter { language: Some("en".into()), ..all.clone() },
        FeedFilter { language: Some("hi".into()), online_only: true, ..all.clone() },
        FeedFilter { available_only: true, ..all.clone() },
        FeedFilter { min_rating: Some(1.0), ..all.clone() },
    ] {
        let mut listed = Vec::new();
        let mut number = 1;
        let last = loop {
            let page = viewer.client.feed().listeners(&filter, Page { number, size: 2 }).await.unwrap();
            listed.extend(page.listeners.clone());
            number += 1;
            if !page.has_next {
                break page;
            }
        };
        let count = |is_counted: fn(&FeedListener) -> bool| {
            i64::try_from(listed.iter().filter(|one| is_counted(one)).count()).unwrap()
        };
        assert_eq!(last.total_count, count(|_| true), "{filter:?}");
        assert_eq!(last.online_count, count(|one| one.is_online), "{filter:?}");
        assert_eq!(last.available_count, count(|one| one.is_available), "{filter:?}");
        let is_across = |one: &FeedListener| [0, 1, 2, 5, 6].iter().any(|i| one.user_id == people[*i].user_id());
        assert!(!listed.iter().any(is_across), "{filter:?}");
    }
}

/// The next frame, which is of this user.
async fn next_status(socket: &mut Socket, user: &Person) -> Value {
    let frame = socket.next().await;
    assert_eq!((&frame["type"], &frame["user_id"]), (&json!("user_status_update"), &json!(user.id)), "{frame}");
    frame["status"].clone()
}

#[tokio::test]
async fn open_sockets_of_every_node_hear_of_a_block_once_and_then_nothing() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let (listener, caller) = (one.listener("listener").await, one.register("caller", "user").await);
    let marker = one.listener("marker").await;
    one.heartbeat(&caller).await;
    let mut callers = Vec::new();
    for node in [&one, &two] {
        for path in ["/ws/feed", "/ws/presence"] {
            callers.push(node.socket(path, &caller).await);
        }
    }
    let mut extended = two.socket("/ws/presence", &caller).await;
    extended.send(&json!({"type": "subscribe", "user_ids": [listener.id, marker.id]})).await;
    extended.next_named("subscribed").await;
    let mut narrowed = two.socket("/ws/presence", &caller).await;
    narrowed.send(&json!({"type": "subscribe", "user_ids": [marker.id]})).await;
    narrowed.next_named("subscribed").await;
    let (mut own_feed, mut own) =
        (two.socket("/ws/feed", &listener).await, two.socket("/ws/presence", &listener).await);
    // What the heartbeats told may still be under way to a node.
    for node in [&one, &two] {
        node.set_status(&marker, &FREE).await;
    }
    for socket in callers.iter_mut().chain([&mut extended, &mut narrowed, &mut own, &mut own_feed]) {
        socket.next_of(marker.id).await;
        socket.next_of(marker.id).await;
        socket.drain().await;
    }

    let begun = Instant::now();
    one.block(&caller, &listener).await.unwrap();
    for socket in callers.iter_mut().chain([&mut extended]) {
        let status = next_status(socket, &listener).await;
        assert_eq!((&status["is_online"], &status["is_available"]), (&json!(false), &json!(false)));
    }
    assert_eq!(next_status(&mut own, &caller).await["is_online"], false);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    // Neither hears more of the other, on sockets old or new; the marker shows that there is nothing before it.
    let mut late = two.socket("/ws/presence", &caller).await;
    one.set_status(&listener, &BUSY).await;
    two.set_status(&caller, &BUSY).await;
    one.set_status(&listener, &FREE).await;
    one.set_status(&marker, &BUSY).await;
    two.set_status(&marker, &FREE).await;
    let others = [&mut extended, &mut narrowed, &mut late];
    for socket in callers.iter_mut().chain(others) {
        let mut heard = vec![socket.next().await, socket.next().await];
        while heard.iter().filter(|frame| frame["user_id"] == marker.id).count() < 2 {
            heard.push(socket.next().await);
        }
        heard.extend(socket.drain().await);
        assert!(heard.iter().all(|frame| frame["user_id"] != listener.id), "{heard:?}");
    }
    for socket in [&mut own, &mut own_feed] {
        socket.next_of(marker.id).await;
        socket.next_of(marker.id).await;
        assert!(socket.drain().await.iter().all(|frame| frame["user_id"] != caller.id));
    }
    for socket in callers.iter_mut().chain([&mut own, &mut own_feed, &mut extended, &mut narrowed, &mut late]) {
        socket.drain().await;
    }

    two.unblock(&caller, &listener).await.unwrap();
    for socket in callers.iter_mut().chain([&mut extended, &mut late]) {
        let status = next_status(socket, &listener).await;
        assert_eq!((&status["is_online"], &status["is_available"]), (&json!(true), &json!(true)));
    }
    let status = next_status(&mut own, &caller).await;
    assert_eq!((&status["is_online"], &status["is_busy"]), (&json!(true), &json!(true)));
    one.set_status(&listener, &BUSY).await;
    for socket in callers.iter_mut().chain([&mut extended, &mut late]) {
        assert_eq!(next_status(socket, &listener).await["is_busy"], true);
    }
    assert!(narrowed.drain().await.is_empty());
}

#[tokio::test]
async fn a_node_that_was_cut_off_reads_blocks_again() {
    let direct = stores::own().await.redis_url;
    let mut link = CuttableLink::to(direct.clone()).await;
    let one = TestApp::start_with(&[("REDIS_URL", direct.expose_secret())]).await;
    let two = one.another_node_with(&[("REDIS_URL", link.url())]).await;
    let (listener, caller) = (one.listener("listener").await, one.register("caller", "user").await);
    let mut socket = two.socket("/ws/feed", &caller).await;
    one.set_status(&listener, &BUSY).await;
    while socket.next_of(listener.id).await["status"]["is_busy"] != true {}
    link.cut().await;
    one.block(&caller, &listener).await.unwrap();
    one.state.bus.flush().await;
    link.mend().await;
    let status = loop {
        // Its gap may be mended with the state before.
        let status = socket.next_of(listener.id).await["status"].clone();
        if status["is_online"] == false {
            break status;
        }
    };
    assert_eq!(status["is_available"], false);
    assert!(socket.drain().await.is_empty());
}

#[tokio::test]
async fn a_block_ends_the_call_between_the_two_and_no_other() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("caller", 100).await, app.listener("listener").await);
    let third = app.register("third", "user").await;
    let call = app.call(&caller, &listener).await;
    app.block(&third, &caller).await.unwrap();
    assert_eq!(caller.client.calls().ongoing().await.unwrap().unwrap().call_id, call);
    let mut phone = app.socket("/ws/presence", &caller).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(61)).await;
    let blocks = join_all((0..8).map(|i| {
        let (from, to) = if i % 2 == 0 { (&caller, &listener) } else { (&listener, &caller) };
        app.block(from, to)
    }));
    assert!(blocks.await.iter().all(Result::is_ok));
    let ended = phone.next_named("call_ended").await;
    assert_eq!((&ended["cause"], &ended["status"]), (&json!("blocked"), &json!("dropped")));
    assert!(is_free(&caller).await && is_free(&listener).await);
    assert_eq!((app.coins(&caller).await, app.earned(&listener).await), (Coins(80), Earnings(30)));
    app.assert_books_close().await;
}

#[tokio::test]
async fn twenty_blocks_racing_with_twenty_calls_leave_no_call_across_a_block() {
    let one = TestApp::start_with(&[("DATABASE_MAX_CONNECTIONS", "20")]).await;
    let two = one.another_node().await;
    let mut pairs = Vec::new();
    for i in 0..20 {
        pairs.push((one.caller(&format!("caller{i}"), 100).await, one.listener(&format!("listener{i}")).await));
    }
    let raced = join_all(pairs.iter().enumerate().map(async |(i, (caller, listener))| {
        let (from, to) = if i % 4 < 2 { (caller, listener) } else { (listener, caller) };
        let (first, second) = if i % 2 == 0 { (&one, &two) } else { (&two, &one) };
        join(first.start_call(caller, listener, CallType::Audio), second.block(from, to)).await
    }))
    .await;
    for ((started, blocked), (caller, listener)) in raced.into_iter().zip(&pairs) {
        blocked.unwrap();
        if started.is_err() {
            started.refused(403, "blocked");
        }
        assert!(is_free(caller).await && is_free(listener).await);
        one.start_call(caller, listener, CallType::Audio).await.refused(403, "blocked");
    }
    one.assert_books_close().await;
}
