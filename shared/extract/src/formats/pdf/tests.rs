//! PDFs written by hand, each to prove one thing.

use std::fmt::Write as _;

use crate::tests::{Collected, collect, collect_within};
use crate::{Bounds, ExtractError, FileFormat, Place, ReadLimits, Sink, Unit};

/// Puts objects (numbered from 1; the first is the catalogue) into a file with a correct cross-reference table.
pub(crate) fn file(objects: &[String]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(objects) {
        offsets.push(out.len());
        out.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        out.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    out.extend(
        format!("trailer\n<</Size {} /Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1).bytes(),
    );
    out
}

fn stream(dict: &str, content: &str) -> String {
    format!("<<{dict} /Length {}>>\nstream\n{content}\nendstream", content.len())
}

/// Returns a page with this content, further entries for its dictionary, and further objects from number 5 on.
pub(crate) fn page(content: &str, entries: &str, fonts: &str, more: &[String]) -> Vec<u8> {
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<<{fonts}>>\
             /XObject<</Fm 5 0 R/Im 6 0 R>>>>{entries}>>"
        ),
        stream("", content),
    ];
    objects.extend_from_slice(more);
    file(&objects)
}

/// Returns a font in the standard encoding in which every character is half an em wide.
fn plain_font() -> String {
    format!("/F<</Type/Font/Subtype/Type1/BaseFont/Plain/FirstChar 0/Widths[{}]>>", "500 ".repeat(256))
}

fn text(content: &str) -> String {
    text_of(&page(content, "", &plain_font(), &[]))
}

/// Returns the pages that were not read, each with the reason.
fn unread(got: &Collected) -> Vec<(u32, String)> {
    let page = |place: &Place| if let Place::Page(page) = place { *page } else { 0 };
    got.read.unread.iter().map(|unread| (page(&unread.place), unread.why.clone())).collect()
}

fn text_of(bytes: &[u8]) -> String {
    let Collected { units, .. } = collect("a.pdf", bytes).expect("readable");
    units.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\u{c}")
}

#[test]
fn words_and_lines_follow_the_geometry() {
    assert_eq!(text("BT /F 10 Tf 50 700 Td (HOLE-1) Tj 0 -12 Td (next) Tj ET"), "HOLE-1\nnext");
    assert_eq!(text("BT /F 10 Tf 50 700 Td [(HO) 20 (LE) -300 (x)] TJ ET"), "HOLE x");
    assert_eq!(text("BT /F 10 Tf 14 TL 50 700 Td (a) Tj (b) ' 1 2 (c) \" T* (d) Tj ET"), "a\nb\nc\nd");
    assert_eq!(text("BT /F 10 Tf 3 Tc 50 700 Td (HOLE) Tj ET"), "HOLE");
    assert_eq!(
        text("q 2 0 0 2 10 10 cm BT /F 5 Tf 1 0 0 1 10 10 Tm (A) Tj ET Q BT /F 10 Tf 35 30 Td (B) Tj ET"),
        "AB"
    );
}

#[test]
fn content_in_parts_is_read_past_a_part_that_is_missing() {
    let whole = page(
        "",
        "",
        &plain_font(),
        &[stream("", "BT /F 10 Tf 50 700 Td (HO) Tj"), "null".to_owned(), stream("", "(LE) Tj ET")],
    );
    let parts = String::from_utf8(whole)
        .expect("text")
        .replace("/Contents 4 0 R", "/Contents[5 0 R 99 0 R 6 0 R 7 0 R]");
    assert_eq!(text_of(parts.as_bytes()), "HOLE");
}

#[test]
fn each_character_may_be_placed_alone() {
    let mut content = String::from("BT /F 10 Tf ");
    for (i, c) in "HOLE-42".chars().enumerate() {
        write!(content, "0 1 -1 0 300 {} Tm ({c}) Tj ", 100 + 5 * i)
            .expect("writing to a String does not fail");
    }
    assert_eq!(text(&(content + "ET")), "HOLE-42");
}

