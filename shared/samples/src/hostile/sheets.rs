//! Workbooks of every kind.

use super::{CODE, Hostile, bomb};
use crate::pack::{Archive, SECTOR, XlsSheet, compound, workbook};

const MAIN: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const LAUGHS: &str = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol1 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">\
                      <!ENTITY lol2 \"&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;\">\
                      <!ENTITY lol3 \"&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;\">\
                      <!ENTITY pwd SYSTEM \"file:///etc/passwd\">]>";

/// Returns a workbook of one sheet with these rows and this part of shared strings.
fn xlsx(declared: &str, rows: &str, strings: &str) -> Archive {
    let root = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let book = format!(
        "<workbook {MAIN} xmlns:r=\"{RELATION}\"><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let sheet = format!(
        "<?xml version=\"1.0\"?>{declared}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"
    );
    Archive::default()
        .stored("[Content_Types].xml", b"<Types/>")
        .stored("_rels/.rels", root.as_bytes())
        .stored("xl/workbook.xml", book.as_bytes())
        .stored("xl/_rels/workbook.xml.rels", relations.as_bytes())
        .stored("xl/sharedStrings.xml", strings.as_bytes())
        .stored("xl/worksheets/sheet1.xml", sheet.as_bytes())
}

fn texts(claims: &str) -> String {
    format!("<sst {MAIN} {claims}><si><t>{CODE}</t></si></sst>")
}

fn ods(declared: &str, rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?>{declared}<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x'>\
                           <table:table table:name='A'>{rows}</table:table></office:document-content>"
    );
    Archive::default()
        .stored("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")
        .deflated("content.xml", content.as_bytes())
        .finish()
}

pub(super) fn all() -> Vec<Hostile> {
    let mut all = packages();
    all.extend(old());
    let cell = format!("<text:p>{CODE}</text:p>");
    all.extend([
        Hostile::found("healthy/a.ods", ods("", &format!("<table:table-row><table:table-cell>{cell}</table:table-cell></table:table-row>"))),
        Hostile::found("ods/repeats.ods", ods("", &format!(
            "<table:table-row table:number-rows-repeated='1048575'><table:table-cell table:number-columns-repeated='16384'/></table:table-row>\
             <table:table-row table:number-rows-repeated='18446744073709551615'><table:table-cell table:number-columns-repeated='4294967295'>{cell}\
             </table:table-cell><table:table-cell table:number-columns-repeated='-1'><text:p>x</text:p></table:table-cell></table:table-row>"))),
        Hostile::found("ods/entities.ods", ods(LAUGHS, &format!("<table:table-row><table:table-cell><text:p>{CODE} &lol3; &pwd;</text:p></table:table-cell></table:table-row>"))),
        Hostile::found("ods/deep.ods", ods("", &format!("<table:table-row><table:table-cell>{}{cell}{}</table:table-cell></table:table-row>", "<text:span>".repeat(100_000), "</text:span>".repeat(100_000)))),
    ]);
    all
}

