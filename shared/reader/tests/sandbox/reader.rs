//! Files through a real sandbox, with a cache in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use riffle_extract::{ExtractError, FileFormat, ReadLimits, Sink, Unit};
use riffle_ports::{
    Confirmed, Content, Ocr, OcrError, OcrLine, OcrWord, Opened, PictureLimits, PortError, ReadError,
    TextCache, TextKey, Worth,
};
use riffle_reader::sandbox::{Pdfium, Pool, SandboxSettings};
use riffle_reader::{Parser, ReadOutcome, Reader, SourceFile, TextSink};

#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl Sink for Lines {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0.push((unit.place.to_string(), unit.text.to_owned()));
    }
}

impl TextSink for Lines {
    fn restart(&mut self) {
        self.0.clear();
    }
}

/// A file, and the result of confirming it after it was read.
struct Opening<F>(Bytes, F);

impl<F: Fn() -> Result<Confirmed, ReadError> + Send + Sync> Opened for Opening<F> {
    fn content(&self) -> Content<'_> {
        Content::Memory(&self.0)
    }

    fn confirm(&self) -> Result<Confirmed, ReadError> {
        (self.1)()
    }
}

#[derive(Default)]
struct Memory {
    texts: Mutex<BTreeMap<TextKey, Vec<u8>>>,
    places: Mutex<BTreeMap<TextKey, TextKey>>,
}

impl TextCache for Memory {
    fn get(&self, key: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.texts.lock().expect("not poisoned").get(&key).cloned())
    }

    fn find(&self, place: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        let key = self.places.lock().expect("not poisoned").get(&place).copied();
        key.map_or(Ok(None), |key| self.get(key))
    }

    fn put(&self, key: TextKey, text: Vec<u8>) -> Result<(), PortError> {
        self.texts.lock().expect("not poisoned").insert(key, text);
        Ok(())
    }

    fn link(&self, place: TextKey, key: TextKey) -> Result<(), PortError> {
        self.places.lock().expect("not poisoned").insert(place, key);
        Ok(())
    }
}

fn settings() -> SandboxSettings {
    SandboxSettings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_sandbox")),
        children: 1,
        ..SandboxSettings::default()
    }
}

fn reader(settings: SandboxSettings) -> Reader {
    Reader { parser: Parser::Sandbox(Pool::new(settings)), cache: None, ocr: None }
}

fn source_file(name: &str) -> SourceFile<'_> {
    SourceFile { name, tenant: "t", identity: "place", version: "1", ocr: false }
}

fn read(reader: &Reader, name: &str, content: &[u8]) -> (ReadOutcome, Vec<(String, String)>) {
    let mut lines = Lines::default();
    let content = Bytes::copy_from_slice(content);
    let ended = reader.read(&source_file(name), &content, &mut lines).expect("a sandbox can be started");
    (ended, lines.0)
}

fn recall(reader: &Reader, source_file: &SourceFile<'_>) -> Option<(ReadOutcome, Vec<(String, String)>)> {
    let mut lines = Lines::default();
    let ended = reader.recall(source_file)?.replay(&mut lines)?;
    Some((ended, lines.0))
}