#[test]
fn boxes_are_where_the_page_shows_them() {
    #[derive(Default)]
    struct Boxes(Vec<(String, Bounds)>, (f32, f32));
    impl Sink for Boxes {
        fn wants_layout(&self) -> bool {
            true
        }

        fn unit(&mut self, unit: &Unit<'_>) {
            let glyphs = unit.glyphs.expect("a page has glyphs");
            self.1 = glyphs.glyphs().page;
            for (offset, bounds) in &glyphs.glyphs().boxes {
                self.0.push((unit.text[*offset as usize..].chars().take(1).collect(), *bounds));
            }
        }
    }
    let content = "BT /F 10 Tf 50 700 Td (AB) Tj ET";
    let mut seen = Boxes::default();
    let read = |rotate: &str, seen: &mut Boxes| {
        let bytes = page(content, rotate, &plain_font(), &[]).into();
        crate::extract("a.pdf", &bytes, &ReadLimits::default(), seen).expect("readable");
    };
    read("", &mut seen);
    assert_eq!(seen.1, (600.0, 800.0));
    let (letter, b) = &seen.0[1];
    assert_eq!(letter, "B");
    // The baseline is 100 points from the top; B begins half an em after A.
    assert!((b.x0 - 55.0).abs() < 0.01 && (b.x1 - 60.0).abs() < 0.01 && b.y0 < 100.0 && b.y1 > 100.0);

    let mut turned = Boxes::default();
    read("/Rotate 90", &mut turned);
    assert_eq!(turned.1, (800.0, 600.0));
    // Turned clockwise: a point 700 up is 700 from the left, and the text runs downwards.
    let b = turned.0[0].1;
    assert!(
        (b.y0 - 50.0).abs() < 0.01 && (b.y1 - 55.0).abs() < 0.01 && b.x0 < 700.0 && b.x1 > 700.0,
        "{b:?}"
    );
}

#[test]
fn fonts_say_what_codes_mean() {
    let font = |entries: &str| {
        format!("/F<</Type/Font/Subtype/Type1/FirstChar 0/Widths[{}]{entries}>>", "500 ".repeat(256))
    };
    let show = |fonts: &str, string: &str, more: &[String]| {
        text_of(&page(&format!("BT /F 10 Tf {string} Tj ET"), "", fonts, more))
    };
    let named = font("/Encoding<</Differences[1/H/O/L/E/hyphen/one 20/fi/ff/f_f_i]>>");
    assert_eq!(show(&named, "<010203040506>", &[]), "HOLE-1");
    assert_eq!(show(&named, "<141516>", &[]), "fiffffi");
    assert_eq!(show(&font("/Encoding<</Differences[1/a72/a79]>>"), "<0102>", &[]), "HO");
    assert_eq!(show(&font("/Encoding/WinAnsiEncoding"), "(M\\374ller)", &[]), "Müller");
    // Nothing is known of a symbolic font: the codes themselves are taken, if they are ASCII.
    assert_eq!(show(&font("/Encoding<</Differences[65/g1/g2/g3]>>"), "(ABC)", &[]), "ABC");

    let map = "1 beginbfchar <0001> <0048> endbfchar 1 beginbfrange <0002> <0003> <004F> endbfrange \
               1 beginbfchar <0010> <FB01> endbfchar";
    let cmap = format!("1 begincodespacerange <0000> <FFFF> endcodespacerange {map}");
    let composite = "/F<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 5 0 R\
                     /DescendantFonts[<</Subtype/CIDFontType2/DW 500/W[1[600 600] 3 9 700]>>]>>";
    assert_eq!(show(composite, "<0001000200030010>", &[stream("", &cmap)]), "HOPfi");
}

#[test]
fn forms_are_drawn_where_they_stand_and_never_without_end() {
    let form =
        |content: &str| stream("/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Matrix[1 0 0 1 100 0]", content);
    let bytes = page(
        "BT /F 10 Tf 50 700 Td (HO) Tj ET q 1 0 0 1 -40 700 cm /Fm Do Q",
        "",
        &plain_font(),
        &[form("BT /F 10 Tf (LE) Tj ET")],
    );
    assert_eq!(text_of(&bytes), "HOLE");
    let endless = page("/Fm Do", "", &plain_font(), &[form("BT /F 10 Tf (x) Tj ET /Fm Do /Fm Do")]);
    assert!(text_of(&endless).len() < 1 << 20);
}

