//! `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `S3_BUCKET_NAME`, `S3_ENDPOINT_URL`, `S3_PATH_STYLE`.

use secrecy::SecretString;

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Storage {
    /// Without keys and endpoint, the embedded S3.
    pub external: Option<ExternalStorage>,
    pub bucket: String,
}

/// An S3 of somebody else's.
#[derive(Debug, Clone)]
pub struct ExternalStorage {
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    pub region: String,
    /// For anything but AWS itself.
    pub endpoint_url: Option<String>,
    /// `http://host/bucket/key` instead of `http://bucket.host/key`.
    pub path_style: bool,
}

impl Storage {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let configured = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ENDPOINT_URL", "S3_BUCKET_NAME"]
            .iter()
            .any(|name| env.text(name).is_some());
        let bucket = env.required("S3_BUCKET_NAME", mode.is_production());
        let external = (configured || mode.is_production()).then(|| {
            for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
                if env.text(name).is_none() {
                    env.problem(format!("{name}: must be set where an own S3 is used"));
                }
            }
            let endpoint_url = env.text("S3_ENDPOINT_URL");
            ExternalStorage {
                access_key_id: env.text("AWS_ACCESS_KEY_ID").unwrap_or_default(),
                secret_access_key: env.secret("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
                region: env.text("AWS_REGION").unwrap_or_else(|| "us-east-1".into()),
                path_style: env.switch("S3_PATH_STYLE", endpoint_url.is_some()),
                endpoint_url,
            }
        });
        Self { external, bucket: bucket.unwrap_or_else(|| "saathii".into()) }
    }
}
