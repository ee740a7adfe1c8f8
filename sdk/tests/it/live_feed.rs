use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use saathii_sdk::{Client, Code, FeedFilter, FeedState, LiveFeed, MemoryStore, RetryPolicy, TokenStore, types::UserId};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::{Answer, Clock, Peer, Seen, Server, card, done, ok, pair, refused, soon, status, tokens};

const PAGE: &str = "GET /feed/listeners";
const PRESENCE: &str = "GET /users/presence";

/// The cards of the server, which the test changes.
type Cards = Arc<Mutex<Vec<Value>>>;

fn parameter<'a>(seen: &'a Seen, name: &str) -> Option<&'a str> {
    seen.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn page(cards: &[Value], seen: &Seen) -> Answer {
    let number = |name| parameter(seen, name).unwrap().parse::<usize>().unwrap();
    let (page, size) = (number("page"), number("per_page"));
    let begin = ((page - 1) * size).min(cards.len());
    let end = (begin + size).min(cards.len());
    let available = cards.iter().filter(|card| card["is_available"] == true).count();
    ok(json!({
        "listeners": cards[begin..end], "total_count": cards.len(), "online_count": cards.len(),
        "available_count": available, "page": page, "per_page": size,
        "has_next": end < cards.len(), "has_previous": page > 1
    }))
}

async fn serve(cards: Vec<Value>) -> (Server, Cards) {
    let cards = Cards::new(Mutex::new(cards));
    let current = cards.clone();
    let server = Server::start(move |seen| match seen.what.as_str() {
        PAGE => page(&current.lock().unwrap(), seen),
        PRESENCE => ok(json!([status(2, false)])),
        _ => done(),
    })
    .await;
    (server, cards)
}

async fn open(server: &Server, page_size: u32) -> (LiveFeed, Peer) {
    let client = server.signed_in("good");
    let mut feed = client.feed().live(FeedFilter::default(), page_size);
    let mut peer = server.accept().await;
    assert_eq!(peer.subscribe("e", 5, false).await["batch_ms"], 250);
    until(&mut feed, |state| state.is_loaded && state.is_live).await;
    (feed, peer)
}

async fn until(feed: &mut LiveFeed, condition: impl Fn(&FeedState) -> bool) -> Arc<FeedState> {
    soon(async {
        while !condition(&feed.current()) {
            feed.changed().await.expect("the feed ended");
        }
        feed.current()
    })
    .await
}

fn ids(state: &FeedState) -> Vec<i64> {
    state.listeners.iter().map(|listener| listener.user_id.0).collect()
}

#[tokio::test]
async fn it_begins_with_a_page_and_moves_with_every_change() {
    let (server, _) = serve(vec![card(1, 5.0, true), card(2, 4.0, true), card(3, 3.0, false)]).await;
    let (mut feed, mut peer) = open(&server, 20).await;
    assert_eq!(ids(&feed.current()), [1, 2, 3]);
    peer.say(json!({
        "type": "user_status_batch", "offset": 7, "statuses": [status(1, false), status(3, true)]
    }))
    .await;
    let state = until(&mut feed, |state| ids(state)[0] == 2).await;
    assert_eq!(ids(&state), [2, 3, 1]);
    assert_eq!((state.total_count, state.available_count), (3, 2));
    assert_eq!(server.seen(PAGE).len(), 1, "changes are not read again");
}

#[tokio::test]
async fn it_is_read_again_after_a_loss_that_was_not_resumed() {
    let (server, cards) = serve(vec![card(1, 5.0, true), card(2, 4.0, true)]).await;
    let (mut feed, peer) = open(&server, 20).await;
    drop(peer);
    until(&mut feed, |state| !state.is_live).await;
    assert_eq!(ids(&feed.current()), [1, 2], "the list stays on screen");
    cards.lock().unwrap().push(card(9, 4.5, true));
    let mut peer = server.accept().await;
    peer.subscribe("f", 50, false).await;
    let state = until(&mut feed, |state| state.is_live && state.listeners.len() == 3).await;
    assert_eq!(ids(&state), [1, 9, 2]);
}

#[tokio::test]
async fn it_is_not_read_again_after_a_loss_that_was_resumed() {
    let (server, _) = serve(vec![card(1, 5.0, true), card(2, 4.0, true)]).await;
    let (mut feed, peer) = open(&server, 20).await;
    drop(peer);
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, true).await;
    peer.status(status(1, false), 6).await;
    let state = until(&mut feed, |state| ids(state) == [2, 1]).await;
    assert!(state.is_live);
    assert_eq!(server.seen(PAGE).len(), 1);
}

