//! Where a login outlives the process.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::Tokens;
use crate::file::Replacement;

/// What a [`TokenStore`] says when it fails.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps the tokens of one login.
///
/// Called on a thread that may block, never twice at a time by one client. Two clients may share a store: each looks
/// into it before it renews a login.
///
/// ```
/// use saathii_sdk::{StoreError, TokenStore, Tokens};
///
/// /// Keeps the login in the operating system's keychain.
/// struct Keychain;
/// # fn read() -> Result<Option<String>, StoreError> { Ok(None) }
/// # fn write(_: &str) -> Result<(), StoreError> { Ok(()) }
/// # fn delete() -> Result<(), StoreError> { Ok(()) }
///
/// impl TokenStore for Keychain {
///     fn load(&self) -> Result<Option<Tokens>, StoreError> {
///         Ok(read()?.map(|secret| serde_json::from_str(&secret)).transpose()?)
///     }
///
///     fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
///         write(&serde_json::to_string(tokens)?)
///     }
///
///     fn clear(&self) -> Result<(), StoreError> {
///         delete()
///     }
/// }
///
/// let client = saathii_sdk::Client::builder().token_store(Keychain).build().unwrap();
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// What was saved last; `None` after [`clear`](Self::clear), or where nothing was ever saved.
    fn load(&self) -> Result<Option<Tokens>, StoreError>;

    /// Replaces what was saved, all of it or nothing: on failure the old tokens must still be there.
    fn save(&self, tokens: &Tokens) -> Result<(), StoreError>;

    /// Forgets; no failure where there is nothing to forget.
    fn clear(&self) -> Result<(), StoreError>;
}

/// Keeps a login as long as the process lives; the default.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Option<Tokens>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenStore for MemoryStore {
    fn load(&self) -> Result<Option<Tokens>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens.clone());
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

/// Keeps a login in a file that only its owner reads.
///
/// ```
/// use saathii_sdk::{FileStore, TokenStore};
///
/// let store = FileStore::new(std::env::temp_dir().join("nobody-signed-in.json"));
/// assert_eq!(store.load().unwrap(), None);
/// ```
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// A store in `path`, whose folder must exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl TokenStore for FileStore {
    fn load(&self) -> Result<Option<Tokens>, StoreError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn save(&self, tokens: &Tokens) -> Result<(), StoreError> {
        let mut replacement = Replacement::of(&self.path)?;
        replacement.write(&serde_json::to_vec(tokens)?)?;
        Ok(replacement.finish()?)
    }

    fn clear(&self) -> Result<(), StoreError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(name: &str) -> Tokens {
        Tokens { access_token: format!("a-{name}"), refresh_token: format!("r-{name}"), access_ends_at: Some(7) }
    }

    #[test]
    fn a_file_keeps_the_last_tokens_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        let store = FileStore::new(&path);
        assert_eq!(store.load().unwrap(), None);
        store.save(&tokens("one")).unwrap();
        store.save(&tokens("two")).unwrap();
        assert_eq!(FileStore::new(&path).load().unwrap(), Some(tokens("two")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        store.clear().unwrap();
        store.clear().unwrap();
        assert_eq!(store.load().unwrap(), None);
    }

    #[test]
    fn a_save_that_fails_leaves_the_old_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        // A folder of that name cannot be renamed over.
        fs::create_dir(&path).unwrap();
        fs::write(path.join("old"), "").unwrap();
        assert!(FileStore::new(&path).save(&tokens("new")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half-written file is left");
    }

    #[test]
    fn a_damaged_file_is_told_and_not_taken_for_a_logout() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        fs::write(&path, r#"{"access_token":"#).unwrap();
        assert!(FileStore::new(&path).load().is_err());
    }
}
