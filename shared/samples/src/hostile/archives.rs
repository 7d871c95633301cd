//! Archives, packed documents, pictures, and files that only claim to be one of them.

use super::{CODE, Hostile, bomb};
use crate::pack::Archive;

const LAUGHS: &str = "<!DOCTYPE a [<!ENTITY a \"haha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">\
                      <!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>";

pub(super) fn all() -> Vec<Hostile> {
    let mut all = zips();
    let word = |declared: &str, body: &str| {
        format!(
            "<?xml version=\"1.0\"?>{declared}<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
                 <w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>"
        )
    };
    let docx = |document: &[u8]| {
        Archive::default()
            .stored("[Content_Types].xml", b"<Types/>")
            .stored("_rels/.rels", b"<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>")
            .deflated("word/document.xml", document)
            .finish()
    };
    all.extend([
        Hostile::ends("docx/entities.docx", docx(word(LAUGHS, &format!("{CODE} &d; &x;")).as_bytes())),
        Hostile::ends(
            "docx/deep.docx",
            docx(word("", &format!("{}{CODE}", "<w:r>".repeat(100_000))).as_bytes()),
        ),
        Hostile::ends(
            "docx/bomb.docx",
            Archive::default()
                .stored("[Content_Types].xml", b"<Types/>")
                .claiming(
                    "word/document.xml",
                    &bomb::raw(word("", CODE).as_bytes(), b' ', 256, b""),
                    0,
                    1 << 30,
                )
                .finish(),
        ),
        Hostile::ends("picture/claims.png", png(100_000, 100_000)),
        Hostile::ends("picture/directory-loop.tif", tiff(8)),
        Hostile::ends("picture/directory-beyond.tif", tiff(u32::MAX)),
        Hostile::ends(
            "picture/claims.jpg",
            [&b"\xFF\xD8\xFF\xC0\0\x11\x08\xFF\xFF\xFF\xFF\x03"[..], &[0; 64]].concat(),
        ),
        Hostile::fails("magic/a.gz", *b"\x1F\x8B\x08\0\0\0\0\0\0\x03"),
        Hostile::fails("magic/a.7z", *b"7z\xBC\xAF\x27\x1C\0\x04"),
        Hostile::fails("magic/a.rar", *b"Rar!\x1A\x07\x01\0"),
        Hostile::fails("magic/unknown.bin", *b"\x01\x02\x03\x04\0\0\0\xFF\xFE\xFD"),
        Hostile::fails("magic/ole.xls", [&b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"[..], &[0xFF; 2000]].concat()),
        Hostile::fails("magic/zip.docx", *b"PK\x03\x04\x14\0\0\0"),
    ]);
    all
}

fn zips() -> Vec<Hostile> {
    let note = format!("plan {CODE}\n");
    let mut inner = Archive::default().stored("a.txt", note.as_bytes()).finish();
    for level in 0..50 {
        inner = Archive::default().deflated(format!("{level}.zip"), &inner).finish();
    }
    let gigabyte = bomb::raw(note.as_bytes(), b' ', 256, b"");
    let mut wide = Archive::default();
    for number in 0..16 {
        wide = wide.claiming(format!("{number}.txt"), &gigabyte, 0, 1 << 30);
    }
    let mut bombs = wide.finish();
    for level in 0..4 {
        let copy = bombs.clone();
        let mut outer = Archive::default();
        for number in 0..16 {
            outer = if number == 0 {
                outer.deflated(format!("{level}.zip"), &copy)
            } else {
                outer.again(format!("{level}-{number}.zip"))
            };
        }
        bombs = outer.finish();
    }
    let mut overlapping = Archive::default().claiming("a.txt", &gigabyte, 0, 1 << 30);
    for number in 0..2_000 {
        overlapping = overlapping.again(format!("{number}.txt"));
    }
    let mut entries = Archive::default();
    for number in 0..60_000 {
        entries = entries.stored(format!("{number}"), b"");
    }
    let names: [&[u8]; 13] = [
        b"../../../tmp/riffle-was-here.txt",
        b"/etc/riffle-was-here.txt",
        b"C:\\riffle-was-here.txt",
        b"..\\..\\a.txt",
        b"a\0b.txt",
        b"new\nline.txt",
        "abc\u{202E}fdp.txt".as_bytes(),
        b"=cmd|' /C calc'!A0.txt",
        b"@SUM(1+1).txt",
        b"",
        b"con",
        b"a/",
        b"\xFF\xFE.txt",
    ];
    let strange =
        names.iter().fold(Archive::default(), |archive, name| archive.stored(name, note.as_bytes()));
    let long = strange.stored("n".repeat(60_000), note.as_bytes()).finish();
    vec![
        Hostile::ends("zip/nested.zip", inner),
        Hostile::ends("zip/ratio.zip", Archive::default().claiming("a.txt", &gigabyte, 0, 1 << 30).finish()),
        Hostile::ends("zip/lying.zip", Archive::default().claiming("a.txt", &gigabyte, 0, 12).finish()),
        Hostile::ends("zip/overlapping.zip", overlapping.finish()),
        Hostile::ends("zip/bombs-in-bombs.zip", bombs),
        Hostile::ends("zip/entries.zip", entries.finish()),
        Hostile::ends("zip/names.zip", long),
        Hostile::ends("zip/empty.zip", Archive::default().finish()),
    ]
}

/// Returns a PNG that consists only of a header.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend([width, height].iter().flat_map(|n| n.to_be_bytes()));
    header.extend([8, 2, 0, 0, 0]);
    let sum = crate::pack::crc32(&header);
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0D"[..], &header, &sum.to_be_bytes(), b"\0\0\0\x01IDATx\0\0\0\0"].concat()
}

/// Returns a TIFF whose only directory claims a huge picture and says that the next directory begins at `next`.
fn tiff(next: u32) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0\x03\0".to_vec();
    for (tag, value) in [(256_u16, 100_000_u32), (257, 100_000), (273, u32::MAX)] {
        out.extend(tag.to_le_bytes());
        out.extend(4_u16.to_le_bytes());
        out.extend([1, value].iter().flat_map(|n| n.to_le_bytes()));
    }
    out.extend(next.to_le_bytes());
    out
}
