//! Character references of HTML and XML.

use memchr::memchr;

/// The references common in everyday pages; an unknown one stays as it is written.
const NAMED: [(&str, char); 42] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("shy", '\u{AD}'),
    ("hyphen", '\u{2010}'),
    ("dash", '\u{2010}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("minus", '\u{2212}'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("hellip", '…'),
    ("bull", '•'),
    ("middot", '·'),
    ("deg", '°'),
    ("plusmn", '±'),
    ("times", '×'),
    ("micro", 'µ'),
    ("para", '¶'),
    ("sect", '§'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("euro", '€'),
    ("pound", '£'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("szlig", 'ß'),
];
/// More letters than any reference in the list has.
const LONGEST: usize = 12;

pub(crate) fn push_decoded(source: &str, out: &mut String) {
    let mut rest = source;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let window = &rest.as_bytes()[1..rest.len().min(1 + LONGEST)];
        if let Some((c, end)) = memchr(b';', window).and_then(|end| Some((decode(&rest[1..=end])?, end))) {
            out.push(c);
            rest = &rest[end + 2..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}

pub(crate) fn decode(reference: &str) -> Option<char> {
    if let Some(number) = reference.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    NAMED.iter().find(|(name, _)| *name == reference).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::push_decoded;

    #[test]
    fn references_are_decoded_and_unknown_ones_stay() {
        let mut out = String::new();
        push_decoded("a &amp; b&#45;c &#x48; &unknown; &ä; AT&T &", &mut out);
        assert_eq!(out, "a & b-c H &unknown; &ä; AT&T &");
    }
}
