//! pdfium as the second reader, with the real library if `RIFFLE_PDFIUM` names it (`scripts/test` provides it).

#![expect(clippy::disallowed_methods, reason = "a compiler for the test, and which library to test with")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use riffle_extract::{Bounds, ExtractError, Sink, Unit};
use riffle_reader::sandbox::{Pdfium, PdfiumError, Pool, SandboxSettings};
use riffle_reader::{Parser, ReadOutcome, Reader, SourceFile, TextSink};

/// The units: place and text; and the box of the first letter, which only `page_text` requests.
#[derive(Default)]
struct Units(Vec<(String, String)>, Option<Bounds>);

impl Sink for Units {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.1 = unit.glyphs.and_then(|layout| layout.glyphs().boxes.first().map(|(_, bounds)| *bounds));
        self.0.push((unit.place.to_string(), unit.text.to_owned()));
    }
}

impl TextSink for Units {
    fn restart(&mut self) {
        *self = Self::default();
    }
}

fn pool(pdfium: Option<Pdfium>) -> Pool {
    Pool::new(SandboxSettings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_sandbox")),
        children: 1,
        pdfium,
        ..SandboxSettings::default()
    })
}

fn reader(pdfium: Option<Pdfium>) -> Reader {
    Reader { parser: Parser::Sandbox(pool(pdfium)), cache: None, ocr: None }
}

fn read(pdfium: Option<Pdfium>, pdf: &[u8]) -> (ReadOutcome, Units) {
    let reader = reader(pdfium);
    let source_file = SourceFile { name: "a.pdf", tenant: "t", identity: "i", version: "1", ocr: false };
    let mut units = Units::default();
    let ended = reader
        .read(&source_file, &Bytes::copy_from_slice(pdf), &mut units)
        .expect("a sandbox can be started");
    (ended, units)
}

fn unread(ended: &ReadOutcome) -> Vec<&str> {
    ended.outcome.iter().flat_map(|read| &read.unread).map(|unread| unread.why.as_str()).collect()
}

/// Returns `None` if pdfium is not installed: the tests with fake libraries do not need it.
fn installed() -> Option<Pdfium> {
    let path = std::env::var_os("RIFFLE_PDFIUM")?;
    Some(Pdfium::at(Path::new(&path)).expect("RIFFLE_PDFIUM names a file"))
}

fn file(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    for (number, object) in (1..).zip(objects) {
        out.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    out.extend(format!("trailer\n<</Root 1 0 R{trailer}>>\n%%EOF\n").bytes());
    out
}

fn stream(entries: &str, content: &str) -> String {
    format!("<<{entries}/Length {}>>\nstream\n{content}\nendstream", content.len())
}

/// Returns one page with `text` in a font.
fn page(text: &str, font: &str, entries: &str, filter: &str, trailer: &str) -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]{entries}/Contents 4 0 R/Resources<</Font<</F {font}>>>>>>"
        ),
        stream(filter, &format!("BT /F 10 Tf 50 700 Td {text} Tj ET")),
        // Maps no character to Unicode.
        stream("", "begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange endcmap"),
    ];
    file(&objects, trailer)
}

const HELVETICA: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";

/// Returns a page in a font whose characters are known only by their collection, with a `ToUnicode` that lacks them.
fn nameless(entries: &str) -> Vec<u8> {
    let font = "<</Type/Font/Subtype/Type0/BaseFont/X/ToUnicode 5 0 R/Encoding/Identity-H/DescendantFonts[<</Type\
                /Font/Subtype/CIDFontType0/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)\
                /Supplement 2>>/DW 500>>]>>";
    page("<00290030002d0026000e00180018>", font, entries, "", "")
}

#[test]
fn letters_we_do_not_know_are_read_where_they_stand() {
    let Some(pdfium) = installed() else { return };
    let (ended, units) = read(None, &nameless(""));
    assert_eq!((unread(&ended), units.0.len()), (vec!["letters without a Unicode mapping"], 0));

    // In the coordinates of the page as it is shown: upright, turned, and with its corner elsewhere.
    let cases =
        [("", (50.0, 100.0)), ("/Rotate 90", (700.0, 50.0)), ("/CropBox[20 30 400 750]", (30.0, 50.0))];
    for (entries, (x, y)) in cases {
        let (ended, scanned) = read(Some(pdfium.clone()), &nameless(entries));
        assert_eq!(unread(&ended), Vec::<&str>::new(), "{entries}");
        assert_eq!(scanned.1, None, "a scan does not ask for places");
        let mut page = Units::default();
        let content = Bytes::from(nameless(entries));
        reader(Some(pdfium.clone()))
            .pages(&content, "a.pdf", &BTreeSet::from([1]), &mut page)
            .expect("the file has this page");
        assert_eq!(page.0, scanned.0, "{entries}");
        let (place, text) = &page.0[0];
        assert_eq!((place.as_str(), text.trim_end()), ("1", "HOLE-77"), "{entries}");
        let at = page.1.expect("a place");
        let near = |edge: f32, to: f32| (edge - to).abs() < 12.0;
        assert!(near(at.x0, x) && near(at.y1, y), "{entries}: {at:?}");
    }
}

#[test]
fn what_is_damaged_is_read_and_stays_listed() {
    let Some(pdfium) = installed() else { return };
    let pdf = page("(HOLE-77)", HELVETICA, "", "/Filter/FlateDecode", "");
    let (ended, units) = read(Some(pdfium), &pdf);
    assert_eq!((unread(&ended), units.0.len()), (vec!["its content is damaged"], 1));
    assert_eq!(units.0[0].1.trim_end(), "HOLE-77");
}

