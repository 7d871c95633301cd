//! Pages drawn in a real sandbox, and the boxes of their letters on them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use riffle_extract::{Bounds, DrawError, Drawn, ExtractError, Place, ReadLimits, Sink, Unit, View};
use riffle_ports::{Ocr, OcrError, OcrLine};
use riffle_reader::sandbox::{Pool, SandboxSettings};
use riffle_reader::{PageError, Parser, Reader, SourceFile, TextSink};

fn reader() -> Reader {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sandbox"));
    let pool = Pool::new(SandboxSettings { program, children: 1, ..SandboxSettings::default() });
    Reader { parser: Parser::Sandbox(pool), cache: None, ocr: None }
}

fn draw(reader: &Reader, file: &[u8], page: u32, view: View) -> Result<Drawn, PageError> {
    reader.page_image(&Bytes::copy_from_slice(file), "a", page, view)
}

fn pdf(entries: &str, filter: &str, content: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
         3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]{entries}/Contents 4 0 R/Resources<</Font<</F\
         <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>\nendobj\n4 0 obj\n<<{filter}/Length {}>>\nstream\n",
        content.len()
    )
    .into_bytes();
    out.extend_from_slice(content);
    out.extend_from_slice(b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n");
    out
}

const CODE: &[u8] = b"BT /F 20 Tf 150 500 Td (HOLE-77) Tj ET";

/// The boxes of a page's letters.
#[derive(Default)]
struct LetterBoxes(Vec<Bounds>);

impl Sink for LetterBoxes {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0
            .extend(unit.glyphs.iter().flat_map(|layout| &layout.glyphs().boxes).map(|(_, bounds)| *bounds));
    }
}

impl TextSink for LetterBoxes {
    fn restart(&mut self) {
        self.0.clear();
    }
}

fn letters(reader: &Reader, file: &[u8]) -> Bounds {
    let mut letters = LetterBoxes::default();
    reader
        .pages(&Bytes::copy_from_slice(file), "a", &BTreeSet::from([1]), &mut letters)
        .expect("a page with text");
    let of = |edge: fn(&Bounds) -> f32| letters.0.iter().map(edge);
    Bounds {
        x0: of(|b| b.x0).fold(f32::MAX, f32::min),
        y0: of(|b| b.y0).fold(f32::MAX, f32::min),
        x1: of(|b| b.x1).fold(f32::MIN, f32::max),
        y1: of(|b| b.y1).fold(f32::MIN, f32::max),
    }
}

/// Returns the bounds of the dark part of a picture, in units of its page.
#[expect(clippy::cast_precision_loss, reason = "small pictures")]
fn ink(drawn: &Drawn) -> Bounds {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&drawn.png)).read_info().expect("a PNG");
    let mut rgb = vec![0; reader.output_buffer_size().expect("the size fits in memory")];
    let info = reader.next_frame(&mut rgb).expect("the picture is complete");
    assert_eq!((info.width, info.height), (drawn.width, drawn.height));
    let scale = drawn.width as f32 / (drawn.region.x1 - drawn.region.x0);
    let mut ink = Bounds { x0: f32::MAX, y0: f32::MAX, x1: f32::MIN, y1: f32::MIN };
    for (index, _) in rgb.chunks_exact(3).enumerate().filter(|(_, pixel)| pixel[0] < 100) {
        let x = (index % drawn.width as usize) as f32 / scale + drawn.region.x0;
        let y = (index / drawn.width as usize) as f32 / scale + drawn.region.y0;
        ink = Bounds { x0: ink.x0.min(x), y0: ink.y0.min(y), x1: ink.x1.max(x), y1: ink.y1.max(y) };
    }
    ink
}

/// Returns whether the picture contains the colour of an outline.
fn outlined(drawn: &Drawn) -> bool {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&drawn.png)).read_info().expect("a PNG");
    let mut rgb = vec![0; reader.output_buffer_size().expect("the size fits in memory")];
    reader.next_frame(&mut rgb).expect("the picture is complete");
    rgb.chunks_exact(3).filter(|pixel| **pixel == [220, 38, 38]).count() > 100
}

