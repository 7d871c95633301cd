//! xlsb: the binary parts, record by record. Drawings, charts and links are the same parts as in xlsx.

mod record;
mod sheet;

use crate::ExtractError;
use crate::formats::FormatParser;
use crate::ooxml;
use crate::output::UnitOutput;
use crate::package::Package;
use crate::sniff::SniffedFile;
use crate::spreadsheet::strings::Strings;
use crate::spreadsheet::styles::CellStyles;
use crate::spreadsheet::{SheetBook, SheetHead, Visibility, xlsx};

use record::records;

pub(crate) static XLSB: FormatParser = FormatParser {
    is: |file| file.is_office("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
    read,
};

/// Numbers of records, as the documentation names them.
mod kind {
    pub const FORMAT: u16 = 44;
    pub const STYLE: u16 = 47;
    pub const STRING: u16 = 19;
    pub const BOOK_PROPERTIES: u16 = 153;
    pub const SHEET: u16 = 156;
    pub const STYLES_OF_CELLS: u16 = 617;
    pub const END_OF_STYLES_OF_CELLS: u16 = 618;
}

fn read(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let package = xlsx::open(file)?;
    let main = ooxml::main_part(package, "xl/workbook.bin", out)?;
    let relations = ooxml::relations(package, &main, out)?;
    let (book, ids) = book(package, &main, out)?;
    let texts = xlsx::part_of(&relations, "sharedStrings", "xl/sharedStrings.bin");
    let strings = xlsx::named("the shared texts", strings(package, texts, out))?;
    out.hold(strings.size());
    let formats = xlsx::part_of(&relations, "styles", "xl/styles.bin");
    let styles = xlsx::named("the styles", styles(package, formats, out))?;
    let shared = xlsx::Shared { strings: &strings, styles: &styles, since_1904: book.since_1904 };
    xlsx::read_sheets(&book, &ids, &relations, out, |part, head, out| {
        let (links, result) = sheet::read(package, part, &head.name, &shared, out);
        result.and(xlsx::read_around(package, part, &links, out))
    })
}

fn book(
    package: &Package<'_>,
    main: &str,
    out: &mut UnitOutput<'_>,
) -> Result<(SheetBook, Vec<String>), ExtractError> {
    let (mut book, mut ids) = (SheetBook::default(), Vec::new());
    let found = records(package, main, out, |kind, mut fields, _| {
        match kind {
            kind::BOOK_PROPERTIES => book.since_1904 = fields.u32()? & 1 != 0,
            kind::SHEET => {
                let visibility = match fields.u32()? {
                    1 => Visibility::Hidden,
                    2 => Visibility::VeryHidden,
                    _ => Visibility::Visible,
                };
                fields.u32()?;
                ids.push(fields.owned_text()?);
                book.sheets.push(SheetHead { name: fields.owned_text()?, visibility });
            }
            _ => {}
        }
        Ok(())
    })?;
    found.ok_or_else(|| ExtractError::Damaged(format!("its part {main} is missing")))?;
    Ok((book, ids))
}

fn strings(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<Strings, ExtractError> {
    let (mut strings, mut text) = (Strings::default(), String::new());
    records(package, name, out, |kind, mut fields, out| {
        if kind == kind::STRING {
            text.clear();
            // What runs it has, and how it is pronounced.
            fields.u8()?;
            fields.text(&mut text)?;
            strings.push(&text, out)?;
        }
        Ok(())
    })?;
    Ok(strings)
}

fn styles(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<CellStyles, ExtractError> {
    let (mut styles, mut in_cells) = (CellStyles::default(), false);
    records(package, name, out, |kind, mut fields, _| {
        match kind {
            kind::FORMAT => {
                let id = fields.u16()?;
                styles.define(u32::from(id), fields.owned_text()?);
            }
            kind::STYLES_OF_CELLS => in_cells = true,
            kind::END_OF_STYLES_OF_CELLS => in_cells = false,
            kind::STYLE if in_cells => {
                fields.u16()?;
                styles.push(u32::from(fields.u16()?));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}
