//! Fonts, as far as text needs them: how a string splits into codes, how wide each code is, and its meaning.
//!
//! A font program is opened only for what the dictionary leaves out: outlines are not text.

mod composite;
mod encodings;
mod names;
mod simple;
mod type1;

use hayro_cmap::BfString;
use hayro_cmap::CMap;
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Dict, Name, Stream};

use super::unpack::unpack;

/// Unpacked bytes of a table of codes or a font program.
const BYTES_MAX: u64 = 32 << 20;
/// No text is known for the code.
pub(super) const UNKNOWN: u32 = 0;
/// Marks a glyph number that is an index into [`Font::strings`], not a character.
const STRING: u32 = 1 << 31;
const UNSET: u32 = u32::MAX;

/// The glyph of one character code.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeGlyph {
    /// Advance in text space for a font size of 1.
    pub width: f32,
    /// A character, [`UNKNOWN`], or a string of the font: see [`push`].
    pub glyph: u32,
}

#[derive(Debug)]
pub(super) struct Font {
    codes: FontCodes,
    strings: Vec<Box<str>>,
    pub vertical: bool,
    /// The size of the font's em, relative to its own size: other than 1 only for Type 3 fonts.
    pub em: f32,
}

#[derive(Debug)]
enum FontCodes {
    Simple(Box<[CodeGlyph; 256]>),
    Composite(Box<composite::CompositeCodes>),
}

impl Font {
    /// Reads a font dictionary. Unreadable parts get defaults: loading a font never fails, the font only knows less.
    pub fn new<'a>(dict: &Dict<'a>, programs: &mut Programs<'a>) -> Self {
        let subtype = dict.get::<Name<'_>>(keys::SUBTYPE);
        if subtype.as_deref() == Some(b"Type0") {
            composite::load(dict)
        } else {
            simple::load(dict, subtype.as_deref() == Some(b"Type3"), programs)
        }
    }

    /// Calls `f` for the codes of `bytes`, with the entry of each and whether it is the single byte 32, which word
    /// spacing widens.
    #[inline]
    pub fn each(&mut self, bytes: &[u8], mut f: impl FnMut(CodeGlyph, bool, &[Box<str>])) {
        match &mut self.codes {
            FontCodes::Simple(table) => {
                for &byte in bytes {
                    f(table[usize::from(byte)], byte == 32, &self.strings);
                }
            }
            FontCodes::Composite(codes) => {
                let mut at = 0;
                while at < bytes.len() {
                    let (code, length) = codes.read(&bytes[at..]);
                    at += length;
                    let entry = codes.entry(code, &mut self.strings);
                    f(entry, length == 1 && code == 32, &self.strings);
                }
            }
        }
    }
}

/// Appends the text of a glyph.
#[inline]
pub(super) fn push(glyph: u32, strings: &[Box<str>], out: &mut String) {
    if let Some(c) = char::from_u32(glyph) {
        out.push(c);
    } else if let Some(text) = strings.get((glyph & !STRING) as usize) {
        out.push_str(text);
    }
}

/// Returns the glyph number for `text`: ligatures are split, spaces of any width become one kind, and characters that
/// are not text become [`UNKNOWN`].
fn intern(text: &str, strings: &mut Vec<Box<str>>) -> u32 {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && let Some(c) = plain(c)
    {
        return u32::from(c);
    }
    let mut out = String::new();
    for c in text.chars() {
        match (plain(c), expand(c)) {
            (Some(c), _) => out.push(c),
            (None, Some(several)) => out.push_str(several),
            (None, None) => {}
        }
    }
    if out.is_empty() {
        return UNKNOWN;
    }
    strings.push(out.into_boxed_str());
    STRING | u32::try_from(strings.len() - 1).unwrap_or(0)
}

/// Returns a character as it should be in the text; `None` for ligatures and for characters that are not text.
fn plain(c: char) -> Option<char> {
    match c {
        ' '..='~' => Some(c),
        '\t' | '\n' | '\r' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{3000}' => Some(' '),
        // A soft hyphen in a font is drawn, so it is a hyphen.
        '\u{AD}' => Some('-'),
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FEFF}' | '\u{FFFD}' | '\u{FFFF}' => None,
        // Old-style figures and small capitals of the Adobe Glyph List: private use, laid out as ASCII.
        '\u{F721}'..='\u{F77E}' => match u8::try_from(u32::from(c) & 0x7F) {
            Ok(byte) => Some((byte as char).to_ascii_uppercase()),
            Err(_) => None,
        },
        _ if expand(c).is_some() => None,
        _ => Some(c),
    }
}

fn expand(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{FB00}' => "ff",
        '\u{FB01}' => "fi",
        '\u{FB02}' => "fl",
        '\u{FB03}' => "ffi",
        '\u{FB04}' => "ffl",
        '\u{FB05}' | '\u{FB06}' => "st",
        '\u{132}' => "IJ",
        '\u{133}' => "ij",
        _ => return None,
    })
}

/// Returns the font's own table from codes to Unicode.
fn to_unicode(dict: &Dict<'_>) -> Option<CMap> {
    let stream = dict.get::<Stream<'_>>(keys::TO_UNICODE)?;
    let data = unpack(&stream, BYTES_MAX).ok()?;
    CMap::parse(&data, hayro_cmap::load_embedded)
}

fn bf_glyph(text: BfString, strings: &mut Vec<Box<str>>) -> u32 {
    match text {
        BfString::Char(c) => intern(c.encode_utf8(&mut [0; 4]), strings),
        BfString::String(s) => intern(&s, strings),
    }
}

/// Opens font programs where the dictionary alone does not give widths or the meaning of codes.
pub(super) struct Programs<'a> {
    cache: hayro_font::FontCache<'a>,
    resolver: hayro_font::FontResolverFn,
    cmaps: hayro_font::CMapResolverFn,
}

impl<'a> Programs<'a> {
    pub fn new() -> Self {
        Self {
            cache: hayro_font::FontCache::new(),
            resolver: std::sync::Arc::new(|query| match query {
                hayro_font::FontQuery::Standard(font) => {
                    Some((font.get_font_data().0, font.get_font_data().1))
                }
                hayro_font::FontQuery::Fallback(_) => None,
            }),
            cmaps: std::sync::Arc::new(hayro_cmap::load_embedded),
        }
    }

    fn open(&self, dict: &Dict<'a>) -> Option<hayro_font::Font<'a>> {
        self.cache.font(dict, &self.resolver, &self.cmaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut strings = Vec::new();
        let glyph = intern(text, &mut strings);
        let mut out = String::new();
        push(glyph, &strings, &mut out);
        out
    }

    #[test]
    fn ligatures_come_apart_and_spaces_become_one() {
        assert_eq!(folded("\u{FB03}"), "ffi");
        assert_eq!(folded("\u{2009}"), " ");
        assert_eq!(folded("\u{F731}"), "1");
        assert_eq!(folded("\u{F761}"), "A");
        assert_eq!(folded("e\u{301}"), "e\u{301}");
        assert_eq!(intern("\u{0}", &mut Vec::new()), UNKNOWN);
    }
}
