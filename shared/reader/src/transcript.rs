//! Units as bytes: the format that a sandboxed parser sends, and in which a file's text is stored for the next scan.
//!
//! A transcript is a sequence of units, each with its place, its text and, if they were requested or OCR read the text,
//! the boxes of its characters. Numbers are LEB128.
//!
//! ```text
//! unit   := [9] place text boxes      9 if OCR read it
//! place  := 1 page | 2 sheet cell | 3 line | 4 paragraph | 5 slide | 6 entry place | 7 cell (on the last sheet)
//!         | 8 (the file)
//! text   := length bytes (UTF-8)
//! boxes  := length [width height box*]    the length in bytes, 0 for none; the page's sides
//! box    := offset left top right bottom
//! ```
//!
//! Sides and edges are points as 4-byte floats, little-endian.

use std::cell::OnceCell;

use riffle_extract::{Bounds, Glyphs, Layout, Place, Sink, Unit};

/// The version of the layout above: texts stored in another layout are not read.
pub const VERSION: u32 = 4;

/// The bytes are not a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text of a file cannot be decoded")]
pub struct Malformed;

/// Writes units.
#[derive(Debug, Default)]
pub struct TranscriptWriter {
    /// Whole units. The owner may take them at any time.
    pub units: Vec<u8>,
    sheet: Option<String>,
}

/// Reads units, in the pieces in which they were written.
#[derive(Debug, Default)]
pub struct TranscriptReader {
    sheet: String,
}

/// Precedes the place of a unit that OCR read.
const OCR: u8 = 9;

impl TranscriptWriter {
    pub fn unit(&mut self, unit: &Unit<'_>) {
        if unit.ocr {
            self.units.push(OCR);
        }
        self.place(unit.place);
        self.text(unit.text);
        let boxes = unit.glyphs.map(|layout| boxes(layout.glyphs())).unwrap_or_default();
        number(&mut self.units, boxes.len() as u64);
        self.units.extend_from_slice(&boxes);
    }

    fn place(&mut self, place: &Place) {
        match place {
            Place::Page(page) => self.tagged(1, u64::from(*page)),
            Place::Cell { sheet, cell } => {
                if self.sheet.as_ref() == Some(sheet) {
                    self.units.push(7);
                } else {
                    self.units.push(2);
                    self.text(sheet);
                    self.sheet = Some(sheet.clone());
                }
                self.text(cell);
            }
            Place::Line(line) => self.tagged(3, *line),
            Place::Paragraph(paragraph) => self.tagged(4, u64::from(*paragraph)),
            Place::Slide(slide) => self.tagged(5, u64::from(*slide)),
            Place::File => self.units.push(8),
            Place::Inside { entry, place } => {
                self.units.push(6);
                self.text(entry);
                self.place(place);
            }
        }
    }

    fn tagged(&mut self, tag: u8, value: u64) {
        self.units.push(tag);
        number(&mut self.units, value);
    }

    fn text(&mut self, text: &str) {
        number(&mut self.units, text.len() as u64);
        self.units.extend_from_slice(text.as_bytes());
    }
}

fn number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    to.push(number.to_le_bytes()[0]);
}

fn boxes(glyphs: &Glyphs) -> Vec<u8> {
    let mut to = Vec::with_capacity(8 + glyphs.boxes.len() * 20);
    let (width, height) = glyphs.page;
    floats(&mut to, [width, height]);
    for (offset, Bounds { x0, y0, x1, y1 }) in &glyphs.boxes {
        number(&mut to, u64::from(*offset));
        floats(&mut to, [*x0, *y0, *x1, *y1]);
    }
    to
}

fn floats<const N: usize>(to: &mut Vec<u8>, floats: [f32; N]) {
    to.extend(floats.iter().flat_map(|float| float.to_le_bytes()));
}

impl TranscriptReader {
    /// Passes `units` to `sink`. Their boxes are decoded only if the sink requests them.
    pub fn read(&mut self, units: &[u8], sink: &mut dyn Sink) -> Result<(), Malformed> {
        let mut input = ByteReader(units);
        while !input.0.is_empty() {
            let ocr = input.0.first() == Some(&OCR);
            if ocr {
                input.byte()?;
            }
            let place = self.place(&mut input, 0)?;
            let text = input.text()?;
            let boxes = EncodedBoxes { bytes: input.counted()?, glyphs: OnceCell::new() };
            let glyphs = (!boxes.bytes.is_empty()).then_some(&boxes as &dyn Layout);
            sink.unit(&Unit { place: &place, text, ocr, glyphs });
        }
        Ok(())
    }

