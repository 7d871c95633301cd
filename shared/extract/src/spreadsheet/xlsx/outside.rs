//! What belongs to a sheet and stands in parts of its own: comments, shapes, charts, tables and the targets of links.

use quick_xml::events::{BytesStart, Event};

use super::part;
use super::shared::RichText;
use super::sheet::SheetLinks;
use crate::ExtractError;
use crate::ooxml::{self, Relation};
use crate::output::UnitOutput;
use crate::package::Package;
use crate::spreadsheet::{Area, DeclaredTable, SheetPart, SheetText, TextKind, address};

/// Reads everything that belongs to the sheet. One damaged part does not hide the others; the first error is returned.
pub(super) fn read(
    package: &Package<'_>,
    links: &SheetLinks,
    relations: &[Relation],
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let mut result = Ok(());
    let mut keep = |one: Result<(), ExtractError>| {
        if result.is_ok() {
            result = one;
        }
    };
    // Newer comments are written twice, the second time for older programs.
    let threaded = relations.iter().any(|relation| relation.kind == "threadedComment");
    for relation in relations.iter().filter(|relation| !relation.external) {
        match relation.kind.as_str() {
            "comments" => keep(comments(package, &relation.target, threaded, out)),
            "threadedComment" => keep(threaded_comments(package, &relation.target, out)),
            "table" => keep(table(package, &relation.target, out)),
            "drawing" => keep(drawing(package, &relation.target, out)),
            "vmlDrawing" => keep(old_drawing(package, &relation.target, out)),
            _ => {}
        }
    }
    for (cell, id) in links {
        if let Some(link) = relations.iter().find(|relation| relation.id == *id && relation.external) {
            let cell = *cell;
            keep(out.sheet_text(&SheetText { kind: TextKind::Link, cell, text: &link.target }));
        }
    }
    result
}

/// Reads a part that another one names.
fn events(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
    each: impl FnMut(&Event<'_>, &mut UnitOutput<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    match part::events(package, name, out, each) {
        Ok(Some(())) => Ok(()),
        Ok(None) => Err(ExtractError::Damaged(format!("its part {name} is missing"))),
        Err(ExtractError::Damaged(why)) => Err(ExtractError::Damaged(format!("its part {name}: {why}"))),
        Err(error) => Err(error),
    }
}

fn comments(
    package: &Package<'_>,
    name: &str,
    threaded: bool,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let (mut authors, mut author, mut in_author) = (Vec::new(), String::new(), false);
    let (mut cell, mut text, mut skip) = (None, String::new(), false);
    let mut runs = RichText::default();
    events(package, name, out, |event, out| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "author" => in_author = true,
            Event::End(tag) if tag.local_name().as_ref() == "author" => {
                in_author = false;
                authors.push(std::mem::take(&mut author));
            }
            event if in_author => part::push_text(event, &mut author),
            Event::Start(tag) if tag.local_name().as_ref() == "comment" => {
                cell = part::attribute(tag, "ref").as_deref().and_then(address::cell);
                let author = part::number(tag, "authorId").and_then(|id| authors.get(id as usize));
                // The copy of a thread: its author is the thread's id.
                skip = threaded && author.is_some_and(|author| author.starts_with("tc={"));
                text.clear();
            }
            Event::End(tag) if tag.local_name().as_ref() == "comment" => {
                if !skip {
                    part::unescape(&mut text);
                    out.sheet_text(&SheetText { kind: TextKind::Comment, cell, text: &text })?;
                }
            }
            event => runs.push(event, &mut text),
        }
        Ok(())
    })
}

fn threaded_comments(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let (mut cell, mut text, mut inside) = (None, String::new(), false);
    events(package, name, out, |event, out| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "threadedComment" => {
                cell = part::attribute(tag, "ref").as_deref().and_then(address::cell);
            }
            Event::Start(tag) if tag.local_name().as_ref() == "text" => {
                inside = true;
                text.clear();
            }
            Event::End(tag) if tag.local_name().as_ref() == "text" => {
                inside = false;
                part::unescape(&mut text);
                out.sheet_text(&SheetText { kind: TextKind::Comment, cell, text: &text })?;
            }
            event if inside => part::push_text(event, &mut text),
            _ => {}
        }
        Ok(())
    })
}

