//! Unpacks and scales picture files.

use std::io::Cursor;

use bytes::Bytes;
use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::scale::Scaler;
use super::{DrawError, Drawn, View, encode, outline};
use crate::{Bounds, ExtractError, FileFormat, ReadLimits};

/// Pixels of a JPEG: a decoded one is in memory whole, with three bytes a pixel.
const JPEG_PIXELS: u64 = 80_000_000;

/// Passes all rows to a scaler, from the top.
pub(super) type Fill<'f> = dyn FnMut(&mut Scaler) -> Result<(), DrawError> + 'f;

pub(super) fn draw(
    kind: FileFormat,
    bytes: &Bytes,
    limits: &ReadLimits,
    page: u32,
    view: View,
) -> Result<Drawn, DrawError> {
    unpack(kind, bytes, limits, page, |size, fill| shown(size, view, fill))
}

/// Opens a picture that is not too large, and calls `take` with its size and a source of its rows.
pub(super) fn unpack<T>(
    kind: FileFormat,
    bytes: &Bytes,
    limits: &ReadLimits,
    page: u32,
    take: impl FnOnce((u32, u32), &mut Fill<'_>) -> Result<T, DrawError>,
) -> Result<T, DrawError> {
    if kind != FileFormat::Tiff && page != 1 {
        return Err(DrawError::NoSuchPage { page, pages: 1 });
    }
    let most =
        if kind == FileFormat::Jpeg { limits.image_pixels.min(JPEG_PIXELS) } else { limits.image_pixels };
    let take = |(width, height): (u32, u32), fill: &mut Fill<'_>| {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels > most {
            let why = format!("a picture of {width} × {height} pixels; the limit is {most} pixels");
            return Err(ExtractError::TooLarge(why).into());
        }
        take((width, height), fill)
    };
    match kind {
        FileFormat::Png => png(bytes, take),
        FileFormat::Jpeg => jpeg(bytes, take),
        _ => super::tiff::unpack(bytes, limits, page, take),
    }
}

fn png<T>(
    bytes: &Bytes,
    take: impl FnOnce((u32, u32), &mut Fill<'_>) -> Result<T, DrawError>,
) -> Result<T, DrawError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|error| damaged(&error))?;
    let size = reader.info().size();
    let interlaced = reader.info().interlaced;
    take(size, &mut |scaler| {
        let (colour, _) = reader.output_color_type();
        let samples = colour.samples();
        let line = size.0 as usize * samples;
        if interlaced {
            // Its rows come in seven passes: only all of them make a picture.
            let mut all = vec![0; reader.output_buffer_size().unwrap_or(0)];
            reader.next_frame(&mut all).map_err(|error| damaged(&error))?;
            all.chunks_exact(line).for_each(|row| scaler.row(colours(row, colour)));
            return Ok(());
        }
        while !scaler.is_full() {
            let Some(row) = reader.next_row().map_err(|error| damaged(&error))? else { break };
            scaler.row(colours(row.data(), colour));
        }
        Ok(())
    })
}

/// Returns a row's colours on white paper.
fn colours(row: &[u8], colour: ColorType) -> impl Iterator<Item = [u8; 3]> {
    row.chunks_exact(colour.samples()).map(move |sample| match *sample {
        [grey] => [grey; 3],
        [grey, alpha] => [on_white(grey, alpha); 3],
        [r, g, b] => [r, g, b],
        [r, g, b, alpha] => [on_white(r, alpha), on_white(g, alpha), on_white(b, alpha)],
        _ => [u8::MAX; 3],
    })
}

pub(super) fn on_white(colour: u8, alpha: u8) -> u8 {
    let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
    u8::try_from(mixed / 255).unwrap_or(u8::MAX)
}

fn jpeg<T>(
    bytes: &Bytes,
    take: impl FnOnce((u32, u32), &mut Fill<'_>) -> Result<T, DrawError>,
) -> Result<T, DrawError> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(u16::MAX.into())
        .set_max_height(u16::MAX.into());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options);
    decoder.decode_headers().map_err(|error| damaged(&error))?;
    let (width, height) = decoder.dimensions().ok_or(DrawError::NoPages)?;
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    take((side(width), side(height)), &mut |scaler| {
        let all = decoder.decode().map_err(|error| damaged(&error))?;
        all.chunks_exact(width * 3).for_each(|row| scaler.row(colours(row, ColorType::Rgb)));
        Ok(())
    })
}

fn shown((width, height): (u32, u32), view: View, fill: &mut Fill<'_>) -> Result<Drawn, DrawError> {
    #[expect(clippy::cast_precision_loss, reason = "more pixels than f32 has steps were refused")]
    let page = (width as f32, height as f32);
    let Some(frame) = view.frame(page)? else {
        let region = Bounds { x0: 0.0, y0: 0.0, x1: page.0, y1: page.1 };
        return Ok(Drawn { png: Vec::new(), width: 0, height: 0, page, region });
    };
    let mut scaler = Scaler::new(&frame);
    fill(&mut scaler)?;
    let (mut rgb, (width, height)) = scaler.finish();
    outline(&mut rgb, (width, height), view, &frame, page);
    Ok(Drawn { png: encode(&rgb, (width, height))?, width, height, page, region: frame.region })
}

pub(super) fn damaged(error: &dyn std::fmt::Display) -> DrawError {
    ExtractError::Damaged(error.to_string()).into()
}