#[tokio::test]
async fn pages_are_added_and_read_again_together() {
    let (server, cards) = serve((1..=5).map(|id| card(id, 5.0, true)).collect()).await;
    let (mut feed, _peer) = open(&server, 2).await;
    assert!(feed.current().has_more);
    soon(feed.load_more()).await.unwrap();
    let state = until(&mut feed, |state| state.listeners.len() == 4).await;
    assert_eq!((ids(&state), state.has_more), (vec![1, 2, 3, 4], true));
    cards.lock().unwrap().remove(0);
    soon(feed.refresh()).await.unwrap();
    let state = until(&mut feed, |state| ids(state)[0] == 2).await;
    assert_eq!((ids(&state), state.has_more), (vec![2, 3, 4, 5], false));
    soon(feed.load_more()).await.unwrap();
    assert_eq!(server.seen(PAGE).len(), 4, "behind the last page there is nothing to read");
}

#[tokio::test]
async fn strangers_have_the_pages_read_again_but_not_for_every_one() {
    let clock = Clock::stop();
    let (server, cards) = serve(vec![card(1, 5.0, true)]).await;
    let ((mut feed, mut peer), _) = clock.drive(Duration::from_millis(1), open(&server, 20)).await;
    cards.lock().unwrap().push(card(70, 3.0, true));
    // Half a minute of people whom the pages do not know.
    let passing = async {
        for id in 100..160 {
            peer.status(status(id, true), 6).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        until(&mut feed, |state| state.listeners.len() == 2).await
    };
    let (state, _) = clock.drive(Duration::from_millis(50), passing).await;
    assert_eq!(ids(&state), [1, 70]);
    let readings = server.seen(PAGE).len();
    assert!((3..=8).contains(&readings), "{readings} readings");
}

#[tokio::test]
async fn who_comes_into_view_is_read_and_followed() {
    let (server, _) = serve(vec![card(1, 5.0, true), card(2, 4.0, true), card(3, 3.0, true)]).await;
    let (mut feed, mut peer) = open(&server, 20).await;
    feed.set_visible([UserId(1)]);
    assert_eq!(peer.subscribe("e", 5, true).await["user_ids"], json!([1]));
    assert!(server.seen(PRESENCE).is_empty(), "everybody was followed until now");
    feed.set_visible([UserId(1), UserId(2), UserId(404)]);
    assert_eq!(peer.subscribe("e", 5, true).await["user_ids"], json!([1, 2, 404]));
    let state = until(&mut feed, |state| ids(state) == [1, 3, 2]).await;
    assert!(!state.listeners[2].is_available, "as the presence says that was read");
    assert_eq!(server.seen(PRESENCE)[0].query, "user_ids=2");
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_tried_again() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let server = Server::start(move |seen| match seen.what.as_str() {
        PAGE if counted.fetch_add(1, Ordering::SeqCst) < 3 => refused(500, "internal_error"),
        PAGE => page(&[card(1, 5.0, true)], seen),
        _ => done(),
    })
    .await;
    let (feed, _peer) = open(&server, 20).await;
    assert_eq!(ids(&feed.current()), [1]);
    assert_eq!(tries.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn an_app_that_starts_before_its_server_is_there_once_it_is() {
    // A port of ours where nobody listens yet.
    let port = TcpSocket::new_v4().unwrap();
    port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let store = MemoryStore::new();
    store.save(&tokens("expired", 0)).unwrap();
    let retry = RetryPolicy { first_delay: Duration::from_millis(1), ..RetryPolicy::default() };
    let address = format!("http://{}", port.local_addr().unwrap());
    let client = Client::builder().base_url(address).token_store(store).retry(retry).build().unwrap();
    client.set_foreground(true);
    let mut feed = client.feed().live(FeedFilter::default(), 20);
    assert_eq!(client.users().me().await.unwrap_err().code(), Code::Network);
    assert!(client.is_signed_in().await.unwrap(), "no server is no reason to sign anybody out");
    assert!(!feed.current().is_loaded);

    let server = Server::on(port.listen(16).unwrap(), |seen| match seen.what.as_str() {
        PAGE => page(&[card(1, 5.0, true)], seen),
        "POST /auth/refresh" => ok(pair("1")),
        _ => done(),
    });
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, false).await;
    let state = until(&mut feed, |state| state.is_loaded && state.is_live).await;
    assert_eq!(ids(&state), [1]);
    assert_eq!(server.seen("POST /auth/refresh").len(), 1);
}

#[tokio::test]
async fn it_ends_with_the_login() {
    let (server, _) = serve(vec![card(1, 5.0, true)]).await;
    let (mut feed, peer) = open(&server, 20).await;
    peer.close(4401).await;
    soon(async { while feed.changed().await.is_some() {} }).await;
    assert!(feed.refresh().await.is_err());
    assert!(!feed.current().listeners.is_empty());
}
