//! Makes text readable for people, and normalises words for comparison.

/// The labels of the parts of a SEPA purpose, which German banks join into one text.
const SEPA_PARTS: [&str; 10] =
    ["EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "ABWA+", "ABWE+", "IBAN+", "BIC+"];

/// Returns one line without control characters and repeated blanks. Of a SEPA purpose it keeps only the part written by
/// people; it masks card numbers except their last four digits.
pub(crate) fn clean(raw: &str) -> String {
    let purpose = sepa_purpose(raw).unwrap_or(raw);
    if is_one_line(purpose.as_bytes()) {
        return mask_cards(purpose.to_owned());
    }
    let mut line = String::with_capacity(purpose.len());
    let mut gap = false;
    for char in purpose.chars() {
        if char.is_whitespace() || char.is_control() || char == '\u{FEFF}' {
            gap = !line.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
        }
        line.push(char);
    }
    mask_cards(line)
}

/// Returns whether the text is already in that form, as most texts are: printable ASCII without leading, trailing or
/// repeated blanks.
fn is_one_line(text: &[u8]) -> bool {
    let mut blank = true;
    for byte in text {
        match byte {
            b' ' if blank => return false,
            b' '..=b'~' => blank = *byte == b' ',
            _ => return false,
        }
    }
    !blank
}

fn sepa_purpose(raw: &str) -> Option<&str> {
    let (_, purpose) = raw.split_once("SVWZ+")?;
    let end = SEPA_PARTS.iter().filter_map(|part| purpose.find(part)).min();
    let purpose = purpose[..end.unwrap_or(purpose.len())].trim();
    (!purpose.is_empty()).then_some(purpose)
}

/// Masks runs of 13 to 19 digits, grouped or not, that are card numbers by their check digit. Digits that are part of a
/// longer word, such as an IBAN, are not masked.
fn mask_cards(line: String) -> String {
    let bytes = line.as_bytes();
    if bytes.iter().filter(|byte| byte.is_ascii_digit()).count() < 13 {
        return line;
    }
    let mut masked = String::with_capacity(line.len());
    let (mut at, mut kept) = (0, 0);
    while at < bytes.len() {
        let inside = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || !bytes[at - 1].is_ascii());
        if !bytes[at].is_ascii_digit() || inside {
            at += 1;
            continue;
        }
        let (end, digits) = digits_from(&bytes[at..]);
        if is_card(&digits) {
            masked.push_str(&line[kept..at]);
            masked.push_str("****");
            masked.extend(digits[digits.len() - 4..].iter().map(|digit| char::from(b'0' + digit)));
            kept = at + end;
        }
        at += end;
    }
    masked.push_str(&line[kept..]);
    masked
}

/// Reads digits with single blanks or dashes between them. Returns their end and the digits.
fn digits_from(bytes: &[u8]) -> (usize, Vec<u8>) {
    let (mut digits, mut end) = (Vec::new(), 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                digits.push(byte - b'0');
                end = at + 1;
            }
            b' ' | b'-' if at == end => {}
            byte if byte.is_ascii_alphabetic() && at == end => return (end, Vec::new()),
            _ => break,
        }
    }
    (end, digits)
}

/// Checks Luhn's check digit, and that the first digit is one that cards have.
fn is_card(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) || !matches!(digits[0], 2..=6) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit) * if place % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Returns the words in lower case without accents and punctuation, separated by single blanks: `Währung (EUR)` becomes
/// `wahrung eur`.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut gap = false;
    for char in text.chars().flat_map(char::to_lowercase) {
        let plain = match char {
            'a'..='z' | '0'..='9' => {
                push(&mut folded, &mut gap, char);
                continue;
            }
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => "a",
            'ç' | 'ć' | 'č' => "c",
            'ď' => "d",
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
            'ì' | 'í' | 'î' | 'ï' => "i",
            'ł' => "l",
            'ñ' | 'ń' | 'ň' => "n",
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => "o",
            'ř' => "r",
            'ś' | 'š' | 'ș' | 'ş' => "s",
            'ť' | 'ț' | 'ţ' => "t",
            'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => "u",
            'ý' => "y",
            'ź' | 'ż' | 'ž' => "z",
            'æ' => "ae",
            'œ' => "oe",
            'ß' => "ss",
            // Combining characters, and characters that occur inside words.
            '\u{300}'..='\u{36F}' | '\u{AD}' | '\u{FEFF}' | '*' => "",
            _ => {
                gap = !folded.is_empty();
                continue;
            }
        };
        for char in plain.chars() {
            push(&mut folded, &mut gap, char);
        }
    }
    folded
}

fn push(folded: &mut String, gap: &mut bool, char: char) {
    if std::mem::take(gap) {
        folded.push(' ');
    }
    folded.push(char);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_one_line() {
        assert_eq!(clean("  REWE\tMarkt \r\n GmbH\u{a0}Köln "), "REWE Markt GmbH Köln");
        assert_eq!(clean("EREF+A1 SVWZ+Miete  Januar MREF+7"), "Miete Januar");
        assert_eq!(clean("SVWZ+"), "SVWZ+");
    }

    #[test]
    fn card_numbers_are_masked_and_others_stay() {
        assert_eq!(clean("CARD 4111 1111 1111 1111 X"), "CARD ****1111 X");
        assert_eq!(clean("4111111111111111"), "****1111");
        for stays in
            ["4111111111111112", "DE89370400440532013000", "Invoice 12345678901234", "a4111111111111111"]
        {
            assert_eq!(clean(stays), stays);
        }
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(fold("\u{feff}Währung (EUR)"), "wahrung eur");
        assert_eq!(fold("Zahlungsempfänger*in"), "zahlungsempfangerin");
        assert_eq!(fold("#Data księgowania"), "data ksiegowania");
        assert_eq!(fold(" / "), "");
    }
}
