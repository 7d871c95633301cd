//! Type faces of the samples: their widths, and how each encodes text in a PDF.

use crate::lettering;
use crate::truetype;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Face {
    /// Helvetica, `WinAnsi`.
    Sans,
    /// Helvetica-Bold, `WinAnsi`.
    Bold,
    /// Courier, `WinAnsi`.
    Mono,
    /// Helvetica with its own byte codes that only the glyph names explain, as subsetting programs produce.
    Recoded,
    /// The embedded plotter lettering: two bytes per glyph, explained by a `ToUnicode` map.
    Lettering,
}

pub(crate) const FACES: [Face; 5] = [Face::Sans, Face::Bold, Face::Mono, Face::Recoded, Face::Lettering];

/// Widths of the printable ASCII characters in thousandths of the font size, from Adobe's metrics.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const HELVETICA_BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278,
    556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584,
    556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556,
    333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
/// Characters beyond ASCII: the character, its byte in `WinAnsi`, its glyph name, its width in Helvetica.
const BEYOND: [(char, u8, &str, u16); 6] = [
    ('\u{2013}', 0x96, "endash", 556),
    ('\u{2014}', 0x97, "emdash", 1000),
    ('\u{B0}', 0xB0, "degree", 400),
    ('\u{B1}', 0xB1, "plusminus", 584),
    ('\u{D7}', 0xD7, "multiply", 584),
    ('\u{D8}', 0xD8, "Oslash", 778),
];
/// Glyph names of ASCII from the space to the at sign; the glyph name of a letter is the letter.
const NAMES: [&str; 33] = [
    "space",
    "exclam",
    "quotedbl",
    "numbersign",
    "dollar",
    "percent",
    "ampersand",
    "quotesingle",
    "parenleft",
    "parenright",
    "asterisk",
    "plus",
    "comma",
    "hyphen",
    "period",
    "slash",
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "colon",
    "semicolon",
    "less",
    "equal",
    "greater",
    "question",
    "at",
];
/// The first byte of the `Recoded` face for the characters of [`recoded`], except the space.
const FIRST_RECODED: u8 = 33;

impl Face {
    /// Returns the name in the page's resources.
    pub(crate) fn resource(self) -> &'static [u8] {
        match self {
            Self::Sans => b"F1",
            Self::Bold => b"F2",
            Self::Mono => b"F3",
            Self::Recoded => b"F4",
            Self::Lettering => b"F5",
        }
    }

    /// Whether the face has small letters.
    pub(crate) fn has_small_letters(self) -> bool {
        self != Self::Lettering
    }

    /// Returns the hyphen look-alikes that the face has.
    pub(crate) fn look_alikes(self) -> &'static [char] {
        if self == Self::Lettering { &crate::codes::LOOK_ALIKES } else { &['\u{2013}', '\u{2014}'] }
    }

    /// Returns the width of a character in thousandths of the font size.
    fn unit_width(self, character: char) -> f32 {
        let ascii = (u32::from(character) as usize).wrapping_sub(32);
        let beyond = || BEYOND.iter().find(|b| b.0 == character).map_or(278, |b| b.3);
        let units = match self {
            Self::Mono => 600,
            Self::Bold => HELVETICA_BOLD.get(ascii).copied().unwrap_or_else(beyond),
            Self::Sans | Self::Recoded => HELVETICA.get(ascii).copied().unwrap_or_else(beyond),
            Self::Lettering => return f32::from(truetype::advance(lettering::find(character))),
        };
        f32::from(units)
    }

    /// Returns the width of a text in points.
    pub(crate) fn width(self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.unit_width(c)).sum::<f32>() * size / 1000.0
    }

    /// Appends the bytes that encode `character` in a PDF string.
    pub(crate) fn encode(self, character: char, to: &mut Vec<u8>) {
        match self {
            Self::Lettering => {
                let glyph = u16::try_from(lettering::find(character) + 1).unwrap_or(0);
                to.extend(glyph.to_be_bytes());
            }
            Self::Recoded if character != ' ' => {
                let place = recoded().position(|(c, _)| c == character).unwrap_or(0);
                to.push(FIRST_RECODED + u8::try_from(place).unwrap_or(0));
            }
            _ if character.is_ascii() => to.push(u8::try_from(character).unwrap_or(b'?')),
            _ => to.push(BEYOND.iter().find(|b| b.0 == character).map_or(b'?', |b| b.1)),
        }
    }
}

/// Returns the characters of the `Recoded` face with their glyph names, in the order of its bytes. A program cannot
/// guess the order.
pub(crate) fn recoded() -> impl Iterator<Item = (char, String)> {
    const COUNT: u16 = 94;
    // 37 and 94 are coprime, so every character appears once.
    let shuffled = (0..COUNT).map(|n| 33 + (n * 37 + 11) % COUNT);
    let ascii = shuffled.filter_map(|code| u8::try_from(code).ok()).filter_map(|byte| {
        let name = match byte {
            33..=64 => NAMES[usize::from(byte) - 32].to_owned(),
            b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            _ => return None,
        };
        Some((char::from(byte), name))
    });
    ascii.chain(BEYOND.iter().map(|(character, _, name, _)| (*character, (*name).to_owned())))
}

/// Returns the first byte of the `Recoded` face's encoding.
pub(crate) fn first_recoded() -> u8 {
    FIRST_RECODED
}
