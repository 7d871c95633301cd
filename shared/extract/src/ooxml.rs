//! Common code for Word and PowerPoint files: parts that refer to each other, and paragraphs made of runs.
//!
//! Elements are identified by their local names, so that the transitional and the strict namespaces, and any prefixes
//! a writer chose, are treated alike.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::output::UnitOutput;
use crate::package::Package;
use crate::{ExtractError, decode, entities};

/// A reference from one part to another.
#[derive(Debug)]
pub(crate) struct Relation {
    pub id: String,
    /// The last component of its type, such as `header` or `notesSlide`.
    pub kind: String,
    /// Name of the part in the package; the address of something outside it if it is `external`.
    pub target: String,
    pub external: bool,
}

/// Returns a part's references within the package; the package itself has an empty name. Empty if there are none.
pub(crate) fn relations(
    package: &Package<'_>,
    part: &str,
    out: &mut UnitOutput<'_>,
) -> Result<Vec<Relation>, ExtractError> {
    let mut relations = all_relations(package, part, out)?;
    relations.retain(|relation| !relation.external);
    Ok(relations)
}

/// Like [`relations`], with references to what is outside the package.
pub(crate) fn all_relations(
    package: &Package<'_>,
    part: &str,
    out: &mut UnitOutput<'_>,
) -> Result<Vec<Relation>, ExtractError> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let slash = if folder.is_empty() { "" } else { "/" };
    let Some(bytes) = package.part(&format!("{folder}{slash}_rels/{file}.rels"), out)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    each_element(&decode::decode(&bytes), out.limits().xml_depth, |tag| {
        let get = |name| attribute(tag, name);
        if tag.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(kind), Some(target)) = (get("Id"), get("Type"), get("Target"))
        {
            let external = get("TargetMode").as_deref() == Some("External");
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            let target = if external { target } else { resolve(folder, &target) };
            found.push(Relation { id, kind, target, external });
        }
    })?;
    Ok(found)
}

/// Returns the name of the main part of a document; `usual` if the package does not name one.
pub(crate) fn main_part(
    package: &Package<'_>,
    usual: &str,
    out: &mut UnitOutput<'_>,
) -> Result<String, ExtractError> {
    let relations = relations(package, "", out)?;
    let main = relations.into_iter().find(|relation| relation.kind == "officeDocument");
    Ok(main.map_or_else(|| usual.to_owned(), |relation| relation.target))
}

/// Returns a part's bytes, unpacked. A part that another one refers to must exist.
pub(crate) fn part(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
) -> Result<Vec<u8>, ExtractError> {
    let missing = || ExtractError::Damaged(format!("its part {name} is missing"));
    package.part(name, out)?.ok_or_else(missing)
}

/// Resolves a target relative to the folder of the part that names it.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let whole = match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{folder}/{target}"),
    };
    let mut names = Vec::new();
    for name in whole.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join("/")
}

/// Calls `each` for the start of every element.
pub(crate) fn each_element(
    xml: &str,
    depth: u32,
    mut each: impl FnMut(&BytesStart<'_>),
) -> Result<(), ExtractError> {
    walk(xml, depth, |event| {
        if let Event::Start(tag) = event {
            each(tag);
        }
        Ok(())
    })
}

/// Returns an attribute by its local name.
pub(crate) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        tag.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    let mut value = String::new();
    entities::push_decoded(&found.value, &mut value);
    Some(value)
}

/// Which elements of a part are text.
#[derive(Clone, Copy, Default)]
pub(crate) struct TextRules {
    /// Elements that are each a paragraph.
    pub leaves: &'static [&'static str],
    /// Whether to skip placeholder shapes, which only reserve room for the text of slides.
    pub no_placeholders: bool,
}