/// Returns whether the letters' bounds enclose the ink closely, whichever way they are turned: the box leaves room for
/// the longest letters of the line.
fn is_around(letters: &Bounds, ink: &Bounds) -> bool {
    let (outside, inside) = (2.0, 8.0);
    let low = |edge: f32, ink: f32| (edge - outside..edge + inside).contains(&ink);
    let high = |edge: f32, ink: f32| (edge - inside..edge + outside).contains(&ink);
    low(letters.x0, ink.x0) && low(letters.y0, ink.y0) && high(letters.x1, ink.x1) && high(letters.y1, ink.y1)
}

#[test]
fn boxes_lie_on_their_letters_however_the_page_is_turned_and_cut() {
    let reader = reader();
    let cases = [
        ("", (600.0, 800.0)),
        ("/Rotate 90", (800.0, 600.0)),
        ("/Rotate 180", (600.0, 800.0)),
        ("/Rotate 270", (800.0, 600.0)),
        ("/CropBox[100 200 500 700]", (400.0, 500.0)),
        ("/CropBox[100 200 500 700]/Rotate 90", (500.0, 400.0)),
        // Larger than the paper, which limits it.
        ("/CropBox[-100 200 700 900]/Rotate 270", (600.0, 600.0)),
        ("/UserUnit 2", (600.0, 800.0)),
    ];
    for (entries, page) in cases {
        let file = pdf(entries, "", CODE);
        let letters = letters(&reader, &file);
        let whole = draw(&reader, &file, 1, View::Page { width: 700 }).expect(entries);
        assert_eq!((whole.page, whole.width), (page, 700), "{entries}");
        assert!(is_around(&letters, &ink(&whole)), "{entries}: {letters:?} {:?}", ink(&whole));

        let crop = draw(&reader, &file, 1, View::Around(letters)).expect(entries);
        assert!(crop.width <= 600 && crop.height <= 200, "{entries}: {crop:?}");
        assert!(is_around(&letters, &ink(&crop)), "{entries}: {letters:?} {:?}", ink(&crop));
        assert!(outlined(&crop), "{entries}: the code is outlined");
        assert!(!outlined(&whole), "{entries}: a whole page is not outlined");
        let size = draw(&reader, &file, 1, View::Size).expect(entries);
        assert_eq!((size.page, size.png.len()), (page, 0), "{entries}");
    }
}

/// Returns two pages; the second has another text and is turned.
fn two_pages() -> Vec<u8> {
    let page = |at: u32, entries: &str| {
        format!(
            "{at} 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]{entries}/Contents {} 0 R/Resources<</Font\
             <</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>\nendobj\n",
            at + 1
        )
    };
    let content = |at: u32, text: &str| {
        let content = format!("BT /F 20 Tf 150 500 Td ({text}) Tj ET");
        format!("{at} 0 obj\n<</Length {}>>\nstream\n{content}\nendstream\nendobj\n", content.len())
    };
    let head = "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n\
                <</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>\nendobj\n";
    let pages =
        [page(3, ""), content(4, "HOLE-77"), page(5, "/Rotate 90"), content(6, "another page")].concat();
    format!("{head}{pages}trailer\n<</Root 1 0 R>>\n%%EOF\n").into_bytes()
}

/// The units: place, text, and the number of boxes that came with each.
#[derive(Default)]
struct Units(Vec<(Place, String, Option<usize>)>);

impl Sink for Units {
    fn unit(&mut self, unit: &Unit<'_>) {
        let boxes = unit.glyphs.map(|layout| layout.glyphs().boxes.len());
        self.0.push((unit.place.clone(), unit.text.to_owned(), boxes));
    }
}

impl TextSink for Units {
    fn restart(&mut self) {
        self.0.clear();
    }
}

