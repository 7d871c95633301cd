//! The path of a listed file on this machine, from its locator.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use riffle_ports::{Entry, Source};

/// Characters that must be escaped in the path of a URL.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A file of one of the source's folders.
pub(crate) struct LocalPath<'a> {
    pub folder: &'a str,
    /// Percent-encoded.
    below: &'a str,
}

impl<'a> LocalPath<'a> {
    pub(crate) fn of(source: &'a Source, entry: &'a Entry) -> Option<Self> {
        let Source::Folders(folders) = source else {
            return None;
        };
        let (number, below) = entry.locator.split_once('/')?;
        Some(Self { folder: folders.get(number.parse::<usize>().ok()?)?, below })
    }

    /// Returns the URL for a browser.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", folder_link(self.folder), self.below)
    }

    /// Returns the URL for the report, which escapes paths itself.
    pub(crate) fn unescaped_url(&self) -> String {
        format!("file://{}/{}", self.folder, percent_decode_str(self.below).decode_utf8_lossy())
    }
}

/// Returns the beginning of the links to all files below `folder`.
pub fn folder_link(folder: &str) -> String {
    format!("file://{}/", utf8_percent_encode(folder, RESERVED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locator_becomes_a_link() {
        let source = Source::Folders(vec!["/a".into(), "/b c".into()]);
        let entry = |locator: &str| Entry {
            name: "x".into(),
            locator: locator.into(),
            size: 0,
            version: String::new(),
        };
        let entry = (entry("1/d/%23%20e.pdf"), entry("7/d"));
        let path = LocalPath::of(&source, &entry.0).expect("a path");
        assert_eq!(path.folder, "/b c");
        assert_eq!(path.url(), "file:///b%20c/d/%23%20e.pdf");
        assert_eq!(path.unescaped_url(), "file:///b c/d/# e.pdf");
        assert!(LocalPath::of(&source, &entry.1).is_none());
    }
}
