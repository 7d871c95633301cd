//! The sheets that are written file by file: Matches, Files, Unread.

use std::borrow::Cow;

use riffle_extract::Place;

use super::book::{ReportColumn, TableLayout};
use super::cell::{ReportCell, with_page};
use super::style::Tone;
use super::{CodePicture, FileRow, ReportError, ReportWriter, text, unread};

pub(super) static MATCHES: TableLayout = TableLayout {
    name: "Matches",
    columns: &[
        ReportColumn::text("Code", 22),
        ReportColumn::text("File", 38),
        ReportColumn::text("Status", 11),
        ReportColumn::text("Place", 18),
        ReportColumn::text("Text around it", 88),
        ReportColumn::text("Folder", 30),
        ReportColumn::links(),
    ],
};

/// The sheet Matches with a picture of each code on its page.
pub(super) static PICTURED_MATCHES: TableLayout = TableLayout {
    name: "Matches",
    columns: &[
        ReportColumn::text("Code", 22),
        ReportColumn::text("File", 38),
        ReportColumn::text("Status", 11),
        ReportColumn::text("Place", 18),
        ReportColumn::pictures("Picture"),
        ReportColumn::text("Text around it", 88),
        ReportColumn::text("Folder", 30),
        ReportColumn::links(),
    ],
};

pub(super) static FILES: TableLayout = TableLayout {
    name: "Files",
    columns: &[
        ReportColumn::text("File", 44),
        ReportColumn::text("Folder", 30),
        ReportColumn::text("State", 13),
        ReportColumn::numbers("Codes", 9),
        ReportColumn::numbers("Matches", 10),
        ReportColumn::numbers("Pages", 9),
        ReportColumn::text("Type", 9),
        ReportColumn::numbers("Bytes", 14),
        ReportColumn::text("Remark", 60),
        ReportColumn::links(),
    ],
};

pub(super) static UNREAD: TableLayout = TableLayout {
    name: "Unread",
    columns: &[
        ReportColumn::text("File", 44),
        ReportColumn::text("Folder", 30),
        ReportColumn::text("What was not read", 34),
        ReportColumn::text("Why", 60),
        ReportColumn::links(),
    ],
};

pub(super) fn write(report: &mut ReportWriter<'_>, file: &FileRow<'_>) -> Result<(), ReportError> {
    let book = &mut report.book;
    let status = text::codes(file.codes);
    for (ordinal, found) in file.matches.iter().enumerate() {
        let (place, link) = match &found.place {
            Place::Page(page) => (ReportCell::Page(*page), with_page(file.link, *page)),
            Place::Line(line) => (ReportCell::Line(*line), Cow::Borrowed(file.link)),
            other => (ReportCell::text(other.to_string()), Cow::Borrowed(file.link)),
        };
        let code = report.codes.get(found.code).unwrap_or_default();
        let picture = report.meta.pictures.then(|| match file.pictures.get(&ordinal) {
            Some(CodePicture::Drawn(png)) => ReportCell::Picture { png, shows: code },
            Some(CodePicture::Missing(why)) => ReportCell::Note(why.into()),
            None => ReportCell::Blank,
        });
        let before =
            [ReportCell::text(code), ReportCell::text(file.name), ReportCell::text(status.as_str()), place];
        let after =
            [ReportCell::text(found.snippet.as_str()), ReportCell::text(file.folder), ReportCell::Link(link)];
        report.matches.row(book, before.into_iter().chain(picture).chain(after))?;
    }

    let partly = !file.unread.is_empty();
    let state = match file.failure {
        Some(_) => ReportCell::Word("Failed".into(), Tone::Bad),
        None if partly => ReportCell::Word("Partly read".into(), Tone::Doubtful),
        None => ReportCell::Word("Read".into(), Tone::Good),
    };
    let read = file.failure.is_none();
    let count = |number: u64| if read { ReportCell::Number(number) } else { ReportCell::Blank };
    let cells = [
        ReportCell::text(file.name),
        ReportCell::text(file.folder),
        state,
        count(u64::from(file.codes)),
        count(file.matches.len() as u64 + u64::from(file.unlisted)),
        count(u64::from(file.pages)),
        ReportCell::text(text::kind(file.kind)),
        if file.bytes == 0 && !read { ReportCell::Blank } else { ReportCell::Number(file.bytes) },
        ReportCell::Wrapped(remark(file).into()),
        ReportCell::Link(file.link.into()),
    ];
    report.files.row(book, cells)?;

    let groups = unread::groups(file).into_iter().map(|group| (group.what, group.why));
    let rows: Vec<(String, &str)> = match file.failure {
        Some(reason) => vec![("the whole file".to_owned(), reason)],
        None => groups.collect(),
    };
    for (what, why) in rows {
        let cells = [
            ReportCell::text(file.name),
            ReportCell::text(file.folder),
            ReportCell::Wrapped(what.into()),
            ReportCell::Wrapped(why.into()),
            ReportCell::Link(file.link.into()),
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
