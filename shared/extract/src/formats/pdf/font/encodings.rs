//! The encodings named by the PDF format, from byte to character.

/// The base of a font's own differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Standard,
    WinAnsi,
    MacRoman,
}

impl Base {
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"StandardEncoding" => Self::Standard,
            b"WinAnsiEncoding" => Self::WinAnsi,
            b"MacRomanEncoding" => Self::MacRoman,
            _ => return None,
        })
    }

    pub fn decode(self, code: u8) -> Option<char> {
        match self {
            Self::Standard => standard(code),
            Self::WinAnsi => one(encoding_rs::WINDOWS_1252, code),
            Self::MacRoman => one(encoding_rs::MACINTOSH, code),
        }
        .filter(|c| !c.is_control())
    }
}

fn one(encoding: &'static encoding_rs::Encoding, code: u8) -> Option<char> {
    let bytes = [code];
    let (text, _) = encoding.decode_without_bom_handling(&bytes);
    text.chars().next()
}

/// Adobe's `StandardEncoding` (PDF 32000-1, annex D.2).
fn standard(code: u8) -> Option<char> {
    Some(match code {
        0x27 => '\u{2019}',
        0x60 => '\u{2018}',
        0x20..=0x7E => code as char,
        0xA1..=0xA3 => ['¡', '¢', '£'][usize::from(code - 0xA1)],
        0xA4..=0xAF => ['\u{2044}', '¥', 'ƒ', '§', '¤', '\'', '“', '«', '‹', '›', '\u{FB01}', '\u{FB02}']
            [usize::from(code - 0xA4)],
        0xB1..=0xB4 => ['\u{2013}', '†', '‡', '·'][usize::from(code - 0xB1)],
        0xB6..=0xBD => ['¶', '•', '‚', '„', '”', '»', '…', '‰'][usize::from(code - 0xB6)],
        0xBF => '¿',
        0xC1..=0xC8 => ['`', '´', 'ˆ', '˜', '¯', '˘', '˙', '¨'][usize::from(code - 0xC1)],
        0xCA => '˚',
        0xCB => '¸',
        0xCD => '˝',
        0xCE => '˛',
        0xCF => 'ˇ',
        0xD0 => '\u{2014}',
        0xE1 => 'Æ',
        0xE3 => 'ª',
        0xE8..=0xEB => ['Ł', 'Ø', 'Œ', 'º'][usize::from(code - 0xE8)],
        0xF1 => 'æ',
        0xF5 => 'ı',
        0xF8..=0xFB => ['ł', 'ø', 'œ', 'ß'][usize::from(code - 0xF8)],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Base;

    #[test]
    fn encodings_differ_where_they_should() {
        assert_eq!(Base::Standard.decode(0xAE), Some('\u{FB01}'));
        assert_eq!(Base::Standard.decode(0xB1), Some('\u{2013}'));
        assert_eq!(Base::WinAnsi.decode(0x96), Some('\u{2013}'));
        assert_eq!(Base::MacRoman.decode(0x8A), Some('ä'));
        assert_eq!(Base::Standard.decode(0x80), None);
        assert_eq!(Base::WinAnsi.decode(b'A'), Some('A'));
    }
}
