//! Scales pictures down for an OCR engine that does not accept large ones.

use bytes::Bytes;

use super::scale::Scaler;
use super::{DrawError, picture};
use crate::{ExtractError, FileFormat, ImageLimits, ReadLimits};

/// How often a picture is scaled down further, by a quarter of its sides, because it takes too many bytes.
const ROUNDS: u32 = 6;

/// Returns a page of a picture file as PNG in sixteen greys, which are enough to tell letters from paper.
pub(crate) fn fit(
    kind: FileFormat,
    bytes: &Bytes,
    limits: &ReadLimits,
    page: u32,
    most: ImageLimits,
) -> Result<Vec<u8>, DrawError> {
    let mut at_most = most.side;
    for _ in 0..ROUNDS {
        let (png, longest) = picture::unpack(kind, bytes, limits, page, |(width, height), fill| {
            let mut scaler = Scaler::greys((width, height), at_most.min(width.max(height)));
            fill(&mut scaler)?;
            let (greys, size) = scaler.finish();
            Ok((encode(&greys, size)?, size.0.max(size.1)))
        })?;
        if png.len() as u64 <= most.bytes {
            return Ok(png);
        }
        at_most = longest / 4 * 3;
    }
    Err(ExtractError::TooLarge(format!("a picture that does not get smaller than {} bytes", most.bytes))
        .into())
}

fn encode(greys: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, DrawError> {
    let two = |pixels: &[u8]| match *pixels {
        [left, right] => left & 0xF0 | right >> 4,
        [left] => left & 0xF0,
        _ => 0,
    };
    let packed: Vec<u8> =
        greys.chunks_exact((width as usize).max(1)).flat_map(|row| row.chunks(2).map(two)).collect();
    let encode = || -> Result<Vec<u8>, png::EncodingError> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Four);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&packed)?;
        writer.finish()?;
        Ok(out)
    };
    encode().map_err(|error| DrawError::Failed(error.to_string()))
}
