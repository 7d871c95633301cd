//! Evidence over HTTP: a match on its page, and pages of files as pictures.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use riffle_contracts::Listed;
use riffle_contracts::http::{Evidence, EvidenceBox, EvidenceKind};
use riffle_samples::pack::{Archive, pdf, stream};
use serde_json::Value;

use crate::http::{assert_problem, server};
use crate::process::run;
use crate::samples::{Samples, is_pdf, text};
use crate::server::{HttpResponse, Server};

/// A decoded picture.
pub struct DecodedPicture {
    pub width: u32,
    pub height: u32,
    rgb: Vec<u8>,
}

impl DecodedPicture {
    pub fn read(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().expect("a PNG");
        let mut rgb = vec![0; reader.output_buffer_size().expect("the size fits in memory")];
        let info = reader.next_frame(&mut rgb).expect("the picture is complete");
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Self { width: info.width, height: info.height, rgb }
    }

    /// Returns the number of dark pixels in a part, and the number of all its pixels.
    pub fn ink(&self, part: &EvidenceBox) -> (usize, usize) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "parts of a small picture"
        )]
        let range = |from: f64, length: f64, side: u32| {
            let side = f64::from(side);
            (from * side).floor() as usize..((from + length) * side).ceil() as usize
        };
        let columns = range(part.x, part.width, self.width);
        let at = |x: usize, y: usize| self.rgb[(y * self.width as usize + x) * 3];
        let rows = range(part.y, part.height, self.height);
        let pixels: Vec<u8> = rows.flat_map(|y| columns.clone().map(move |x| at(x, y))).collect();
        (pixels.iter().filter(|&&pixel| pixel < 140).count(), pixels.len())
    }
}

/// Scans a folder with the command line, then serves the same state.
fn served(dir: &Path, folder: &Path, codes: &str) -> (Server, String) {
    let state = dir.join("state");
    let ended = run(["scan", text(folder), "--codes", codes, "--ocr", "auto", "--state", text(&state)]);
    assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.err);
    let server = Server::start(&state, &[]);
    let session = server.scans()[0]["session_id"].as_str().expect("an id").to_owned();
    (server, session)
}

fn matches(server: &Server, session: &str) -> Vec<Listed> {
    let page = server.get(&format!("/api/scans/{session}/matches?limit=5000"), &[]).json();
    serde_json::from_value(page["matches"].clone()).expect("matches")
}

fn evidence(server: &Server, session: &str, match_id: &str) -> Evidence {
    let answer = server.get(&format!("/api/scans/{session}/matches/{match_id}/evidence"), &[]);
    assert_eq!(answer.status, 200);
    serde_json::from_value(answer.json()).expect("evidence")
}

/// Returns the index of the file that contains a match.
fn index(match_id: &str) -> &str {
    match_id.split('-').next().expect("an index")
}

#[track_caller]
fn assert_named(answer: &HttpResponse, status: u16, name: &str) -> Value {
    let problem = assert_problem(answer, status);
    assert_eq!(problem["type"], format!("/problems/{name}"), "{problem}");
    problem
}

/// Returns a PDF of pages with these contents, each with a font `F`.
pub fn pages(contents: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let count = contents.len();
    let kids: Vec<String> = (0..count).map(|page| format!("{} 0 R", 3 + page * 2)).collect();
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Kids[{}]/Count {count}>>", kids.join(" ")).into_bytes(),
    ];
    let font = "<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>";
    for (page, (entries, content)) in contents.iter().enumerate() {
        let at = 4 + page * 2;
        let box_ = "/MediaBox[0 0 600 800]";
        let object = format!("<</Type/Page/Parent 2 0 R{box_}/Contents {at} 0 R/Resources{font}>>");
        objects.extend([object.into_bytes(), stream(entries, content)]);
    }
    pdf(&objects)
}

pub fn label(text: &str) -> Vec<u8> {
    format!("BT /F 20 Tf 150 500 Td ({text}) Tj ET").into_bytes()
}

