//! Word documents: one unit per paragraph that is not empty. The body comes first, then headers, footers, notes,
//! comments, diagrams and charts, numbered consecutively.

use super::FormatParser;
use crate::ooxml::{self, TextRules};
use crate::output::UnitOutput;
use crate::package::Package;
use crate::sniff::SniffedFile;
use crate::{ExtractError, Place};

pub(crate) static DOCX: FormatParser =
    FormatParser { is: |file| file.is_office("word/", "wordprocessingml.document.main"), read };

/// Parts in addition to the body, in the order in which they are read, with their names for people.
const PARTS: [(&str, &str); 7] = [
    ("header", "a header"),
    ("footer", "a footer"),
    ("footnotes", "the footnotes"),
    ("endnotes", "the endnotes"),
    ("comments", "the comments"),
    ("diagramData", "a diagram"),
    ("chart", "a chart"),
];

fn read(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let Some(package) = file.package() else {
        return Ok(());
    };
    let begin = out.mark();
    let main = ooxml::main_part(package, "word/document.xml", out)?;
    let mut number = 0;
    let body = part(package, &main, &mut number, out);
    let related = ooxml::relations(package, &main, out).unwrap_or_default();
    for (kind, what) in PARTS {
        for relation in related.iter().filter(|relation| relation.kind == kind) {
            if let Err(error) = part(package, &relation.target, &mut number, out) {
                out.unread(Place::File, format!("{what}: {error}"));
            }
        }
    }
    body?;
    if !out.has_units_since(begin) && related.iter().any(|relation| relation.kind == "image") {
        out.unread(Place::File, "no text in it: pictures only");
    }
    Ok(())
}

fn part(
    package: &Package<'_>,
    name: &str,
    number: &mut u32,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let bytes = ooxml::part(package, name, out)?;
    let rules = TextRules { leaves: &["v"], ..TextRules::default() };
    let depth = out.limits().xml_depth;
    ooxml::paragraphs(&ooxml::text(&bytes), rules, depth, number, |number, text| {
        out.text(Place::Paragraph(number), text)
    })
}

#[cfg(test)]
mod tests {
    use crate::tests::{archive, collect};
    use crate::{ExtractError, FileFormat};

    const TRANSITIONAL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const STRICT: &str = "http://purl.oclc.org/ooxml/officeDocument/relationships";

    fn relations(namespace: &str, of: &[(&str, &str)]) -> String {
        let mut xml = "<Relationships>".to_owned();
        for (index, (kind, target)) in of.iter().enumerate() {
            xml += &format!("<Relationship Id='r{index}' Type='{namespace}/{kind}' Target='{target}'/>");
        }
        xml + "</Relationships>"
    }

    fn document(namespace: &str, main: &str, body: &str) -> Vec<u8> {
        let package = relations(namespace, &[("officeDocument", &format!("word/{main}"))]);
        let related = relations(
            namespace,
            &[("comments", "comments.xml"), ("footnotes", "footnotes.xml"), ("header", "header1.xml")],
        );
        let part = |text: &str| format!("<w:x xmlns:w='w'><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:x>");
        archive(&[
            ("[Content_Types].xml", "<Types/>"),
            ("_rels/.rels", &package),
            (&format!("word/{main}"), body),
            (&format!("word/_rels/{main}.rels"), &related),
            ("word/header1.xml", &part("HOLE-2")),
            ("word/footnotes.xml", &part("HOLE-3")),
            ("word/comments.xml", &part("HOLE-4")),
        ])
    }

    const BODY: &str = "<w:document xmlns:w='w'><w:body><w:tbl><w:tr><w:tc><w:p><w:r><w:t>HO</w:t></w:r><w:r>\
                        <w:t>LE-1</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:body></w:document>";

    #[test]
    fn everything_a_reader_sees_is_read() {
        // With and without macros the parts are the same; only their declared types differ.
        for (namespace, main) in [(TRANSITIONAL, "document.xml"), (STRICT, "document2.xml")] {
            let got = collect("a.docm", &document(namespace, main, BODY)).expect("readable");
            assert_eq!((got.read.kind, got.read.pages), (FileFormat::Docx, 1));
            let expected = [(1, "HOLE-1"), (3, "HOLE-2"), (4, "HOLE-3"), (5, "HOLE-4")];
            assert_eq!(got.units, expected.map(|(n, text)| (format!("paragraph {n}"), text.to_owned())));
            assert_eq!(got.read.unread, []);
        }
    }

    #[test]
    fn damage_in_one_part_loses_no_other() {
        let cut = &BODY[..BODY.len() - 20];
        let got = collect("a.docx", &document(TRANSITIONAL, "document.xml", cut)).expect("read in part");
        assert_eq!(got.units.len(), 4);
        assert!(got.read.unread[0].why.starts_with("damaged: a part of it"), "{:?}", got.read.unread);

        let empty = archive(&[("[Content_Types].xml", "<Types/>"), ("word/styles.xml", "<x/>")]);
        let why = collect("a.docx", &empty).expect_err("no document");
        assert_eq!(why, ExtractError::Damaged("its part word/document.xml is missing".to_owned()));
    }
}
