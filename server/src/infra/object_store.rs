//! The bucket, on any S3.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::SdkError,
    operation::{create_bucket::CreateBucketError, head_bucket::HeadBucketError},
};
use aws_smithy_http_client::{Builder as HttpBuilder, tls};
use secrecy::ExposeSecret;

use crate::config::ExternalStorage;

#[derive(Clone)]
pub struct ObjectStore {
    client: Client,
    bucket: String,
}

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
        Self { client: Client::from_conf(config.build()), bucket: bucket.to_owned() }
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
}
