//! The bucket, on any S3.

mod file_body;
mod post_policy;

use std::{collections::HashMap, fs::File, sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::{create_bucket::CreateBucketError, head_bucket::HeadBucketError},
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use aws_smithy_http_client::{Builder as HttpBuilder, tls};
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use self::file_body::FileBody;
pub use self::post_policy::PostTicket;
use super::clock::Clock;
use crate::config::ExternalStorage;

#[derive(Clone)]
pub struct ObjectStore {
    client: Client,
    bucket: String,
    storage: ExternalStorage,
    /// What S3 compares signatures with: never a clock that tests move.
    wall_clock: Clock,
}

/// What S3 did not do.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("no such object")]
    Missing,
    /// It may work in a moment.
    #[error("the object store is away: {0}")]
    Away(String),
    /// Somebody has to change something: the bucket, its policy, the keys.
    #[error("the object store refused: {0}")]
    Refused(String),
}

/// What is put.
pub struct Upload<'a> {
    pub key: &'a str,
    pub file: Arc<File>,
    pub len: u64,
    pub content_type: &'a str,
    pub metadata: HashMap<String, String>,
}

/// An object on its way here.
pub struct Download {
    pub len: u64,
    pub body: ByteStream,
}

/// Good for a GET without a key, until then.
pub struct Link {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

/// A put with all its retries; what takes longer has failed.
pub const PUT_PATIENCE: Duration = Duration::from_mins(2);

impl ObjectStore {
    pub fn new(storage: &ExternalStorage, bucket: &str) -> Self {
        let credentials = Credentials::new(
            &storage.access_key_id,
            storage.secret_access_key.expose_secret(),
            None,
            None,
            "saathii configuration",
        );
        let http = HttpBuilder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(30))
            .build();
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(storage.region.clone()))
            .credentials_provider(credentials)
            .force_path_style(storage.path_style)
            .timeout_config(timeouts)
            .http_client(http);
        if let Some(endpoint) = &storage.endpoint_url {
            config = config.endpoint_url(endpoint);
        }
        Self {
            client: Client::from_conf(config.build()),
            bucket: bucket.to_owned(),
            storage: storage.clone(),
            wall_clock: Clock::system(),
        }
    }

    /// Makes the bucket of the embedded store; one of somebody else's is theirs to make.
    pub async fn create_bucket(&self) -> Result<(), SdkError<CreateBucketError>> {
        match self.client.create_bucket().bucket(&self.bucket).send().await {
            Err(SdkError::ServiceError(error))
                if error.err().is_bucket_already_owned_by_you() || error.err().is_bucket_already_exists() =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }

    /// Whether the bucket answers now: a retry would say something of later.
    pub async fn ping(&self) -> Result<(), SdkError<HeadBucketError>> {
        let once = aws_sdk_s3::Config::builder().retry_config(RetryConfig::disabled());
        self.client.head_bucket().bucket(&self.bucket).customize().config_override(once).send().await.map(|_| ())
    }
    /// The URL under which this bucket's objects stand, without a slash at its end.
    pub fn base_url(&self) -> String {
        let ExternalStorage { region, endpoint_url, path_style, .. } = &self.storage;
        let endpoint = endpoint_url.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint = endpoint.trim_end_matches('/');
        match endpoint.split_once("://") {
            Some((scheme, host)) if !path_style => format!("{scheme}://{}.{host}", self.bucket),
            _ => format!("{endpoint}/{}", self.bucket),
        }
    }

    /// Reads the file as it is sent: any number of puts at once need a few pages each.
    pub async fn put(&self, upload: Upload<'_>) -> Result<(), ObjectError> {
        let Upload { key, file, len, content_type, metadata } = upload;
        let body = SdkBody::retryable(move || SdkBody::from_body_1_x(FileBody::new(file.clone(), len)));
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .content_length(i64::try_from(len).unwrap_or(i64::MAX))
            .set_metadata(Some(metadata))
            .body(ByteStream::new(body))
            .send();
        match tokio::time::timeout(PUT_PATIENCE, put).await {
            Ok(done) => done.map(|_| ()).map_err(ObjectError::from),
            Err(_) => Err(ObjectError::Away(format!("a put took longer than {PUT_PATIENCE:?}"))),
        }
    }

    pub async fn get(&self, key: &str) -> Result<Download, ObjectError> {
        let got = self.client.get_object().bucket(&self.bucket).key(key).send().await?;
        let len = got.content_length.and_then(|len| u64::try_from(len).ok()).unwrap_or(0);
        Ok(Download { len, body: got.body })
    }

    /// Whether it was there makes no difference.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match self.client.delete_object().bucket(&self.bucket).key(key).send().await.map_err(ObjectError::from) {
            Ok(_) | Err(ObjectError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The first thousand keys below `folder`, which ends with a slash.
    pub async fn list_folder(&self, folder: &str) -> Result<Vec<String>, ObjectError> {
        let page = self.client.list_objects_v2().bucket(&self.bucket).prefix(folder).send().await?;
        Ok(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect())
    }

    /// Every object below `folder`, which ends with a slash.
    pub async fn delete_folder(&self, folder: &str) -> Result<(), ObjectError> {
        loop {
            let keys = self.list_folder(folder).await?;
            if keys.is_empty() {
                return Ok(());
            }
            for key in keys {
                self.delete(&key).await?;
            }
        }
    }

    /// A link to an object, which comes as `content_type` whatever it was stored as.
    pub async fn link(&self, key: &str, content_type: &str, good_for: Duration) -> Result<Link, ObjectError> {
        let refused = |error: &dyn std::error::Error| ObjectError::Refused(error.to_string());
        let now = self.wall_clock.now();
        let signing = PresigningConfig::builder().start_time(now.into()).expires_in(good_for).build();
        let signed = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_type(content_type)
            .presigned(signing.map_err(|error| refused(&error))?)
            .await
            .map_err(|error| refused(&error))?;
        Ok(Link { url: signed.uri().to_owned(), expires_at: now + good_for })
    }

    /// Leave to send one object of this key, type prefix and size straight to the bucket.
    pub fn post_ticket(&self, key: &str, type_prefix: &str, largest: u64, good_for: Duration) -> PostTicket {
        let wanted = post_policy::Wanted { bucket: &self.bucket, key, type_prefix, largest, good_for };
        let url = format!("{}/", self.base_url());
        let url = if self.storage.path_style { url.trim_end_matches('/').to_owned() } else { url };
        post_policy::sign(&self.storage, &wanted, url, self.wall_clock.now())
    }
}

impl<E> From<SdkError<E>> for ObjectError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let said = |error: &SdkError<E>| DisplayErrorContext(error).to_string();
        match &error {
            SdkError::ServiceError(refusal) => match refusal.raw().status().as_u16() {
                404 if matches!(refusal.err().code(), None | Some("NoSuchKey" | "NotFound")) => Self::Missing,
                429 | 500.. => Self::Away(said(&error)),
                _ => Self::Refused(said(&error)),
            },
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                Self::Away(said(&error))
            }
            _ => Self::Refused(said(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_url(endpoint_url: Option<&str>, path_style: bool) -> String {
        let storage = ExternalStorage {
            access_key_id: "key".into(),
            secret_access_key: "secret".to_owned().into(),
            region: "ap-south-1".into(),
            endpoint_url: endpoint_url.map(str::to_owned),
            path_style,
        };
        ObjectStore::new(&storage, "voices").base_url()
    }

    #[test]
    fn objects_have_the_url_that_their_store_gives_them() {
        assert_eq!(base_url(None, false), "https://voices.s3.ap-south-1.amazonaws.com");
        assert_eq!(base_url(None, true), "https://s3.ap-south-1.amazonaws.com/voices");
        assert_eq!(base_url(Some("http://localhost:9000/"), true), "http://localhost:9000/voices");
        assert_eq!(base_url(Some("https://objects.example"), false), "https://voices.objects.example");
    }
}
