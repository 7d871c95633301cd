//! Presentations: slides in their order, each with its notes, comments, diagrams and charts; one unit per paragraph.
//! The text of a layout or master is read with the first slide that uses it.

use std::collections::{HashMap, HashSet};

use super::FormatParser;
use crate::ooxml::{self, Relation, TextRules};
use crate::output::UnitOutput;
use crate::package::Package;
use crate::sniff::SniffedFile;
use crate::{ExtractError, Place};

pub(crate) static PPTX: FormatParser =
    FormatParser { is: |file| file.is_office("ppt/", "presentationml.presentation.main"), read };

fn read(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let Some(package) = file.package() else {
        return Ok(());
    };
    let mut deck = Deck { package, seen: HashSet::new() };
    let slides = deck.slides(out)?;
    out.pages(slides.len());
    for (number, slide) in (1..).zip(&slides) {
        if let Err(error) = deck.slide(number, slide, out) {
            out.unread(Place::Slide(number), error.to_string());
        }
    }
    Ok(())
}

struct Deck<'p> {
    package: &'p Package<'p>,
    /// Layouts and masters that have been read.
    seen: HashSet<String>,
}

impl Deck<'_> {
    /// Returns the slides' parts in the order in which they are shown, each once even if it is listed several times.
    fn slides(&mut self, out: &mut UnitOutput<'_>) -> Result<Vec<String>, ExtractError> {
        let main = ooxml::main_part(self.package, "ppt/presentation.xml", out)?;
        let mut slides = ooxml::relations(self.package, &main, out)?;
        slides.retain(|relation| relation.kind == "slide");
        let bytes = ooxml::part(self.package, &main, out)?;
        let mut order = HashMap::new();
        ooxml::each_element(&ooxml::text(&bytes), out.limits().xml_depth, |tag| {
            if tag.local_name().as_ref() == "sldId" {
                // `id` is a number, `r:id` the relation.
                let id = tag.attributes().with_checks(false).flatten().find(|attribute| {
                    attribute.key.local_name().as_ref() == "id" && attribute.key.as_ref() != "id"
                });
                let next = order.len();
                if let Some(id) = id {
                    order.entry(id.value.into_owned()).or_insert(next);
                }
            }
        })?;
        slides.sort_by_key(|slide| order.get(&slide.id).copied().unwrap_or(order.len()));
        let mut listed = HashSet::new();
        slides.retain(|slide| listed.insert(slide.target.clone()));
        Ok(slides.into_iter().map(|slide| slide.target).collect())
    }

    fn slide(&mut self, number: u32, slide: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        let begin = out.mark();
        self.part(number, slide, TextRules::default(), out)?;
        let related = ooxml::relations(self.package, slide, out)?;
        for relation in &related {
            let rules = match relation.kind.as_str() {
                "notesSlide" | "diagramData" => TextRules::default(),
                // Values of a chart, and comments as older programs store them.
                "chart" => TextRules { leaves: &["v"], ..TextRules::default() },
                "comments" => TextRules { leaves: &["text"], ..TextRules::default() },
                _ => continue,
            };
            if let Err(error) = self.part(number, &relation.target, rules, out) {
                out.unread(Place::Slide(number), format!("{}: {error}", relation.target));
            }
        }
        let text = out.has_units_since(begin);
        self.behind(number, &related, "slideLayout", out)?;
        if !text && related.iter().any(|relation| relation.kind == "image") {
            out.unread(Place::Slide(number), "no text on it: pictures only");
        }
        Ok(())
    }

    /// Reads the text behind a slide: that of its layout and master.
    fn behind(
        &mut self,
        number: u32,
        related: &[Relation],
        kind: &str,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        for relation in related.iter().filter(|relation| relation.kind == kind) {
            if self.seen.insert(relation.target.clone()) {
                let rules = TextRules { no_placeholders: true, ..TextRules::default() };
                self.part(number, &relation.target, rules, out)?;
                let related = ooxml::relations(self.package, &relation.target, out)?;
                self.behind(number, &related, "slideMaster", out)?;
            }
        }
        Ok(())
    }

    fn part(
        &self,
        number: u32,
        name: &str,
        rules: TextRules,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        let bytes = ooxml::part(self.package, name, out)?;
        let depth = out.limits().xml_depth;
        ooxml::paragraphs(&ooxml::text(&bytes), rules, depth, &mut 0, |_, text| {
            out.text(Place::Slide(number), text)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::FileFormat;
    use crate::tests::{archive, collect};

    fn relations(of: &[(&str, &str)]) -> String {
        let namespace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let mut xml = "<Relationships>".to_owned();
        for (index, (kind, target)) in of.iter().enumerate() {
            xml += &format!("<Relationship Id='r{index}' Type='{namespace}/{kind}' Target='{target}'/>");
        }
        xml + "</Relationships>"
    }

    fn shape(text: &str) -> String {
        format!("<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>")
    }

    fn deck(first: &str) -> Vec<u8> {
        let holder = "<p:sp><p:nvPr><p:ph/></p:nvPr><p:txBody><a:p><a:r><a:t>Click here</a:t></a:r></a:p></p:txBody></p:sp>";
        let group = format!("<p:sld><p:grpSp>{}</p:grpSp></p:sld>", shape("HOLE-2"));
        let table = "<p:sld><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>HO</a:t></a:r><a:r><a:t>LE-1</a:t></a:r></a:p>\
                     </a:txBody></a:tc></a:tr></a:tbl></p:sld>";
        archive(&[
            ("[Content_Types].xml", "<Types/>"),
            ("_rels/.rels", &relations(&[("officeDocument", "/ppt/presentation.xml")])),
            (
                "ppt/presentation.xml",
                "<p:presentation><p:sldIdLst><p:sldId id='256' r:id='r1'/><p:sldId id='257' r:id='r0'/>\
                 <p:sldId id='258' r:id='r1'/></p:sldIdLst></p:presentation>",
            ),
            (
                "ppt/_rels/presentation.xml.rels",
                &relations(&[("slide", "slides/slide1.xml"), ("slide", "slides/slide2.xml")]),
            ),
            ("ppt/slides/slide1.xml", &group),
            (
                "ppt/slides/_rels/slide1.xml.rels",
                &relations(&[("slideLayout", "../layout.xml"), ("notesSlide", "../notes.xml")]),
            ),
            ("ppt/slides/slide2.xml", if first.is_empty() { table } else { first }),
            (
                "ppt/slides/_rels/slide2.xml.rels",
                &relations(&[("slideLayout", "../layout.xml"), ("image", "../media/a.png")]),
            ),
            ("ppt/layout.xml", &format!("<p:x>{holder}{}</p:x>", shape("HOLE-3"))),
            ("ppt/notes.xml", &format!("<p:notes>{}</p:notes>", shape("HOLE-4"))),
        ])
    }

    #[test]
    fn slides_come_in_their_order_with_what_belongs_to_them() {
        let got = collect("a.pptx", &deck("")).expect("readable");
        assert_eq!((got.read.kind, got.read.pages), (FileFormat::Pptx, 2));
        let expected = [(1, "HOLE-1"), (1, "HOLE-3"), (2, "HOLE-2"), (2, "HOLE-4")];
        assert_eq!(got.units, expected.map(|(n, text)| (format!("slide {n}"), text.to_owned())));
        assert_eq!(got.read.unread, []);
    }

    #[test]
    fn a_slide_that_cannot_be_read_is_told_and_loses_no_other() {
        for (first, why) in [("<p:sld/>", "no text on it: pictures only"), ("<p:sld>", "damaged: ")] {
            let got = collect("a.pptx", &deck(first)).expect("readable");
            assert!(got.units.iter().any(|(place, text)| place == "slide 2" && text == "HOLE-2"));
            let [part] = &got.read.unread[..] else { panic!("{:?}", got.read.unread) };
            assert!(part.place.to_string() == "slide 1" && part.why.starts_with(why), "{part:?}");
        }
    }
}
