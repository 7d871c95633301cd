//! Units as bytes: what a sandboxed parser sends, and what is kept of a file for the next scan.
//!
//! A transcript is a row of units, each told by its place, its text and, on pages, the boxes of its characters.
//! Boxes stand apart, since they are looked at only where a code was found. They are kept to an eighth of a point
//! (0.04 mm) and told by how they differ from the one before: most characters stand on the same line, close to the
//! last one, and take two bytes instead of twenty. Numbers are LEB128, signed ones zigzag.
//!
//! ```text
//! unit   := [9] place text length     9 if OCR read it; the length of its boxes, 0 for none
//! place  := 1 page | 2 sheet cell | 3 line | 4 paragraph | 5 slide | 6 entry place | 7 cell (on the last sheet)
//!         | 8 (the file)
//! text   := length bytes (UTF-8)
//!
//! boxes  := width height count box*
//! box    := near | 1 offset top height left width | 2 offset, for none
//! near   := 1 (offset - 1: 1 bit) (left + 64: 7 bits) (width: 7 bits), on the same line
//! ```

use std::cell::OnceCell;
use std::ops::Range;

use riffle_extract::{Bounds, Glyphs, Layout, Place, Sink, Unit};

/// Units of a point a box is kept in.
const UNITS: f32 = 8.0;

/// Names the layout above: texts kept in another one are not read.
pub const VERSION: u32 = 3;

/// The bytes are no transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what should be a file's text cannot be read")]
pub struct Malformed;

/// Whole units, and their boxes one after another.
#[derive(Debug, Default)]
pub struct Piece {
    pub units: Vec<u8>,
    pub boxes: Vec<u8>,
}

impl Piece {
    pub fn len(&self) -> usize {
        self.units.len() + self.boxes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    pub fn clear(&mut self) {
        self.units.clear();
        self.boxes.clear();
    }
}

/// Writes units.
#[derive(Debug, Default)]
pub struct Writer {
    /// The owner takes them when it likes.
    pub piece: Piece,
    sheet: Option<String>,
}

/// Reads units, in as many pieces as they came.
#[derive(Debug, Default)]
pub struct Reader {
    sheet: String,
}

/// Before the place of a unit that OCR read.
const OCR: u8 = 9;

/// The highest bit of a box that is close to the last one.
const NEAR: u16 = 1 << 15;
const ANY_BOX: u8 = 1;
const NO_BOX: u8 = 2;

/// Values that fit into seven bits.
const SEVEN: u32 = 1 << 7;

impl Writer {
    pub fn unit(&mut self, unit: &Unit<'_>) {
        if unit.ocr {
            self.piece.units.push(OCR);
        }
        self.place(unit.place);
        self.text(unit.text);
        let before = self.piece.boxes.len();
        if let Some(layout) = unit.glyphs {
            boxes(&mut self.piece.boxes, layout.glyphs());
        }
        number(&mut self.piece.units, (self.piece.boxes.len() - before) as u64);
    }

    fn place(&mut self, place: &Place) {
        match place {
            Place::Page(page) => self.tagged(1, u64::from(*page)),
            Place::Cell { sheet, cell } => {
                if self.sheet.as_ref() == Some(sheet) {
                    self.piece.units.push(7);
                } else {
                    self.piece.units.push(2);
                    self.text(sheet);
                    self.sheet = Some(sheet.clone());
                }
                self.text(cell);
            }
            Place::Line(line) => self.tagged(3, *line),
            Place::Paragraph(paragraph) => self.tagged(4, u64::from(*paragraph)),
            Place::Slide(slide) => self.tagged(5, u64::from(*slide)),
            Place::File => self.piece.units.push(8),
            Place::Inside { entry, place } => {
                self.piece.units.push(6);
                self.text(entry);
                self.place(place);
            }
        }
    }

    fn tagged(&mut self, tag: u8, value: u64) {
        self.piece.units.push(tag);
        number(&mut self.piece.units, value);
    }

    fn text(&mut self, text: &str) {
        number(&mut self.piece.units, text.len() as u64);
        self.piece.units.extend_from_slice(text.as_bytes());
    }
}

fn number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    to.push(number.to_le_bytes()[0]);
}

