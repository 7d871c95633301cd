//! Unpacks pages of TIFF files, which are mostly black-and-white scans.

use std::io::Cursor;

use bytes::Bytes;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::{ColorType, TiffError};

use super::DrawError;
use super::picture::{Fill, damaged, on_white};
use super::scale::Scaler;
use crate::{ExtractError, ReadLimits};

pub(super) fn unpack<T>(
    bytes: &Bytes,
    limits: &ReadLimits,
    page: u32,
    take: impl FnOnce((u32, u32), &mut Fill<'_>) -> Result<T, DrawError>,
) -> Result<T, DrawError> {
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).map_err(failed)?;
    for number in 1..page {
        if !decoder.more_images() || number >= limits.pages {
            return Err(DrawError::NoSuchPage { page, pages: number });
        }
        decoder.next_image().map_err(failed)?;
    }
    if page == 0 {
        return Err(DrawError::NoSuchPage { page, pages: 1 });
    }
    let size = decoder.dimensions().map_err(failed)?;
    let colour = decoder.colortype().map_err(failed)?;
    take(size, &mut |scaler| {
        let DecodingResult::U8(samples) = decoder.read_image().map_err(failed)? else {
            return Err(DrawError::Failed("a TIFF with more than 8 bits per colour".to_owned()));
        };
        rows(&samples, size.0 as usize, colour, scaler)
    })
}

fn rows(samples: &[u8], width: usize, colour: ColorType, scaler: &mut Scaler) -> Result<(), DrawError> {
    let mut each = |count: usize, rgb: fn(&[u8]) -> [u8; 3]| {
        samples.chunks_exact(width * count).for_each(|row| scaler.row(row.chunks_exact(count).map(rgb)));
    };
    match colour {
        // Each row begins at a byte boundary.
        ColorType::Gray(1) => samples.chunks_exact(width.div_ceil(8)).for_each(|row| {
            let bit = |at: usize| if row[at / 8] >> (7 - at % 8) & 1 == 1 { u8::MAX } else { 0 };
            scaler.row((0..width).map(|at| [bit(at); 3]));
        }),
        ColorType::Gray(8) => each(1, |grey| [grey[0]; 3]),
        ColorType::GrayA(8) => each(2, |grey| [on_white(grey[0], grey[1]); 3]),
        ColorType::RGB(8) => each(3, |rgb| [rgb[0], rgb[1], rgb[2]]),
        ColorType::RGBA(8) => each(4, |rgb| [0, 1, 2].map(|at: usize| on_white(rgb[at], rgb[3]))),
        // Ink absorbs light: each ink its own colour, black ink all colours.
        ColorType::CMYK(8) => {
            each(4, |ink| [0, 1, 2].map(|at: usize| on_white(255 - ink[at], 255 - ink[3]) - ink[3]));
        }
        other => return Err(DrawError::Failed(format!("a TIFF with the colour type {other:?}"))),
    }
    Ok(())
}

fn failed(error: TiffError) -> DrawError {
    match error {
        TiffError::LimitsExceeded => {
            ExtractError::TooLarge("a TIFF that unpacks to too much data".to_owned()).into()
        }
        error => damaged(&error),
    }
}
