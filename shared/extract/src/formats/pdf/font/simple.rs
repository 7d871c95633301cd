//! Fonts with one byte per character: Type 1, TrueType, Type 3.

use super::encodings::Base;
use super::{CodeGlyph, Font, FontCodes, Programs, UNKNOWN, bf_glyph, intern, names, to_unicode, type1};
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};

pub(super) fn load<'a>(dict: &Dict<'a>, type3: bool, programs: &mut Programs<'a>) -> Font {
    let mut strings = Vec::new();
    let mut table = Box::new([CodeGlyph { width: 0.0, glyph: UNKNOWN }; 256]);
    let descriptor = dict.get::<Dict<'a>>(keys::FONT_DESC).unwrap_or_default();
    let unit = if type3 { type3_unit(dict) } else { (1e-3, 1.0) };

    let encoding = FontEncoding::read(dict, &descriptor, type3);
    let has_widths = read_widths(dict, &descriptor, unit.0, &mut table);
    meanings(&encoding, &mut table, &mut strings);

    if !type3 && (!has_widths || encoding.opaque) {
        ask_program(dict, programs, has_widths, &mut table, &mut strings);
    }
    if let Some(cmap) = to_unicode(dict) {
        for (code, entry) in (0_u32..).zip(table.iter_mut()) {
            if let Some(text) = cmap.lookup_bf_string(code) {
                let glyph = bf_glyph(text, &mut strings);
                if glyph != UNKNOWN {
                    entry.glyph = glyph;
                }
            }
        }
    }
    // The meaning of these codes is unknown; most producers that leave it out write ASCII.
    for (code, entry) in (0_u32..).zip(table.iter_mut()) {
        if entry.glyph == UNKNOWN && (0x20..0x7F).contains(&code) {
            entry.glyph = code;
        }
    }
    let em = if type3 { type3_em(&table, unit.1) } else { 1.0 };
    Font { codes: FontCodes::Simple(table), strings, vertical: false, em }
}

struct FontEncoding {
    base: Option<Base>,
    /// Glyph names by code.
    names: Vec<(u8, String)>,
    /// Whether only the font program knows the meaning of codes without a name.
    opaque: bool,
}

impl FontEncoding {
    fn read(dict: &Dict<'_>, descriptor: &Dict<'_>, type3: bool) -> Self {
        let mut base = None;
        let mut differences = Vec::new();
        if let Some(encoding) = dict.get::<Dict<'_>>(keys::ENCODING) {
            base = encoding.get::<Name<'_>>(keys::BASE_ENCODING).and_then(|n| Base::from_name(&n));
            if let Some(array) = encoding.get::<Array<'_>>(keys::DIFFERENCES) {
                differences = read_differences(&array);
            }
        } else if let Some(name) = dict.get::<Name<'_>>(keys::ENCODING) {
            base = Base::from_name(&name);
        }
        let mut encoding = Self { base, names: Vec::new(), opaque: false };
        if base.is_none() && !type3 {
            let truetype = dict.get::<Name<'_>>(keys::SUBTYPE).as_deref() == Some(b"TrueType");
            if truetype {
                encoding.base = Some(Base::Standard);
            } else if let Some(program) = descriptor.get::<Stream<'_>>(keys::FONT_FILE) {
                match type1::encoding(&program) {
                    Some(pairs) if pairs.is_empty() => encoding.base = Some(Base::Standard),
                    Some(pairs) => encoding.names = pairs,
                    None => encoding.opaque = true,
                }
            } else if descriptor.contains_key(keys::FONT_FILE3) || is_pictorial(dict) {
                // A long list of differences names all glyphs in use, so the program need not be opened.
                encoding.opaque = differences.len() < 8;
            } else {
                encoding.base = Some(Base::Standard);
            }
        }
        encoding.names.append(&mut differences);
        encoding
    }
}

/// Returns whether it is one of the standard fonts, which need not be embedded, whose codes are not letters.
fn is_pictorial(dict: &Dict<'_>) -> bool {
    dict.get::<Name<'_>>(keys::BASE_FONT)
        .is_some_and(|n| n.ends_with(b"Symbol") || n.ends_with(b"ZapfDingbats"))
}