fn texts(lines: &[(String, String)]) -> Vec<&str> {
    lines.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn one_file_after_another_reads_as_in_this_process() {
    let (sandboxed, here) = (
        reader(settings()),
        Reader { parser: Parser::InProcess(ReadLimits::default()), cache: None, ocr: None },
    );
    let long = "line of text\n".repeat(100_000);
    let cases: [(&str, &[u8]); 5] = [
        ("a.csv", b"code,depth\nHOLE-1,12\nHOLE-2,13\n"),
        ("a.txt", long.as_bytes()),
        ("a.json", br#"{"a": ["HOLE-1", 2]}"#),
        ("empty.txt", b""),
        ("a.bin", b"\x01\x02\x03\x04\0\0\0\xFF"),
    ];
    for (name, content) in cases {
        assert_eq!(read(&sandboxed, name, content), read(&here, name, content), "{name}");
    }
}

/// A file of seven bytes.
struct Local(File);

impl Opened for Local {
    fn content(&self) -> Content<'_> {
        Content::File(&self.0, 7)
    }
    fn confirm(&self) -> Result<Confirmed, ReadError> {
        Ok(Confirmed::Settled)
    }
}

#[test]
fn an_open_file_is_read_from_its_beginning_wherever_it_was_left() {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(b"HOLE-1\n").expect("written");
    let (reader, file) = (reader(settings()), Local(file));
    for _ in 0..2 {
        let mut lines = Lines::default();
        let ended = reader.read(&source_file("a.txt"), &file, &mut lines).expect("a sandbox can be started");
        assert_eq!((ended.bytes, texts(&lines.0)), (7, vec!["HOLE-1\n"]));
    }
}

#[test]
fn too_little_memory_or_time_costs_one_file_and_says_so() {
    let large = vec![b'a'; 40 << 20];
    let reader = reader(SandboxSettings { memory: 64 << 20, ..settings() });
    let (ended, _) = read(&reader, "large.txt", &large);
    let Err(error @ ExtractError::TooLarge(_)) = ended.outcome else { panic!("{ended:?}") };
    assert_eq!(error.to_string(), "too large: it needs more than 64 MB of memory to be read");
    assert_eq!(texts(&read(&reader, "a.txt", b"next").1), ["next"]);

    let slow = self::reader(SandboxSettings { seconds: 0, bytes_per_second: u64::MAX, ..settings() });
    // A file that takes long: many small lines through the detection of CSV and back.
    let busy = "\"a,b;c\td|e\n".repeat(4_000_000);
    let (ended, _) = read(&slow, "busy.csv", busy.as_bytes());
    if let Err(error) = ended.outcome {
        assert_eq!(error.to_string(), "too large: it takes more than 0 s to be read");
    }
    assert_eq!(texts(&read(&slow, "a.txt", b"next").1), ["next"]);
}

#[test]
fn a_program_that_is_no_sandbox_is_the_worlds_failure_or_the_parsers() {
    let nowhere = reader(SandboxSettings { program: PathBuf::from("/nowhere/riffle"), ..settings() });
    let mut lines = Lines::default();
    let outcome = nowhere.read(&source_file("a.txt"), &Bytes::from_static(b"a"), &mut lines);
    assert!(matches!(outcome, Err(ReadError::Port(PortError::Unavailable(_)))), "{outcome:?}");
    // Again, because a child that could not be started must not count as one at work.
    assert!(nowhere.read(&source_file("a.txt"), &Bytes::from_static(b"a"), &mut lines).is_err());

    for liar in ["/bin/true", "/bin/false"] {
        let (ended, _) =
            read(&reader(SandboxSettings { program: PathBuf::from(liar), ..settings() }), "a.txt", b"a");
        assert!(matches!(ended.outcome, Err(ExtractError::Panicked(_))), "{liar}: {ended:?}");
    }
}

#[test]
fn what_was_read_is_recalled_by_place_and_by_content() {
    let cache = Arc::new(Memory::default());
    let remembering = Reader { cache: Some(cache.clone()), ..reader(settings()) };
    let (first, lines) = read(&remembering, "a.csv", b"code,depth\nHOLE-1,12\n");
    // A reader that cannot parse still recalls.
    let nowhere = Reader {
        cache: Some(cache.clone()),
        ..reader(SandboxSettings { program: PathBuf::from("/nowhere"), ..settings() })
    };
    assert_eq!(recall(&nowhere, &source_file("a.csv")), Some((first.clone(), lines.clone())));
    let mut moved = Lines::default();
    let elsewhere = SourceFile { identity: "elsewhere", ..source_file("b.csv") };
    assert_eq!(recall(&nowhere, &elsewhere), None);
    let content = Bytes::from_static(b"code,depth\nHOLE-1,12\n");
    assert_eq!(nowhere.read(&elsewhere, &content, &mut moved).as_ref(), Ok(&first));
    assert_eq!(moved.0, lines);
    assert_eq!(
        recall(&nowhere, &elsewhere),
        Some((first, lines)),
        "the location is linked after the first read"
    );

    for other in [
        SourceFile { tenant: "other", ..source_file("a.csv") },
        SourceFile { version: "2", ..source_file("a.csv") },
    ] {
        assert_eq!(recall(&nowhere, &other), None, "{other:?}");
    }
    let pdfium = Pdfium::at(Path::new("/bin/true")).expect("any file, which nothing here loads");
    let with_pdfium =
        Reader { cache: Some(cache), ..self::reader(SandboxSettings { pdfium: Some(pdfium), ..settings() }) };
    assert_eq!(
        recall(&with_pdfium, &source_file("a.csv")),
        None,
        "a reader with other settings may give another text"
    );
    let other = SourceFile { tenant: "other", ..source_file("a.csv") };
    assert!(nowhere.read(&other, &content, &mut Lines::default()).is_err(), "another tenant finds nothing");
}

#[test]
fn what_changed_while_it_was_read_is_not_remembered_and_what_is_fresh_only_by_content() {
    let cache = Arc::new(Memory::default());
    let reader = Reader { cache: Some(cache.clone()), ..reader(settings()) };
    let content = Bytes::from_static(b"HOLE-1");
    let changed = Opening(content.clone(), || Err(ReadError::Changed));
    let outcome = reader.read(&source_file("a.txt"), &changed, &mut Lines::default());
    assert_eq!(outcome, Err(ReadError::Changed));
    assert!(cache.texts.lock().expect("not poisoned").is_empty());

    let recent = Opening(content, || Ok(Confirmed::Recent));
    reader.read(&source_file("a.txt"), &recent, &mut Lines::default()).expect("readable");
    assert_eq!(cache.texts.lock().expect("not poisoned").len(), 1);
    assert_eq!(recall(&reader, &source_file("a.txt")), None);
}

#[test]
fn a_broken_text_is_read_anew() {
    let cache = Arc::new(Memory::default());
    let reader = Reader { cache: Some(cache.clone()), ..reader(settings()) };
    let content = "HOLE-1 and more\n".repeat(20_000);
    let (_, lines) = read(&reader, "a.txt", content.as_bytes());
    for text in cache.texts.lock().expect("not poisoned").values_mut() {
        let middle = text.len() / 2;
        text.truncate(middle);
    }
    assert_eq!(recall(&reader, &source_file("a.txt")), None);
    assert_eq!(read(&reader, "a.txt", content.as_bytes()).1, lines);
}

/// Stores OCR results, and nothing else.
#[derive(Default)]
struct Pictures(Memory);

impl TextCache for Pictures {
    fn worth(&self) -> Worth {
        Worth::Pictures
    }

    fn get(&self, key: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        self.0.get(key)
    }

    fn find(&self, _: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        panic!("a picture has no place")
    }

    fn put(&self, key: TextKey, text: Vec<u8>) -> Result<(), PortError> {
        self.0.put(key, text)
    }

    fn link(&self, _: TextKey, _: TextKey) -> Result<(), PortError> {
        panic!("a picture has no place")
    }
}

/// Reads "HOLE-1" in every picture, and counts its calls.
#[derive(Default)]
struct Engine {
    asked: Mutex<u32>,
    /// The error it returns from the second picture on.
    second: Option<OcrError>,
}

impl Ocr for Engine {
    fn variant(&self) -> String {
        "engine".to_owned()
    }

    fn read(&self, _: &str, _: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
        let mut asked = self.asked.lock().expect("not poisoned");
        *asked += 1;
        match &self.second {
            Some(error) if *asked >= 2 => Err(error.clone()),
            _ => {
                let word = OcrWord { text: "HOLE-1".to_owned(), bounds: [0.1, 0.2, 0.3, 0.4] };
                Ok(vec![vec![OcrLine { words: vec![word] }]])
            }
        }
    }
}

/// Returns a TIFF with this many pages of different sizes.
fn tiff(pages: u16) -> Bytes {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for page in 1..=pages {
        file.extend(2_u16.to_le_bytes());
        for tag in [256_u16, 257] {
            file.extend([tag, 3, 1, 0, page, 0].map(u16::to_le_bytes).concat());
        }
        let next = if page == pages { 0 } else { u32::try_from(file.len() + 4).expect("small") };
        file.extend(next.to_le_bytes());
    }
    Bytes::from(file)
}

#[test]
fn a_picture_is_read_once_for_a_tenant() {
    let (engine, cache) = (Arc::new(Engine::default()), Arc::new(Pictures::default()));
    let ocr: Arc<dyn Ocr> = engine.clone();
    let reader = Reader { cache: Some(cache.clone()), ocr: Some(ocr), ..reader(settings()) };
    let read = |source_file: &SourceFile<'_>| {
        let mut lines = Lines::default();
        reader.read(source_file, &tiff(2), &mut lines).expect("a sandbox can be started");
        assert_eq!(texts(&lines.0), ["HOLE-1", "HOLE-1"]);
        *engine.asked.lock().expect("not poisoned")
    };
    let source_file = SourceFile { ocr: true, ..source_file("a.tif") };
    assert_eq!(reader.recall(&source_file), None);
    assert_eq!(read(&source_file), 2);
    assert_eq!(read(&SourceFile { identity: "elsewhere", ..source_file }), 2, "under any name");
    assert_eq!(read(&SourceFile { tenant: "other", ..source_file }), 4);
    assert_eq!(cache.0.texts.lock().expect("not poisoned").len(), 4, "and nothing else is kept");
    for text in cache.0.texts.lock().expect("not poisoned").values_mut() {
        text.truncate(6);
    }
    assert_eq!(read(&source_file), 6, "a damaged cache entry is read again");
}

