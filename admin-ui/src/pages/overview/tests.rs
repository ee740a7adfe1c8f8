use chrono::TimeDelta;

use super::*;
use crate::{desk::Rights, html::render};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + seconds)
}

fn empty() -> Overview {
    Overview {
        now: at(0),
        listeners: FeedStats { total_listeners: 0, online_listeners: 0, available_listeners: 0, busy_listeners: 0 },
        people: People::default(),
        sockets: 0,
        live_calls: 0,
        pending_reviews: 0,
        pending_withdrawals: 1,
        open_reports: 2,
        meter_lateness: TimeDelta::zero(),
        proof: Some(Proof { at: at(-60), discrepancies: 0 }),
        span: Span::Day,
        takings: vec![Takings {
            at: at(0),
            calls: 3,
            sold: Coins(100),
            coins: Coins(30),
            earnings: Earnings(45),
            margin: Paise(750),
        }],
        stores: vec![StoreHealth { name: "Postgres", latency: Some(Duration::from_micros(840)) }],
        online: Vec::new(),
        newest: Vec::new(),
    }
}

fn html(overview: Overview) -> String {
    let desk = Desk::sample(Rights::Admin);
    render(|| view! { <OverviewPage desk overview /> })
}

#[test]
fn nothing_yet_is_said_in_words() {
    let html = html(empty());
    assert!(html.contains("Nobody is online."), "{html}");
    assert!(html.contains("Nobody has registered yet."), "{html}");
    assert!(!html.contains("<table"), "{html}");
    assert!(!html.contains("are shown"), "{html}");
}

#[test]
fn text_of_users_is_escaped() {
    let name = "<img src=x onerror=alert(1)>".to_owned();
    let newest = vec![NewPerson {
        id: UserId(7),
        name: name.clone(),
        roles: vec![Role::User],
        country: Some("<b>".to_owned()),
        registered_at: at(-60),
    }];
    let online = vec![OnlinePerson {
        id: UserId(7),
        name,
        roles: vec![Role::User],
        is_busy: false,
        busy_until: None,
        last_seen: at(-1),
    }];
    let html = html(Overview { online, newest, ..empty() });
    assert!(!html.contains("<img"), "{html}");
    assert!(!html.contains("<b>"), "{html}");
    assert_eq!(html.matches("&lt;img src=x onerror=alert(1)&gt;").count(), 2, "{html}");
}

#[test]
fn a_table_says_when_it_shows_a_part() {
    let person = |id, is_busy| OnlinePerson {
        id: UserId(id),
        name: format!("person{id}"),
        roles: vec![Role::Listener],
        is_busy,
        busy_until: Some(at(3600)),
        last_seen: at(-90),
    };
    let people = People { online: 1234, ..People::default() };
    let html = html(Overview { people, online: vec![person(1, true), person(2, false)], ..empty() });
    assert!(html.contains("2 of 1,234 are shown."), "{html}");
    assert_eq!(html.matches("60 min left").count(), 1, "only the busy are busy until a time: {html}");
    assert!(html.contains("1 min ago"), "{html}");
}

#[test]
fn a_silent_store_stands_out() {
    let stores = vec![
        StoreHealth { name: "Postgres", latency: Some(Duration::from_micros(840)) },
        StoreHealth { name: "Redis", latency: Some(Duration::from_millis(52)) },
        StoreHealth { name: "Storage", latency: None },
    ];
    let html = html(Overview { stores, ..empty() });
    for answer in ["0.8 ms", "52 ms", "No answer"] {
        assert!(html.contains(answer), "{html}");
    }
    assert_eq!(html.matches(r#"class="number bad""#).count(), 1, "{html}");
}

#[test]
fn every_live_region_can_be_found_again() {
    let html = html(empty());
    for tag in html.split('<').filter(|tag| tag.contains(" data-live")) {
        assert!(tag.contains(" id=\""), "{tag}");
    }
    assert!(html.contains("data-events=\"/admin/events\""), "{html}");
    assert!(!html.contains("style="), "the policy forbids inline style: {html}");
}

#[test]
fn the_sidebar_knows_where_one_is_and_how_to_leave() {
    let html = html(empty());
    assert!(html.contains(r#"<a href="/admin" aria-current="page">Overview</a>"#), "{html}");
    let form = html.split("action=\"/admin/sign-out\"").nth(1).and_then(|rest| rest.split("</form>").next());
    assert!(form.is_some_and(|form| form.contains(r#"name="csrf" value="proof""#)), "{html}");
}
