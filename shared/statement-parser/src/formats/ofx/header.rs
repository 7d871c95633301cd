//! Reads the header before the first tag, and decodes values to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::decode::Charset;

/// A longer text, in bytes, is not an entity.
const ENTITY: usize = 10;

#[derive(Debug, Clone)]
pub(super) struct OfxHeader {
    /// `102`, `203`.
    pub version: Option<String>,
    pub encoding: String,
    charset: Charset,
}

impl OfxHeader {
    pub fn of(head: &[u8], wide: Option<&'static Encoding>) -> Self {
        let beginning = String::from_utf8_lossy(&head[..head.len().min(super::BEGINNING)]).into_owned();
        let version = field(&beginning, "VERSION");
        let found = Charset::of(head);
        let declared = declared(&beginning).filter(|declared| declared.0 != UTF_8);
        // A declared encoding is used only if the content does not show that it is UTF-8.
        let charset = if found.0 == UTF_8 { found } else { declared.unwrap_or(found) };
        let charset = if head.is_ascii() { declared.unwrap_or(charset) } else { charset };
        let named = wide.unwrap_or(if head.is_ascii() { UTF_8 } else { charset.0 });
        Self { version, encoding: named.name().to_owned(), charset }
    }

    /// Returns the decoded value, with the predefined entities replaced.
    pub fn text<'a>(&self, value: &'a [u8]) -> Cow<'a, str> {
        let text = self.charset.decode(value);
        if text.contains('&') { Cow::Owned(unescape(&text)) } else { text }
    }
}

fn declared(beginning: &str) -> Option<Charset> {
    let charset = field(beginning, "CHARSET").filter(|charset| !charset.eq_ignore_ascii_case("NONE"));
    let name = charset.or_else(|| field(beginning, "encoding")).or_else(|| field(beginning, "ENCODING"))?;
    let label = match &*name.to_ascii_uppercase() {
        name if name.len() == 4 && name.starts_with("125") => format!("windows-{name}"),
        name if name.starts_with("8859") => format!("iso-{name}"),
        "UNICODE" => "utf-8".to_owned(),
        name => name.to_owned(),
    };
    Encoding::for_label(label.as_bytes()).map(Charset)
}

/// Returns the value of a field: `NAME:value` in SGML, or `NAME="value"`. The last one, because the XML declaration
/// comes before that of OFX.
fn field(beginning: &str, name: &str) -> Option<String> {
    let of = |(at, _): (usize, &str)| {
        let before = beginning[..at].chars().next_back();
        let rest = beginning[at + name.len()..].trim_start();
        let value = rest.strip_prefix([':', '='])?.trim_start().trim_start_matches(['"', '\'']);
        let end = value.find(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '-' | '_' | '.'));
        let value = &value[..end.unwrap_or(value.len())];
        let whole = before.is_none_or(|char| !char.is_alphanumeric());
        (whole && !value.is_empty()).then(|| value.to_owned())
    };
    beginning.match_indices(name).filter_map(of).last()
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY).position(|byte| byte == b';');
        if let Some((char, end)) = end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            plain.push(char);
            rest = &rest[end + 1..];
        } else {
            plain.push('&');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_both_forms() {
        let sgml = OfxHeader::of(
            b"OFXHEADER:100\r\nVERSION:102\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\r\n<OFX>",
            None,
        );
        assert_eq!((sgml.version.as_deref(), sgml.charset.0.name()), (Some("102"), "windows-1252"));
        let one_line =
            OfxHeader::of(b"OFXHEADER:100 DATA:OFXSGML VERSION:103 ENCODING:UTF-8 CHARSET:NONE <OFX>", None);
        assert_eq!((one_line.version.as_deref(), &*one_line.encoding), (Some("103"), "UTF-8"));
        let xml = OfxHeader::of(
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<?OFX OFXHEADER=\"200\" VERSION=\"203\" SECURITY=\"NONE\"?>\n<OFX>\xE9",
            None,
        );
        assert_eq!((xml.version.as_deref(), &*xml.encoding), (Some("203"), "windows-1252"));
        assert_eq!(xml.text(b"caf\xE9"), "café");
    }

    #[test]
    fn a_wrong_declaration_is_not_believed() {
        let header = OfxHeader::of("ENCODING:USASCII CHARSET:1252 <OFX><NAME>Café Größe".as_bytes(), None);
        assert_eq!((header.text("Café".as_bytes()).as_ref(), &*header.encoding), ("Café", "UTF-8"));
        let header =
            OfxHeader::of(b"ENCODING:UTF-8 <OFX><NAME>Caf\xE9 du Nord, Th\xE9\xE2tre <NAME>Caf\xE9", None);
        assert_eq!(header.text(b"Caf\xE9"), "Café");
    }

    #[test]
    fn entities_are_decoded_and_strays_stay() {
        assert_eq!(
            unescape("A &amp; B &#169;&#xe9; &lt;&bogus; AT&T & &amp"),
            "A & B ©é <&bogus; AT&T & &amp"
        );
    }
}
