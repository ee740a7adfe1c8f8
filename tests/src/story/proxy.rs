//! What lies between a host and the server: it counts requests, loses answers, breaks connections and refuses them.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    mem,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::bail;
use axum::body::{Body, to_bytes};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client, header, server,
    service::service_fn,
    upgrade::{self, OnUpgrade},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    task::{AbortHandle, JoinSet},
};

const BACKLOG: u32 = 1024;

pub(super) struct Proxy {
    address: SocketAddr,
    link: Arc<Link>,
    listening: Option<AbortHandle>,
    /// Bound and never listening: keeps the port ours while connections are refused.
    _port: TcpSocket,
}

struct Link {
    target: SocketAddr,
    /// Whatever moves bytes; a connection breaks where its task ends.
    connections: Mutex<JoinSet<()>>,
    requests: Mutex<HashMap<String, u64>>,
    to_lose: Mutex<HashMap<String, u32>>,
}

impl Proxy {
    /// Refuses until it is opened.
    pub(super) fn to(target: SocketAddr) -> anyhow::Result<Self> {
        let port = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let link =
            Link { target, connections: Mutex::default(), requests: Mutex::default(), to_lose: Mutex::default() };
        Ok(Self { address: port.local_addr()?, link: Arc::new(link), listening: None, _port: port })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn open(&mut self) -> anyhow::Result<()> {
        let listener = bind(self.address)?.listen(BACKLOG)?;
        self.listening = Some(tokio::spawn(accept(listener, self.link.clone())).abort_handle());
        Ok(())
    }

    /// From now on connections break and are refused.
    pub(super) async fn close(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            while !listening.is_finished() {
                tokio::task::yield_now().await;
            }
        }
        self.cut().await;
    }

    /// Every connection breaks; new ones are taken.
    pub(super) async fn cut(&self) {
        let mut connections = mem::take(&mut *lock(&self.link.connections));
        connections.shutdown().await;
    }

    pub(super) fn lose_answers(&self, path: String, count: u32) {
        *lock(&self.link.to_lose).entry(path).or_default() += count;
    }

    pub(super) fn requests(&self, path: &str) -> u64 {
        lock(&self.link.requests).get(path).copied().unwrap_or_default()
    }
}

impl Link {
    fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut connections = lock(&self.connections);
        while connections.try_join_next().is_some() {}
        connections.spawn(task);
    }

    async fn forward(&self, mut request: Request<Incoming>) -> anyhow::Result<Response<Incoming>> {
        let path = request.uri().path().to_owned();
        *lock(&self.requests).entry(path.clone()).or_default() += 1;
        let near = request.headers().contains_key(header::UPGRADE).then(|| upgrade::on(&mut request));
        let far = TcpStream::connect(self.target).await?;
        far.set_nodelay(true)?;
        let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(far)).await?;
        self.run(async {
            // The sender is told as well.
            let _ = connection.with_upgrades().await;
        });
        let mut response = sender.send_request(request).await?;
        if self.is_to_be_lost(&path) {
            to_bytes(Body::new(response.into_body()), usize::MAX).await?;
            bail!("the answer is lost");
        }
        if let (StatusCode::SWITCHING_PROTOCOLS, Some(near)) = (response.status(), near) {
            self.run(tunnel(near, upgrade::on(&mut response)));
        }
        Ok(response)
    }

    fn is_to_be_lost(&self, path: &str) -> bool {
        match lock(&self.to_lose).get_mut(path) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Others may bind the same port if they ask for it in the same way.
fn bind(address: SocketAddr) -> anyhow::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, link: Arc<Link>) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((near, _)) => link.run(serve(near, link.clone())),
            // The next one may be luckier.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn serve(near: TcpStream, link: Arc<Link>) {
    let _ = near.set_nodelay(true);
    let service = service_fn(|request| {
        let link = link.clone();
        async move { link.forward(request).await }
    });
    // Where the service fails, the connection ends without an answer.
    let _ = server::conn::http1::Builder::new().serve_connection(TokioIo::new(near), service).with_upgrades().await;
}

