//! Whole files through [`extract`](crate::extract), as a caller sees it.

use bytes::Bytes;

use crate::{ExtractError, Extracted, Kind, Limits, Place, Sink, Unit};

/// Everything a file gave, places written out (`3` for a page or line, `Sheet!B12` for a cell).
#[derive(Debug)]
pub(crate) struct Collected {
    pub read: Extracted,
    pub units: Vec<(String, String)>,
}

#[derive(Default)]
struct Collector(Vec<(String, String)>);

impl Sink for Collector {
    fn unit(&mut self, unit: &Unit<'_>) {
        let place = match unit.place {
            Place::Page(n) => n.to_string(),
            Place::Line(n) => n.to_string(),
            Place::Cell { sheet, cell } => format!("{sheet}!{cell}"),
        };
        if let Some(glyphs) = unit.glyphs {
            let ascending = glyphs.boxes.is_sorted_by_key(|(offset, _)| *offset);
            let inside = glyphs.boxes.iter().all(|(offset, _)| unit.text.is_char_boundary(*offset as usize));
            assert!(ascending && inside, "boxes belong to characters");
        }
        self.0.push((place, unit.text.to_owned()));
    }
}

pub(crate) fn collect_within(name: &str, bytes: &[u8], limits: &Limits) -> Result<Collected, ExtractError> {
    let mut sink = Collector::default();
    let read = crate::extract(name, &Bytes::copy_from_slice(bytes), limits, &mut sink)?;
    Ok(Collected { read, units: sink.0 })
}

pub(crate) fn collect(name: &str, bytes: &[u8]) -> Result<Collected, ExtractError> {
    collect_within(name, bytes, &Limits::default())
}

#[test]
fn the_name_changes_nothing_that_content_decides() {
    let kind = |name: &str, bytes: &[u8]| collect(name, bytes).expect("readable").read.kind;
    assert_eq!(kind("a.pdf", b"plain words"), Kind::Text);
    assert_eq!(kind("a.txt", b"<html><p>x</p></html>"), Kind::Html);
    assert_eq!(kind("a.csv", b"{\"a\": 1}"), Kind::Json);
    assert_eq!(kind("a", b"<?xml version='1.0'?><a>x</a>"), Kind::Xml);
    assert_eq!(kind("a", b"a;b\n1;2\n"), Kind::Csv);
    assert_eq!(kind("a.csv", b"one,line"), Kind::Csv);
    assert_eq!(kind("a.html", b"<p>x"), Kind::Html);
}

#[test]
fn limits_hold() {
    let limits = Limits { cells: 3, text_bytes: 10, ..Limits::default() };
    let too_large = |result: Result<Collected, ExtractError>| matches!(result, Err(ExtractError::TooLarge(_)));
    assert!(too_large(collect_within("a.csv", b"a,b\nc,d\n", &limits)));
    assert!(collect_within("a.csv", b"a,b\nc,\n", &limits).is_ok());
    assert!(too_large(collect_within("a.txt", b"twelve bytes", &limits)));
}

#[test]
fn a_panicking_sink_is_an_error_not_a_crash() {
    struct Broken;
    impl Sink for Broken {
        fn unit(&mut self, _: &Unit<'_>) {
            panic!("sink broke");
        }
    }
    let result = crate::extract("a.txt", &Bytes::from_static(b"words"), &Limits::default(), &mut Broken);
    assert_eq!(result, Err(ExtractError::Panicked("sink broke".to_owned())));
}
