use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use saathii_sdk::{StoreError, Tokens};

use crate::host::Lent;

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

/// The host's store, as the SDK sees it; none where the host has gone.
#[derive(Clone)]
pub(crate) struct HostStore(Arc<Mutex<Slot>>);

type Slot = Option<Arc<Lent<dyn TokenStore>>>;

impl HostStore {
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        Self(Arc::new(Mutex::new(Some(Arc::new(Lent::new(store))))))
    }

    /// Calls the host no more, not even to let go of what is its own.
    pub(crate) fn abandon(&self) {
        std::mem::forget(self.slot().take());
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<R>(
        &self,
        call: impl FnOnce(&(dyn TokenStore + 'static)) -> Result<R, TokenStoreError>,
    ) -> Result<R, TokenStoreError> {
        let gone = || TokenStoreError::Failed { detail: "its host has gone".to_owned() };
        let store = self.slot().clone().ok_or_else(gone)?;
        store.call(call).ok_or_else(gone)?
    }
}

impl saathii_sdk::TokenStore for HostStore {
    fn load(&self) -> Result<Option<Tokens>, StoreError> {
        let secret = self.call(TokenStore::load)?;
        Ok(secret.map(|secret| serde_json::from_str(&secret)).transpose()?)
    }

    fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
        let secret = serde_json::to_string(tokens)?;
        Ok(self.call(|store| store.save(secret))?)
    }

    fn clear(&self) -> Result<(), StoreError> {
        Ok(self.call(TokenStore::clear)?)
    }
}