#[test]
fn a_page_alone_is_read_as_in_a_scan_and_tells_where_its_letters_stand() {
    let content = Bytes::from(two_pages());
    let in_process = Reader { parser: Parser::InProcess(ReadLimits::default()), cache: None, ocr: None };
    for reader in [reader(), in_process] {
        let source_file = SourceFile { name: "a", tenant: "t", identity: "i", version: "1", ocr: false };
        let mut scanned = Units::default();
        reader.read(&source_file, &content, &mut scanned).expect("a sandbox can be started");
        let texts = [(1, "HOLE-77", 7), (2, "another page", 11)];
        let without = texts.map(|(page, text, _)| (Place::Page(page), text.to_owned(), None));
        assert_eq!(scanned.0, without, "a scan does not ask for places");
        for (page, text, letters) in texts {
            let mut alone = Units::default();
            reader.pages(&content, "a", &BTreeSet::from([page]), &mut alone).expect("the file has this page");
            assert_eq!(alone.0, [(Place::Page(page), text.to_owned(), Some(letters))]);
        }
        let mut none = Units::default();
        reader.pages(&content, "a", &BTreeSet::from([3]), &mut none).expect("a missing page has no text");
        assert_eq!(none.0, []);
        let broken = Bytes::from_static(b"%PDF-1.7 nothing");
        let outcome = reader.pages(&broken, "a", &BTreeSet::from([1]), &mut none);
        assert!(matches!(outcome, Err(PageError::Page(DrawError::Unreadable(_)))), "{outcome:?}");
    }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    // Dark from one half to three quarters of it, in both directions.
    let dark = |at: u32, of: u32| (of / 2..of / 4 * 3).contains(&at);
    let grey: Vec<u8> = (0..width * height)
        .map(|at| if dark(at % width, width) && dark(at / width, height) { 0 } else { 255 })
        .collect();
    writer.write_image_data(&grey).expect("data");
    writer.finish().expect("written");
    out
}

#[test]
fn pictures_are_scaled_and_never_enlarged() {
    let reader = reader();
    let file = png(2000, 1000);
    let small = draw(&reader, &file, 1, View::Page { width: 500 }).expect("a picture");
    assert_eq!((small.width, small.height, small.page), (500, 250, (2000.0, 1000.0)));
    let dark = ink(&small);
    assert_eq!((dark.x0, dark.y0), (1000.0, 500.0));
    let large = draw(&reader, &png(200, 100), 1, View::Page { width: 3000 }).expect("a picture");
    assert_eq!((large.width, large.height), (200, 100));
    let around = Bounds { x0: 900.0, y0: 450.0, x1: 1100.0, y1: 550.0 };
    let crop = draw(&reader, &file, 1, View::Around(around)).expect("a picture");
    assert!(crop.width <= 600 && crop.height <= 200);
    let dark = ink(&crop);
    assert!((dark.x0 - 1000.0).abs() < 3.0 && (dark.y0 - 500.0).abs() < 3.0, "{dark:?}");
}

/// Returns two black-and-white pages, 64 pixels wide, the second with a dark square; zero is white or black.
fn tiff(zero_is_white: bool) -> Vec<u8> {
    let dark = |x: u32, y: u32| (32..48).contains(&x) && (16..24).contains(&y);
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    for page in 0..2 {
        let entries = [
            (256_u16, 64_u32),
            (257, 32),
            (258, 1),
            (259, 1),
            (262, u32::from(!zero_is_white)),
            (273, 0),
            (277, 1),
            (278, 32),
            (279, 256),
        ];
        let (directory, length) = (u32::try_from(out.len()).expect("small"), 2 + 9 * 12 + 4);
        out.extend(9_u16.to_le_bytes());
        for (tag, value) in entries {
            let value = if tag == 273 { directory + length } else { value };
            out.extend([&tag.to_le_bytes()[..], &4_u16.to_le_bytes(), &1_u32.to_le_bytes()].concat());
            out.extend(value.to_le_bytes());
        }
        let next = if page == 0 { directory + length + 256 } else { 0 };
        out.extend(next.to_le_bytes());
        for (y, column) in (0..32).flat_map(|y| (0..8).map(move |column| (y, column))) {
            let bits = (0..8)
                .filter(|bit| page == 1 && dark(column * 8 + bit, y))
                .map(|bit| 0x80_u8 >> bit)
                .sum::<u8>();
            out.push(if zero_is_white { bits } else { !bits });
        }
    }
    out
}

#[test]
fn a_page_of_a_tiff_is_the_one_that_was_asked_for() {
    let (reader, view) = (reader(), View::Page { width: 200 });
    for zero_is_white in [true, false] {
        let file = tiff(zero_is_white);
        let drawn = draw(&reader, &file, 2, view).expect("a page");
        assert_eq!((drawn.width, drawn.height, drawn.page), (64, 32, (64.0, 32.0)));
        assert_eq!(ink(&drawn), Bounds { x0: 32.0, y0: 16.0, x1: 47.0, y1: 23.0 });
        let blank = ink(&draw(&reader, &file, 1, view).expect("a page"));
        assert!(blank.x0 > blank.x1, "nothing is dark");
        let beyond = draw(&reader, &file, 3, view);
        assert_eq!(beyond, Err(PageError::Page(DrawError::NoSuchPage { page: 3, pages: 2 })));
    }
}