#[test]
fn text_that_stands_for_a_drawing_is_read_instead() {
    let content =
        "/Span<</ActualText<FEFF0048004F>>>BDC BT /F 10 Tf (##) Tj ET EMC BT /F 10 Tf 10 0 Td (LE) Tj ET";
    assert_eq!(text(content), "HOLE");
    assert_eq!(text("/Span<</ActualText()>>BDC BT /F 10 Tf (HOLE) Tj ET EMC"), "HOLE");
}

/// The text that has no place on the page.
#[derive(Default)]
struct Nowhere(String);
impl Sink for Nowhere {
    fn wants_layout(&self) -> bool {
        true
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        let boxes = &unit.glyphs.expect("a page has glyphs").glyphs().boxes;
        let ends = boxes.iter().skip(1).map(|(offset, _)| *offset as usize).chain([unit.text.len()]);
        let covered = boxes.iter().zip(ends).map(|((from, bounds), to)| (*from as usize, to, bounds));
        let nowhere = covered.filter(|(.., bounds)| bounds.x0.is_nan());
        self.0 = nowhere.map(|(from, to, _)| &unit.text[from..to]).collect();
    }
}

/// A note has no place on the page, so neither the text before it nor the text after it may run into it.
#[test]
fn notes_stand_alone() {
    let appearance = stream(
        &format!("/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<<{}>>>>", plain_font()),
        "BT /F 10 Tf 2 5 Td (HOLE-2) Tj ET",
    );
    let entries = "/Annots[<</Subtype/FreeText/Contents(HOLE-1)>> <</Subtype/FreeText/Contents(HOLE-3)>> \
                   <</Subtype/Widget/Rect[100 100 200 120]/AP<</N 5 0 R>>>>]";
    let alone = page("", entries, &plain_font(), std::slice::from_ref(&appearance));
    assert_eq!(text_of(&alone), "HOLE-1\nHOLE-3\nHOLE-2");

    let before = page("BT /F 10 Tf 50 700 Td (HOLE-4) Tj ET", entries, &plain_font(), &[appearance]);
    assert_eq!(text_of(&before), "HOLE-4\nHOLE-1\nHOLE-3\nHOLE-2");
    let mut seen = Nowhere::default();
    crate::extract("a.pdf", &before.into(), &ReadLimits::default(), &mut seen).expect("readable");
    assert_eq!(seen.0, "HOLE-1\nHOLE-3\n");
}

#[test]
fn form_fields_and_notes_are_read() {
    let entries = "/Annots[<</Subtype/FreeText/Contents(HOLE-7)>> <</Subtype/Link/Contents(no)>> \
                   <</Subtype/Widget/Rect[100 100 200 120]/AP<</N 5 0 R>>>>]";
    let field = stream("/Subtype/Form/BBox[0 0 100 20]", "BT /F 10 Tf (HOLE-8) Tj ET");
    let got = text_of(&page("BT /F 10 Tf (HOLE-6) Tj ET", entries, &plain_font(), &[field]));
    assert!(
        got.contains("HOLE-6") && got.contains("HOLE-7") && got.contains("HOLE-8") && !got.contains("no"),
        "{got}"
    );
}