#[test]
fn a_file_given_up_half_way_is_not_paid_for_twice() {
    let cache = Arc::new(Pictures::default());
    let throttled = OcrError::Port(PortError::Unavailable("throttled".to_owned()));
    let mut asked = Vec::new();
    for second in [Some(throttled), None] {
        let engine = Arc::new(Engine { second, ..Engine::default() });
        let ocr: Arc<dyn Ocr> = engine.clone();
        let reader = Reader { cache: Some(cache.clone()), ocr: Some(ocr), ..reader(settings()) };
        let source_file = SourceFile { ocr: true, ..source_file("a.tif") };
        let outcome = reader.read(&source_file, &tiff(4), &mut Lines::default());
        asked.push((outcome.is_ok(), *engine.asked.lock().expect("not poisoned")));
    }
    assert_eq!(
        asked,
        [(false, 2), (true, 3)],
        "the first answer is cached, and no further picture is read after a failure"
    );
}

#[test]
fn what_no_engine_could_read_now_is_not_remembered_as_unread() {
    let cache = Arc::new(Memory::default());
    for (error, kept) in [
        (OcrError::Unavailable("no permission".to_owned()), 0),
        (OcrError::Picture("too large".to_owned()), 1),
    ] {
        let ocr: Arc<dyn Ocr> = Arc::new(Engine { second: Some(error), ..Engine::default() });
        let reader = Reader { cache: Some(cache.clone()), ocr: Some(ocr), ..reader(settings()) };
        let source_file = SourceFile { ocr: true, ..source_file("a.tif") };
        reader.read(&source_file, &tiff(3), &mut Lines::default()).expect("a sandbox can be started");
        assert_eq!(cache.texts.lock().expect("not poisoned").len(), kept);
    }
}

