//! An upload on its way through: an unlinked temporary file, so that memory stays flat and a crash leaves nothing.

use std::{fs::File, io, sync::Arc, time::Duration};

use aws_sdk_s3::primitives::ByteStream;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::http::StatusCode;
use tokio::io::AsyncWriteExt;

use super::{Error, audio::Fault, rules::LARGEST_FILE};
use crate::infra::object_store::{Download, ObjectError};

/// Longer than a phone in a lift is silent.
const PATIENCE: Duration = Duration::from_secs(20);
const WRITE_BUFFER: usize = 64 * 1024;
const FIELD: &str = "audio_file";

/// A whole file; clones of the handle read by position or have an own one.
#[derive(Debug, Clone)]
pub(super) struct Spooled {
    pub(super) file: Arc<File>,
    pub(super) len: u64,
}

struct Spool {
    file: tokio::fs::File,
    len: u64,
}

impl Spool {
    fn new() -> io::Result<Self> {
        let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
        file.set_max_buf_size(WRITE_BUFFER);
        Ok(Self { file, len: 0 })
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.len += chunk.len() as u64;
        if self.len > LARGEST_FILE {
            return Err(Error::TooLarge);
        }
        Ok(self.file.write_all(chunk).await?)
    }

    async fn finish(mut self) -> Result<Spooled, Error> {
        self.file.flush().await?;
        if self.len == 0 {
            return Err(Fault::Empty.into());
        }
        Ok(Spooled { file: Arc::new(self.file.into_std().await), len: self.len })
    }
}

/// The form's `audio_file`; other fields are passed over.
pub(super) async fn receive(mut form: Multipart) -> Result<Spooled, Error> {
    loop {
        let field = patiently(form.next_field()).await?.ok_or(Error::MissingFile)?;
        if field.name() == Some(FIELD) {
            return receive_field(field).await;
        }
    }
}

async fn receive_field(mut field: Field<'_>) -> Result<Spooled, Error> {
    let mut spool = Spool::new()?;
    let mut taken = Ok(());
    while let Some(chunk) = patiently(field.chunk()).await? {
        // The rest of a file that is too large is read and thrown away, up to the route's limit: a connection closed
        // over unread bytes is reset, and the client would never read why.
        if taken.is_ok() {
            taken = spool.write(&chunk).await;
        }
    }
    taken?;
    spool.finish().await
}

async fn patiently<T>(reading: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Error> {
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::TooLarge),
        Ok(Err(_)) => Err(Error::BrokenForm),
        Err(_) => Err(Error::Stalled),
    }
}

/// An object of the bucket; what its header says of its size is only a first hurdle.
pub(super) async fn fetch(download: Download) -> Result<Spooled, Error> {
    if download.len > LARGEST_FILE {
        return Err(Error::TooLarge);
    }
    let mut spool = Spool::new()?;
    let mut body: ByteStream = download.body;
    let away = |error: String| Error::Store(ObjectError::Away(error));
    loop {
        let next = tokio::time::timeout(PATIENCE, body.next()).await;
        match next.map_err(|_| away("a download stood still".to_owned()))? {
            Some(chunk) => spool.write(&chunk.map_err(|error| away(error.to_string()))?).await?,
            None => return spool.finish().await,
        }
    }
}

/// Bytes that are at hand.
pub(super) async fn keep(bytes: &[u8]) -> Result<Spooled, Error> {
    let mut spool = Spool::new()?;
    spool.write(bytes).await?;
    spool.finish().await
}
