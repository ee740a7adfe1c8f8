//! Servers that cannot prove who they are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use saathii_sdk::{Client, ClientBuilder, Code, Error, Event, MemoryStore, TokenStore, types::events::Topic};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

use crate::support::{Clock, Server, done, ok, pair, soon, tokens};

const HEARTBEAT: &str = "POST /users/me/heartbeat";

/// TLS in front of a server, as a balancer ends it.
struct Tls {
    url: String,
    /// Of the authority that signed its certificate.
    root: String,
    connections: Arc<AtomicUsize>,
}

impl Tls {
    /// With a certificate for `name`.
    async fn before(server: &Server, name: &str) -> Self {
        let authority = CertifiedIssuer::self_signed(authority(), KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let target = server.url.trim_start_matches("http://").to_owned();
        let connections = Arc::<AtomicUsize>::default();
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    // A client that does not trust it hangs up.
                    let Ok(mut near) = acceptor.accept(near).await else { return };
                    let mut far = TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { url, root: authority.pem(), connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn client(&self, server: &Server) -> ClientBuilder {
        server.client().base_url(&self.url)
    }
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
}

/// Signed in, with a token that is about to end or not.
fn signed_in(builder: ClientBuilder, access_ends_at: u64) -> Client {
    let store = MemoryStore::new();
    store.save(&tokens("good", access_ends_at)).unwrap();
    builder.token_store(store).build().unwrap()
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_told_at_once_and_given_nothing() {
    let server = Server::start(|_| done()).await;
    let tls = Tls::before(&server, "localhost").await;
    let client = signed_in(tls.client(&server), u64::MAX);
    let error = client.presence().send_heartbeat().await.unwrap_err();
    assert!(matches!(error, Error::Certificate { .. }), "{error:?}");
    assert_eq!((error.code(), error.code().to_string().as_str()), (Code::Certificate, "certificate"));
    assert!(!error.is_transient());
    assert_eq!(tls.connections(), 1, "it is not the network: another attempt would end alike");
    assert!(server.seen(HEARTBEAT).is_empty());
}

#[tokio::test]
async fn a_server_of_another_name_is_not_the_one_that_was_asked_for() {
    let server = Server::start(|_| done()).await;
    let tls = Tls::before(&server, "elsewhere.example.com").await;
    let client = signed_in(tls.client(&server).root_certificate(tls.root.clone()), u64::MAX);
    assert_eq!(client.presence().send_heartbeat().await.unwrap_err().code(), Code::Certificate);
}

#[tokio::test]
async fn a_root_of_ones_own_is_trusted_by_requests_and_sockets() {
    let server = Server::start(|_| done()).await;
    let (tls, other) = (Tls::before(&server, "localhost").await, Tls::before(&server, "localhost").await);
    // One file may hold several.
    let client = signed_in(tls.client(&server).root_certificate(other.root + &tls.root), u64::MAX);
    client.presence().send_heartbeat().await.unwrap();
    let mut socket = client.socket(Topic::Presence);
    let mut peer = server.accept().await;
    assert_eq!(peer.token.as_deref(), Some("good"));
    peer.subscribe("e", 5, false).await;
    assert_eq!(soon(socket.next()).await, Some(Event::Connected));
}

#[tokio::test]
async fn a_login_that_is_due_outlives_somebody_elses_network() {
    let server = Server::start(|seen| if seen.what == "POST /auth/refresh" { ok(pair("1")) } else { done() }).await;
    let tls = Tls::before(&server, "login.hotel.example").await;
    let client = signed_in(tls.client(&server), 0);
    assert_eq!(client.presence().send_heartbeat().await.unwrap_err().code(), Code::Certificate);
    assert!(client.is_signed_in().await.unwrap());
}

#[tokio::test]
async fn a_socket_says_why_it_is_away_and_does_not_hammer() {
    let clock = Clock::stop();
    let server = Server::start(|_| done()).await;
    let tls = Tls::before(&server, "localhost").await;
    let client = signed_in(tls.client(&server), u64::MAX);
    let mut socket = client.socket(Topic::Presence);
    let told = soon(socket.next()).await;
    assert_eq!(told, Some(Event::Disconnected { close_code: None, code: Code::Certificate }));
    clock.drive(Duration::from_millis(100), sleep(Duration::from_secs(25))).await;
    assert_eq!(tls.connections(), 1);
    client.network_changed();
    let looking = async {
        while tls.connections() < 2 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let ((), waited) = clock.drive(Duration::from_millis(100), looking).await;
    assert!(waited < Duration::from_secs(5), "a new network is tried at once: {waited:?}");
}
