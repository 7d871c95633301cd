//! Fonts with several bytes per character (Type 0).

use super::{CodeGlyph, Font, UNKNOWN, UNSET, bf_glyph, to_unicode};
use crate::formats::pdf::unpack::unpack;
use hayro_cmap::{CMap, CMapName, CidFamily, WritingMode};
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Object, String as PdfString};

const PAGE: usize = 256;

#[derive(Debug)]
pub(super) struct CompositeCodes {
    /// `None` is the identity: two bytes are the glyph's number.
    cmap: Option<CMap>,
    to_unicode: Option<CMap>,
    /// Maps glyph numbers to text, for the character collections Adobe has published.
    collection: Option<CMap>,
    /// For fonts whose codes are Unicode but that lack a table saying so.
    code_is_unicode: bool,
    widths: Vec<CodeSpan>,
    default_width: f32,
    vertical: bool,
    /// A cache of entries, by code: most documents use few of many thousand.
    seen: Vec<Option<Box<[CodeGlyph; PAGE]>>>,
}

/// Glyph numbers `first..=last` and their widths: one for all, or one for each.
#[derive(Debug)]
struct CodeSpan {
    first: u32,
    last: u32,
    widths: Vec<f32>,
}

pub(super) fn load(dict: &Dict<'_>) -> Font {
    let descendant = dict
        .get::<Array<'_>>(keys::DESCENDANT_FONTS)
        .and_then(|a| a.iter::<Dict<'_>>().next())
        .or_else(|| dict.get::<Dict<'_>>(keys::DESCENDANT_FONTS))
        .unwrap_or_default();
    let (cmap, vertical, code_is_unicode) = read_encoding(dict);
    let to_unicode = to_unicode(dict);
    let collection = if to_unicode.is_some() { None } else { read_collection(&descendant) };
    let widths = if vertical { Vec::new() } else { read_widths(&descendant) };
    let default_width = descendant.get::<f32>(keys::DW).unwrap_or(1000.0) * 1e-3;
    let codes = CompositeCodes {
        cmap,
        code_is_unicode: code_is_unicode && to_unicode.is_none() && collection.is_none(),
        to_unicode,
        collection,
        widths,
        default_width,
        vertical,
        seen: Vec::new(),
    };
    Font { codes: super::FontCodes::Composite(Box::new(codes)), strings: Vec::new(), vertical, em: 1.0 }
}

impl CompositeCodes {
    /// Returns the next code of a string that is not empty, and the number of its bytes.
    pub fn read(&self, bytes: &[u8]) -> (u32, usize) {
        let Some(cmap) = &self.cmap else {
            return match bytes {
                [high, low, ..] => (u32::from(*high) << 8 | u32::from(*low), 2),
                _ => (0, 1),
            };
        };
        let mut code = 0;
        for (i, &byte) in (1_u8..=4).zip(bytes) {
            code = code << 8 | u32::from(byte);
            if cmap.lookup_cid_code(code, i).is_some() {
                return (code, usize::from(i));
            }
        }
        (0, 1)
    }

    #[inline]
    pub fn entry(&mut self, code: u32, strings: &mut Vec<Box<str>>) -> CodeGlyph {
        let (page, slot) = (code as usize / PAGE, code as usize % PAGE);
        if let Some(Some(entries)) = self.seen.get(page)
            && entries[slot].glyph != UNSET
        {
            return entries[slot];
        }
        let entry = self.look_up(code, strings);
        // Codes of more than two bytes are too rare to cache.
        if page < PAGE {
            if self.seen.len() <= page {
                self.seen.resize_with(page + 1, || None);
            }
            let empty = || Box::new([CodeGlyph { width: 0.0, glyph: UNSET }; PAGE]);
            self.seen[page].get_or_insert_with(empty)[slot] = entry;
        }
        entry
    }

    fn look_up(&self, code: u32, strings: &mut Vec<Box<str>>) -> CodeGlyph {
        let cid = match &self.cmap {
            None => code,
            Some(cmap) => (1..=4).find_map(|length| cmap.lookup_cid_code(code, length)).unwrap_or(0),
        };
        let text = match (&self.to_unicode, &self.collection) {
            (Some(map), _) => map.lookup_bf_string(code),
            (None, Some(map)) => map.lookup_bf_string(cid),
            (None, None) if self.code_is_unicode => char::from_u32(code).map(hayro_cmap::BfString::Char),
            (None, None) => None,
        };
        let glyph = text.map_or(UNKNOWN, |text| bf_glyph(text, strings));
        CodeGlyph { width: if self.vertical { -1.0 } else { self.width(cid) }, glyph }
    }

    fn width(&self, cid: u32) -> f32 {
        let after = self.widths.partition_point(|span| span.first <= cid);
        let Some(span) =
            after.checked_sub(1).and_then(|i| self.widths.get(i)).filter(|span| cid <= span.last)
        else {
            return self.default_width;
        };
        let index = ((cid - span.first) as usize).min(span.widths.len().saturating_sub(1));
        span.widths.get(index).copied().unwrap_or(self.default_width)
    }
}

/// Returns the code map (`None` for identity), whether it writes downwards, and whether its codes are Unicode.
fn read_encoding(dict: &Dict<'_>) -> (Option<CMap>, bool, bool) {
    match dict.get::<Object<'_>>(keys::ENCODING) {
        Some(Object::Name(name)) if matches!(&*name, b"Identity-H" | b"Identity-V") => {
            (None, name.ends_with(b"V"), false)
        }
        Some(Object::Name(name)) => {
            let cmap = hayro_cmap::load_embedded(CMapName::from_bytes(&name))
                .and_then(|data| CMap::parse(data, hayro_cmap::load_embedded));
            let unicode = name.windows(4).any(|w| w == b"UCS2") || name.windows(5).any(|w| w == b"UTF16");
            (cmap, name.ends_with(b"-V") || &*name == b"V", unicode)
        }
        Some(Object::Stream(stream)) => {
            let cmap = unpack(&stream, super::BYTES_MAX)
                .ok()
                .and_then(|data| CMap::parse(&data, hayro_cmap::load_embedded));
            let vertical =
                cmap.as_ref().is_some_and(|c| c.metadata().writing_mode == Some(WritingMode::Vertical));
            (cmap, vertical, false)
        }
        _ => (None, false, false),
    }
}

fn read_collection(descendant: &Dict<'_>) -> Option<CMap> {
    let info = descendant.get::<Dict<'_>>(keys::CIDSYSTEMINFO)?;
    let registry = info.get::<PdfString<'_>>(keys::REGISTRY)?;
    let ordering = info.get::<PdfString<'_>>(keys::ORDERING)?;
    let family = CidFamily::from_registry_ordering(registry.as_bytes(), ordering.as_bytes());
    let data = hayro_cmap::load_embedded(family.ucs2_cmap()?)?;
    CMap::parse(data, hayro_cmap::load_embedded)
}

/// Reads the array `W`: `first [w w w]` or `first last w`, mixed.
fn read_widths(descendant: &Dict<'_>) -> Vec<CodeSpan> {
    let mut spans = Vec::new();
    let Some(array) = descendant.get::<Array<'_>>(keys::W) else {
        return spans;
    };
    let mut pending: Vec<f32> = Vec::with_capacity(3);
    for object in array.iter::<Object<'_>>() {
        match object {
            Object::Number(n) => pending.push(n.as_f32()),
            Object::Array(list) => {
                if let Some(first) = pending.pop().and_then(number) {
                    let widths: Vec<f32> = list.iter::<f32>().map(|w| w * 1e-3).collect();
                    let count = u32::try_from(widths.len()).unwrap_or(u32::MAX);
                    if let Some(more) = count.checked_sub(1) {
                        spans.push(CodeSpan { first, last: first.saturating_add(more), widths });
                    }
                }
                pending.clear();
            }
            _ => pending.clear(),
        }
        if let [first, last, width] = pending[..] {
            if let (Some(first), Some(last)) = (number(first), number(last)) {
                spans.push(CodeSpan { first, last, widths: vec![width * 1e-3] });
            }
            pending.clear();
        }
    }
    spans.sort_by_key(|span| span.first);
    spans
}

fn number(value: f32) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    (0.0..=16_777_216.0).contains(&value).then_some(value as u32)
}
