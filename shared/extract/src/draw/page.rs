//! Draws pages of PDFs.

use bytes::Bytes;
use hayro::hayro_interpret::InterpreterSettings;
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};
use hayro_syntax::page::Page;

use super::{DrawError, Drawn, View, ViewFrame, encode, outline};
use crate::formats::pdf;
use crate::{Bounds, ReadLimits};

pub(super) fn draw(bytes: &Bytes, limits: &ReadLimits, number: u32, view: View) -> Result<Drawn, DrawError> {
    let file = pdf::open(bytes, limits)?;
    let pages = file.pages();
    let page = number.checked_sub(1).and_then(|index| pages.get(index as usize));
    let page = page.ok_or_else(|| DrawError::NoSuchPage {
        page: number,
        pages: u32::try_from(pages.len()).unwrap_or(u32::MAX),
    })?;
    let size = page.render_dimensions();
    let Some(frame) = view.frame(size)? else {
        let region = Bounds { x0: 0.0, y0: 0.0, x1: size.0, y1: size.1 };
        return Ok(Drawn { png: Vec::new(), width: 0, height: 0, page: size, region });
    };
    let mut rgb = paint(page, &frame)?;
    outline(&mut rgb, frame.pixels, view, &frame, size);
    let png = encode(&rgb, frame.pixels)?;
    Ok(Drawn { png, width: frame.pixels.0, height: frame.pixels.1, page: size, region: frame.region })
}

fn paint<'a>(page: &'a Page<'a>, frame: &ViewFrame) -> Result<Vec<u8>, DrawError> {
    // The renderer counts pixels in 16 bits.
    let side = |pixels: u32| u16::try_from(pixels).map_err(|_| DrawError::Failed("too long".to_owned()));
    let mut context = RenderContext::new(side(frame.pixels.0)?, side(frame.pixels.1)?);
    let (scale, cache) = (f64::from(frame.scale), RenderCache::new());
    let corner = (-f64::from(frame.region.x0) * scale, -f64::from(frame.region.y0) * scale);
    // Points from the top left corner of the page as it is shown, as for the boxes of characters.
    let shown = Affine::new(page.initial_transform(true).as_coeffs());
    let transform = Affine::translate(corner) * Affine::scale(scale) * shown;
    let (interpreter, settings) = (InterpreterSettings::default(), RenderSettings::default());
    render_into(page, &cache, &interpreter, &settings, &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(context.width(), context.height());
    let target = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), target);
    // The paper is opaque white, so alpha is always full.
    let rgb =
        pixmap.data_as_u8_slice().as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
    Ok(rgb)
}