fn table(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let mut table: Option<DeclaredTable> = None;
    events(package, name, out, |event, _| {
        if let Event::Start(tag) = event {
            match tag.local_name().as_ref() {
                "table" => table = declared(tag),
                "tableColumn" => {
                    let mut name = part::attribute(tag, "name").unwrap_or_default();
                    part::unescape(&mut name);
                    if let Some(table) = &mut table {
                        table.columns.push(name);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    if let Some(table) = &table {
        out.sheet_part(&SheetPart::Table(table));
    }
    Ok(())
}

fn declared(tag: &BytesStart<'_>) -> Option<DeclaredTable> {
    let area: Area = address::area(&part::attribute(tag, "ref")?)?;
    let name = part::attribute(tag, "displayName").or_else(|| part::attribute(tag, "name"));
    Some(DeclaredTable {
        name: name.unwrap_or_default(),
        area,
        header_rows: part::number(tag, "headerRowCount").unwrap_or(1),
        totals_rows: part::number(tag, "totalsRowCount").unwrap_or(0),
        columns: Vec::new(),
    })
}

/// Reads shapes with their anchors, and the charts among them.
fn drawing(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let mut anchor = ShapeAnchor::default();
    let mut paragraphs = Paragraphs::default();
    events(package, name, out, |event, out| {
        anchor.event(event);
        if let Some(text) = paragraphs.event(event) {
            out.sheet_text(&SheetText { kind: TextKind::Shape, cell: anchor.cell(), text: &text })?;
        }
        Ok(())
    })?;
    for relation in ooxml::relations(package, name, out)? {
        match relation.kind.as_str() {
            "chart" | "chartEx" => chart(package, &relation.target, out)?,
            // Text in diagrams, as drawn.
            "diagramData" | "diagramDrawing" => diagram(package, &relation.target, out)?,
            _ => {}
        }
    }
    Ok(())
}

/// The cell at which a drawn object begins.
#[derive(Default)]
struct ShapeAnchor {
    in_from: bool,
    field: Option<bool>,
    text: String,
    row: Option<u32>,
    column: Option<u32>,
}

impl ShapeAnchor {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "twoCellAnchor" | "oneCellAnchor" | "absoluteAnchor" => *self = Self::default(),
                "from" => self.in_from = true,
                "row" if self.in_from => self.begin(true),
                "col" if self.in_from => self.begin(false),
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "from" => self.in_from = false,
                "row" | "col" if self.in_from => {
                    let number = self.text.trim().parse().ok();
                    match self.field.take() {
                        Some(true) => self.row = number,
                        Some(false) => self.column = number,
                        None => {}
                    }
                }
                _ => {}
            },
            event if self.field.is_some() => part::push_text(event, &mut self.text),
            _ => {}
        }
    }

    fn begin(&mut self, is_row: bool) {
        self.field = Some(is_row);
        self.text.clear();
    }

    fn cell(&self) -> Option<(u32, u32)> {
        Some((self.row?, self.column?))
    }
}

/// Joins the runs of each shape's text: a code may be split over many.
#[derive(Default)]
struct Paragraphs {
    depth: u32,
    in_text: bool,
    text: String,
}

impl Paragraphs {
    /// Returns a whole text when it ends.
    fn event(&mut self, event: &Event<'_>) -> Option<String> {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "txBody" | "rich" | "txXfrm" => {
                    if self.depth == 0 {
                        self.text.clear();
                    }
                    self.depth += 1;
                }
                "p" if self.depth > 0 && !self.text.is_empty() => self.text.push('\n'),
                "br" if self.depth > 0 => self.text.push('\n'),
                "t" => self.in_text = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => self.in_text = false,
                "txBody" | "rich" | "txXfrm" if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 && !self.text.trim().is_empty() {
                        return Some(std::mem::take(&mut self.text));
                    }
                }
                _ => {}
            },
            event if self.in_text && self.depth > 0 => part::push_text(event, &mut self.text),
            _ => {}
        }
        None
    }
}

/// Reads what a chart shows as text: titles, labels, and the names of series and categories.
fn chart(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let mut paragraphs = Paragraphs::default();
    let (mut name_text, mut in_cache, mut in_value) = (String::new(), false, false);
    events(package, name, out, |event, out| {
        if let Some(text) = paragraphs.event(event) {
            out.sheet_text(&SheetText { kind: TextKind::Chart, cell: None, text: &text })?;
        }
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "strCache" => in_cache = true,
                "v" if in_cache => {
                    in_value = true;
                    name_text.clear();
                }
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "strCache" => in_cache = false,
                "v" if in_value => {
                    in_value = false;
                    out.sheet_text(&SheetText { kind: TextKind::Chart, cell: None, text: &name_text })?;
                }
                _ => {}
            },
            event if in_value => part::push_text(event, &mut name_text),
            _ => {}
        }
        Ok(())
    })
}

fn diagram(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let (mut text, mut in_text) = (String::new(), false);
    events(package, name, out, |event, out| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "t" => in_text = true,
            Event::End(tag) if tag.local_name().as_ref() == "t" => in_text = false,
            Event::End(tag) if tag.local_name().as_ref() == "p" && !text.is_empty() => {
                out.sheet_text(&SheetText { kind: TextKind::Shape, cell: None, text: &text })?;
                text.clear();
            }
            event if in_text => part::push_text(event, &mut text),
            _ => {}
        }
        Ok(())
    })
}

/// Reads the captions of controls in drawings of the older kind. Comments have shapes there too, without their text.
fn old_drawing(package: &Package<'_>, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let (mut text, mut depth) = (String::new(), 0_u32);
    events(package, name, out, |event, out| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "textbox" => {
                depth += 1;
                text.clear();
            }
            Event::End(tag) if tag.local_name().as_ref() == "textbox" && depth > 0 => {
                depth -= 1;
                let kept = text.trim();
                if !kept.is_empty() {
                    out.sheet_text(&SheetText { kind: TextKind::Shape, cell: None, text: kept })?;
                }
            }
            Event::End(tag) if depth > 0 && tag.local_name().as_ref() == "div" => text.push('\n'),
            event if depth > 0 => part::push_text(event, &mut text),
            _ => {}
        }
        Ok(())
    })
}