/// Passes on the paragraphs of a part, numbered in the order in which they begin. Runs are joined, because a code may
/// be split over many. Text that was deleted or moved away is skipped.
pub(crate) fn paragraphs(
    xml: &str,
    rules: TextRules,
    depth: u32,
    number: &mut u32,
    mut each: impl FnMut(u32, &str) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let mut open: Vec<(u32, String)> = Vec::new();
    // Nesting depth within a skipped element, which counts itself.
    let mut skipped = 0_u32;
    let mut texts = 0_u32;
    let mut choices = Vec::new();
    let mut placeholder = false;
    let mut begin = |open: &mut Vec<(u32, String)>| {
        *number = number.saturating_add(1);
        open.push((*number, String::new()));
    };
    let mut end = |open: &mut Vec<(u32, String)>| match open.pop() {
        Some((number, text)) if !text.trim().is_empty() => each(number, &text),
        _ => Ok(()),
    };
    walk(xml, depth, |event| {
        match event {
            Event::Start(_) if skipped > 0 => skipped += 1,
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::Start(tag) => {
                let last = open.last_mut().map(|(_, text)| text);
                match tag.local_name().as_ref() {
                    "p" => begin(&mut open),
                    "t" => texts += 1,
                    // Properties have tabs too, but no text. Deleted text is in runs like any other.
                    "pPr" | "rPr" | "del" | "moveFrom" => skipped = 1,
                    "AlternateContent" => choices.push(false),
                    "Choice" => choices.last_mut().into_iter().for_each(|chosen| *chosen = true),
                    // The same content again for older programs.
                    "Fallback" if choices.last() == Some(&true) => skipped = 1,
                    "ph" if rules.no_placeholders => placeholder = true,
                    "tab" | "ptab" => last.into_iter().for_each(|text| text.push('\t')),
                    "br" | "cr" => last.into_iter().for_each(|text| text.push('\n')),
                    "noBreakHyphen" => last.into_iter().for_each(|text| text.push('-')),
                    "sym" => last.into_iter().for_each(|text| text.push(symbol(tag))),
                    leaf if open.is_empty() && rules.leaves.contains(&leaf) => {
                        texts += 1;
                        begin(&mut open);
                    }
                    _ => {}
                }
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                "p" => end(&mut open)?,
                "t" => texts = texts.saturating_sub(1),
                "AlternateContent" => {
                    choices.pop();
                }
                "sp" => placeholder = false,
                leaf if open.len() == 1 && rules.leaves.contains(&leaf) => {
                    texts = texts.saturating_sub(1);
                    end(&mut open)?;
                }
                _ => {}
            },
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                if texts > 0
                    && skipped == 0
                    && !placeholder
                    && let Some((_, text)) = open.last_mut()
                {
                    match event {
                        Event::Text(more) => text.push_str(more),
                        Event::CData(more) => text.push_str(more),
                        Event::GeneralRef(name) => text.extend(entities::decode(name)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    while !open.is_empty() {
        end(&mut open)?;
    }
    Ok(())
}

/// Returns a character of a symbol font. Only the minus can be part of codes; the others become spaces.
fn symbol(tag: &BytesStart<'_>) -> char {
    let code = attribute(tag, "char").and_then(|code| u32::from_str_radix(&code, 16).ok());
    match code {
        Some(0xF02D) => '-',
        Some(0xE000..=0xF8FF) | None => ' ',
        Some(code) => char::from_u32(code).unwrap_or(' '),
    }
}

/// Makes a reader of XML tolerate what other programs tolerate, and end empty elements like others.
pub(crate) fn tolerate(config: &mut quick_xml::reader::Config) {
    config.expand_empty_elements = true;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
}

/// How deep elements are nested.
pub(crate) struct Nesting {
    depth: u32,
    most: u32,
}

impl Nesting {
    pub fn new(most: u32) -> Self {
        Self { depth: 0, most }
    }

    /// Follows the events in their order; returns whether this one is the end of the part.
    ///
    /// # Errors
    /// [`ExtractError::TooLarge`] if elements are nested too deep, [`ExtractError::Damaged`] with `broken_off` if the
    /// part ends within an element.
    pub fn follow(&mut self, event: &Event<'_>, broken_off: &str) -> Result<bool, ExtractError> {
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(ExtractError::Damaged(broken_off.to_owned())),
            Event::Eof => return Ok(true),
            _ => {}
        }
        if self.depth > self.most {
            return Err(ExtractError::TooLarge(format!("elements nested more than {} deep", self.most)));
        }
        Ok(false)
    }
}

/// Calls `each` for every event. Tolerates errors where it can; entities that a document declares are never expanded.
fn walk(
    xml: &str,
    most: u32,
    mut each: impl FnMut(&Event<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let mut reader = Reader::from_str(xml);
    tolerate(reader.config_mut());
    let mut nesting = Nesting::new(most);
    loop {
        let event = reader
            .read_event()
            .map_err(|error| ExtractError::Damaged(format!("a part of it is not well formed: {error}")))?;
        if nesting.follow(&event, "a part of it ends too early")? {
            return Ok(());
        }
        each(&event)?;
    }
}

/// Returns a part as text, whatever its encoding.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    decode::decode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Vec<String> {
        let mut found = Vec::new();
        paragraphs(xml, TextRules::default(), 100, &mut 0, |number, text| {
            found.push(format!("{number}: {text}"));
            Ok(())
        })
        .expect("well formed");
        found
    }

    #[test]
    fn targets_are_meant_from_the_folder_of_the_part() {
        assert_eq!(resolve("word", "header1.xml"), "word/header1.xml");
        assert_eq!(resolve("ppt/slides", "../notesSlides/n.xml"), "ppt/notesSlides/n.xml");
        assert_eq!(resolve("word", "/word/a.xml"), "word/a.xml");
        assert_eq!(resolve("", "../../etc/passwd"), "etc/passwd");
    }

    #[test]
    fn runs_of_a_paragraph_are_one_text() {
        let xml = "<w:p xmlns:w='x'><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>HO</w:t></w:r>\
                   <w:proofErr/><w:r><w:rPr><w:b/></w:rPr><w:t xml:space='preserve'>LE</w:t><w:noBreakHyphen/>\
                   <w:t>1</w:t><w:tab/><w:t>a &amp; &#98;</w:t></w:r></w:p><w:p/><w:p><w:r><w:t>x</w:t></w:r></w:p>";
        assert_eq!(read(xml), ["1: HOLE-1\ta & b", "3: x"]);
    }

    #[test]
    fn what_was_deleted_is_gone_and_what_was_inserted_is_there() {
        let xml = "<p><del><r><delText>HOLE-1</delText></r></del><ins><r><t>HOLE-2</t></r></ins>\
                   <moveFrom><r><t>HOLE-3</t></r></moveFrom><moveTo><r><t> HOLE-4</t></r></moveTo>\
                   <r><instrText>PAGEREF HOLE-5</instrText></r></p>";
        assert_eq!(read(xml), ["1: HOLE-2 HOLE-4"]);
    }

    #[test]
    fn a_text_box_is_read_once_and_breaks_no_paragraph() {
        let txbx = "<txbxContent><p><r><t>box</t></r></p></txbxContent>";
        let xml = format!(
            "<p><r><t>HO</t></r><r><AlternateContent><Choice><drawing>{txbx}</drawing></Choice>\
             <Fallback><pict>{txbx}</pict></Fallback></AlternateContent></r><r><t>LE</t></r></p>"
        );
        assert_eq!(read(&xml), ["2: box", "1: HOLE"]);
    }

    #[test]
    fn damage_and_bombs_end_in_words() {
        let cut =
            paragraphs("<p><r><t>HOLE-1</t></r></p><p>", TextRules::default(), 9, &mut 0, |_, _| Ok(()));
        assert!(matches!(cut, Err(ExtractError::Damaged(_))));
        let deep = "<a>".repeat(101) + &"</a>".repeat(101);
        let deep = paragraphs(&deep, TextRules::default(), 100, &mut 0, |_, _| Ok(()));
        assert!(matches!(deep, Err(ExtractError::TooLarge(_))));
        let bomb = "<!DOCTYPE p [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><p><r><t>x&b;</t></r></p>";
        assert_eq!(read(bomb), ["1: x"]);
    }
}
