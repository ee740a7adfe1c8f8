use saathii_sdk::AudioFile;
use saathii_shared_types::{
    SampleId,
    verification::{AudioLink, UploadTicket, VerificationSample, VerificationState},
};
use url::Url;

use crate::{SaathiiClient, SaathiiError, runtime::run};

/// An audio file to send: mp3, wav, m4a, aac, flac or ogg (Vorbis), at most 10 MB, a second to ten minutes.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Audio {
    /// From memory.
    Bytes { name: String, bytes: Vec<u8> },
    /// From the disk, whence it is read as it is sent: a path, or a `file:` address as recorders give it.
    File { path: String },
}

impl From<Audio> for AudioFile {
    fn from(audio: Audio) -> Self {
        match audio {
            Audio::Bytes { name, bytes } => Self::from_bytes(name, bytes),
            Audio::File { path } => {
                let url = Url::parse(&path).ok().filter(|url| url.scheme() == "file");
                match url.and_then(|url| url.to_file_path().ok()) {
                    Some(path) => Self::from_path(path),
                    None => Self::from_path(path),
                }
            }
        }
    }
}

#[uniffi::export]
impl SaathiiClient {
    /// Where one stands as a listener.
    pub async fn verification_status(&self) -> Result<VerificationState, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().status().await }).await
    }

    /// One's samples, the newest first, at most a hundred.
    pub async fn verification_history(&self) -> Result<Vec<VerificationSample>, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().history().await }).await
    }

    /// Sends an audio sample through the server; `VerificationReviewed` tells what became of it.
    pub async fn upload_sample(&self, audio: Audio) -> Result<VerificationSample, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().upload(&audio.into()).await }).await
    }

    /// The same past the server, straight to the object store: a ticket, the file, the confirmation.
    pub async fn upload_sample_directly(&self, audio: Audio) -> Result<VerificationSample, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().upload_directly(&audio.into()).await }).await
    }

    /// Asks to send one file straight to the object store within ten minutes.
    pub async fn upload_ticket(&self) -> Result<UploadTicket, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().ticket().await }).await
    }

    /// Sends the file that a ticket is for; again with the same ticket replaces it.
    pub async fn send_to_store(&self, ticket: UploadTicket, audio: Audio) -> Result<(), SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().send_to_store(&ticket, &audio.into()).await }).await
    }

    /// Makes a sample of what was sent; `key` is the ticket's.
    pub async fn confirm_upload(&self, key: String) -> Result<VerificationSample, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().confirm(&key).await }).await
    }

    /// Makes a sample of an object that lies in the server's bucket under one's own prefix already.
    pub async fn submit_sample_url(&self, audio_file_url: String) -> Result<VerificationSample, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().submit_url(&audio_file_url).await }).await
    }

    /// Where one's sample can be heard, for five minutes and without a token.
    pub async fn sample_audio(&self, sample: SampleId) -> Result<AudioLink, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.verification().audio(sample).await }).await
    }
}