/// Accepts pictures of up to 10,000 pixels a side, and records their sizes.
#[derive(Default)]
struct Choosy(Mutex<Vec<(u32, u32)>>);

impl Ocr for Choosy {
    fn variant(&self) -> String {
        "choosy".to_owned()
    }

    fn limits(&self) -> PictureLimits {
        PictureLimits { bytes: 10_000_000, side: 10_000 }
    }

    fn read(&self, _: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
        assert!(picture.len() <= 10_000_000, "{}", picture.len());
        let decoder = png::Decoder::new(std::io::Cursor::new(picture));
        let size = decoder.read_info().expect("a PNG").info().size();
        self.0.lock().expect("not poisoned").push(size);
        Ok(vec![Vec::new()])
    }
}

#[test]
fn a_scan_of_a_large_drawing_comes_as_small_as_the_engine_takes_it() {
    // A0 with 300 dots per inch, black on white.
    let (width, height) = (9_933_u32, 14_043);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect("a header");
    let row = |y: u32| {
        (0..width.div_ceil(8)).map(move |x| if (x / 7 + y / 40).is_multiple_of(5) { 0x3C } else { 0xFF })
    };
    writer.write_image_data(&(0..height).flat_map(row).collect::<Vec<u8>>()).expect("pixels");
    writer.finish().expect("whole");

    let engine = Arc::new(Choosy::default());
    let ocr: Arc<dyn Ocr> = engine.clone();
    let reader = Reader { ocr: Some(ocr), ..reader(settings()) };
    let source_file = SourceFile { ocr: true, ..source_file("a.png") };
    let ended = reader
        .read(&source_file, &Bytes::from(file), &mut Lines::default())
        .expect("a sandbox can be started");
    assert!(ended.outcome.as_ref().is_ok_and(|read| read.unread.is_empty()), "{ended:?}");
    assert_eq!(*engine.0.lock().expect("not poisoned"), [(7_073, 10_000)]);
}

