//! PDF: text page by page, with the position of every character.
//!
//! `hayro-syntax` reads the file's structure (cross references, objects, filters, encryption); our own interpreter,
//! which knows nothing about drawing, finds the text of a page. Measured on real documents, it costs a fraction of a
//! rendering interpreter with an idle device. Only pages with something that could not be read are drawn, and only for
//! a sink that wants pictures.

mod content;
mod fallback;
mod font;
mod layout;
mod lexer;
mod matrix;
#[cfg(feature = "render")]
mod render;
#[cfg(test)]
pub(crate) mod tests;
mod unpack;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Object, Rect, Stream, String as PdfString};
use hayro_syntax::page::Page;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use memchr::memmem;

use super::FormatParser;
#[cfg(feature = "render")]
use crate::Encoding;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;
use crate::{ExtractError, Place, ReadLimits};
use content::{Interpreter, PageContents, Resources};
use fallback::{FallbackReading, NO_UNICODE, Ours};
use matrix::Matrix;
use unpack::UnpackError;

/// This many drawn shapes on a page without text may be letters drawn as lines.
const PATHS_THAT_MAY_BE_TEXT: u32 = 20;

const TOO_LARGE: &str = "its content unpacks to too much data";
/// A PDF's first line may come after up to this many bytes of something else.
const HEADER_WITHIN: usize = 1024;

pub(crate) static PDF: FormatParser = FormatParser { is, read };

fn is(file: &SniffedFile<'_>) -> bool {
    if file.starts_with(b"%PDF-") {
        return true;
    }
    let head = &file.bytes[..file.bytes.len().min(HEADER_WITHIN)];
    // A text that merely mentions PDF headers does not contain the end of an object.
    memmem::find(head, b"%PDF-").is_some()
        && file.package().is_none()
        && file.foreign().is_none()
        && memmem::find(file.bytes, b"endobj").is_some()
}

fn read(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let held = out.limits().held_bytes;
    let mut second = FallbackReading::new(out.second(), file.bytes);
    // A file that makes the parser panic is treated like one that gives an error.
    let opened = catch_unwind(AssertUnwindSafe(|| open(file.bytes, out.limits())))
        .unwrap_or_else(|panic| Err(ExtractError::Panicked(crate::message(panic.as_ref()))));
    let pdf = match opened {
        Ok(pdf) => pdf,
        Err(error @ (ExtractError::Encrypted | ExtractError::TooLarge(_))) => return Err(error),
        Err(error) => return if second.whole(out)? { Ok(()) } else { Err(second.with(error)) },
    };
    let pages = pdf.pages();
    let most = out.limits().pages;
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    if count > most {
        return Err(ExtractError::TooLarge(format!("{count} pages; the limit is {most} pages")));
    }
    out.pages(pages.len());
    let mut interpreter = Interpreter::new(held);
    interpreter.layout.is_noted = out.wants_layout();
    for (number, page) in (1..=count).zip(pages.iter()) {
        if !out.wants_page(number) {
            continue;
        }
        // A page that makes the parser panic must not lose the others.
        let result = catch_unwind(AssertUnwindSafe(|| read_page(&mut interpreter, page)));
        if result.is_err() {
            // The text read before the panic is intact; the interpreter's caches may not be.
            let layout = std::mem::take(&mut interpreter.layout);
            interpreter = Interpreter::new(held);
            interpreter.layout = layout;
        }
        let mut read =
            result.unwrap_or(PageReading { ours: Ours::Failed, unread: Some("it could not be parsed") });
        let (text, glyphs) = (&interpreter.layout.text, &interpreter.layout.glyphs);
        let better = fallback::is_asked(read.ours, &interpreter.seen, text)
            .then(|| second.better(number, count, page.render_dimensions(), &interpreter.seen));
        if !text.is_empty() {
            out.page(Place::Page(number), text, glyphs)?;
        }
        if let Some(better) = better.flatten() {
            out.page(Place::Page(number), &better.text, &better.glyphs)?;
            if read.ours != Ours::Damaged && fallback::is_settled(&better) {
                read.unread = None;
            }
        }
        if let Some(why) = read.unread
            && !drawn(page, number, interpreter.seen.pixels, out)
        {
            out.unread(Place::Page(number), why);
        }
    }
    if let Some(why) = second.missing {
        out.unread(Place::File, why);
    }
    if let Some(claimed) = claimed(&pdf).filter(|claimed| *claimed > count) {
        let lost = claimed - count;
        out.unread(
            Place::File,
            format!(
                "{lost} of the {claimed} pages that the file claims to have were not found; later pages \
                 have lower numbers"
            ),
        );
    }
    Ok(())
}

