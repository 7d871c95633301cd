//! The sheets that are written file by file: Matches, Files, Unread.

use std::borrow::Cow;

use riffle_extract::Place;

use super::book::{Column, Layout};
use super::cell::{Cell, with_page};
use super::style::Tone;
use super::{FileRow, Picture, ReportError, ReportWriter, text, unread};

pub(super) static MATCHES: Layout = Layout {
    name: "Matches",
    columns: &[
        Column::text("Code", 22),
        Column::text("File", 38),
        Column::text("Status", 11),
        Column::text("Place", 18),
        Column::text("Text around it", 88),
        Column::text("Folder", 30),
        Column::links(),
    ],
};

/// The sheet Matches with a picture of each code on its page.
pub(super) static PICTURED_MATCHES: Layout = Layout {
    name: "Matches",
    columns: &[
        Column::text("Code", 22),
        Column::text("File", 38),
        Column::text("Status", 11),
        Column::text("Place", 18),
        Column::pictures("Picture"),
        Column::text("Text around it", 88),
        Column::text("Folder", 30),
        Column::links(),
    ],
};

pub(super) static FILES: Layout = Layout {
    name: "Files",
    columns: &[
        Column::text("File", 44),
        Column::text("Folder", 30),
        Column::text("State", 13),
        Column::numbers("Codes", 9),
        Column::numbers("Matches", 10),
        Column::numbers("Pages", 9),
        Column::text("Type", 9),
        Column::numbers("Bytes", 14),
        Column::text("Remark", 60),
        Column::links(),
    ],
};

pub(super) static UNREAD: Layout = Layout {
    name: "Unread",
    columns: &[
        Column::text("File", 44),
        Column::text("Folder", 30),
        Column::text("What was not read", 34),
        Column::text("Why", 60),
        Column::links(),
    ],
};

pub(super) fn write(report: &mut ReportWriter<'_>, file: &FileRow<'_>) -> Result<(), ReportError> {
    let book = &mut report.book;
    let status = text::codes(file.codes);
    for (ordinal, found) in file.matches.iter().enumerate() {
        let (place, link) = match &found.place {
            Place::Page(page) => (Cell::Page(*page), with_page(file.link, *page)),
            Place::Line(line) => (Cell::Line(*line), Cow::Borrowed(file.link)),
            other => (Cell::text(other.to_string()), Cow::Borrowed(file.link)),
        };
        let code = report.codes.get(found.code).unwrap_or_default();
        let picture = report.meta.pictures.then(|| match file.pictures.get(&ordinal) {
            Some(Picture::Drawn(png)) => Cell::Picture { png, shows: code },
            Some(Picture::Missing(why)) => Cell::Note(why.into()),
            None => Cell::Blank,
        });
        let before = [Cell::text(code), Cell::text(file.name), Cell::text(status.as_str()), place];
        let after = [Cell::text(found.snippet.as_str()), Cell::text(file.folder), Cell::Link(link)];
        report.matches.row(book, before.into_iter().chain(picture).chain(after))?;
    }

    let partly = !file.unread.is_empty();
    let state = match file.failure {
        Some(_) => Cell::Word("Failed".into(), Tone::Bad),
        None if partly => Cell::Word("Partly read".into(), Tone::Doubtful),
        None => Cell::Word("Read".into(), Tone::Good),
    };
    let read = file.failure.is_none();
    let count = |number: u64| if read { Cell::Number(number) } else { Cell::Blank };
    let cells = [
        Cell::text(file.name),
        Cell::text(file.folder),
        state,
        count(u64::from(file.codes)),
        count(file.matches.len() as u64 + u64::from(file.unlisted)),
        count(u64::from(file.pages)),
        Cell::text(text::kind(file.kind)),
        if file.bytes == 0 && !read { Cell::Blank } else { Cell::Number(file.bytes) },
        Cell::Wrapped(remark(file).into()),
        Cell::Link(file.link.into()),
    ];
    report.files.row(book, cells)?;

    let groups = unread::groups(file).into_iter().map(|group| (group.what, group.why));
    let rows: Vec<(String, &str)> = match file.failure {
        Some(reason) => vec![("the whole file".to_owned(), reason)],
        None => groups.collect(),
    };
    for (what, why) in rows {
        let cells = [
            Cell::text(file.name),
            Cell::text(file.folder),
            Cell::Wrapped(what.into()),
            Cell::Wrapped(why.into()),
            Cell::Link(file.link.into()),
        ];
        report.unread.row(book, cells)?;
    }
    Ok(())
}

fn remark(file: &FileRow<'_>) -> String {
    let failure = file.failure.map(str::to_owned);
    let unread = if file.failure.is_none() { unread::remark(file) } else { None };
    let unlisted = (file.unlisted > 0).then(|| {
        let places = text::counted(u64::from(file.unlisted), "further match", "further matches");
        format!("{places} counted, not listed")
    });
    [failure, unread, unlisted].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
