//! What a seed plays on: a database of its own with the same eight people, and two nodes.

use std::{collections::HashMap, path::PathBuf};

use chrono::DateTime;
use saathii_sdk::types::withdrawals::PayoutDetails;
use saathii_server::infra::clock::Clock;
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgConnectOptions, postgres::PgPoolOptions};
use tokio::sync::OnceCell;

use super::{link::Link, node::Node, request::ADMIN, state::SECOND};
use crate::{
    Person, TestApp,
    app::{PAYOUT_KEY, SECRET},
    stores::{self, OwnStores},
};

/// Half of them listeners, who may call as well.
const PEOPLE: usize = 8;

/// Logged in once; every seed's database is a copy of theirs.
static CAST: OnceCell<Cast> = OnceCell::const_new();

struct Cast {
    database_url: String,
    people: Vec<Person>,
    admin: Person,
}

pub(super) struct Stage {
    stores: OwnStores,
    pub(super) nodes: [Node; 2],
    pub(super) people: Vec<Person>,
    pub(super) admin: Person,
    /// Looks at the database, and not through a link.
    pub(super) observer: PgConnection,
    /// The same, for the proof.
    pub(super) books: PgPool,
}

impl Stage {
    /// Two nodes whose minutes last so long.
    pub(super) async fn set(minute_seconds: i64) -> Self {
        let cast = Box::pin(CAST.get_or_init(engage)).await;
        let stores = stores::own_copy_of(&cast.database_url).await;
        let observer = PgConnection::connect(&stores.database_url).await.expect("Postgres answers");
        let books = PgPoolOptions::new().max_connections(1).connect(&stores.database_url).await;
        let begin = DateTime::parse_from_rfc3339("2026-01-15T10:31:00Z").expect("a time").to_utc();
        let mut nodes = [
            new_node('a', &stores, Clock::manual(begin), minute_seconds).await,
            new_node('b', &stores, Clock::manual(begin), minute_seconds).await,
        ];
        for node in &mut nodes {
            node.start().await;
        }
        Self {
            stores,
            nodes,
            people: cast.people.clone(),
            admin: cast.admin.clone(),
            observer,
            books: books.expect("Postgres answers"),
        }
    }

    /// Takes everything away.
    pub(super) async fn strike(mut self) {
        for node in &mut self.nodes {
            node.stop().await;
        }
        self.books.close().await;
        let _ = self.observer.close().await;
        stores::drop(&self.stores).await;
    }
}

/// People who have logged in as everybody does.
async fn engage() -> Cast {
    let app = Box::pin(TestApp::start_with(&[("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "1440")])).await;
    let admin = app.register_admin("admin").await;
    assert_eq!(admin.id, ADMIN);
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let is_listener = number >= PEOPLE / 2;
        let role = if is_listener { "listener" } else { "user" };
        let person = app.register(&format!("person{number}"), role).await;
        if is_listener {
            app.verify_listener(person.id).await;
            let details = PayoutDetails::Upi { upi_id: "earner@okbank".to_owned() };
            person.client.withdrawals().set_bank_details(&details).await.expect("the details are kept");
        }
        people.push(person);
    }
    let database_url = app.state.config.database.url.as_ref().expect("a database").expose_secret().to_owned();
    app.stop().await;
    Cast { database_url, people, admin }
}

async fn new_node(name: char, stores: &OwnStores, clock: Clock, minute_seconds: i64) -> Node {
    let options: PgConnectOptions = stores.database_url.parse().expect("a URL");
    let folder: PathBuf = options.get_socket().expect("a socket").clone();
    let link = Link::to(folder.join(format!(".s.PGSQL.{}", options.get_port()))).await;
    let (user, database) = (options.get_username(), options.get_database().expect("a database"));
    let database_url = format!("postgres://{user}@127.0.0.1:{}/{database}?sslmode=disable", link.port());
    let minute = minute_seconds.to_string();
    // A coin for a rupee, and as many as anybody likes.
    let options: Vec<String> = (1..=2500).map(|coins| format!("{coins}:{coins}")).collect();
    let options = options.join(",");
    let vars = [
        ("DATABASE_URL", database_url.as_str()),
        ("DATABASE_MAX_CONNECTIONS", "4"),
        ("REDIS_URL", stores.redis_url.expose_secret()),
        ("REDIS_PREFIX", &stores.redis_prefix),
        ("S3_ENDPOINT_URL", &stores.s3.endpoint_url),
        ("AWS_ACCESS_KEY_ID", &stores.s3.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", stores.s3.secret_access_key.expose_secret()),
        ("AWS_REGION", &stores.s3.region),
        ("S3_BUCKET_NAME", &stores.bucket),
        ("JWT_SECRET_KEY", SECRET),
        ("PAYOUT_ENCRYPTION_KEY", PAYOUT_KEY),
        ("RECHARGE_OPTIONS", &options),
        ("WITHDRAWAL_MINIMUM", "1"),
        ("CALL_MINUTE_SECONDS", &minute),
    ];
    let vars: HashMap<_, _> = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Node::new(name, clock, link, vars)
}

/// As the nodes are configured by default.
pub(super) const GRACE: i64 = 90 * SECOND;
