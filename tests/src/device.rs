//! What people hold in their hands: the SDK, signed in as them.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use saathii_sdk::{
    Client, Error, MemoryStore, NewUser, OtpSent, RetryPolicy, StoreError, TokenStore, Tokens, Verified,
    types::{ApiError, UserId},
};

use crate::TestApp;

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub phone: String,
    pub username: String,
    /// At the node where the person signed in.
    pub client: Client,
    /// The tokens of the sign-in, for requests by hand; the client renews its own.
    pub access: String,
    pub refresh: String,
    tokens: SharedStore,
    /// By the address of the node.
    clients: Arc<Mutex<HashMap<String, Client>>>,
}

impl Person {
    pub fn user_id(&self) -> UserId {
        UserId(self.id)
    }

    /// The person's client, moved to this node.
    pub fn at(&self, app: &TestApp) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(app.base.clone()).or_insert_with(|| client(&app.base, &self.tokens)).clone()
    }
}

/// One login for the clients at every node.
#[derive(Debug, Clone, Default)]
struct SharedStore(Arc<MemoryStore>);

impl TokenStore for SharedStore {
    fn load(&self) -> Result<Option<Tokens>, StoreError> {
        self.0.load()
    }

    fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
        self.0.save(tokens)
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.0.clear()
    }
}

/// Never tries again, so that a test sees each first answer. Its connections live and die with the test's runtime.
fn client(base: &str, tokens: &SharedStore) -> Client {
    let client = Client::builder().base_url(base).token_store(tokens.clone()).retry(RetryPolicy::never());
    client.build().expect("a client")
}

impl TestApp {
    /// A client that nobody is signed in on.
    pub fn device(&self) -> Client {
        client(&self.base, &SharedStore::default())
    }

    pub async fn request_otp(&self, phone: &str) -> Result<OtpSent, Error> {
        self.device().auth().request_otp(phone).await
    }

    /// Proves a phone on a new device.
    pub async fn prove(&self, phone: &str) -> Result<Verified, Error> {
        self.prove_on(&self.device(), phone).await
    }

    async fn prove_on(&self, device: &Client, phone: &str) -> Result<Verified, Error> {
        let sent = device.auth().request_otp(phone).await?;
        Ok(sent.verify(&self.phones.last_code(phone)).await?)
    }

    /// A new person with a phone that nobody had.
    pub async fn register_with(&self, user: NewUser) -> Person {
        self.register_phone(&self.new_phone(), user).await
    }

    /// The person of a phone that has no account.
    pub async fn register_phone(&self, phone: &str, user: NewUser) -> Person {
        let tokens = SharedStore::default();
        let device = client(&self.base, &tokens);
        let verified = self.prove_on(&device, phone).await.expect("the phone is proven");
        let Verified::NeedsRegistration(registration) = verified else { panic!("{phone} has an account") };
        registration.register(&user).await.expect("the account is made");
        self.person(phone, device, tokens).await
    }

    /// The person of this phone on one more device.
    pub async fn sign_in(&self, phone: &str) -> Person {
        let tokens = SharedStore::default();
        let device = client(&self.base, &tokens);
        let verified = self.prove_on(&device, phone).await.expect("the phone is proven");
        assert!(matches!(verified, Verified::SignedIn), "{phone} has no account");
        self.person(phone, device, tokens).await
    }

    async fn person(&self, phone: &str, client: Client, tokens: SharedStore) -> Person {
        let Tokens { access_token: access, refresh_token: refresh, .. } =
            tokens.load().expect("memory").expect("somebody is signed in");
        let me = client.users().me().await.expect("the profile");
        let clients = Arc::new(Mutex::new(HashMap::from([(self.base.clone(), client.clone())])));
        let (id, phone, username) = (me.user_id.0, phone.to_owned(), me.username);
        Person { id, phone, username, client, access, refresh, tokens, clients }
    }
}

/// What a test expects of a failure.
pub trait Refused {
    /// The server's refusal with this status and this code, as [`Answer::refused`](crate::Answer::refused).
    #[track_caller]
    fn refused(self, status: u16, code: &str) -> ApiError;
}

impl Refused for Error {
    fn refused(self, status: u16, code: &str) -> ApiError {
        let Self::Refused { status: found, body } = self else { panic!("no refusal: {self:?}") };
        assert_eq!((found, body.code.to_string().as_str()), (status, code), "{}", body.detail);
        *body
    }
}

impl<T: Debug, E: Into<Error>> Refused for Result<T, E> {
    fn refused(self, status: u16, code: &str) -> ApiError {
        match self {
            Ok(answer) => panic!("no refusal: {answer:?}"),
            Err(error) => error.into().refused(status, code),
        }
    }
}

/// What the one of many got that did it; all others were refused with this status and this code.
#[track_caller]
pub fn one_wins<T: Debug, E: Into<Error>>(
    answers: impl IntoIterator<Item = Result<T, E>>,
    status: u16,
    code: &str,
) -> T {
    let mut winners = Vec::new();
    for answer in answers {
        match answer {
            Ok(answer) => winners.push(answer),
            Err(error) => drop(error.into().refused(status, code)),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    winners.remove(0)
}