fn signed(to: &mut Vec<u8>, value: i32) {
    let value = i64::from(value);
    number(to, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn boxes(to: &mut Vec<u8>, glyphs: &Glyphs) {
    to.reserve(16 + glyphs.boxes.len() * 2);
    to.extend_from_slice(&glyphs.page.0.to_le_bytes());
    to.extend_from_slice(&glyphs.page.1.to_le_bytes());
    number(to, glyphs.boxes.len() as u64);
    // Looked at beforehand, so that nothing is asked of each character of a file but what it differs in.
    if glyphs.boxes.iter().fold(true, |near, (_, bounds)| near & is_near(bounds)) {
        each_box(to, &glyphs.boxes, |bounds| Some(near_to_units(bounds)));
    } else {
        each_box(to, &glyphs.boxes, to_units);
    }
}

#[expect(clippy::needless_bitwise_bool, reason = "one branch, which is nearly always taken")]
fn each_box(to: &mut Vec<u8>, boxes: &[(u32, Bounds)], to_units: impl Fn(&Bounds) -> Option<[i32; 4]>) {
    let mut last = Last::default();
    for (offset, bounds) in boxes {
        let further = offset.wrapping_sub(last.offset);
        let Some([x0, y0, x1, y1]) = to_units(bounds) else {
            to.push(NO_BOX);
            number(to, u64::from(further));
            last.offset = *offset;
            continue;
        };
        let (line, left, width) =
            ([y0, y1.wrapping_sub(y0)], x0.wrapping_sub(last.x), x1.wrapping_sub(x0).cast_unsigned());
        // Words and gaps follow each other in no order that a processor could foresee.
        let (step, shift) = (further.wrapping_sub(1), left.cast_unsigned().wrapping_add(SEVEN / 2));
        if (line == last.line) & (step < 2) & (shift < SEVEN) & (width < SEVEN) {
            #[expect(clippy::cast_possible_truncation, reason = "15 bits")]
            let near = (step << 14 | shift << 7 | width) as u16;
            to.extend_from_slice(&(NEAR | near).to_be_bytes());
        } else {
            to.push(ANY_BOX);
            number(to, u64::from(further));
            signed(to, line[0].wrapping_sub(last.line[0]));
            signed(to, line[1]);
            signed(to, left);
            signed(to, width.cast_signed());
        }
        last = Last { offset: *offset, x: x1, line };
    }
}

/// The box before.
#[derive(Default)]
struct Last {
    offset: u32,
    x: i32,
    line: [i32; 2],
}

/// Points beyond which little is on any page, and how numbers up to it times [`UNITS`] are rounded: added to this, the
/// last bit of a float is worth one.
const FAR: f32 = 250_000.0;
const ROUNDING: f32 = 12_582_912.0;

fn edges(bounds: &Bounds) -> [f32; 4] {
    [bounds.x0, bounds.y0, bounds.x1, bounds.y1]
}

fn is_near(bounds: &Bounds) -> bool {
    edges(bounds).iter().fold(true, |near, edge| near & (edge.abs() <= FAR))
}

/// Without a call or a branch for each edge.
fn near_to_units(bounds: &Bounds) -> [i32; 4] {
    let rounded = edges(bounds).map(|edge| (edge * UNITS + ROUNDING).to_bits().cast_signed());
    rounded.map(|bits| bits.wrapping_sub(ROUNDING.to_bits().cast_signed()))
}

/// `None` for what is no place on any page.
fn to_units(bounds: &Bounds) -> Option<[i32; 4]> {
    if is_near(bounds) {
        return Some(near_to_units(bounds));
    }
    let edges = edges(bounds);
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far off any page")]
    let round = |edge: f32| (edge * UNITS).round() as i32;
    edges.iter().all(|edge| edge.is_finite()).then(|| edges.map(round))
}

impl Reader {
    /// Hands `units` to `sink`. Their boxes, which lie in what `all` gives, are looked at only when it asks.
    pub fn read(&mut self, units: &[u8], all: &dyn Boxes, sink: &mut dyn Sink) -> Result<(), Malformed> {
        let mut input = Input(units);
        let mut at = 0;
        while !input.0.is_empty() {
            let ocr = input.0.first() == Some(&OCR);
            if ocr {
                input.byte()?;
            }
            let place = self.place(&mut input, 0)?;
            let text = input.text()?;
            let length = usize::try_from(input.number()?).map_err(|_| Malformed)?;
            let end = at + length;
            let lazy = Lazy { all, range: at..end, glyphs: OnceCell::new() };
            let glyphs: Option<&dyn Layout> = if length == 0 { None } else { Some(&lazy) };
            sink.unit(&Unit { place: &place, text, ocr, glyphs });
            at = end;
        }
        Ok(())
    }

    fn place(&mut self, input: &mut Input<'_>, depth: u32) -> Result<Place, Malformed> {
        let narrow = |number: u64| u32::try_from(number).map_err(|_| Malformed);
        Ok(match input.byte()? {
            1 => Place::Page(narrow(input.number()?)?),
            tag @ (2 | 7) => {
                if tag == 2 {
                    input.text()?.clone_into(&mut self.sheet);
                }
                Place::Cell { sheet: self.sheet.clone(), cell: input.text()?.to_owned() }
            }
            3 => Place::Line(input.number()?),
            4 => Place::Paragraph(narrow(input.number()?)?),
            5 => Place::Slide(narrow(input.number()?)?),
            8 => Place::File,
            // Far deeper than archives are opened.
            6 if depth < 64 => Place::Inside {
                entry: input.text()?.to_owned(),
                place: Box::new(self.place(input, depth + 1)?),
            },
            _ => return Err(Malformed),
        })
    }
}

/// The boxes of a piece.
pub trait Boxes {
    fn boxes(&self) -> &[u8];
}

impl Boxes for [u8] {
    fn boxes(&self) -> &[u8] {
        self
    }
}

impl Boxes for &[u8] {
    fn boxes(&self) -> &[u8] {
        self
    }
}

/// Boxes that nobody has asked for yet.
struct Lazy<'b> {
    all: &'b dyn Boxes,
    range: Range<usize>,
    glyphs: OnceCell<Glyphs>,
}

impl Layout for Lazy<'_> {
    /// Broken boxes are none: the text is what counts.
    fn glyphs(&self) -> &Glyphs {
        self.glyphs.get_or_init(|| {
            let boxes = self.all.boxes().get(self.range.clone());
            boxes.and_then(|boxes| read_boxes(&mut Input(boxes)).ok()).unwrap_or_default()
        })
    }
}

