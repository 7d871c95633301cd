//! The part that lists the sheets.

use quick_xml::events::Event;

use super::part;
use crate::ExtractError;
use crate::ooxml::{self, Relation};
use crate::output::UnitOutput;
use crate::package::Package;
use crate::spreadsheet::{DefinedName, SheetBook, SheetHead, Visibility};

/// The book, and where its parts are.
pub(super) struct Parts {
    pub book: SheetBook,
    /// For each sheet, the id of its relation.
    pub sheets: Vec<String>,
    pub relations: Vec<Relation>,
}

pub(super) fn read(package: &Package<'_>, out: &mut UnitOutput<'_>) -> Result<Parts, ExtractError> {
    let main = ooxml::main_part(package, "xl/workbook.xml", out)?;
    let relations = ooxml::relations(package, &main, out)?;
    let mut book = SheetBook::default();
    let mut sheets = Vec::new();
    let mut name: Option<DefinedName> = None;
    let found = part::events(package, &main, out, |event, _| {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "workbookPr" => book.since_1904 = part::flag(tag, "date1904"),
                "sheet" => {
                    let visibility = match part::attribute(tag, "state").as_deref() {
                        Some("hidden") => Visibility::Hidden,
                        Some("veryHidden") => Visibility::VeryHidden,
                        _ => Visibility::Visible,
                    };
                    let mut name = part::attribute(tag, "name").unwrap_or_default();
                    part::unescape(&mut name);
                    book.sheets.push(SheetHead { name, visibility });
                    sheets.push(part::attribute(tag, "id").unwrap_or_default());
                }
                "definedName" => {
                    name = Some(DefinedName {
                        name: part::attribute(tag, "name").unwrap_or_default(),
                        sheet: part::number(tag, "localSheetId"),
                        formula: String::new(),
                        hidden: part::flag(tag, "hidden"),
                    });
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "definedName" => book.names.extend(name.take()),
            event => {
                if let Some(name) = &mut name {
                    part::push_text(event, &mut name.formula);
                }
            }
        }
        Ok(())
    });
    match found {
        Ok(Some(())) => {}
        Ok(None) => return Err(ExtractError::Damaged(format!("its part {main} is missing"))),
        Err(error) if sheets.is_empty() => return Err(error),
        // The sheets before the damage are known; that there may be more is for the caller to see.
        Err(error) => out.unread(crate::Place::File, format!("the list of sheets: {error}")),
    }
    for link in relations.iter().filter(|relation| relation.kind == "externalLink") {
        let targets = ooxml::all_relations(package, &link.target, out).unwrap_or_default();
        book.external_links.extend(targets.into_iter().map(|relation| relation.target));
    }
    Ok(Parts { book, sheets, relations })
}
