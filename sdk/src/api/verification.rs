use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use reqwest::multipart::Part;
use saathii_shared_types::{
    SampleId,
    verification::{AudioLink, ConfirmUpload, SubmitAudioUrl, UploadTicket, VerificationSample, VerificationState},
};

use crate::{
    Client, Error,
    transport::{Form, Request},
};

/// An audio file to send: mp3, wav, m4a, aac, flac or ogg (Vorbis), at most 10 MB, a second to ten minutes.
///
/// What it is named does not matter to the server, which decodes it.
#[derive(Clone)]
pub struct AudioFile {
    name: String,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Bytes(Arc<[u8]>),
    Path(PathBuf),
}

impl AudioFile {
    /// From memory.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: Content::Bytes(bytes.into().into()) }
    }

    /// From the disk, whence it is read as it is sent.
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map_or_else(|| "audio".to_owned(), |name| name.to_string_lossy().into_owned());
        Self { name, content: Content::Path(path) }
    }

    /// A part of a form.
    pub(crate) async fn part(&self) -> Result<Part, Error> {
        let part = match &self.content {
            Content::Bytes(bytes) => Part::bytes(bytes.to_vec()),
            Content::Path(path) => open(path).await?,
        };
        part.file_name(self.name.clone()).mime_str(self.kind()).map_err(Error::of_request)
    }

    /// Of use to who looks into the bucket.
    fn kind(&self) -> &'static str {
        let extension = self.name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "wav" => "audio/wav",
            "m4a" | "mp4" => "audio/mp4",
            "aac" => "audio/aac",
            "flac" => "audio/flac",
            "ogg" | "oga" => "audio/ogg",
            _ => "audio/mpeg",
        }
    }
}

async fn open(path: &Path) -> Result<Part, Error> {
    let is_file = tokio::fs::metadata(path).await.map_err(Error::file)?.is_file();
    if !is_file {
        return Err(Error::file(format!("not a file: {}", path.display())));
    }
    Part::file(path).await.map_err(Error::file)
}

impl fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Becoming a listener who may be called (`client.verification()`).
#[derive(Clone, Copy)]
pub struct VerificationApi<'a> {
    pub(crate) client: &'a Client,
}

impl VerificationApi<'_> {
    /// Where one stands.
    pub async fn status(&self) -> Result<VerificationState, Error> {
        self.client.inner.call(&Request::get("/verification/status")).await
    }

    /// One's samples, the newest first, at most a hundred.
    pub async fn history(&self) -> Result<Vec<VerificationSample>, Error> {
        self.client.inner.call(&Request::get("/verification/history")).await
    }

    /// Sends an audio sample through the server; an admin reviews it, and
    /// [`Event::Own`](crate::Event::Own) tells how.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::{AudioFile, types::ErrorCode};
    ///
    /// match client.verification().upload(&AudioFile::from_path("hello.m4a")).await {
    ///     Ok(sample) => println!("Sample {} waits for a review", sample.sample_id),
    ///     Err(error) if error.code() == ErrorCode::InvalidAudio => println!("{error}: record it again"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upload(&self, audio: &AudioFile) -> Result<VerificationSample, Error> {
        let form = Form { fields: Vec::new(), file_field: "audio_file", file: audio.clone() };
        self.client.inner.call(&Request::post("/verification/upload-audio-file").form(form)).await
    }

    /// The same past the server, straight to the object store: a ticket, the file, the confirmation.
    pub async fn upload_directly(&self, audio: &AudioFile) -> Result<VerificationSample, Error> {
        let ticket = self.ticket().await?;
        self.send_to_store(&ticket, audio).await?;
        self.confirm(&ticket.key).await
    }

    /// Asks to send one file straight to the object store within ten minutes.
    pub async fn ticket(&self) -> Result<UploadTicket, Error> {
        self.client.inner.call(&Request::post("/verification/upload-ticket").repeatable()).await
    }

    /// Sends the file that a ticket is for; again with the same ticket replaces it.
    pub async fn send_to_store(&self, ticket: &UploadTicket, audio: &AudioFile) -> Result<(), Error> {
        let mut fields: Vec<_> = ticket.fields.clone().into_iter().collect();
        fields.push(("Content-Type".to_owned(), audio.kind().to_owned()));
        let form = Form { fields, file_field: "file", file: audio.clone() };
        self.client.inner.transport.upload(&ticket.url, &form).await
    }

    /// Makes a sample of what was sent; `key` is the ticket's.
    pub async fn confirm(&self, key: &str) -> Result<VerificationSample, Error> {
        let body = ConfirmUpload { key: key.to_owned() };
        self.client.inner.call(&Request::post("/verification/confirm-upload").json(&body)?).await
    }

    /// Makes a sample of an object that lies in the server's bucket under one's own prefix already.
    pub async fn submit_url(&self, audio_file_url: &str) -> Result<VerificationSample, Error> {
        let body = SubmitAudioUrl { audio_file_url: audio_file_url.to_owned() };
        self.client.inner.call(&Request::post("/verification/upload-audio-url").json(&body)?).await
    }

    /// Where one's sample can be heard, for five minutes and without a token.
    pub async fn audio(&self, sample: SampleId) -> Result<AudioLink, Error> {
        self.client.inner.call(&Request::get(format!("/verification/samples/{sample}/audio"))).await
    }
}