#[test]
fn a_file_we_cannot_open_is_read_whole() {
    let Some(pdfium) = installed() else { return };
    // Only attachments are encrypted, and there are none, but the scheme looks as if everything were.
    let encrypt = "/ID[<01><01>]/Encrypt<</V 5/R 6/Length 256/P 4294967292/Filter/Standard\
        /O<f637f5ae221318e5b9930652bb68b862b064da9a988a7dd62d07f94ce43fa347bd5840ff843d31ea3e5bae1e89576551>\
        /U<f87f47f13ee0b1176e3f2848536852aeb2dd3eafd7f9c8a8bf385a5a8eaa31da473910c4060ed684f56818e9ea31014e>\
        /OE<a1dfe441757a748cc4a998cc9a3ebc1ec207b8f3c0d46eacbf0a7c3a009384f7>\
        /UE<a736123777b3fe071041867e8cdb7149443eb081c1b9b11abdb4f1fa72e3a9b2>\
        /Perms<cf2d3defe948b6cdcd99aa5a89e8be08>/CF<</StdCF<</CFM/AESV3/Length 32>>>>/StmF/Identity\
        /StrF/Identity/EFF/StdCF>>";
    let pdf = page("(HOLE-77)", HELVETICA, "", "", encrypt);
    let (ended, _) = read(None, &pdf);
    assert!(matches!(ended.outcome, Err(ExtractError::Damaged(_))), "{ended:?}");
    let (ended, units) = read(Some(pdfium.clone()), &pdf);
    assert!(ended.outcome.as_ref().is_ok_and(|read| read.pages == 1), "{ended:?}");
    assert_eq!(units.0[0].1.trim_end(), "HOLE-77");

    // If pdfium fails too, our reason stays.
    let broken = b"%PDF-1.7\nnothing of a PDF\n%%EOF";
    assert_eq!(read(Some(pdfium), broken).0, read(None, broken).0);
}

#[test]
fn the_same_library_is_the_same_variant_and_loads_in_a_sandbox() {
    let Some(pdfium) = installed() else { return };
    assert!(pool(Some(pdfium.clone())).check().is_ok());
    assert_eq!(Pdfium::at(pdfium.path()).expect("the library exists").variant(), pdfium.variant());
}

/// Builds a library with pdfium's functions that runs `open` when a file is opened.
fn fake(folder: &Path, open: &str) -> Pdfium {
    let functions = [
        "FPDF_CloseDocument",
        "FPDF_GetPageCount",
        "FPDF_LoadPage",
        "FPDF_ClosePage",
        "FPDF_GetPageWidthF",
        "FPDF_GetPageHeightF",
        "FPDF_PageToDevice",
        "FPDFText_LoadPage",
        "FPDFText_ClosePage",
        "FPDFText_CountChars",
        "FPDFText_GetUnicode",
        "FPDFText_IsGenerated",
        "FPDFText_IsHyphen",
        "FPDFText_HasUnicodeMapError",
        "FPDFText_GetLooseCharBox",
        "FPDF_InitLibraryWithConfig",
    ];
    let stubs = functions.map(|name| format!("void *{name}(void) {{ return 0; }}\n")).concat();
    let source = folder.join("fake.c");
    let code = format!("#include <stdlib.h>\n{stubs}void *FPDF_LoadMemDocument64(void) {{ {open} }}\n");
    std::fs::write(&source, code).expect("written");
    let library = folder.join("libfake.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
    assert!(built.expect("a C compiler is installed").success());
    Pdfium::at(&library).expect("the library was built")
}

#[test]
fn a_file_that_kills_pdfium_is_read_without() {
    let folder = tempfile::tempdir().expect("a folder");
    for open in ["abort();", "volatile char *p = 0; *p = 1; return 0;", "for (;;);"] {
        let pdfium = fake(folder.path(), open);
        let settings = SandboxSettings { seconds: 1, ..SandboxSettings::default() };
        let program = PathBuf::from(env!("CARGO_BIN_EXE_sandbox"));
        let pool = Pool::new(SandboxSettings { program, children: 1, pdfium: Some(pdfium), ..settings });
        let reader = Reader { parser: Parser::Sandbox(pool), cache: None, ocr: None };
        let source_file = SourceFile { name: "a.pdf", tenant: "t", identity: "i", version: "1", ocr: false };
        // The second time, the child has served before.
        for _ in 0..2 {
            let mut units = Units::default();
            let content = Bytes::from(nameless(""));
            let ended = reader.read(&source_file, &content, &mut units).expect("a sandbox can be started");
            assert_eq!(unread(&ended), ["letters without a Unicode mapping"], "{open}");
        }
    }
}

#[test]
fn what_is_no_pdfium_is_told_before_anything_is_read() {
    assert!(matches!(Pdfium::at(Path::new("/nowhere/libpdfium.so")), Err(PdfiumError::Missing { .. })));
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("libpdfium.so");
    std::fs::write(&text, "no library").expect("written");
    let outcome = pool(Some(Pdfium::at(&text).expect("the library exists"))).check();
    let Err(error @ PdfiumError::NotLoaded { .. }) = outcome else { panic!("{outcome:?}") };
    assert!(error.to_string().contains("libpdfium.so cannot be loaded as pdfium"), "{error}");
    // A library that kills the process that loads it.
    let source = folder.path().join("deadly.c");
    let deadly = folder.path().join("deadly.so");
    std::fs::write(&source, "#include <stdlib.h>\n__attribute__((constructor)) void f(void) { abort(); }\n")
        .expect("written");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&deadly, &source]).status();
    assert!(built.expect("a C compiler is installed").success());
    let outcome = pool(Some(Pdfium::at(&deadly).expect("the library exists"))).check();
    assert!(matches!(outcome, Err(PdfiumError::NotLoaded { .. })), "{outcome:?}");
}
