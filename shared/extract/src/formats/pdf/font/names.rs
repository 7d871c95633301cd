//! The meaning of glyph names: the Adobe Glyph List and the naming rules around it.

use std::sync::OnceLock;

/// Adobe's list as published, licence included: `name;XXXX[ XXXX…]` per line. No crate provides it from names to text:
/// hayro-font does not export it, and glyph-names and glifnames know one name per character and not its aliases.
static ADOBE_GLYPH_LIST: &str = include_str!("glyphlist.txt");

/// Names that TeX fonts use and Adobe's list lacks, as far as they occur in words or codes.
const TEX_NAMES: [(&str, &str); 12] = [
    ("angbracketleft", "\u{27E8}"),
    ("angbracketright", "\u{27E9}"),
    ("compwordmark", ""),
    ("hyphenchar", "-"),
    ("perthousandzero", ""),
    ("rangedash", "\u{2013}"),
    ("punctdash", "\u{2014}"),
    ("twelveudash", "\u{2014}"),
    ("visiblespace", " "),
    ("vector", "\u{20D7}"),
    ("ffj", "ffj"),
    ("Germandbls", "SS"),
];

fn list() -> &'static [(&'static str, &'static str)] {
    static SORTED: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut rows: Vec<_> = ADOBE_GLYPH_LIST
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(';'))
            .collect();
        rows.sort_unstable();
        rows
    })
}

/// Appends the text of the glyph called `name` to `out`; returns false if the name has no known text.
pub(super) fn push_text(name: &str, out: &mut String) -> bool {
    // "A.swash" is a variant of "A", "f_f_i" a ligature of its parts.
    let base = name.split('.').next().unwrap_or_default();
    if base.is_empty() {
        return false;
    }
    let before = out.len();
    for part in base.split('_') {
        push_part(part, out);
    }
    out.len() > before
}

fn push_part(part: &str, out: &mut String) {
    if part.len() == 1 && part.as_bytes()[0].is_ascii_alphabetic() {
        out.push_str(part);
        return;
    }
    let list = list();
    if let Ok(found) = list.binary_search_by(|row| row.0.cmp(part)) {
        out.extend(list[found].1.split(' ').filter_map(hex_char));
    } else if let Some((_, text)) = TEX_NAMES.iter().find(|(name, _)| *name == part) {
        out.push_str(text);
    } else if let Some(digits) =
        part.strip_prefix("uni").filter(|d| d.len() >= 4 && d.len() % 4 == 0 && d.is_ascii())
    {
        out.extend((0..digits.len()).step_by(4).filter_map(|i| hex_char(&digits[i..i + 4])));
    } else if let Some(c) = part.strip_prefix('u').filter(|d| (4..=6).contains(&d.len())).and_then(hex_char) {
        out.push(c);
    }
}

fn hex_char(digits: &str) -> Option<char> {
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

/// Returns the character for names such as `a65`, `G41`, `c0065` or `32`: producers that number their glyphs mostly use
/// the character code. `hex` states that the font's names count in hexadecimal.
pub(super) fn numbered(name: &str, hex: bool) -> Option<char> {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let digits = if hex && name.len() > 2 { name.get(name.len() - 2..)? } else { digits };
    if digits.is_empty() || name.len() - digits.len() > 2 || digits.len() > 4 {
        return None;
    }
    let code = u32::from_str_radix(digits, if hex { 16 } else { 10 }).ok()?;
    char::from_u32(code).filter(|c| (' '..='\u{FF}').contains(c) && !c.is_control())
}

/// Returns whether a name looks like a letter with two hexadecimal digits that cannot be decimal (`C4A`).
pub(super) fn looks_hex(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() == 3
        && bytes[0].is_ascii_alphabetic()
        && bytes[1..].iter().all(u8::is_ascii_hexdigit)
        && bytes[1..].iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> Option<String> {
        let mut out = String::new();
        push_text(name, &mut out).then_some(out)
    }

    #[test]
    fn names_become_text() {
        assert_eq!(text("A").as_deref(), Some("A"));
        assert_eq!(text("hyphen").as_deref(), Some("-"));
        assert_eq!(text("one.oldstyle").as_deref(), Some("1"));
        assert_eq!(text("f_f_i").as_deref(), Some("ffi"));
        assert_eq!(text("uni00410042").as_deref(), Some("AB"));
        assert_eq!(text("u1F600").as_deref(), Some("\u{1F600}"));
        assert_eq!(text("dalethatafpatah").as_deref(), Some("\u{05D3}\u{05B2}"));
        assert_eq!(text(".notdef"), None);
        assert_eq!(text("g1234"), None);
    }

    #[test]
    fn numbers_in_names_are_codes() {
        assert_eq!(numbered("a65", false), Some('A'));
        assert_eq!(numbered("G41", true), Some('A'));
        assert_eq!(numbered("72", false), Some('H'));
        assert_eq!(numbered("alpha", false), None);
        assert_eq!(numbered("g9999", false), None);
        assert!(looks_hex("C4A") && !looks_hex("C41") && !looks_hex("add"[..2].trim()));
    }
}
