//! xlsx and xlsm: one pass over each part, in memory that does not depend on what a sheet claims.

mod book;
mod outside;
mod part;
mod shared;
mod sheet;

use crate::ExtractError;
use crate::formats::FormatParser;
use crate::ooxml::{self, Relation};
use crate::output::UnitOutput;
use crate::package::Package;
use crate::sniff::SniffedFile;
use crate::spreadsheet::strings::Strings;
use crate::spreadsheet::styles::CellStyles;
use crate::spreadsheet::{FailedSheets, SheetBook, SheetHead, SheetPart};

pub(super) use sheet::{Shared, SheetLinks, header_text};

pub(crate) static XLSX: FormatParser =
    FormatParser { is: |file| file.is_office("xl/", "spreadsheetml.sheet.main"), read };

fn read(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let package = open(file)?;
    let parts = book::read(package, out)?;
    let strings = part_of(&parts.relations, "sharedStrings", "xl/sharedStrings.xml");
    let strings: Strings = named("the shared texts", shared::strings(package, strings, out))?;
    out.hold(strings.size());
    let styles = part_of(&parts.relations, "styles", "xl/styles.xml");
    let styles: CellStyles = named("the styles", shared::styles(package, styles, out))?;
    let shared = Shared { strings: &strings, styles: &styles, since_1904: parts.book.since_1904 };
    read_sheets(&parts.book, &parts.sheets, &parts.relations, out, |part, head, out| {
        let (links, result) = sheet::read(package, part, &head.name, &shared, out);
        result.and(read_around(package, part, &links, out))
    })
}

/// Returns the package of a workbook, unless it is protected by a password.
pub(super) fn open<'f, 'a>(file: &'f SniffedFile<'a>) -> Result<&'f Package<'a>, ExtractError> {
    let package = file.package().ok_or_else(|| ExtractError::Damaged("not a ZIP container".to_owned()))?;
    if package.is_encrypted() { Err(ExtractError::Encrypted) } else { Ok(package) }
}

/// Reads all sheets with `read`, which gets the name of the sheet's part. A sheet that fails does not hide the others;
/// if every sheet fails, the workbook does.
pub(super) fn read_sheets(
    book: &SheetBook,
    ids: &[String],
    relations: &[Relation],
    out: &mut UnitOutput<'_>,
    mut read: impl FnMut(&str, &SheetHead, &mut UnitOutput<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    out.pages(book.sheets.len());
    out.sheet_part(&SheetPart::Book(book));
    let mut failed = FailedSheets::default();
    for (head, id) in book.sheets.iter().zip(ids) {
        out.begin_sheet(head);
        let relation = relations.iter().find(|relation| relation.id == *id);
        let result = match relation {
            Some(relation) => read(&relation.target, head, out),
            None => Err(ExtractError::Damaged("its part is missing".to_owned())),
        };
        out.sheet_part(&SheetPart::End);
        match result {
            Ok(()) => {}
            // The limits are those of the whole file.
            Err(error @ ExtractError::TooLarge(_)) => return Err(error),
            Err(error) => failed.add(&head.name, error),
        }
    }
    failed.end(book.sheets.iter().map(|head| &head.name), out)
}

/// Reads what belongs to the sheet in `part` and stands in other parts.
pub(super) fn read_around(
    package: &Package<'_>,
    part: &str,
    links: &SheetLinks,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let relations = ooxml::all_relations(package, part, out)?;
    outside::read(package, links, &relations, out)
}

/// Returns the name of the part that the book refers to as `kind`; the usual name if it does not, because other programs
/// read such files.
pub(super) fn part_of<'r>(relations: &'r [Relation], kind: &str, usual: &'r str) -> &'r str {
    relations.iter().find(|relation| relation.kind == kind).map_or(usual, |relation| &relation.target)
}

/// Names the part of an error.
pub(super) fn named<T>(part: &str, result: Result<T, ExtractError>) -> Result<T, ExtractError> {
    result.map_err(|error| match error {
        ExtractError::Damaged(why) => ExtractError::Damaged(format!("{part}: {why}")),
        error => error,
    })
}