fn read_differences(array: &Array<'_>) -> Vec<(u8, String)> {
    let mut out = Vec::new();
    let mut code = 0_i64;
    for object in array.iter::<Object<'_>>() {
        match object {
            Object::Number(n) => code = n.as_i64(),
            Object::Name(name) => {
                if let Ok(byte) = u8::try_from(code) {
                    out.push((byte, name.as_str().to_owned()));
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    out
}

fn meanings(encoding: &FontEncoding, table: &mut [CodeGlyph; 256], strings: &mut Vec<Box<str>>) {
    if let Some(base) = encoding.base {
        for (code, entry) in (0_u8..=255).zip(table.iter_mut()) {
            if let Some(c) = base.decode(code) {
                entry.glyph = intern(c.encode_utf8(&mut [0; 4]), strings);
            }
        }
    }
    let hex = encoding.names.iter().any(|(_, name)| names::looks_hex(name));
    let mut text = String::new();
    for (code, name) in &encoding.names {
        text.clear();
        let known = names::push_text(name, &mut text);
        if !known && name != ".notdef" {
            text.extend(names::numbered(name, hex));
        }
        table[usize::from(*code)].glyph = if text.is_empty() { UNKNOWN } else { intern(&text, strings) };
    }
}

/// Reads widths from the dictionary; returns false if it has none.
fn read_widths(dict: &Dict<'_>, descriptor: &Dict<'_>, unit: f32, table: &mut [CodeGlyph; 256]) -> bool {
    let (Some(first), Some(widths)) =
        (dict.get::<usize>(keys::FIRST_CHAR), dict.get::<Array<'_>>(keys::WIDTHS))
    else {
        return false;
    };
    let missing = descriptor.get::<f32>(keys::MISSING_WIDTH).unwrap_or(0.0) * unit;
    for entry in table.iter_mut() {
        entry.width = missing;
    }
    for (entry, width) in table.iter_mut().skip(first).zip(widths.iter::<f32>()) {
        entry.width = width * unit;
    }
    true
}

/// Opens the font program, or the standard font in its place, for what is missing from the dictionary.
fn ask_program<'a>(
    dict: &Dict<'a>,
    programs: &mut Programs<'a>,
    has_widths: bool,
    table: &mut [CodeGlyph; 256],
    strings: &mut Vec<Box<str>>,
) {
    let Some(font) = programs.open(dict) else {
        if !has_widths {
            for entry in table.iter_mut() {
                entry.width = 0.5;
            }
        }
        return;
    };
    for (code, entry) in (0_u32..).zip(table.iter_mut()) {
        if !has_widths {
            #[expect(clippy::cast_possible_truncation, reason = "a width in thousandths fits f32")]
            let width = font.code_advance(code).x as f32;
            entry.width = width / hayro_font::UNITS_PER_EM;
        }
        if entry.glyph == UNKNOWN
            && let hayro_font::FontGlyph::Outline(glyph) = font.glyph(font.map_code(code), code)
            && let Some(text) = glyph.as_unicode()
        {
            entry.glyph = bf_glyph(text, strings);
        }
    }
}

/// Returns the factors from a Type 3 font's glyph space to text space: along the baseline, and height per width.
fn type3_unit(dict: &Dict<'_>) -> (f32, f32) {
    let matrix: Vec<f32> = dict
        .get::<Array<'_>>(keys::FONT_MATRIX)
        .map(|a| a.iter::<f32>().take(6).collect())
        .unwrap_or_default();
    match matrix[..] {
        [a, _, _, d, ..] if a != 0.0 && d != 0.0 => (a, (d / a).abs()),
        _ => (1e-3, 1.0),
    }
}

/// Estimates the em of a Type 3 font, which may give its letters any size: the average letter is taken to be half an em
/// wide.
fn type3_em(table: &[CodeGlyph; 256], aspect: f32) -> f32 {
    let (mut sum, mut count) = (0.0_f32, 0.0_f32);
    for entry in table.iter().filter(|e| e.width > 0.0) {
        sum += entry.width;
        count += 1.0;
    }
    if count == 0.0 { 1.0 } else { sum / count / 0.5 * aspect.clamp(0.1, 10.0) }
}