#[test]
fn pages_that_show_something_without_text_are_told() {
    let pictures = vec![(1, "no text on it: pictures only".to_owned())];
    let image = |content: &str, entries: &str| {
        let picture = stream("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x");
        let none = "null".to_owned();
        unread(&collect("a.pdf", &page(content, entries, &plain_font(), &[none, picture])).expect("readable"))
    };
    assert_eq!(image("/Im Do", ""), pictures);
    assert_eq!(image("/Im Do BT /F 9 Tf (words) Tj ET", ""), []);
    assert_eq!(image("", ""), []);
    assert_eq!(image("0 0 9 9 re f", ""), []);
    let lines = image(&"0 0 m 9 9 l S ".repeat(100), "");
    assert_eq!(lines, [(1, "no text on it: drawn lines only, which may be letters".to_owned())]);
    // Glyphs without a meaning.
    let odd = "/F<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</Subtype/CIDFontType2>>]>>";
    let got = collect("a.pdf", &page("BT /F 9 Tf <00010002> Tj ET", "", odd, &[])).expect("readable");
    assert_eq!((got.read.kind, got.read.pages), (FileFormat::Pdf, 1));
    assert_eq!(unread(&got), [(1, "letters without a Unicode mapping".to_owned())]);
}

#[test]
fn failures_are_told_in_words() {
    let locked = String::from_utf8(page("", "", "", &[])).expect("text").replace(
        "/Root 1 0 R",
        "/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)/U(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)>>",
    );
    assert_eq!(collect("a.pdf", locked.as_bytes()).expect_err("locked"), ExtractError::Encrypted);
    assert!(matches!(collect("a.pdf", b"%PDF-1.4\n1 0 obj\n"), Err(ExtractError::Damaged(_))));
    let two = ReadLimits { pages: 0, ..ReadLimits::default() };
    assert!(matches!(collect_within("a.pdf", &page("", "", "", &[]), &two), Err(ExtractError::TooLarge(_))));
}

#[test]
fn a_broken_page_loses_only_itself() {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 600 800]>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/Contents 5 0 R>>".to_owned(),
        format!("<</Type/Page/Parent 2 0 R/Contents 6 0 R/Resources<</Font<<{}>>>>>>", plain_font()),
        stream("/Filter/DCTDecode", "this is no content"),
        stream("", "BT /F 10 Tf (HOLE-1) Tj ET"),
    ];
    let got = collect("a.pdf", &file(&objects)).expect("readable");
    assert_eq!(unread(&got), [(1, "its content is damaged".to_owned())]);
    assert_eq!(got.units, [("2".to_owned(), "HOLE-1".to_owned())]);
}

#[test]
fn a_page_that_unpacks_to_too_much_loses_only_itself() {
    let bomb = super::unpack::tests::deflate(&vec![b' '; 3 << 20]);
    let hexed = super::unpack::tests::hexed(&bomb);
    let bomb = stream("/Filter[/ASCIIHexDecode/FlateDecode]", &format!("{hexed}>"));
    let limits = ReadLimits { held_bytes: 1 << 20, ..ReadLimits::default() };
    let why = |bytes: &[u8]| {
        let got = collect_within("a.pdf", bytes, &limits).expect("readable");
        (got.units.len(), unread(&got))
    };
    let expected = vec![(1, "its content unpacks to too much data".to_owned())];
    let words = "BT /F 10 Tf (HOLE-1) Tj ET";
    let parts = page("", "", &plain_font(), &[bomb.clone(), "null".to_owned(), stream("", words)]);
    let parts = String::from_utf8(parts).expect("text").replace("/Contents 4 0 R", "/Contents[7 0 R 5 0 R]");
    assert_eq!(why(parts.as_bytes()), (0, expected.clone()));
    // If a form is too large, the page around it is still read.
    let form = bomb.replace("<</Filter", "<</Subtype/Form/BBox[0 0 9 9]/Filter");
    assert_eq!(why(&page(&format!("{words} /Fm Do"), "", &plain_font(), &[form])), (1, expected));
}

#[test]
fn fonts_that_are_not_there_are_one_font() {
    // A table for each of these names would take gigabytes, and comparing each with all others would take an hour.
    let mut content = String::from("BT ");
    for number in 0..1_000_000 {
        write!(content, "/N{number:x} 1 Tf ").expect("writing to a String does not fail");
    }
    assert_eq!(text(&(content + "/F 10 Tf (HOLE) Tj ET")), "HOLE");
}

