//! An open file as a request body.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

const CHUNK: u64 = 64 * 1024;

/// Reads by position, so that a retry begins at the start while nobody else is disturbed.
pub(super) struct FileBody {
    file: Arc<File>,
    at: u64,
    len: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileBody {
    pub(super) fn new(file: Arc<File>, len: u64) -> Self {
        Self { file, at: 0, len, reading: None }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let (file, at, want) = (self.file.clone(), self.at, CHUNK.min(self.len - self.at));
        let reading = self.reading.get_or_insert_with(|| spawn_blocking(move || read(&file, at, want)));
        let read = ready!(Pin::new(reading).poll(cx)).unwrap_or_else(|error| Err(io::Error::other(error)));
        self.reading = None;
        self.at += want;
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.len
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len - self.at)
    }
}

fn read(file: &File, at: u64, want: u64) -> io::Result<Bytes> {
    let mut chunk = vec![0; usize::try_from(want).map_err(io::Error::other)?];
    file.read_exact_at(&mut chunk, at)?;
    Ok(chunk.into())
}