#[test]
fn a_list_is_of_a_kind_that_lists_and_all_else_is_refused_before_it_is_parsed() {
    let reader = reader(settings());
    let list = |name: &str, content: &[u8]| {
        let mut lines = Lines::default();
        let outcome = reader.list(name, &Bytes::copy_from_slice(content), &mut lines);
        (outcome.expect("a sandbox can be started"), lines.0)
    };
    assert_eq!(texts(&list("codes.csv", b"code;depth\nHOLE-1;12\n").1), ["code", "depth", "HOLE-1", "12"]);
    assert_eq!(texts(&list("codes.txt", b"HOLE-1\nHOLE-2").1), ["HOLE-1\nHOLE-2"]);
    // Opening it takes time that grows with the square of its size: minutes.
    let slow = [b"%PDF-1.7\n".to_vec(), b"<<".repeat(1 << 20)].concat();
    let empty_zip = [b"PK\x05\x06".to_vec(), vec![0; 18]].concat();
    for (name, content, kind) in [
        ("codes.csv", &slow[..], FileFormat::Pdf),
        ("codes.xlsx", &empty_zip, FileFormat::Zip),
        ("codes.txt", b"\x89PNG\r\n\x1a\n", FileFormat::Png),
        ("codes.json", b"{\"codes\": [\"HOLE-1\"]}", FileFormat::Json),
        ("codes.html", b"<html><body>HOLE-1</body></html>", FileFormat::Html),
    ] {
        let (outcome, lines) = list(name, content);
        assert_eq!(outcome, Err(ExtractError::OtherKind(kind)), "{name}");
        assert!(lines.is_empty());
    }
    // The limit on cells of a list applies before that of scans.
    let cells = "1;".repeat(1_000_001);
    let (outcome, _) = list("cells.csv", cells.as_bytes());
    let unread_parts = outcome.expect("read up to there").unread;
    assert!(unread_parts.iter().any(|unread| unread.why.contains("large")), "{unread_parts:?}");

    let nowhere = self::reader(SandboxSettings { program: PathBuf::from("/nowhere/riffle"), ..settings() });
    let outcome = nowhere.list("a.txt", &Bytes::from_static(b"HOLE-1"), &mut Lines::default());
    assert!(matches!(outcome, Err(PortError::Unavailable(_))), "nothing is parsed in this process");
}
