//! Whether a file is speech-sized audio: sniffed, then decoded from its first to its last packet.
//!
//! Names and types that clients give count for nothing.

use std::{
    fs::File,
    io::{Seek, SeekFrom},
    os::unix::fs::FileExt,
    sync::LazyLock,
    time::{Duration, Instant},
};

use symphonia::core::{
    audio::Channels,
    codecs::audio::AudioDecoderOptions,
    common::Limit,
    errors::Error as Refusal,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::MediaSourceStream,
    meta::MetadataOptions,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{Error, spool::Spooled};

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(10);
/// For one file, against those made to decode slowly.
const PATIENCE: Duration = Duration::from_secs(15);
/// What a file may hold beside its audio (tables, tags) before at least half of it must be audio.
const TRIMMINGS: u64 = 8 * 1024;
const LARGEST_TAG: usize = 64 * 1024;

/// Decoding takes a processor: as many at once as there are, the others wait in line with their files on disk.
static DECODERS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// The containers that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Wav,
    Mp3,
    M4a,
    Aac,
    Flac,
    Ogg,
}

impl Format {
    /// By its first bytes.
    fn sniff(head: &[u8; 12]) -> Option<Self> {
        match head {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] => Some(Self::Wav),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::M4a),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // An MPEG sync word: layer 0 is ADTS.
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some(Self::Aac),
            [0xff, second, ..] if second & 0xe0 == 0xe0 => Some(Self::Mp3),
            _ => None,
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
            Self::M4a => "m4a",
            Self::Aac => "aac",
            Self::Flac => "flac",
            Self::Ogg => "ogg",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Aac => "audio/aac",
            Self::Flac => "audio/flac",
            Self::Ogg => "audio/ogg",
        }
    }

    /// Whether the length in the header is exact, so that less is a file that was cut. The others are estimated, or
    /// cut files of theirs cannot be read at all.
    fn states_length(self) -> bool {
        matches!(self, Self::Wav | Self::Flac)
    }
}

/// Why a file is no sample; worded for the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the file is empty")]
    Empty,
    #[error("only mp3, wav, m4a, aac, flac and ogg (Vorbis) are accepted")]
    UnknownFormat,
    #[error("the audio cannot be decoded")]
    Undecodable,
    #[error("the file is cut off")]
    CutOff,
    #[error("most of the file is not audio")]
    MostlyOther,
    #[error("only mono and stereo are accepted")]
    Channels,
    #[error("the sampling rate must be 8,000 to 192,000 Hz")]
    SampleRate,
    #[error("the recording is shorter than 1 second")]
    TooShort,
    #[error("the recording is longer than 10 minutes")]
    TooLong,
}

/// What decoding has shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof {
    pub(super) format: Format,
    pub(super) channels: usize,
    pub(super) duration: Duration,
}

/// Decodes on a thread of its own; a decoder that breaks over a file has refused it.
pub(super) async fn prove(spooled: &Spooled) -> Result<Proof, Error> {
    let _permit = DECODERS.acquire().await;
    let spooled = spooled.clone();
    let proof = spawn_blocking(move || decode(&spooled.file, spooled.len)).await;
    proof
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "an audio decoder broke over an upload");
            Ok(Err(Fault::Undecodable))
        })?
        .map_err(Error::from)
}

fn decode(file: &File, len: u64) -> std::io::Result<Result<Proof, Fault>> {
    let mut head = [0; 12];
    if file.read_exact_at(&mut head, 0).is_err() {
        return Ok(Err(Fault::UnknownFormat));
    }
    let Some(format) = Format::sniff(&head) else { return Ok(Err(Fault::UnknownFormat)) };
    let mut source = file.try_clone()?;
    source.seek(SeekFrom::Start(0))?;
    // A recorder that writes into a pipe leaves the length open.
    let states_length = format.states_length() && head[4..8] != [0xff; 4];
    Ok(decode_as(format, states_length, source, len))
}

fn decode_as(format: Format, states_length: bool, source: File, len: u64) -> Result<Proof, Fault> {
    let mut reader = open(format, source)?;
    if reader.first_track(TrackType::Video).is_some() {
        return Err(Fault::MostlyOther);
    }
    let track = reader.first_track_known_codec(TrackType::Audio).ok_or(Fault::Undecodable)?;
    let params = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or(Fault::Undecodable)?;
    // Before a decoder makes buffers by them.
    check_shape(params.channels.as_ref().map(Channels::count), params.sample_rate)?;
    let (id, stated) = (track.id, track.num_frames.filter(|_| states_length));
    let options = AudioDecoderOptions::default();
    let made = symphonia::default::get_codecs().make_audio_decoder(params, &options);
    let mut decoder = made.map_err(|_| Fault::Undecodable)?;

    let begun = Instant::now();
    let mut heard = Heard::default();
    loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) if packet.track_id == id => packet,
            Ok(Some(_)) => continue,
            Ok(None) => break,
            // Readers end like this too, where a last packet is incomplete.
            Err(Refusal::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                heard.is_cut = true;
                break;
            }
            Err(_) => return Err(Fault::Undecodable),
        };
        heard.packets += 1;
        match decoder.decode(&packet) {
            Ok(buffer) => {
                let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                check_shape(Some(channels), Some(rate))?;
                if heard.rate != 0 && heard.rate != rate {
                    return Err(Fault::Undecodable);
                }
                heard.frames += buffer.frames() as u64;
                heard.bytes += packet.data.len() as u64;
                (heard.rate, heard.channels) = (rate, channels);
            }
            Err(Refusal::DecodeError(_) | Refusal::IoError(_)) => heard.undecoded += 1,
            Err(_) => return Err(Fault::Undecodable),
        }
        // However much a small file unfolds to: this is where it stops.
        if heard.duration() > LONGEST {
            return Err(Fault::TooLong);
        }
        if begun.elapsed() > PATIENCE {
            return Err(Fault::Undecodable);
        }
    }
    heard.judge(format, len, stated)
}

