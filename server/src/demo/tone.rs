//! What demo listeners have recorded: a few seconds of a soft tone.

use std::f32::consts::TAU;

const RATE: u32 = 8_000;
const SECONDS: u32 = 3;

/// A WAV file, 16 bits mono; each `nth` has a pitch of its own.
pub(super) fn wav(nth: usize) -> Vec<u8> {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let pitch = 220.0 + 55.0 * nth as f32;
    let samples = (0..RATE * SECONDS).flat_map(|at| sample(pitch, at).to_le_bytes());
    let mut file = header(RATE * SECONDS * 2);
    file.extend(samples);
    file
}

/// Swells and fades once a second.
fn sample(pitch: f32, at: u32) -> i16 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
    let seconds = at as f32 / RATE as f32;
    let swell = (seconds * TAU / 2.0).sin().powi(2);
    #[expect(clippy::cast_possible_truncation, reason = "within a third of the range")]
    let sample = ((seconds * pitch * TAU).sin() * swell * 10_000.0) as i16;
    sample
}

fn header(data_len: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(44 + data_len as usize);
    header.extend(b"RIFF");
    header.extend((36 + data_len).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    header.extend([1, 0, 1, 0]);
    header.extend(RATE.to_le_bytes());
    header.extend((RATE * 2).to_le_bytes());
    // Two bytes a frame, sixteen bits a sample.
    header.extend([2, 0, 16, 0]);
    header.extend(b"data");
    header.extend(data_len.to_le_bytes());
    header
}
