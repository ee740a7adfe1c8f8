use std::sync::Arc;

use saathii_sdk::{StoreError, Tokens};

/// Where the host keeps the login: one secret text, in the keychain or the like.
///
/// Called on a thread that may block.
#[uniffi::export(with_foreign)]
pub trait TokenStore: Send + Sync {
    /// What was saved last; null where there is nothing.
    fn load(&self) -> Result<Option<String>, TokenStoreError>;

    /// Replaces what was saved, all of it or nothing.
    fn save(&self, secret: String) -> Result<(), TokenStoreError>;

    /// Forgets; no failure where there is nothing to forget.
    fn clear(&self) -> Result<(), TokenStoreError>;
}

/// What a store says when it fails.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum TokenStoreError {
    #[error("{detail}")]
    Failed { detail: String },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for TokenStoreError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { detail: error.reason }
    }
}

/// The host's store, as the SDK sees it.
pub(crate) struct HostStore(pub(crate) Arc<dyn TokenStore>);

impl saathii_sdk::TokenStore for HostStore {
    fn load(&self) -> Result<Option<Tokens>, StoreError> {
        let secret = self.0.load()?;
        Ok(secret.map(|secret| serde_json::from_str(&secret)).transpose()?)
    }

    fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
        Ok(self.0.save(serde_json::to_string(tokens)?)?)
    }

    fn clear(&self) -> Result<(), StoreError> {
        Ok(self.0.clear()?)
    }
}
