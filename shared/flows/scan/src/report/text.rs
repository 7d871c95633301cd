//! Text that a cell can hold, and words for numbers.

use std::borrow::Cow;

use riffle_extract::FileFormat;

/// Excel's limit for a cell, in UTF-16 units.
pub(super) const MAX_CELL: usize = 32_767;

/// Returns `text` as a cell can hold and show it. Control characters become their pictures (␀), characters that XML
/// forbids or that change the writing direction (and so disguise a name) become `�`, and longer text is cut with `…` at
/// Excel's limit.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    let clean = if text.chars().all(|c| replacement(c).is_none()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(|c| replacement(c).unwrap_or(c)).collect())
    };
    // A character has at most as many UTF-16 units as it has bytes.
    if clean.len() <= MAX_CELL {
        return clean;
    }
    let mut units = 0;
    let mut room = None;
    for (at, c) in clean.char_indices() {
        // One unit is kept for the ellipsis.
        if units + c.len_utf16() < MAX_CELL {
            room = Some(at + c.len_utf8());
        }
        units += c.len_utf16();
    }
    if units <= MAX_CELL { clean } else { Cow::Owned(format!("{}…", &clean[..room.unwrap_or(0)])) }
}

fn replacement(c: char) -> Option<char> {
    match c {
        // Line breaks and tabs do not belong in a name; in a cell they would hide what follows.
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7F}' => Some('␡'),
        '\u{80}'..='\u{9F}'
        | '\u{61C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FFFE}'
        | '\u{FFFF}' => Some('\u{FFFD}'),
        _ => None,
    }
}

/// Returns `1 Code`, `2 Codes` and so on.
pub(super) fn codes(count: u32) -> String {
    if count == 1 { "1 Code".to_owned() } else { format!("{count} Codes") }
}

/// Returns `1 file`, `2,000 files` and so on.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Groups digits by three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats pages, such as `3, 7–9`. The pages must be ascending.
pub(super) fn pages(pages: &[u32]) -> String {
    let mut out = String::new();
    let mut rest = pages;
    while let Some((&first, _)) = rest.split_first() {
        let run =
            rest.iter().zip(first..=u32::MAX).take_while(|(page, expected)| **page == *expected).count();
        let last = rest[run - 1];
        let separator = if out.is_empty() { "" } else { ", " };
        let range = match run {
            1 => format!("{separator}{first}"),
            2 => format!("{separator}{first}, {last}"),
            _ => format!("{separator}{first}–{last}"),
        };
        out.push_str(&range);
        // The list stops being of use long before a cell is full.
        if out.len() > 500 && run < rest.len() {
            out.extend([" … and ", &grouped((rest.len() - run) as u64), " more"]);
            break;
        }
        rest = &rest[run..];
    }
    out
}

/// Returns the kind in capitals: `PDF`, `XLSX`, `TEXT`.
pub(super) fn kind(kind: Option<FileFormat>) -> String {
    kind.map(|kind| format!("{kind:?}").to_uppercase()).unwrap_or_default()
}
