//! Where the stores of a running server are, for the commands that join it.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpStream, time::timeout};

use super::{Error, files};

/// What the production clients need to reach the local stores; none for a store that was not wanted.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    pub database_url: Option<SecretString>,
    pub redis_url: Option<SecretString>,
    pub s3: Option<S3Endpoint>,
    /// What the start should tell people, such as where the data lies.
    pub notes: Vec<String>,
}

/// An S3 whose buckets stand in the path of the URL.
#[derive(Debug, Clone)]
pub struct S3Endpoint {
    pub endpoint_url: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
}

/// The endpoints in this process as other processes read them. Postgres is not among them: it is shared by its own
/// locks, and outlives this process where a command still uses it.
#[derive(Serialize, Deserialize)]
pub(super) struct Published {
    pub(super) pid: u32,
    redis_url: Option<String>,
    s3: Option<PublishedS3>,
}

#[derive(Serialize, Deserialize)]
struct PublishedS3 {
    endpoint_url: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
}

/// The file of published endpoints, which is gone with this.
#[derive(Debug)]
pub(super) struct EndpointFile(PathBuf);

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("endpoints.json")
}

impl EndpointFile {
    /// Removes what a killed server left.
    pub(super) fn clear(data_dir: &Path) -> Result<(), Error> {
        files::remove_if_there(&path(data_dir)).map_err(Error::io("cannot remove the endpoints of the last server"))
    }

    pub(super) fn publish(data_dir: &Path, endpoints: &Endpoints) -> Result<Self, Error> {
        let published = Published {
            pid: std::process::id(),
            redis_url: endpoints.redis_url.as_ref().map(|url| url.expose_secret().to_owned()),
            s3: endpoints.s3.as_ref().map(|s3| PublishedS3 {
                endpoint_url: s3.endpoint_url.clone(),
                region: s3.region.clone(),
                access_key_id: s3.access_key_id.clone(),
                secret_access_key: s3.secret_access_key.expose_secret().to_owned(),
            }),
        };
        let path = path(data_dir);
        let text = serde_json::to_string_pretty(&published)
            .map_err(|error| Error::Io { what: format!("cannot write {}", path.display()), source: error.into() })?;
        files::write_whole(&path, 0o600, &text)?;
        Ok(Self(path))
    }
}

impl Drop for EndpointFile {
    fn drop(&mut self) {
        let _ = files::remove_if_there(&self.0);
    }
}

impl Published {
    /// None while the server is starting or stopping.
    pub(super) fn read(data_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path(data_dir)).ok()?).ok()
    }

    pub(super) fn redis_url(&self) -> Option<SecretString> {
        self.redis_url.clone().map(SecretString::from)
    }

    pub(super) fn s3(&self) -> Option<S3Endpoint> {
        self.s3.as_ref().map(|s3| S3Endpoint {
            endpoint_url: s3.endpoint_url.clone(),
            region: s3.region.clone(),
            access_key_id: s3.access_key_id.clone(),
            secret_access_key: SecretString::from(s3.secret_access_key.clone()),
        })
    }

    /// Whether something listens at each of these still: the file of a killed server names ports of nobody.
    pub(super) async fn answers(&self) -> bool {
        let urls = [self.redis_url.as_deref(), self.s3.as_ref().map(|s3| s3.endpoint_url.as_str())];
        for url in urls.into_iter().flatten() {
            let Ok(url) = url::Url::parse(url) else { return false };
            let (Some(host), Some(port)) = (url.host_str(), url.port()) else { return false };
            let patience = std::time::Duration::from_secs(1);
            if !matches!(timeout(patience, TcpStream::connect((host, port))).await, Ok(Ok(_))) {
                return false;
            }
        }
        true
    }
}
