//! One TLS configuration for requests and sockets.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// ring and Mozilla's roots, compiled in: the same on every platform, and no Java call on Android.
pub(crate) fn client_config() -> Result<ClientConfig, Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Configuration(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
