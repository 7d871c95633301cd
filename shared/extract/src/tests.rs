//! Whole files through [`extract`](crate::extract), as a caller uses it.

use bytes::Bytes;

use crate::formats::FORMATS;
use crate::{ExtractError, Extracted, FileFormat, Place, ReadLimits, Sink, Unit};

/// All units of a file, with places written out (`3` for a page or line, `Sheet!B12` for a cell).
#[derive(Debug)]
pub(crate) struct Collected {
    pub read: Extracted,
    pub units: Vec<(String, String)>,
}

#[derive(Default)]
struct Collector(Vec<(String, String)>);

impl Sink for Collector {
    fn wants_layout(&self) -> bool {
        true
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        let place = match unit.place {
            Place::Page(n) => n.to_string(),
            Place::Line(n) => n.to_string(),
            Place::Cell { sheet, cell } => format!("{sheet}!{cell}"),
            other => other.to_string(),
        };
        if let Some(glyphs) = unit.glyphs.map(super::unit::Layout::glyphs) {
            let ascending = glyphs.boxes.is_sorted_by_key(|(offset, _)| *offset);
            let inside = glyphs.boxes.iter().all(|(offset, _)| unit.text.is_char_boundary(*offset as usize));
            assert!(ascending && inside, "boxes belong to characters");
        }
        self.0.push((place, unit.text.to_owned()));
    }
}

pub(crate) fn collect_within(
    name: &str,
    bytes: &[u8],
    limits: &ReadLimits,
) -> Result<Collected, ExtractError> {
    let mut sink = Collector::default();
    let read = crate::extract(name, &Bytes::copy_from_slice(bytes), limits, &mut sink)?;
    Ok(Collected { read, units: sink.0 })
}

pub(crate) fn collect(name: &str, bytes: &[u8]) -> Result<Collected, ExtractError> {
    collect_within(name, bytes, &ReadLimits::default())
}

#[test]
fn the_name_changes_nothing_that_content_decides() {
    let kind = |name: &str, bytes: &[u8]| collect(name, bytes).expect("readable").read.kind;
    assert_eq!(kind("a.pdf", b"plain words"), FileFormat::Text);
    assert_eq!(kind("a.txt", b"<html><p>x</p></html>"), FileFormat::Html);
    assert_eq!(kind("a.csv", b"{\"a\": 1}"), FileFormat::Json);
    assert_eq!(kind("a", b"<?xml version='1.0'?><a>x</a>"), FileFormat::Xml);
    assert_eq!(kind("a", b"a;b\n1;2\n"), FileFormat::Csv);
    assert_eq!(kind("a.csv", b"one,line"), FileFormat::Csv);
    assert_eq!(kind("a.html", b"<p>x"), FileFormat::Html);
}

#[test]
fn limits_hold() {
    let limits = ReadLimits { cells: 3, text_bytes: 10, ..ReadLimits::default() };
    let result = collect_within("a.txt", b"twelve bytes", &limits);
    assert!(matches!(result, Err(ExtractError::TooLarge(_))));
    assert!(collect_within("a.csv", b"a,b\nc,\n", &limits).expect("readable").read.unread.is_empty());
    // Units read before a limit was hit are kept, and the rest is reported.
    let cut = collect_within("a.csv", b"a,b\nc,d\n", &limits).expect("read in part");
    let [rest] = &cut.read.unread[..] else { panic!("{:?}", cut.read.unread) };
    assert_eq!((cut.units.len(), &rest.place), (3, &Place::File));
    assert_eq!(rest.why, "too large: more than 3 cells; the content before that was read");
}

#[test]
fn a_panicking_sink_is_an_error_not_a_crash() {
    struct Broken;
    impl Sink for Broken {
        fn unit(&mut self, _: &Unit<'_>) {
            panic!("sink broke");
        }
    }
    let result = crate::extract("a.txt", &Bytes::from_static(b"words"), &ReadLimits::default(), &mut Broken);
    assert_eq!(result, Err(ExtractError::Panicked("sink broke".to_owned())));
}

/// A workbook with two sheets, the second hidden.
fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "HOLE-1").expect("written");
    sheet.write(1, 1, 4711.0).expect("written");
    sheet.write(1, 2, 0.5).expect("written");
    sheet.write_with_format(2, 27, 45_000.0, &date).expect("written");
    sheet.write(3, 0, true).expect("written");
    let hidden = book.add_worksheet();
    hidden.set_name("Old ones").expect("a name").set_hidden(true);
    hidden.write(9, 1, "HOLE-2").expect("written");
    book.save_to_buffer().expect("saved")
}

#[test]
fn workbooks_give_cells_as_people_read_them() {
    let got = collect("any name", &workbook()).expect("readable");
    assert_eq!((got.read.kind, got.read.pages), (FileFormat::Xlsx, 2));
    let cells: Vec<_> = got.units.iter().map(|(place, text)| (place.as_str(), text.as_str())).collect();
    assert_eq!(
        cells,
        [
            ("Sheet1!A1", "HOLE-1"),
            ("Sheet1!B2", "4711"),
            ("Sheet1!C2", "0.5"),
            ("Sheet1!AB3", "2023-03-15"),
            ("Sheet1!A4", "TRUE"),
            ("Old ones!B10", "HOLE-2"),
            ("Sheet1!", "Sheet1"),
            ("Old ones!", "Old ones"),
        ]
    );
    let limits = ReadLimits { cells: 5, ..ReadLimits::default() };
    let cut = collect_within("a.xlsx", &workbook(), &limits).expect("read in part");
    assert_eq!((cut.units.len(), cut.read.unread.len()), (5, 1));
    let limits = ReadLimits { only_cells: true, ..ReadLimits::default() };
    assert_eq!(collect_within("a.xlsx", &workbook(), &limits).expect("readable").units.len(), 6);
}

pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a file");
        std::io::Write::write_all(&mut writer, content.as_bytes()).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x'><office:body><office:spreadsheet>\
         <table:table table:name='S &amp; T'>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

#[test]
fn open_documents_give_cells_and_repeats_cost_nothing() {
    let got = collect(
        "a",
        &ods("<table:table-row table:number-rows-repeated='1000000000'>\
              <table:table-cell table:number-columns-repeated='4000000000'><text:p>HOLE-<text:span>1</text:span></text:p></table:table-cell>\
              </table:table-row><table:table-row><table:table-cell/><table:table-cell table:number-columns-repeated='2'/>\
              <table:table-cell office:value='5'><text:p>a</text:p><text:p>b &amp; c</text:p></table:table-cell></table:table-row>"),
    )
    .expect("readable");
    assert_eq!((got.read.kind, got.read.pages), (FileFormat::Ods, 1));
    let expected = [("S & T!A1", "HOLE-1"), ("S & T!D1000000001", "a\nb & c")];
    assert_eq!(got.units, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn containers_that_are_not_read_are_named() {
    let why = |files: &[(&str, &str)]| collect("a.xlsx", &archive(files)).expect_err("not read").to_string();
    assert!(why(&[("[Content_Types].xml", ""), ("visio/document.xml", "")]).starts_with("Visio drawing"));
    assert!(why(&[("mimetype", "application/epub+zip")]).starts_with("e-book"));
}

#[test]
fn other_text_is_another_version() {
    let mut digest = flate2::Crc::new();
    for seed in hostile::seeds() {
        let read = collect("a", &seed);
        digest.update(format!("{:?}", read.map(|read| (read.read, read.units))).as_bytes());
    }
    digest.update(format!("{:?}", FORMATS.iter().map(|(format, _)| format).collect::<Vec<_>>()).as_bytes());
    assert_eq!(
        (crate::VERSION, digest.sum()),
        (2, 2_319_431_163),
        "the parsers read differently: increase VERSION, and put it and the digest here"
    );
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    /// Returns small whole files of every kind, to be damaged.
    pub(super) fn seeds() -> Vec<Vec<u8>> {
        let pdf = crate::formats::pdf::tests::page(
            "q 1 0 0 1 5 5 cm BT /F 10 Tf 14 TL [(HO) -20 <4C45>] TJ (x) ' ET Q /Fm Do BI /W 1 ID x EI",
            "/Rotate 90/Annots[<</Subtype/FreeText/Contents(n)>>]",
            "/F<</Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[65/B/C]>>>>",
            &["<</Subtype/Form/Length 4>>\nstream\n/Fm Do\nendstream".to_owned()],
        );
        vec![
            pdf,
            workbook(),
            ods("<table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>"),
            b"a;\"b\"\"c\";d\r\n1;2;3\r\n".to_vec(),
            b"<html><body><p title='x'>HOLE&#45;1<script>x</script></p></body></html>".to_vec(),
            b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a x='1'>&b;<![CDATA[d]]></a>".to_vec(),
            br#"{"a":["b\u002d1",{"c":-1.5e3}]}"#.to_vec(),
            b"h\0o\0l\0e\0-\x001\0\n\0".to_vec(),
            archive(&[("a.txt", "HOLE-1"), ("b/c.csv", "a,b\n1,2\n")]),
            archive(&[
                ("[Content_Types].xml", "<Types/>"),
                ("word/document.xml", "<d><p><r><t>HO</t><br/></r><del><r><t>x</t></r></del></p></d>"),
            ]),
            archive(&[
                ("[Content_Types].xml", "<Types/>"),
                ("ppt/presentation.xml", "<p><sldId r:id='a'/></p>"),
                (
                    "ppt/_rels/presentation.xml.rels",
                    "<r><Relationship Id='a' Type='x/slide' Target='s.xml'/></r>",
                ),
                ("ppt/s.xml", "<s><sp><p><t>HOLE-1</t></p></sp></s>"),
            ]),
            b"II*\0\x08\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x05\0\0\0\0\0\0\0".to_vec(),
            b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xC0\0\x0B\x08\0\x64\0\xC8\x01\0\0\0".to_vec(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn damaged_files_end_in_a_result_or_a_typed_error(
            which: prop::sample::Index,
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut seeds = seeds();
            let mut bytes = seeds.swap_remove(which.index(seeds.len()));
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let result = collect("a.csv", &bytes);
            // Our own code must not rely on the handler that catches a parser's panic.
            prop_assert!(!matches!(result, Err(ExtractError::Panicked(_))), "{result:?}");
        }

        #[test]
        fn any_bytes_end_in_a_result_or_a_typed_error(bytes in prop::collection::vec(any::<u8>(), 0..400), pdf: bool) {
            let bytes = if pdf { [b"%PDF-1.4\n".to_vec(), bytes].concat() } else { bytes };
            let result = collect("a.html", &bytes);
            prop_assert!(!matches!(result, Err(ExtractError::Panicked(_))), "{result:?}");
        }
    }
}