/// Passes on a picture of a page, if pictures are wanted, and returns whether it could be read. A page that makes the
/// renderer panic could not.
#[cfg(feature = "render")]
fn drawn<'a>(page: &'a Page<'a>, number: u32, largest: u64, out: &mut UnitOutput<'_>) -> bool {
    let most = out.limits().image_pixels;
    // Drawing a page unpacks its pictures.
    if !out.wants_images() || largest > most {
        return false;
    }
    let fitting = out.image_limits();
    let png =
        catch_unwind(AssertUnwindSafe(|| render::draw(page, out.limits(), fitting))).unwrap_or_default();
    png.is_some_and(|png| out.image(Place::Page(number), Encoding::Png, &png, page.render_dimensions()))
}

#[cfg(not(feature = "render"))]
fn drawn(_: &Page<'_>, _: u32, _: u64, _: &mut UnitOutput<'_>) -> bool {
    false
}

/// Opens a PDF that has at least one page.
pub(crate) fn open(bytes: &Bytes, limits: &ReadLimits) -> Result<Pdf, ExtractError> {
    let held = limits.held_bytes;
    if !unpack::objects_fit(bytes, held) {
        return Err(ExtractError::TooLarge(format!("its objects unpack to more than {held} bytes")));
    }
    match Pdf::new(Arc::new(bytes.clone())) {
        Ok(pdf) if pdf.pages().is_empty() => Err(ExtractError::Damaged("the PDF has no pages".to_owned())),
        Ok(pdf) => Ok(pdf),
        Err(LoadPdfError::Decryption(DecryptionError::PasswordProtected)) => Err(ExtractError::Encrypted),
        Err(LoadPdfError::Decryption(_)) => {
            Err(ExtractError::Damaged("the PDF uses an unknown encryption".to_owned()))
        }
        Err(LoadPdfError::Invalid) => Err(ExtractError::Damaged(
            if memmem::find(bytes, b"%%EOF").is_some() {
                "the PDF has no readable list of pages"
            } else {
                "the PDF is truncated, or is not a PDF after its first line"
            }
            .to_owned(),
        )),
    }
}

/// The result of reading a page.
struct PageReading {
    ours: Ours,
    /// Why part of the page could not be read, if so.
    unread: Option<&'static str>,
}

/// Reads one page into the interpreter's layout.
fn read_page<'a>(interpreter: &mut Interpreter<'a>, page: &Page<'a>) -> PageReading {
    let transform = page.initial_transform(true).as_coeffs();
    #[expect(clippy::cast_possible_truncation, reason = "page coordinates fit f32")]
    let to_page = Matrix::new(transform.map(|c| c as f32));
    interpreter.begin_page(to_page);
    interpreter.layout.glyphs.page = page.render_dimensions();

    let content = content_of(page, interpreter.most);
    let resources = Resources::of_page(page.resources());
    if let Ok(content) = &content {
        interpreter.run(content, &resources, 0);
    }
    if page.raw().contains_key(keys::ANNOTS) {
        annotations(interpreter, page, to_page, &resources);
    }
    let (ours, unread) = match content {
        Err(UnpackError::TooLarge) => (Ours::TooLarge, Some(TOO_LARGE)),
        Err(UnpackError::Damaged) if page.raw().contains_key(keys::CONTENTS) && !is_empty_contents(page) => {
            (Ours::Damaged, Some("its content is damaged"))
        }
        _ if interpreter.seen.is_empty() && is_broken(page, interpreter.most) => {
            (Ours::Damaged, Some("its content is damaged"))
        }
        _ if interpreter.seen.cut => (Ours::TooLarge, Some(TOO_LARGE)),
        _ => (Ours::Whole, unreadable(&interpreter.seen, &interpreter.layout.text)),
    };
    PageReading { ours, unread }
}

/// Returns the page's content, unpacked. `Page::page_stream` would keep it until the whole file is read, which for
/// files with many drawings is several times the size of the file.
fn content_of<'a>(page: &Page<'a>, most: u64) -> Result<Cow<'a, [u8]>, UnpackError> {
    match page.raw().get::<Object<'a>>(keys::CONTENTS).ok_or(UnpackError::Damaged)? {
        Object::Stream(stream) => unpack::unpack(&stream, most),
        Object::Array(parts) => {
            let mut all = Vec::new();
            // Not `iter`, which ends at the first part that is missing.
            let mut iter = parts.flex_iter();
            for _ in parts.raw_iter() {
                if let Some(Object::Stream(part)) = iter.next::<Object<'a>>() {
                    match unpack::unpack(&part, most.saturating_sub(all.len() as u64)) {
                        Ok(data) => all.extend_from_slice(&data),
                        Err(UnpackError::TooLarge) => return Err(UnpackError::TooLarge),
                        Err(UnpackError::Damaged) => continue,
                    }
                    // A word ends where a part ends.
                    all.push(b' ');
                }
            }
            Ok(Cow::Owned(all))
        }
        _ => Err(UnpackError::Damaged),
    }
}

