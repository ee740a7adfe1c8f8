//! The accept loop: hyper with our own limits, and an end in order.

use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use futures_util::FutureExt;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

/// A client that does not finish its headers is cut, and an idle kept-alive connection is closed.
const HEADER_PATIENCE: Duration = Duration::from_secs(30);

/// A client that connected as the door closed gets so long to send its request.
const FIRST_REQUEST_PATIENCE: Duration = Duration::from_millis(500);

/// Serves until `shutdown`, then waits up to `patience` for the requests in hand.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken, patience: Duration) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(serve_connection(stream, peer, router.clone(), shutdown.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: taking a breath beats a busy loop.
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    // Who is in the queue was let in by the kernel and would see a reset.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        connections.spawn(serve_connection(stream, peer, router.clone(), shutdown.clone()));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(patience, connections.wait()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router, shutdown: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let asked = CancellationToken::new();
    let first_request = asked.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        asked.cancel();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().call(request.map(Body::new));
        async move { answer.await.map_err(|never: Infallible| never) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(32 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = may_close(&shutdown, &first_request) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "connection broke off");
    }
}

/// When an idle connection may be closed: once the server goes down, but not before a client that has only just
/// connected could send what it came for.
async fn may_close(shutdown: &CancellationToken, first_request: &CancellationToken) {
    shutdown.cancelled().await;
    // Either way it is time to close.
    let _ = tokio::time::timeout(FIRST_REQUEST_PATIENCE, first_request.cancelled()).await;
}