fn read_boxes(input: &mut Input<'_>) -> Result<Glyphs, Malformed> {
    let page = (input.float()?, input.float()?);
    let count = usize::try_from(input.number()?).map_err(|_| Malformed)?;
    // Each takes two bytes: a count that claims more is none.
    if count > input.0.len() / 2 {
        return Err(Malformed);
    }
    let mut boxes = Vec::with_capacity(count);
    let mut last = Last::default();
    for _ in 0..count {
        let first = input.byte()?;
        let near = u16::from(first) << 8;
        let (further, line, left, width);
        if near & NEAR != 0 {
            let near = u32::from(near & !NEAR) | u32::from(input.byte()?);
            further = (near >> 14) + 1;
            line = last.line;
            left = ((near >> 7) % SEVEN).cast_signed() - (SEVEN / 2).cast_signed();
            width = (near % SEVEN).cast_signed();
        } else {
            further = u32::try_from(input.number()?).map_err(|_| Malformed)?;
            if first == NO_BOX {
                last.offset = last.offset.wrapping_add(further);
                boxes.push((last.offset, NOWHERE));
                continue;
            }
            line = [last.line[0].wrapping_add(input.signed()?), input.signed()?];
            left = input.signed()?;
            width = input.signed()?;
        }
        let offset = last.offset.wrapping_add(further);
        let x0 = last.x.wrapping_add(left);
        let x1 = x0.wrapping_add(width);
        #[expect(clippy::cast_precision_loss, reason = "exact within any page")]
        let points = |units: i32| units as f32 / UNITS;
        let bounds = Bounds {
            x0: points(x0),
            y0: points(line[0]),
            x1: points(x1),
            y1: points(line[0].wrapping_add(line[1])),
        };
        boxes.push((offset, bounds));
        last = Last { offset, x: x1, line };
    }
    Ok(Glyphs { page, boxes })
}

