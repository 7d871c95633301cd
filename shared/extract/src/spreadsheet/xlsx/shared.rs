//! What the cells of all sheets refer to: texts and styles.

use quick_xml::events::Event;

use super::part;
use crate::ExtractError;
use crate::output::UnitOutput;
use crate::package::Package;
use crate::spreadsheet::strings::Strings;
use crate::spreadsheet::styles::CellStyles;

pub(super) fn strings(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
) -> Result<Strings, ExtractError> {
    let mut strings = Strings::default();
    let mut runs = RichText::default();
    let mut text = String::new();
    part::events(package, name, out, |event, out| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "si" => text.clear(),
            Event::End(tag) if tag.local_name().as_ref() == "si" => {
                part::unescape(&mut text);
                strings.push(&text, out)?;
            }
            event => runs.push(event, &mut text),
        }
        Ok(())
    })?;
    Ok(strings)
}

pub(super) fn styles(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
) -> Result<CellStyles, ExtractError> {
    let mut styles = CellStyles::default();
    let mut in_cells = false;
    part::events(package, name, out, |event, _| {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "numFmt" => {
                    let code = part::attribute(tag, "formatCode");
                    if let (Some(id), Some(code)) = (part::number(tag, "numFmtId"), code) {
                        styles.define(id, code);
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => styles.push(part::number(tag, "numFmtId").unwrap_or_default()),
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// Collects the text of runs, without how it is pronounced.
#[derive(Default)]
pub(super) struct RichText {
    in_text: bool,
    in_phonetic: bool,
}

impl RichText {
    pub fn push(&mut self, event: &Event<'_>, text: &mut String) {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" => self.in_text = true,
                "rPh" => self.in_phonetic = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => self.in_text = false,
                "rPh" => self.in_phonetic = false,
                _ => {}
            },
            event if self.in_text && !self.in_phonetic => part::push_text(event, text),
            _ => {}
        }
    }
}