#[test]
fn what_cannot_be_shown_says_why() {
    let (reader, view) = (reader(), View::Page { width: 400 });
    let why = |file: &[u8], page, view| match draw(&reader, file, page, view) {
        Err(PageError::Page(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(b"HOLE-77", 1, view), DrawError::NoPages);
    assert_eq!(why(&pdf("", "", CODE), 2, view), DrawError::NoSuchPage { page: 2, pages: 1 });
    assert_eq!(why(&pdf("", "", CODE), 0, view), DrawError::NoSuchPage { page: 0, pages: 1 });
    assert_eq!(why(&png(10, 10), 2, view), DrawError::NoSuchPage { page: 2, pages: 1 });
    for width in [0, 99, 3001, u32::MAX] {
        assert_eq!(why(&pdf("", "", CODE), 1, View::Page { width }), DrawError::Width);
    }
    assert!(matches!(why(&png(10, 10)[..40], 1, view), DrawError::Unreadable(ExtractError::Damaged(_))));
    let inside = Place::Inside { entry: "a.pdf".to_owned(), place: Box::new(Place::Page(1)) };
    assert_eq!((inside.page(), Place::Page(3).page()), (Err(DrawError::InArchive), Ok(3)));
    let around = |x0: f32, x1: f32| View::Around(Bounds { x0, y0: -7.0, x1, y1: 1e9 });
    for (x0, x1) in [(5e9, -5e9), (-20.0, -10.0), (600.0, 700.0)] {
        assert_eq!(why(&pdf("", "", CODE), 1, around(x0, x1)), DrawError::Outside);
    }
    // Partly outside: what is on the page is shown.
    assert!(draw(&reader, &pdf("", "", CODE), 1, around(-1e9, 1e9)).is_ok());
    let long = pdf("/MediaBox[0 0 3 14400]", "", CODE);
    let long = draw(&reader, &long, 1, View::Page { width: 3000 }).expect("a narrow picture");
    assert!(long.height <= 16_000, "{}", long.height);
}

#[test]
fn a_hostile_page_costs_its_own_picture_alone() {
    let (reader, view) = (reader(), View::Page { width: 400 });
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..700 {
        packer.write_all(&blanks).expect("packed");
    }
    let bomb = pdf("", "/Filter/FlateDecode", &packer.finish().expect("packed"));
    let busy = pdf("", "", &b"0 0 600 800 re 1 1 599 799 re f* ".repeat(400_000));
    for hostile in [bomb, busy] {
        let outcome = draw(&reader, &hostile, 1, view);
        assert!(
            matches!(
                &outcome,
                Ok(_) | Err(PageError::Page(DrawError::Unreadable(ExtractError::TooLarge(_))))
            ),
            "{outcome:?}"
        );
        assert!(draw(&reader, &pdf("", "", CODE), 1, view).is_ok(), "the next is drawn");
    }
}

/// An engine that is available or not, and panics if it is used although it is not.
struct Engine(bool);

impl Ocr for Engine {
    fn variant(&self) -> String {
        "engine".to_owned()
    }

    fn is_available(&self) -> bool {
        self.0
    }

    fn read(&self, _: &str, _: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
        assert!(self.0, "a picture was extracted although OCR is off");
        Ok(vec![Vec::new()])
    }
}

#[test]
fn where_no_engine_is_installed_no_picture_is_made() {
    let source_file = SourceFile { name: "a", tenant: "t", identity: "i", version: "1", ocr: true };
    let (scan, page) = (Bytes::from(png(2000, 1000)), Bytes::from(pdf("", "", b"0 0 300 300 re f")));
    for available in [true, false] {
        let reader = Reader { ocr: Some(Arc::new(Engine(available))), ..reader() };
        let mut text = LetterBoxes::default();
        let outcome = reader.read(&source_file, &scan, &mut text).expect("a sandbox can be started").outcome;
        let off = matches!(outcome, Err(ExtractError::OcrOff));
        assert_eq!(off, !available, "{outcome:?}");
        assert!(reader.read(&source_file, &page, &mut text).is_ok(), "{available}");
    }
}
