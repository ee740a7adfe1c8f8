//! A link to Redis that can be cut: from the other end, a Redis that died.

use std::net::SocketAddr;

use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

pub struct CuttableLink {
    target: String,
    address: SocketAddr,
    url: String,
    /// Dropping it ends the listener and every connection.
    running: Option<JoinSet<()>>,
}

impl CuttableLink {
    /// A link to the Redis at `url`.
    pub async fn to(url: SecretString) -> Self {
        let url = url.expose_secret();
        let (before, rest) = url.split_once("://").expect("a URL");
        let (login, host) =
            rest.rsplit_once('@').map_or((String::new(), rest), |(login, host)| (format!("{login}@"), host));
        let target = host.split('/').next().expect("a host").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("a port");
        let mut link = Self { target, address, url: format!("{before}://{login}{address}/"), running: None };
        link.run(listener);
        link
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on connections break and are refused.
    pub async fn cut(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.shutdown().await;
        }
    }

    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is still ours");
        self.run(listener);
    }

    fn run(&mut self, listener: TcpListener) {
        let target = self.target.clone();
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((mut near, _)) = listener.accept().await else { return };
                let target = target.clone();
                connections.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(target).await else { return };
                    // Both ends see a broken connection where one of them breaks it.
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        self.running = Some(running);
    }
}