    fn place(&mut self, input: &mut ByteReader<'_>, depth: u32) -> Result<Place, Malformed> {
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
            // Far deeper than the limit to which archives are opened.
            6 if depth < 64 => Place::Inside {
                entry: input.text()?.to_owned(),
                place: Box::new(self.place(input, depth + 1)?),
            },
            _ => return Err(Malformed),
        })
    }
}

/// Boxes that are decoded on first use.
struct EncodedBoxes<'u> {
    bytes: &'u [u8],
    glyphs: OnceCell<Glyphs>,
}

impl Layout for EncodedBoxes<'_> {
    /// Returns no boxes if they are broken: the text is more important.
    fn glyphs(&self) -> &Glyphs {
        self.glyphs.get_or_init(|| read_boxes(&mut ByteReader(self.bytes)).unwrap_or_default())
    }
}

fn read_boxes(input: &mut ByteReader<'_>) -> Result<Glyphs, Malformed> {
    let page = (input.float()?, input.float()?);
    let mut boxes = Vec::new();
    while !input.0.is_empty() {
        let offset = u32::try_from(input.number()?).map_err(|_| Malformed)?;
        let (x0, y0, x1, y1) = (input.float()?, input.float()?, input.float()?, input.float()?);
        boxes.push((offset, Bounds { x0, y0, x1, y1 }));
    }
    Ok(Glyphs { page, boxes })
}

struct ByteReader<'a>(&'a [u8]);

impl<'a> ByteReader<'a> {
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

    fn float(&mut self) -> Result<f32, Malformed> {
        let bytes = self.take(4)?;
        Ok(f32::from_le_bytes(bytes.try_into().map_err(|_| Malformed)?))
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.counted()?).map_err(|_| Malformed)
    }

    /// Reads bytes preceded by their number.
    fn counted(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type CollectedUnit = (Place, String, bool, Option<((f32, f32), Vec<(u32, Bounds)>)>);

    #[derive(Default)]
    struct UnitCollector(Vec<CollectedUnit>);

    impl Sink for UnitCollector {
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
        let edge = || -2e6_f32..2e6;
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
            let mut writer = TranscriptWriter::default();
            let mut pieces = Vec::new();
            let mut expected = Vec::new();
            for (at, (place, text, ocr, boxes)) in units.into_iter().enumerate() {
                let glyphs = boxes.map(|boxes| Glyphs { page: (595.0, 842.0), boxes });
                let layout = glyphs.as_ref().map(|glyphs| glyphs as &dyn Layout);
                writer.unit(&Unit { place: &place, text: &text, ocr, glyphs: layout });
                if at == cut {
                    pieces.push(std::mem::take(&mut writer.units));
                }
                expected.push((place, text, ocr, glyphs.map(|glyphs| (glyphs.page, glyphs.boxes))));
            }
            pieces.push(writer.units);
            let (mut reader, mut got) = (TranscriptReader::default(), UnitCollector::default());
            for piece in &pieces {
                reader.read(piece, &mut got).expect("well formed");
            }
            prop_assert_eq!(got.0, expected);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let outcome = TranscriptReader::default().read(&bytes, &mut UnitCollector::default());
            prop_assert!(outcome.is_ok() || outcome == Err(Malformed));
        }
    }

    #[test]
    fn a_box_that_is_none_stays_none_and_broken_boxes_cost_no_text() {
        let nowhere = Bounds { x0: f32::NAN, y0: 0.0, x1: 1.0, y1: f32::INFINITY };
        let glyphs = Glyphs { page: (1.0, 2.0), boxes: vec![(0, nowhere)] };
        let mut writer = TranscriptWriter::default();
        writer.unit(&Unit { place: &Place::Page(1), text: "abcd", ocr: false, glyphs: Some(&glyphs) });
        let mut got = UnitCollector::default();
        TranscriptReader::default().read(&writer.units, &mut got).expect("well formed");
        let boxes = &got.0[0].3.as_ref().expect("glyphs").1;
        assert!(boxes[0].1.x0.is_nan() && boxes[0].1.y1.is_infinite());

        let mut short = TranscriptWriter::default();
        short.place(&Place::Page(1));
        short.text("abcd");
        short.units.extend_from_slice(&[3, 0, 0, 0]);
        let mut got = UnitCollector::default();
        TranscriptReader::default().read(&short.units, &mut got).expect("well formed");
        assert_eq!(got.0, [(Place::Page(1), "abcd".to_owned(), false, Some(((0.0, 0.0), Vec::new())))]);
    }
}
