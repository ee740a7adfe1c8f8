//! Audio to send: WAV made here, and one generated tone that `LAME`, `FFmpeg` and `libsndfile` have encoded for these tests.

pub const MP3: &[u8] = include_bytes!("../fixtures/tone.mp3");
pub const M4A: &[u8] = include_bytes!("../fixtures/tone.m4a");
pub const AAC: &[u8] = include_bytes!("../fixtures/tone.aac");
pub const FLAC: &[u8] = include_bytes!("../fixtures/tone.flac");
pub const OGG: &[u8] = include_bytes!("../fixtures/tone.ogg");
/// Of a codec that is not taken.
pub const OPUS: &[u8] = include_bytes!("../fixtures/opus.ogg");
/// Sound with pictures.
pub const VIDEO: &[u8] = include_bytes!("../fixtures/video.mp4");

/// An hour of silence in 90 KB.
pub const HOUR: &[u8] = include_bytes!("../fixtures/hour.flac");

/// A WAV file of 16 bits with a steady buzz.
pub fn wav(rate: u32, channels: u16, frames: u32) -> Vec<u8> {
    let data_len = frames * u32::from(channels) * 2;
    let mut file = wav_header(rate, channels, data_len);
    let buzz = |at: u32| i16::try_from(at % 64).unwrap() * 200;
    file.extend((0..frames * u32::from(channels)).flat_map(|at| buzz(at).to_le_bytes()));
    file
}

/// What stands before the data.
pub fn wav_header(rate: u32, channels: u16, data_len: u32) -> Vec<u8> {
    let block = channels.saturating_mul(2);
    let mut header = Vec::new();
    header.extend(b"RIFF");
    header.extend((36 + data_len).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend(rate.saturating_mul(u32::from(block)).to_le_bytes());
    header.extend(block.to_le_bytes());
    header.extend(16_u16.to_le_bytes());
    header.extend(b"data");
    header.extend(data_len.to_le_bytes());
    header
}

/// Two seconds.
pub fn sample() -> Vec<u8> {
    wav(8_000, 1, 16_000)
}

/// Valid, and of exactly this size.
pub fn wav_of_size(len: u32) -> Vec<u8> {
    let mut file = wav(48_000, 1, (len - 44) / 2);
    // RIFF chunks may be followed by a byte of padding.
    file.resize(len as usize, 0);
    file
}

/// The same bytes every time, and no audio.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}