#[test]
fn a_match_is_shown_on_its_page_with_a_box_on_the_ink() {
    let samples = Samples::make(60, 71);
    let ended = run(samples.scan(&[]));
    assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.err);
    let server = Server::start(&samples.at("state"), &[]);
    let session = server.scans()[0]["session_id"].as_str().expect("an id").to_owned();
    let found = matches(&server, &session);
    let (mut shown, mut boxes) = (BTreeSet::new(), 0);
    for listed in &found {
        let answered = evidence(&server, &session, &listed.match_id);
        assert_eq!((&answered.match_id, &answered.file_name), (&listed.match_id, &listed.data.file_name));
        if !is_pdf(&answered.file_name) {
            assert_eq!(
                (answered.kind, answered.image_url, answered.boxes.len()),
                (EvidenceKind::Text, None, 0)
            );
            assert!(answered.why.is_some_and(|why| why.contains("no pages")), "{}", answered.file_name);
            continue;
        }
        assert_eq!((answered.kind, answered.why), (EvidenceKind::Page, None), "{}", answered.file_name);
        assert_eq!(answered.page_number.map(|page| page.to_string()).as_deref(), Some(&*listed.data.page));
        let url = answered.image_url.expect("a picture");
        assert!(!answered.boxes.is_empty(), "{listed:?}");
        // Drawing a page takes time: one match per file is enough, in a dozen files.
        if shown.len() == 12 || !shown.insert(index(&listed.match_id)) {
            continue;
        }
        let answer = server.get(&format!("{url}?width=1000"), &[]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
        let picture = DecodedPicture::read(&answer.body);
        assert_eq!(picture.width, 1000);
        let wanted = answered.height / answered.width * 1000.0;
        assert!((f64::from(picture.height) - wanted).abs() <= 1.0, "{} for {wanted}", picture.height);
        for part in &answered.boxes {
            boxes += 1;
            let (dark, all) = picture.ink(part);
            assert!(dark * 25 > all, "{dark} of {all} are dark in {part:?} of {url}");
            assert!(part.width * part.height < 0.1, "a box is around a code: {part:?}");
        }
    }
    assert!(shown.len() == 12 && boxes >= 12, "{} files, {boxes} boxes", shown.len());
}

#[test]
fn a_page_is_kept_by_who_asked_and_has_the_width_that_was_asked_for() {
    let (dir, folder) = folder();
    fs::write(folder.join("a.pdf"), pages(&[("", label("HOLE-1")), ("", label("none"))])).expect("a file");
    fs::write(folder.join("b.txt"), "HOLE-1\n").expect("a file");
    let packed = Archive::default().stored("c.pdf", &pages(&[("", label("HOLE-1"))])).finish();
    fs::write(folder.join("d.zip"), packed).expect("a file");
    fs::write(folder.join("e.png"), scanned()).expect("a file");
    let (server, session) = served(dir.path(), &folder, "HOLE-1");
    let base = format!("/api/scans/{session}/files");

    let found = matches(&server, &session);
    let files: Vec<&str> = found.iter().map(|listed| &*listed.data.file_name).collect();
    assert_eq!(files[..3], ["a.pdf", "b.txt", "d.zip"]);
    let packed = evidence(&server, &session, "2-0");
    assert_eq!((packed.kind, packed.page_number, packed.image_url), (EvidenceKind::Text, None, None));
    assert!(packed.why.is_some_and(|why| why.contains("archive")));
    assert!(packed.snippet.contains("HOLE-1"));

    let first = server.get(&format!("{base}/0/pages/1.png"), &[]);
    assert_eq!((first.status, DecodedPicture::read(&first.body).width), (200, 1200));
    assert_eq!(first.header("cache-control"), Some("private, max-age=86400"));
    let tag = first.header("etag").expect("a tag").to_owned();
    let again =
        server.get(&format!("{base}/0/pages/1.png"), &[("If-None-Match", &format!("W/\"x\", {tag}"))]);
    assert_eq!((again.status, again.header("etag"), again.body.len()), (304, Some(&*tag), 0));
    let other = server.get(&format!("{base}/0/pages/2.png"), &[("If-None-Match", &tag)]);
    assert_eq!(other.status, 200, "another page has another tag");
    for (width, answered) in [(100, 100), (3000, 3000)] {
        let answer = server.get(&format!("{base}/0/pages/1.png?width={width}"), &[]);
        assert_eq!(DecodedPicture::read(&answer.body).width, answered);
    }
    for width in ["0", "99", "3001", "4294967295"] {
        assert_named(&server.get(&format!("{base}/0/pages/1.png?width={width}"), &[]), 400, "page-width");
    }
    for width in ["-1", "x", "4294967296", ""] {
        assert_problem(&server.get(&format!("{base}/0/pages/1.png?width={width}"), &[]), 400);
    }
    let picture = DecodedPicture::read(&server.get(&format!("{base}/3/pages/1.png"), &[]).body);
    assert_eq!((picture.width, picture.height), (400, 200), "a picture is not made larger");

    for nothing in
        ["0/pages/3.png", "0/pages/4294967295.png", "1/pages/1.png", "2/pages/1.png", "3/pages/2.png"]
    {
        let answer = server.get(&format!("{base}/{nothing}"), &[]);
        assert_named(&answer, 404, "no-page");
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    }
    let odd = ["0.png", "01.png", "+1.png", "1", "1.jpg", ".png", "4294967296.png", "..%2f1.png", "%00.png"];
    for page in odd {
        let answer = server.get(&format!("{base}/0/pages/{page}"), &[]);
        assert_problem(&answer, 404);
    }
    for file in ["4", "4294967295", "4294967296", "-1", "x"] {
        assert_problem(&server.get(&format!("{base}/{file}/pages/1.png"), &[]), 404);
    }
    for session in ["nobodys", "%00", "..%2f"] {
        assert_problem(&server.get(&format!("/api/scans/{session}/files/0/pages/1.png"), &[]), 404);
    }
}