async fn tunnel(near: OnUpgrade, far: OnUpgrade) {
    let (Ok(near), Ok(far)) = tokio::join!(near, far) else { return };
    let _ = copy_bidirectional(&mut TokioIo::new(near), &mut TokioIo::new(far)).await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        io::ErrorKind,
        sync::atomic::{AtomicU64, Ordering},
    };

    use axum::{
        Router,
        extract::{
            State,
            ws::{Message, WebSocketUpgrade},
        },
        routing::{any, get},
    };
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_tungstenite::{connect_async, tungstenite};

    use super::*;

    /// A server that counts requests and has a socket that says everything twice.
    async fn server() -> (SocketAddr, Arc<AtomicU64>) {
        async fn echo(upgrade: WebSocketUpgrade) -> axum::response::Response {
            upgrade.on_upgrade(|mut socket| async move {
                while let Some(Ok(Message::Binary(bytes))) = socket.recv().await {
                    for _ in 0..2 {
                        socket.send(Message::Binary(bytes.clone())).await.expect("the socket is open");
                    }
                }
            })
        }
        let count = Arc::new(AtomicU64::new(0));
        let router = Router::new()
            .route("/socket", any(echo))
            .route(
                "/page",
                get(|State(count): State<Arc<AtomicU64>>| async move {
                    format!("page {}", count.fetch_add(1, Ordering::SeqCst) + 1)
                }),
            )
            .with_state(count.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("a port");
        tokio::spawn(async move { axum::serve(listener, router).await });
        (address, count)
    }

    fn open(target: SocketAddr) -> Proxy {
        let mut proxy = Proxy::to(target).expect("a port");
        proxy.open().expect("the port");
        proxy
    }

    /// Sends these requests on one connection and reads to its end.
    async fn send(proxy: &Proxy, requests: &str) -> String {
        let mut stream = TcpStream::connect(proxy.address).await.expect("a connection");
        stream.write_all(requests.as_bytes()).await.expect("the connection is open");
        let mut answers = String::new();
        // A connection that breaks has said what it said.
        let _ = stream.read_to_string(&mut answers).await;
        answers
    }

    const LAST: &str = "GET /page?last HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn every_request_of_a_connection_is_counted() {
        let proxy = open(server().await.0);
        let requests = format!(
            "GET /page?a=1 HTTP/1.1\r\nhost: here\r\n\r\n\
             POST /other HTTP/1.1\r\nhost: here\r\ncontent-length: 16\r\n\r\nGET /page HTTP/1{LAST}"
        );
        let answers = send(&proxy, &requests).await;
        assert!(answers.contains("page 1") && answers.contains("page 2"), "{answers}");
        assert!(answers.contains("404 Not Found"), "{answers}");
        let counts = ["/page", "/other", "/socket"].map(|path| proxy.requests(path));
        assert_eq!(counts, [2, 1, 0]);
    }

    #[tokio::test]
    async fn a_lost_answer_was_given_and_never_arrives() {
        let (target, count) = server().await;
        let proxy = open(target);
        proxy.lose_answers("/page".into(), 2);
        assert_eq!([send(&proxy, LAST).await, send(&proxy, LAST).await], ["", ""]);
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert!(send(&proxy, LAST).await.contains("page 3"));
        assert_eq!(proxy.requests("/page"), 3);
    }

    #[tokio::test]
    async fn sockets_pass_until_they_are_cut() {
        let mut proxy = open(server().await.0);
        let url = format!("ws://{}/socket", proxy.address);
        let (mut socket, _) = connect_async(&url).await.expect("a socket");
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[1]).collect();
        socket.send(tungstenite::Message::binary(bytes.clone())).await.expect("the socket is open");
        for _ in 0..2 {
            let echo = socket.next().await.expect("an echo").expect("an echo");
            assert!(echo.into_data() == bytes, "other bytes came back");
        }
        proxy.cut().await;
        assert!(!matches!(socket.next().await, Some(Ok(_))), "the socket lives");

        let (mut socket, _) = connect_async(&url).await.expect("a new socket");
        proxy.close().await;
        assert!(!matches!(socket.next().await, Some(Ok(_))), "the socket lives");
        for _ in 0..3 {
            let refused = TcpStream::connect(proxy.address).await.expect_err("nobody listens");
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        }
        proxy.open().expect("the port is still ours");
        assert!(send(&proxy, LAST).await.contains("page 1"));
        assert_eq!(proxy.requests("/socket"), 2);
    }

    #[tokio::test]
    async fn what_is_no_request_and_a_server_that_is_away_break_only_their_own_connection() {
        let (target, _) = server().await;
        let proxy = open(target);
        assert!(send(&proxy, "what?\r\n\r\n").await.contains("400 Bad Request"));
        assert!(send(&proxy, LAST).await.contains("page 1"));
        let nobody =
            open(bind((Ipv4Addr::LOCALHOST, 0).into()).and_then(|port| Ok(port.local_addr()?)).expect("a port"));
        assert_eq!(send(&nobody, LAST).await, "");
        assert_eq!(nobody.requests("/page"), 1);
    }
}