/// Returns whether `Contents` is rightly empty.
fn is_empty_contents(page: &Page<'_>) -> bool {
    match page.raw().get::<Object<'_>>(keys::CONTENTS) {
        Some(Object::Array(array)) => array.raw_iter().next().is_none(),
        Some(Object::Stream(stream)) => stream.raw_data().is_empty(),
        Some(_) | None => true,
    }
}

/// Returns whether the content was compressed and is damaged from its beginning.
fn is_broken(page: &Page<'_>, most: u64) -> bool {
    match page.raw().get::<Object<'_>>(keys::CONTENTS) {
        Some(Object::Stream(stream)) => unpack::is_broken(&stream, most),
        Some(Object::Array(parts)) => {
            parts.flex_iter().next::<Stream<'_>>().is_some_and(|stream| unpack::is_broken(&stream, most))
        }
        Some(_) | None => false,
    }
}

/// Returns the number of pages the file claims to have. Pages whose dictionaries cannot be read are skipped when the
/// pages are listed.
fn claimed(pdf: &Pdf) -> Option<u32> {
    let root = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    root.get::<Dict<'_>>(keys::PAGES)?.get::<u32>(keys::COUNT)
}

/// Returns why part of a page could not be read, if so.
fn unreadable(seen: &PageContents, text: &str) -> Option<&'static str> {
    let text = text.chars().any(char::is_alphanumeric);
    if seen.unreadable > if text { seen.readable } else { 0 } {
        Some(NO_UNICODE)
    } else if text {
        None
    } else if seen.images > 0 {
        Some("no text on it: pictures only")
    } else if seen.paths >= PATHS_THAT_MAY_BE_TEXT {
        Some("no text on it: drawn lines only, which may be letters")
    } else {
        None
    }
}

/// Reads the text of form fields, stamps and notes: that of their appearance, or else of their contents.
fn annotations<'a>(
    interpreter: &mut Interpreter<'a>,
    page: &Page<'a>,
    to_page: Matrix,
    resources: &Resources<'a>,
) {
    let Some(array) = page.raw().get::<Array<'a>>(keys::ANNOTS) else {
        return;
    };
    for annotation in array.iter::<Dict<'a>>().take(10_000) {
        // Links have no text of their own, and technical documents have thousands of them.
        let subtype = annotation.get::<hayro_syntax::object::Name<'_>>(keys::SUBTYPE);
        if matches!(subtype.as_deref(), Some(b"Link" | b"Popup")) {
            continue;
        }
        if let Some(stream) = appearance(&annotation) {
            interpreter.begin_stream(placed(&annotation, &stream, to_page));
            interpreter.run_stream(&stream, resources);
        } else if let Some(text) = annotation
            .get::<PdfString<'_>>(keys::CONTENTS)
            .or_else(|| annotation.get::<PdfString<'_>>(keys::V))
        {
            let text = content::text_string(text.as_bytes());
            if !text.trim().is_empty() {
                interpreter.layout.line(&text);
            }
        }
    }
}

/// Returns the normal appearance; if there are several states, that of the current one.
fn appearance<'a>(annotation: &Dict<'a>) -> Option<Stream<'a>> {
    let normal = annotation.get::<Dict<'a>>(keys::AP)?.get::<Object<'a>>(keys::N)?;
    match normal {
        Object::Stream(stream) => Some(stream),
        Object::Dict(states) => {
            let state = annotation.get::<hayro_syntax::object::Name<'_>>(keys::AS)?;
            states.get::<Stream<'a>>(&*state)
        }
        _ => None,
    }
}

/// Returns the transformation of an appearance: its box is fitted into the annotation's rectangle.
fn placed(annotation: &Dict<'_>, stream: &Stream<'_>, to_page: Matrix) -> Matrix {
    let (Some(rect), Some(bbox)) =
        (annotation.get::<Rect>(keys::RECT), stream.dict().get::<Rect>(keys::BBOX))
    else {
        return to_page;
    };
    let ratio = |a: f64, b: f64| if b.abs() < 1e-6 { 1.0 } else { a / b };
    let (sx, sy) = (ratio(rect.width(), bbox.width()), ratio(rect.height(), bbox.height()));
    #[expect(clippy::cast_possible_truncation, reason = "page coordinates fit f32")]
    let fit = [sx, 0.0, 0.0, sy, rect.x0 - bbox.x0 * sx, rect.y0 - bbox.y0 * sy].map(|c| c as f32);
    Matrix::new(fit).then(&to_page)
}