#[test]
fn a_file_that_changed_since_shows_its_text_alone() {
    let (dir, folder) = folder();
    for name in ["a.pdf", "b.pdf"] {
        fs::write(folder.join(name), pages(&[("", label("HOLE-1"))])).expect("a file");
    }
    let (server, session) = served(dir.path(), &folder, "HOLE-1");
    assert_eq!(evidence(&server, &session, "0-0").kind, EvidenceKind::Page);
    fs::write(folder.join("a.pdf"), pages(&[("", label("HOLE-2 instead"))])).expect("a file");
    fs::remove_file(folder.join("b.pdf")).expect("a file less");
    for (match_id, name, word) in
        [("0-0", "file-changed", "changed"), ("1-0", "file-gone", "no longer exists")]
    {
        // The size of the first page is cached, that of the other is not.
        let answered = evidence(&server, &session, match_id);
        assert_eq!(
            (answered.kind, answered.image_url, answered.page_number),
            (EvidenceKind::Text, None, Some(1))
        );
        assert!(answered.why.as_ref().is_some_and(|why| why.contains(word)), "{:?}", answered.why);
        assert!(answered.snippet.contains("HOLE-1"));
        let url = format!("/api/scans/{session}/files/{}/pages/1.png", index(match_id));
        assert_named(&server.get(&url, &[]), 404, name);
    }
}

#[test]
fn a_page_that_cannot_be_drawn_costs_itself_alone() {
    let (dir, folder) = folder();
    fs::write(folder.join("a.pdf"), "%PDF-1.7 nothing").expect("a file");
    let healthy = pages(&[("", label("HOLE-1")), ("", endless())]);
    fs::write(folder.join("b.pdf"), healthy).expect("a file");
    fs::write(folder.join("c.png"), &scanned()[..60]).expect("a file");
    let (server, session) = served(dir.path(), &folder, "HOLE-1");
    let base = format!("/api/scans/{session}/files");
    assert_named(&server.get(&format!("{base}/0/pages/1.png"), &[]), 422, "page-not-drawn");
    assert_named(&server.get(&format!("{base}/2/pages/1.png"), &[]), 422, "page-not-drawn");
    let url = format!("{base}/1/pages/2.png?width=3000");
    let problem = assert_named(&server.get(&url, &[]), 422, "page-too-large");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("too large")), "{problem}");
    assert_eq!(server.get(&format!("{base}/1/pages/1.png"), &[]).status, 200);
    assert_eq!(evidence(&server, &session, "1-0").kind, EvidenceKind::Page);
}

/// A drawing that takes longer than a page may take: a shape of a million edges.
fn endless() -> Vec<u8> {
    b"0 0 600 800 re 1 1 599 799 re 2 2 500 700 re f* ".repeat(400_000)
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("plans");
    fs::create_dir(&folder).expect("a folder");
    (dir, folder)
}

/// Returns a picture with a dark square and no text.
fn scanned() -> Vec<u8> {
    let (width, height) = (400_u32, 200_u32);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    let grey: Vec<u8> = (0..width * height).map(|at| if at % width < 40 { 0 } else { 255 }).collect();
    writer.write_image_data(&grey).expect("data");
    writer.finish().expect("written");
    out
}

/// A client without access learns nothing.
#[test]
fn pages_are_behind_the_guard() {
    let (_dir, server) = server();
    let url = "/api/scans/x/files/0/pages/1.png";
    assert_problem(&server.get(url, &[("Host", "evil.example")]), 403);
    assert_problem(&server.get(url, &[]), 404);
}
