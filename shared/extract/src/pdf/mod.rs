//! PDF: text page by page, with the place of every character.
//!
//! `hayro-syntax` reads the file's structure (cross references, objects, filters, encryption); what a page says
//! is found by our own interpreter, which knows nothing about drawing. Measured on real documents it costs a
//! fraction of a rendering interpreter with an idle device, and image decoders are not even linked.

mod content;
mod font;
mod layout;
mod lexer;
mod matrix;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Object, Rect, Stream, String as PdfString};
use hayro_syntax::page::Page;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::output::Output;
use crate::{ExtractError, Limits, Place};
use content::{Interpreter, Resources, Seen};
use matrix::Matrix;

/// So many drawn shapes on a page without text may be letters drawn as lines.
const PATHS_THAT_MAY_BE_TEXT: u32 = 20;

/// Reads every page; returns their number and the 1-based pages that show something but gave no text.
pub(crate) fn read(
    bytes: &Bytes,
    limits: &Limits,
    out: &mut Output<'_>,
) -> Result<(u32, Vec<u32>), ExtractError> {
    let pdf = open(bytes)?;
    let pages = pdf.pages();
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Err(ExtractError::Damaged("the PDF holds no page".to_owned()));
    }
    if count > limits.pages {
        return Err(ExtractError::TooLarge(format!("{count} pages, at most {} are read", limits.pages)));
    }
    let mut unread = Vec::new();
    let mut interpreter = Interpreter::new();
    for (number, page) in (1..=count).zip(pages.iter()) {
        // One page that makes a parser panic must not lose the others.
        let readable = catch_unwind(AssertUnwindSafe(|| read_page(&mut interpreter, page)));
        if !matches!(readable, Ok(true)) {
            unread.push(number);
        }
        if readable.is_err() {
            // What was read before the panic is whole; what the interpreter remembers may not be.
            let layout = std::mem::take(&mut interpreter.layout);
            interpreter = Interpreter::new();
            interpreter.layout = layout;
        }
        if !interpreter.layout.text.is_empty() {
            out.page(&Place::Page(number), &interpreter.layout.text, &interpreter.layout.glyphs)?;
        }
    }
    Ok((count, unread))
}

fn open(bytes: &Bytes) -> Result<Pdf, ExtractError> {
    match Pdf::new(Arc::new(bytes.clone())) {
        Ok(pdf) => Ok(pdf),
        Err(LoadPdfError::Decryption(DecryptionError::PasswordProtected)) => Err(ExtractError::Encrypted),
        Err(LoadPdfError::Decryption(_)) => {
            Err(ExtractError::Damaged("the PDF is encrypted in a way that is not known".to_owned()))
        }
        Err(LoadPdfError::Invalid) => Err(ExtractError::Damaged(
            if memchr::memmem::find(bytes, b"%%EOF").is_some() {
                "the PDF has no readable list of pages"
            } else {
                "the PDF is cut off or is no PDF behind its first line"
            }
            .to_owned(),
        )),
    }
}

/// Reads one page into the interpreter's layout; false when something is there that could not be read.
fn read_page<'a>(interpreter: &mut Interpreter<'a>, page: &Page<'a>) -> bool {
    let transform = page.initial_transform(true).as_coeffs();
    #[expect(clippy::cast_possible_truncation, reason = "page coordinates fit f32")]
    let to_page = Matrix::new(transform.map(|c| c as f32));
    interpreter.begin_page(to_page);
    interpreter.layout.glyphs.page = page.render_dimensions();

    let content = content_of(page);
    let resources = Resources::of_page(page.resources());
    if let Some(content) = &content {
        interpreter.run(content, &resources, 0);
    }
    if page.raw().contains_key(keys::ANNOTS) {
        annotations(interpreter, page, to_page, &resources);
    }
    let broken = content.is_none() && page.raw().contains_key(keys::CONTENTS) && !is_empty_contents(page);
    !broken && is_readable(&interpreter.seen, &interpreter.layout.text)
}

/// What the page draws, unpacked. `Page::page_stream` would keep it until the whole file is read, which for files
/// with much drawing in them is several times the file.
fn content_of<'a>(page: &Page<'a>) -> Option<Cow<'a, [u8]>> {
    match page.raw().get::<Object<'a>>(keys::CONTENTS)? {
        Object::Stream(stream) => stream.decoded_data().ok(),
        Object::Array(parts) => {
            let mut all = Vec::new();
            // Not `iter`, which ends at the first part that is missing.
            let mut iter = parts.flex_iter();
            for _ in parts.raw_iter() {
                if let Some(Object::Stream(part)) = iter.next::<Object<'a>>()
                    && let Ok(data) = part.decoded_data()
                {
                    all.extend_from_slice(&data);
                    // Where one part ends a word ends.
                    all.push(b' ');
                }
            }
            Some(Cow::Owned(all))
        }
        _ => None,
    }
}

/// `Contents` may be there and rightly hold nothing.
fn is_empty_contents(page: &Page<'_>) -> bool {
    match page.raw().get::<Object<'_>>(keys::CONTENTS) {
        Some(Object::Array(array)) => array.raw_iter().next().is_none(),
        Some(Object::Stream(stream)) => stream.raw_data().is_empty(),
        Some(_) | None => true,
    }
}

fn is_readable(seen: &Seen, text: &str) -> bool {
    if seen.cut {
        return false;
    }
    if text.chars().any(char::is_alphanumeric) {
        return seen.unreadable <= seen.readable;
    }
    seen.images == 0 && seen.unreadable == 0 && seen.paths < PATHS_THAT_MAY_BE_TEXT
}

/// Text of form fields, stamps and notes: what their appearance shows, else what their contents say.
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
                interpreter.layout.text.push('\n');
                interpreter.layout.text.push_str(&text);
            }
        }
    }
}

/// The normal appearance; of several states the one that is set.
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

/// Where an appearance lands: its box is fitted into the annotation's rectangle.
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