fn packages() -> Vec<Hostile> {
    let shared = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>";
    let corner = format!(
        "{shared}<row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>{CODE}</t></is></c></row>"
    );
    let beyond = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"4294967295\"><c r=\"ZZZZZZZ99999999999999999999\"><v>1</v></c></row>";
    let laughing = format!(
        "<?xml version=\"1.0\"?>{LAUGHS}<sst {MAIN} uniqueCount=\"1\"><si><t>&lol3;&pwd;</t></si></sst>"
    );
    // A gigabyte of spaces between two rows, and a gigabyte of text in one cell.
    let head = format!("<worksheet {MAIN}><sheetData>{shared}");
    let in_cell = format!("<worksheet {MAIN}><sheetData>{shared}<row><c t=\"inlineStr\"><is><t>");
    let bomb = |head: &str, byte: u8, tail: &str| {
        let packed = bomb::raw(head.as_bytes(), byte, 256, tail.as_bytes());
        // The name appears twice: the later entry counts.
        xlsx("", shared, &texts("uniqueCount=\"1\""))
            .claiming("xl/worksheets/sheet1.xml", &packed, 0, u32::MAX >> 2)
            .finish()
    };
    let strings_part = bomb::raw(texts("uniqueCount=\"1\"").as_bytes(), b' ', 1, b"");
    vec![
        Hostile::found("healthy/a.xlsx", xlsx("", shared, &texts("uniqueCount=\"1\"")).finish()),
        Hostile::found("xlsx/far-corner.xlsx", xlsx("", &corner, &texts("uniqueCount=\"1\"")).finish()),
        Hostile::ends("xlsx/beyond-the-corner.xlsx", xlsx("", beyond, &texts("uniqueCount=\"1\"")).finish()),
        Hostile::found(
            "xlsx/claims-texts.xlsx",
            xlsx("", shared, &texts("uniqueCount=\"10000000000\"")).finish(),
        ),
        Hostile::found(
            "xlsx/claims-more-texts.xlsx",
            xlsx("", shared, &texts("uniqueCount=\"18446744073709551615\"")).finish(),
        ),
        Hostile::ends(
            "xlsx/text-not-there.xlsx",
            xlsx("", "<row><c t=\"s\"><v>4294967295</v></c></row>", &texts("")).finish(),
        ),
        Hostile::ends("xlsx/entities.xlsx", xlsx(LAUGHS, shared, &laughing).finish()),
        Hostile::ends("xlsx/deep.xlsx", xlsx("", &"<row><c><is>".repeat(30_000), &texts("")).finish()),
        Hostile::fails(
            "xlsx/held-claims.xlsx",
            xlsx("", shared, "").claiming("xl/sharedStrings.xml", &strings_part, 0, u32::MAX).finish(),
        ),
        Hostile::ends("xlsx/spaces-bomb.xlsx", bomb(&head, b' ', "</sheetData></worksheet>")),
        Hostile::ends(
            "xlsx/cell-bomb.xlsx",
            bomb(&in_cell, b'x', "</t></is></c></row></sheetData></worksheet>"),
        ),
    ]
}

fn old() -> Vec<Hostile> {
    let file = |sheets: &[XlsSheet<'_>]| compound(&[("Workbook", &workbook(sheets))]);
    let one = [(0, 0, CODE)];
    let corners = [(0, 0, CODE), (65_535, 255, "x")];
    let healthy = file(&[XlsSheet { name: "A", claims: Some((0, 1, 0, 1)), cells: &one }]);
    let claims =
        |rows, columns| file(&[XlsSheet { name: "A", claims: Some((0, rows, 0, columns)), cells: &one }]);
    // The sectors after the header are, in this order: the sector table, the directory, the stream.
    let circle = |sector: usize| {
        let mut file = healthy.clone();
        let next = u32::try_from(sector).unwrap_or(0).to_le_bytes();
        file[SECTOR + sector * 4..SECTOR + sector * 4 + 4].copy_from_slice(&next);
        file
    };
    let mut huge = healthy.clone();
    // The length of the stream is in the directory's second entry.
    huge[SECTOR * 2 + 128 + 120..SECTOR * 2 + 128 + 124].copy_from_slice(&(1_u32 << 30).to_le_bytes());
    vec![
        Hostile::found("healthy/a.xls", healthy.clone()),
        Hostile::fails("xls/far-corners.xls", file(&[XlsSheet { name: "A", claims: None, cells: &corners }])),
        Hostile::found("xls/claims-a-gigabyte.xls", claims(65_536, 256)),
        Hostile::found("xls/claims-everything.xls", claims(u32::MAX, u16::MAX)),
        Hostile::ends("xls/long-stream.xls", huge),
        Hostile::ends("xls/directory-circle.xls", circle(1)),
        Hostile::ends("xls/stream-circle.xls", circle(2)),
    ]
}
