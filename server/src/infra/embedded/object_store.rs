//! S3 in this process: its API on a port of the loopback address, objects as files in the data folder.

use std::{fs, net::Ipv4Addr, path::Path, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer, ExposeHeaders};

use super::{Error, endpoints::S3Endpoint, files, redis::secret};

const REGION: &str = "us-east-1";
const STOP_PATIENCE: Duration = Duration::from_secs(2);

pub struct ObjectStore {
    endpoint: S3Endpoint,
    stopping: CancellationToken,
    server: JoinHandle<()>,
}

impl ObjectStore {
    /// Serves the folder's objects; its keys are made once and kept beside it.
    pub async fn start(dir: &Path) -> Result<Self, Error> {
        files::make_dir(dir, 0o700)?;
        let keys = Keys::load_or_make(&dir.with_extension("keys"))?;
        let files = FileSystem::new(dir).map_err(|error| Error::ObjectStore(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(keys.access_key_id.clone(), keys.secret_access_key.as_str()));
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::io("no port for the object store"))?;
        let address = listener.local_addr().map_err(Error::io("no port for the object store"))?;
        let stopping = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router(builder.build()), stopping.clone()));
        let endpoint = S3Endpoint {
            endpoint_url: format!("http://{address}"),
            region: REGION.to_owned(),
            access_key_id: keys.access_key_id,
            secret_access_key: SecretString::from(keys.secret_access_key),
        };
        Ok(Self { endpoint, stopping, server })
    }

    pub fn endpoint(&self) -> &S3Endpoint {
        &self.endpoint
    }

    /// Lets the running transfers end, for a moment.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if timeout(STOP_PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let listener = listener.tap_io(|stream| {
        // Without it every answer waits for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
    });
    let served = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "the local object store ended");
    }
}

/// Every request is S3's, except the preflights of browsers, which it knows only per bucket.
fn router(s3: S3Service) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(ExposeHeaders::any())
        .max_age(Duration::from_hours(1));
    Router::new().fallback(move |request: Request| answer(s3.clone(), request)).layer(cors)
}

async fn answer(s3: S3Service, request: Request) -> Response {
    match s3.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(error) => {
            tracing::error!(?error, "the local object store failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
}

impl Keys {
    fn load_or_make(path: &Path) -> Result<Self, Error> {
        if let Some(keys) = fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(keys);
        }
        let keys =
            Self { access_key_id: format!("LOCAL{}", &secret()[..15].to_uppercase()), secret_access_key: secret() };
        let text = serde_json::to_string_pretty(&keys).map_err(|error| Error::ObjectStore(error.to_string()))?;
        files::write_whole(path, 0o600, &text)?;
        Ok(keys)
    }
}