const NOWHERE: Bounds = Bounds { x0: f32::NAN, y0: f32::NAN, x1: f32::NAN, y1: f32::NAN };

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    fn signed(&mut self) -> Result<i32, Malformed> {
        let number = self.number()?;
        let number = (number >> 1).cast_signed() ^ -((number & 1).cast_signed());
        i32::try_from(number).map_err(|_| Malformed)
    }

    fn float(&mut self) -> Result<f32, Malformed> {
        let bytes = self.take(4)?;
        Ok(f32::from_le_bytes(bytes.try_into().map_err(|_| Malformed)?))
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Kept = (Place, String, bool, Option<((f32, f32), Vec<(u32, Bounds)>)>);

    #[derive(Default)]
    struct Collector(Vec<Kept>);

    impl Sink for Collector {
        fn unit(&mut self, unit: &Unit<'_>) {
            let glyphs = unit.glyphs.map(|layout| (layout.glyphs().page, layout.glyphs().boxes.clone()));
            self.0.push((unit.place.clone(), unit.text.to_owned(), unit.ocr, glyphs));
        }
    }

    fn places() -> impl Strategy<Value = Place> {
        let leaf = prop_oneof![
            any::<u32>().prop_map(Place::Page),
            any::<u64>().prop_map(Place::Line),
            any::<u32>().prop_map(Place::Paragraph),
            any::<u32>().prop_map(Place::Slide),
            Just(Place::File),
            ("[ab]{0,2}", "[A-Z]{1,2}[0-9]{1,3}").prop_map(|(sheet, cell)| Place::Cell { sheet, cell }),
        ];
        leaf.prop_recursive(3, 8, 1, |inner| {
            (".{0,8}", inner).prop_map(|(entry, place)| Place::Inside { entry, place: Box::new(place) })
        })
    }

    fn boxes() -> impl Strategy<Value = Vec<(u32, Bounds)>> {
        // Eighths of a point come back as they are.
        let edge = || {
            (-80_000_i32..80_000)
                .prop_map(|units| f32::from(i16::try_from(units % 30_000).unwrap_or(0)) / UNITS)
        };
        let bounds = (edge(), edge(), edge(), edge()).prop_map(|(x0, y0, x1, y1)| Bounds { x0, y0, x1, y1 });
        prop::collection::vec((1_u32..4, bounds), 0..20).prop_map(|steps| {
            let mut offset = 0;
            steps
                .into_iter()
                .map(|(step, bounds)| {
                    offset += step;
                    (offset, bounds)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            units in prop::collection::vec((places(), ".{0,30}", any::<bool>(), prop::option::of(boxes())), 0..10),
            cut in 0_usize..10,
        ) {
            let mut writer = Writer::default();
            let mut pieces = Vec::new();
            let mut expected = Vec::new();
            for (at, (place, text, ocr, boxes)) in units.into_iter().enumerate() {
                let glyphs = boxes.map(|boxes| Glyphs { page: (595.0, 842.0), boxes });
                let layout = glyphs.as_ref().map(|glyphs| glyphs as &dyn Layout);
                writer.unit(&Unit { place: &place, text: &text, ocr, glyphs: layout });
                if at == cut {
                    pieces.push(std::mem::take(&mut writer.piece));
                }
                expected.push((place, text, ocr, glyphs.map(|glyphs| (glyphs.page, glyphs.boxes))));
            }
            pieces.push(writer.piece);
            let (mut reader, mut got) = (Reader::default(), Collector::default());
            for piece in &pieces {
                reader.read(&piece.units, &piece.boxes.as_slice(), &mut got).expect("well formed");
            }
            prop_assert_eq!(got.0, expected);
        }

        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            boxes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let outcome = Reader::default().read(&bytes, &boxes.as_slice(), &mut Collector::default());
            prop_assert!(outcome.is_ok() || outcome == Err(Malformed));
        }
    }

    #[test]
    fn a_box_that_is_none_stays_none_and_odd_ones_are_rounded() {
        let nowhere = Bounds { x0: f32::NAN, y0: 0.0, x1: 1.0, y1: 1.0 };
        let odd = Bounds { x0: 10.03, y0: -0.1, x1: 1e30, y1: 7.77 };
        let glyphs = Glyphs { page: (1.0, 2.0), boxes: vec![(0, nowhere), (3, odd)] };
        let mut writer = Writer::default();
        writer.unit(&Unit { place: &Place::Page(1), text: "abcd", ocr: false, glyphs: Some(&glyphs) });
        let mut got = Collector::default();
        Reader::default()
            .read(&writer.piece.units, &writer.piece.boxes.as_slice(), &mut got)
            .expect("well formed");
        let boxes = &got.0[0].3.as_ref().expect("glyphs").1;
        assert!(boxes[0].1.x0.is_nan());
        assert_eq!((boxes[1].0, boxes[1].1.x0, boxes[1].1.y1), (3, 10.0, 7.75));
    }
}