fn open(format: Format, source: File) -> Result<Box<dyn FormatReader>, Fault> {
    let stream = MediaSourceStream::new(Box::new(source), symphonia::core::io::MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(format.extension());
    let metadata = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(LARGEST_TAG))
        .limit_visual_bytes(Limit::Maximum(LARGEST_TAG));
    symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), metadata)
        .map_err(|_| Fault::Undecodable)
}

fn check_shape(channels: Option<usize>, rate: Option<u32>) -> Result<(), Fault> {
    if channels.is_some_and(|channels| !(1..=2).contains(&channels)) {
        return Err(Fault::Channels);
    }
    if rate.is_some_and(|rate| !(8_000..=192_000).contains(&rate)) {
        return Err(Fault::SampleRate);
    }
    Ok(())
}

/// What came out of a file.
#[derive(Debug, Default)]
struct Heard {
    packets: u64,
    undecoded: u64,
    frames: u64,
    /// Of packets that decoded.
    bytes: u64,
    rate: u32,
    channels: usize,
    is_cut: bool,
}

impl Heard {
    fn duration(&self) -> Duration {
        // Of all frames at once: packet by packet, a second would lose some nanoseconds and be too short.
        Duration::from_nanos(self.frames * 1_000_000_000 / u64::from(self.rate.max(1)))
    }

    fn judge(&self, format: Format, len: u64, stated: Option<u64>) -> Result<Proof, Fault> {
        if self.frames == 0 || self.undecoded * 10 > self.packets {
            return Err(Fault::Undecodable);
        }
        let is_short_of_header = stated.is_some_and(|stated| self.frames < stated - stated / 20);
        // An MP3 or ADTS stream has no end of its own: what is left of a cut one is a shorter one. Of a WAV its header
        // tells, where it tells.
        let needs_end = !matches!(format, Format::Mp3 | Format::Aac | Format::Wav);
        if is_short_of_header || (self.is_cut && needs_end) {
            return Err(Fault::CutOff);
        }
        if self.bytes < len.saturating_sub(TRIMMINGS) / 2 {
            return Err(Fault::MostlyOther);
        }
        let duration = self.duration();
        if duration < SHORTEST {
            return Err(Fault::TooShort);
        }
        Ok(Proof { format, channels: self.channels, duration })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_container() {
        let sniffed = |head: &[u8]| {
            let mut padded = [0; 12];
            padded[..head.len()].copy_from_slice(head);
            Format::sniff(&padded)
        };
        assert_eq!(sniffed(b"RIFF\x24\0\0\0WAVE"), Some(Format::Wav));
        assert_eq!(sniffed(b"\0\0\0\x20ftypM4A "), Some(Format::M4a));
        assert_eq!(sniffed(b"ID3\x04"), Some(Format::Mp3));
        assert_eq!(sniffed(b"\xff\xfb\x90"), Some(Format::Mp3));
        assert_eq!(sniffed(b"\xff\xf1\x50"), Some(Format::Aac));
        for head in [b"RIFF\x24\0\0\0AVI ".as_slice(), b"MZ\x90", b"\x7fELF", b"PK\x03\x04", b"%PDF", b""] {
            assert_eq!(sniffed(head), None, "{head:?}");
        }
    }

    #[test]
    fn what_was_heard_is_weighed_against_the_file() {
        let second =
            || Heard { packets: 10, frames: 8_000, bytes: 16_000, rate: 8_000, channels: 1, ..Heard::default() };
        let judge = |heard: Heard, format, len, stated| heard.judge(format, len, stated).map(|_| ());
        assert_eq!(judge(second(), Format::Wav, 16_044, Some(8_000)), Ok(()));
        assert_eq!(judge(second(), Format::Wav, 16_044, Some(16_000)), Err(Fault::CutOff));
        assert_eq!(judge(second(), Format::Mp3, 80_000, None), Err(Fault::MostlyOther));
        assert_eq!(judge(Heard { is_cut: true, ..second() }, Format::M4a, 16_044, None), Err(Fault::CutOff));
        assert_eq!(judge(Heard { undecoded: 2, ..second() }, Format::Mp3, 16_044, None), Err(Fault::Undecodable));
        assert_eq!(judge(Heard { frames: 7_999, ..second() }, Format::Mp3, 16_044, None), Err(Fault::TooShort));
        assert_eq!(judge(Heard::default(), Format::Mp3, 1, None), Err(Fault::Undecodable));
    }
}
