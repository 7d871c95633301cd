//! The content of a table's cell, and which addresses may be links.

use std::borrow::Cow;

use super::style::Tone;

/// The longest link, in bytes. Excel refuses more than 2,080 UTF-16 units, and escaping may triple a character.
const MAX_LINK: usize = 690;

#[derive(Debug)]
pub(super) enum ReportCell<'a> {
    Blank,
    Text(Cow<'a, str>),
    /// Wrapped over several lines if it is long.
    Wrapped(Cow<'a, str>),
    Word(Cow<'a, str>, Tone),
    /// In a muted colour, and wrapped over several lines if it is long.
    Note(Cow<'a, str>),
    /// A PNG, and what it shows in words.
    Picture {
        png: &'a [u8],
        shows: &'a str,
    },
    Number(u64),
    Page(u32),
    Line(u64),
    Link(Cow<'a, str>),
}

impl<'a> ReportCell<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }
}

/// Returns the address to link to, if it is one that may be linked.
///
/// A path of this machine is escaped here, byte by byte. Its scheme is written with a capital, which means the same,
/// because `rust_xlsxwriter` takes `file:///home/…` for a path relative to the report.
pub(super) fn target(link: &str) -> Option<Cow<'_, str>> {
    if link.len() > MAX_LINK || link.chars().any(char::is_control) {
        return None;
    }
    if let Some(path) = link.strip_prefix("file://") {
        let path = path.replace('\\', "/");
        let root = if path.starts_with('/') { "" } else { "/" };
        return Some(Cow::Owned(format!("File://{root}{}", escape_path(&path))));
    }
    let web = link.starts_with("https://") || link.starts_with("http://");
    web.then_some(Cow::Borrowed(link))
}

/// Adds the page to a link if the reader of such an address understands it.
pub(super) fn with_page(link: &str, page: u32) -> Cow<'_, str> {
    let web = link.starts_with("https://") || link.starts_with("http://");
    if web && !link.contains('#') { Cow::Owned(format!("{link}#page={page}")) } else { Cow::Borrowed(link) }
}

fn escape_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/:-._~!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])),
            );
        }
    }
    out
}
