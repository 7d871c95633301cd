//! Draws pages as pictures for OCR.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use hayro_syntax::page::Page;

use crate::draw::{fit, grey};
use crate::{FileFormat, ImageLimits, ReadLimits};

/// OCR reads letters of ordinary size best at this many dots per inch.
const DOTS_PER_INCH: f32 = 300.0;
/// Larger pages are drawn coarser: a picture takes four bytes per pixel, in addition to the objects it is drawn from.
const PIXELS_MAX: f32 = 25e6;
/// The renderer counts pixels in 16 bits.
const SIDE_MAX: f32 = 65_000.0;

/// Draws the page in greys as PNG, with at most the pixels that `limits` allow for a picture, scaled down to fit
/// `most`.
pub(super) fn draw<'a>(page: &'a Page<'a>, limits: &ReadLimits, most: ImageLimits) -> Option<Vec<u8>> {
    let (width, height) = page.render_dimensions();
    if !(width >= 1.0 && height >= 1.0) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a limit, not a count")]
    let (pixels, longest) = (PIXELS_MAX.min(limits.image_pixels as f32), SIDE_MAX.min(most.side as f32));
    let scale =
        (DOTS_PER_INCH / 72.0).min((pixels / (width * height)).sqrt()).min(longest / width.max(height));
    if width * scale < 1.0 || height * scale < 1.0 {
        return None;
    }
    // The cache is not kept from page to page: fonts and glyphs of a long document would fill the memory.
    let cache = RenderCache::new();
    let pixmap = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let drawn = render(page, &cache, &InterpreterSettings::default(), &RenderSettings::default(), &pixmap);
    // The paper is opaque white, so alpha is always full.
    let grey: Vec<u8> =
        drawn.data_as_u8_slice().as_chunks::<4>().0.iter().map(|[r, g, b, _]| grey([*r, *g, *b])).collect();
    let size = (u32::from(drawn.width()), u32::from(drawn.height()));
    drop(drawn);
    let png = encode(&grey, size)?;
    if most.hold(png.len(), size) {
        return Some(png);
    }
    // Freed first, so that the picture is in memory only once.
    drop(grey);
    fit(FileFormat::Png, &png.into(), limits, 1, most).ok()
}

fn encode(grey: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(grey).ok()?;
    writer.finish().ok()?;
    Some(out)
}
