//! A hijacked parser: in place of pdfium, a library that tries to break out of the real sandbox.

#![expect(clippy::disallowed_methods, reason = "a compiler for the test, and real time")]
#![expect(clippy::print_stderr, reason = "prints what this system cannot prove")]

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use riffle_confine::Layer;
use riffle_extract::{Sink, Unit};
use riffle_reader::sandbox::{Pdfium, Pool, SandboxSettings};
use riffle_reader::{Parser, Reader, SourceFile, TextSink};

#[derive(Default)]
struct ReadText(String);

impl Sink for ReadText {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0 += unit.text;
    }
}

impl TextSink for ReadText {
    fn restart(&mut self) {
        self.0.clear();
    }
}

fn settings(pdfium: Option<Pdfium>) -> SandboxSettings {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sandbox"));
    SandboxSettings { program, children: 1, pdfium, ..SandboxSettings::default() }
}

/// Returns the text a library reads in a file that our own reader cannot read.
fn read(settings: SandboxSettings) -> String {
    let reader = Reader { parser: Parser::Sandbox(Pool::new(settings)), cache: None, ocr: None };
    let source_file = SourceFile { name: "a.pdf", tenant: "t", identity: "i", version: "1", ocr: false };
    let mut collected = ReadText::default();
    let broken = Bytes::from_static(b"%PDF-1.7\nnothing of a PDF\n%%EOF");
    reader.read(&source_file, &broken, &mut collected).expect("a sandbox can be started").outcome.ok();
    collected.0
}

/// Builds a library with pdfium's functions that returns one page for any file, with the text that `code` has put in
/// `said`. `loaded` runs when the library is loaded.
fn library(folder: &Path, loaded: &str, code: &str) -> Pdfium {
    let source = include_str!("hostile.c").replace("LOADED", loaded).replace("CODE", code);
    let (place, library) = (folder.join("hostile.c"), folder.join("libhostile.so"));
    std::fs::write(&place, source).expect("written");
    let mut compiler = std::process::Command::new("cc");
    let built = compiler.args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &place]).status();
    assert!(built.expect("a C compiler is installed").success());
    Pdfium::at(&library).expect("the library was built")
}

#[test]
fn a_parser_that_was_taken_over_can_reach_nothing() {
    let layers = Pool::new(settings(None)).layers().expect("a sandbox can be started");
    assert_eq!(layers.len(), Layer::ALL.len());
    let missing: Vec<_> = layers.iter().filter(|applied| applied.missing.is_some()).collect();
    if !missing.is_empty() {
        eprintln!("not proven, since this system has not all layers: {missing:?}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").expect("written");
    let (tcp, unix) = (TcpListener::bind("127.0.0.1:0").expect("a port"), folder.path().join("socket"));
    let _listening = UnixListener::bind(&unix).expect("a socket");
    let path = |path: &Path| format!("{:?}", path.to_str().expect("UTF-8"));
    let code = [
        "snprintf(path, sizeof path, \"/proc/%d/environ\", getppid()); TRY(\"environ\", open(path, O_RDONLY));".to_owned(),
        "snprintf(path, sizeof path, \"/proc/%d/mem\", getppid()); TRY(\"mem\", open(path, O_RDONLY));".to_owned(),
        "TRY(\"trace\", ptrace(PTRACE_ATTACH, getppid(), 0, 0));".to_owned(),
        "TRY(\"vm\", process_vm_readv(getppid(), &piece, 1, &piece, 1, 0));".to_owned(),
        "TRY(\"signal\", kill(getppid(), 0));".to_owned(),
        format!("TRY(\"tcp\", tcp({}));", tcp.local_addr().expect("its address").port()),
        format!("TRY(\"unix\", unix_socket({}));", path(&unix)),
        "TRY(\"fork\", fork());".to_owned(),
        "TRY(\"exec\", execl(\"/bin/true\", \"true\", (char *)0));".to_owned(),
        format!("TRY(\"read\", open({}, O_RDONLY));", path(&secret)),
        format!("TRY(\"write\", open({}, O_WRONLY | O_CREAT, 0600));", path(&folder.path().join("written"))),
        format!("TRY(\"remove\", unlink({}));", path(&secret)),
        "TRY(\"limit\", (getrlimit(RLIMIT_CPU, &limit), limit.rlim_max += 100, setrlimit(RLIMIT_CPU, &limit)));".to_owned(),
        // Descriptors 0 to 4 are expected: the socket, its copy, two streams and the file from which the process reads
        // its own size.
        "for (int fd = 5; fd < 64; fd++) TRY(\"descriptor\", lseek(fd, 0, SEEK_CUR) >= 0 || errno == ESPIPE ? 0 : -1);".to_owned(),
        "if (environ && *environ) TRY(\"environment\", 0);".to_owned(),
    ];
    let collected = read(settings(Some(library(folder.path(), "", &code.concat()))));
    assert_eq!(collected.trim(), "tried", "an attempt succeeded: its name follows `tried`");
    assert!(secret.exists());

    // Runs the harmless attempts when the library is loaded, before the layers apply: they must succeed there.
    let harmless = ["tcp", "unix", "read", "write"];
    let is_harmless = |code: &&String| harmless.iter().any(|what| code.contains(&format!("\"{what}\"")));
    let before: String = code.iter().filter(is_harmless).map(String::as_str).collect();
    let open = read(settings(Some(library(folder.path(), &before, ""))));
    for what in harmless {
        assert!(
            open.contains(what),
            "without confinement the attempt {what} must succeed, or the test proves nothing: {open}"
        );
    }
}

#[test]
fn a_parser_that_ignores_its_limit_and_floods_its_errors_costs_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let limited = |pdfium| SandboxSettings { seconds: 1, ..settings(Some(pdfium)) };
    // More than a pipe holds, and no process reads it.
    let flood = "for (int i = 0; i < 5000; i++) fprintf(stderr, \"%0100d\", i);";
    assert_eq!(read(limited(library(folder.path(), "", flood))).trim(), "tried");
    let since = Instant::now();
    let spin = "for (;;) signal(SIGXCPU, SIG_IGN);";
    let without_time = |pdfium| SandboxSettings { seconds: 0, ..limited(pdfium) };
    assert_eq!(read(without_time(library(folder.path(), "", spin))), "");
    assert!(since.elapsed() < Duration::from_mins(1), "{:?}", since.elapsed());
}