#[test]
fn a_form_drawn_without_end_leaves_the_page_unread() {
    let form = stream("/Subtype/Form", &("/Fm Do ".repeat(40) + &" ".repeat(1 << 16)));
    let bytes = page("BT /F 10 Tf (HOLE) Tj ET /Fm Do", "", &plain_font(), &[form]);
    let read = collect("a.pdf", &bytes).expect("readable");
    assert_eq!((read.units[0].1.as_str(), unread(&read)), ("HOLE", vec![(1, super::TOO_LARGE.to_owned())]));
}

#[cfg(feature = "render")]
#[test]
fn a_page_without_text_is_drawn_for_whoever_reads_pictures() {
    /// Keeps pictures, and can read those of page 1.
    #[derive(Default)]
    struct ImageCollector(Vec<(String, Vec<u8>, (f32, f32))>);
    impl Sink for ImageCollector {
        fn unit(&mut self, _: &Unit<'_>) {}
        fn wants_images(&self) -> bool {
            true
        }
        fn image(&mut self, image: &crate::PageImage<'_>) -> bool {
            self.0.push((image.place.to_string(), image.bytes.to_vec(), image.page));
            *image.place == Place::Page(1)
        }
    }
    let scanned = "<</Type/Page/Parent 2 0 R/Contents 6 0 R/Resources<</XObject<</Im 7 0 R>>>>>>".to_owned();
    let image =
        "/Subtype/Image/Width 2/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/ASCIIHexDecode";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3/MediaBox[0 0 600 800]>>".to_owned(),
        scanned.clone(),
        scanned,
        "<</Type/Page/Parent 2 0 R>>".to_owned(),
        stream("", "q 600 0 0 800 0 0 cm /Im Do Q"),
        stream(image, "00FF>"),
    ];
    let read = |limits: &ReadLimits| {
        let mut reader = ImageCollector::default();
        let read = crate::extract("a.pdf", &file(&objects).into(), limits, &mut reader).expect("readable");
        (reader.0, read.unread.iter().map(|part| part.place.to_string()).collect::<Vec<_>>())
    };
    let (pictures, unread) = read(&ReadLimits::default());
    assert_eq!(unread, ["2"], "only the page that could not be read is reported, not the empty one");
    let [(place, bytes, page), (second, ..)] = &pictures[..] else { panic!("two pictures") };
    assert_eq!((place.as_str(), second.as_str(), *page), ("1", "2", (600.0, 800.0)));
    let mut png = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    let mut grey = vec![0; 2500 * 3334];
    let info = png.next_frame(&mut grey).expect("whole");
    assert_eq!((info.width, info.height, info.color_type), (2500, 3333, png::ColorType::Grayscale));
    assert!(grey[0] < 10 && grey[2499] > 245, "dark on the left, light on the right");

    let small = ReadLimits { image_pixels: 1, ..ReadLimits::default() };
    assert_eq!(read(&small).1, ["1", "2"], "too large a picture on them");
}

#[test]
fn a_page_whose_dictionary_cannot_be_read_is_told() {
    let whole = String::from_utf8(page("BT /F 10 Tf (HOLE) Tj ET", "", &plain_font(), &[])).expect("text");
    let lost = whole.replace("/Kids[3 0 R]/Count 1", "/Kids[3 0 R 9 0 R]/Count 2");
    let got = collect("a.pdf", lost.as_bytes()).expect("readable");
    assert_eq!((got.units.len(), got.read.unread.len()), (1, 1));
    assert!(got.read.unread[0].why.starts_with("1 of the 2 pages"), "{:?}", got.read.unread);
}

#[test]
fn content_that_breaks_at_its_first_byte_is_told() {
    let packed = |content: &str| {
        let whole = String::from_utf8(page(content, "", &plain_font(), &[])).expect("text");
        collect("a.pdf", whole.replace("<< /Length", "<</Filter/FlateDecode/Length").as_bytes())
            .expect("readable")
    };
    let damaged = packed("BT /F 10 Tf 50 700 Td (HOLE-77) Tj ET");
    assert_eq!(unread(&damaged), [(1, "its content is damaged".to_owned())]);
    assert_eq!(unread(&packed("x\u{1}\u{3}\0\0\0\0\u{1}")), [], "nothing was packed");
}
