//! Plotter lettering: letters made of pen strokes, as on drawings printed from CAD programs.
//!
//! The same strokes are used for an embedded font ([`crate::truetype`]) and on scanned sheets ([`crate::raster`]), so
//! that no font file is needed and no licence either.

use std::sync::LazyLock;

/// Font units per grid step, with 1000 units per em.
pub(crate) const UNIT: f32 = 110.0;
/// Width of the pen in grid steps.
pub(crate) const PEN: f32 = 0.75;
/// Space after a glyph in grid steps.
const GAP: f32 = 1.7;
/// Width of a space in grid steps.
const SPACE: f32 = 3.2;

/// A glyph: the character, and its strokes as points `xy` on a grid 4 wide and 6 high, with strokes separated by
/// commas.
type Glyph = (char, &'static str);

/// The glyphs in order: glyph number = index + 1, because 0 is the missing glyph.
pub(crate) const GLYPHS: &[Glyph] = &[
    (' ', ""),
    ('A', "00 04 26 44 40,03 43"),
    ('B', "00 06 36 45 44 33 03,33 42 41 30 00"),
    ('C', "45 36 16 05 01 10 30 41"),
    ('D', "00 06 36 45 41 30 00"),
    ('E', "46 06 00 40,03 33"),
    ('F', "46 06 00,03 33"),
    ('G', "45 36 16 05 01 10 30 41 43 23"),
    ('H', "00 06,40 46,03 43"),
    ('I', "00 20,10 16,06 26"),
    ('J', "01 10 20 31 36"),
    ('K', "00 06,46 02,13 40"),
    ('L', "06 00 40"),
    ('M', "00 06 23 46 40"),
    ('N', "00 06 40 46"),
    ('O', "10 01 05 16 36 45 41 30 10"),
    ('P', "00 06 36 45 44 33 03"),
    ('Q', "10 01 05 16 36 45 41 30 10,22 40"),
    ('R', "00 06 36 45 44 33 03,23 40"),
    ('S', "01 10 30 41 42 33 13 04 05 16 36 45"),
    ('T', "06 46,26 20"),
    ('U', "06 01 10 30 41 46"),
    ('V', "06 20 46"),
    ('W', "06 10 23 30 46"),
    ('X', "00 46,06 40"),
    ('Y', "06 23 46,23 20"),
    ('Z', "06 46 00 40"),
    ('0', "10 01 05 16 26 35 31 20 10"),
    ('1', "04 16 10,00 20"),
    ('2', "05 16 36 45 44 00 40"),
    ('3', "05 16 36 45 44 33 42 41 30 10 01,13 33"),
    ('4', "30 36 02 42"),
    ('5', "46 06 03 33 42 41 30 10 01"),
    ('6', "45 36 16 05 01 10 30 41 42 33 13 02"),
    ('7', "06 46 10"),
    ('8', "13 04 05 16 36 45 44 33 13 02 01 10 30 41 42 33"),
    ('9', "01 10 30 41 45 36 16 05 04 13 33 44"),
    ('-', "03 33"),
    ('\u{2010}', "03 33"),
    ('\u{2011}', "03 33"),
    ('\u{2013}', "03 33"),
    ('\u{2014}', "03 43"),
    ('\u{2212}', "03 33"),
    ('.', "00 10 11 01 00"),
    (',', "11 00"),
    (':', "00 10 11 01 00,04 14 15 05 04"),
    (';', "11 00,14 14"),
    ('(', "16 05 01 10"),
    (')', "06 15 11 00"),
    ('/', "00 46"),
    ('+', "21 25,03 43"),
    ('=', "02 42,04 44"),
    ('#', "10 16,30 36,02 42,04 44"),
    ('\'', "06 05"),
    ('"', "06 05,16 15"),
    ('_', "00 40"),
    ('\u{D7}', "01 34,04 31"),
    ('\u{D8}', "10 01 05 16 36 45 41 30 10,00 46"),
    ('\u{B1}', "22 26,04 44,01 41"),
    ('\u{B0}', "14 05 16 25 14"),
];

/// Returns the index of a character in [`GLYPHS`]; small letters have the shape of capitals, and an unknown character
/// is a space.
pub(crate) fn find(character: char) -> usize {
    /// The indices of the ASCII characters, which are most of the lookups.
    static ASCII: LazyLock<[usize; 128]> = LazyLock::new(|| std::array::from_fn(search));
    let code = u32::from(character) as usize;
    ASCII.get(code).copied().unwrap_or_else(|| search(code))
}

fn search(code: usize) -> usize {
    let wanted = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(' ').to_ascii_uppercase();
    GLYPHS.iter().position(|(c, _)| *c == wanted).unwrap_or(0)
}

/// Returns the strokes of a glyph as points in grid steps.
pub(crate) fn strokes(glyph: usize) -> impl Iterator<Item = Vec<(f32, f32)>> {
    GLYPHS[glyph].1.split(',').filter(|stroke| !stroke.is_empty()).map(|stroke| {
        stroke
            .split(' ')
            .filter_map(|point| {
                let mut digits = point.bytes().map(|d| f32::from(d - b'0'));
                Some((digits.next()?, digits.next()?))
            })
            .collect()
    })
}

/// Returns the distance to the next glyph in grid steps.
pub(crate) fn advance(glyph: usize) -> f32 {
    static ALL: LazyLock<Vec<f32>> = LazyLock::new(|| {
        let widest = |glyph| strokes(glyph).flatten().map(|(x, _)| x).reduce(f32::max);
        (0..GLYPHS.len()).map(|glyph| widest(glyph).map_or(SPACE, |x| x + GAP)).collect()
    });
    ALL[glyph]
}
