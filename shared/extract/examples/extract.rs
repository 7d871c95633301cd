//! Reads files and folders with the parsers alone: prints their text, or with `--time` how long reading took.
//!
//! `extract [--time] [--jobs N] [--out DIR] [--images DIR] PATH…`
//!
//! With `--images`, unreadable PDF pages and picture files are written to that folder, in the form OCR receives them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use riffle_extract::{PageImage, Place, ReadLimits, Sink, Unit};

#[derive(Default)]
struct ExtractArgs {
    time: bool,
    jobs: usize,
    out: Option<PathBuf>,
    images: Option<PathBuf>,
    paths: Vec<PathBuf>,
}

#[derive(Default)]
struct Totals {
    next: AtomicUsize,
    failed: AtomicU64,
    bytes: AtomicU64,
    text: AtomicU64,
    pages: AtomicU64,
    unread: AtomicU64,
}

/// Counts text, and keeps it if it is to be shown.
struct Text {
    bytes: u64,
    kept: Option<String>,
    /// The path at which pictures are stored: a folder and a prefix of their names.
    images: Option<PathBuf>,
}

impl Sink for Text {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.bytes += unit.text.len() as u64;
        let Some(kept) = &mut self.kept else { return };
        let written = match unit.place {
            Place::Page(_) => writeln!(kept, "{}\u{c}", unit.text),
            Place::Line(_) | Place::Paragraph(_) => writeln!(kept, "{}", unit.text),
            other => writeln!(kept, "{other}\t{}", unit.text),
        };
        written.expect("writing to a String does not fail");
    }

    fn wants_images(&self) -> bool {
        self.images.is_some()
    }

    fn image(&mut self, image: &PageImage<'_>) -> bool {
        let Some(path) = &self.images else { return false };
        let place: String = image
            .place
            .to_string()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .take(100)
            .collect();
        let name = format!("{}-{place}.{}", path.display(), format!("{:?}", image.encoding).to_lowercase());
        std::fs::write(name, image.bytes).is_ok()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    let mut files = Vec::new();
    for path in &options.paths {
        collect(path, &mut files)?;
    }
    files.sort();
    let totals = Totals::default();
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| work(&options, &files, &totals));
        }
    });
    if options.time {
        report(files.len(), &totals, began)?;
    }
    Ok(())
}

fn options() -> Result<ExtractArgs, Box<dyn std::error::Error>> {
    let mut options = ExtractArgs { jobs: 1, ..ExtractArgs::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--time" => options.time = true,
            "--jobs" => options.jobs = arguments.next().ok_or("--jobs needs a number")?.parse()?,
            "--images" => options.images = Some(arguments.next().ok_or("--images needs a folder")?.into()),
            "--out" => options.out = Some(arguments.next().ok_or("--out needs a folder")?.into()),
            _ => options.paths.push(argument.into()),
        }
    }
    if options.paths.is_empty() {
        return Err("usage: extract [--time] [--jobs N] [--out DIR] [--images DIR] PATH…".into());
    }
    Ok(options)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            // Links are skipped, because links between folders may form a cycle.
            if !entry.file_type()?.is_symlink() {
                collect(&entry.path(), files)?;
            }
        }
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}

fn work(options: &ExtractArgs, files: &[PathBuf], totals: &Totals) {
    loop {
        let index = totals.next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = files.get(index) else { return };
        if let Err(error) = one(options, index, path, totals) {
            totals.failed.fetch_add(1, Ordering::Relaxed);
            say(&mut std::io::stderr(), &format!("{}: {error}\n", path.display()));
        }
    }
}

fn one(
    options: &ExtractArgs,
    index: usize,
    path: &Path,
    totals: &Totals,
) -> Result<(), Box<dyn std::error::Error>> {
    let bytes = bytes::Bytes::from(std::fs::read(path)?);
    totals.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let keep = !options.time || options.out.is_some();
    let images = options.images.as_ref().map(|folder| folder.join(format!("{}", index + 1)));
    let mut sink = Text { bytes: 0, kept: keep.then(String::new), images };
    let read = riffle_extract::extract(&name, &bytes, &ReadLimits::default(), &mut sink);
    totals.text.fetch_add(sink.bytes, Ordering::Relaxed);
    if let Some(text) = &sink.kept {
        match &options.out {
            Some(folder) => std::fs::write(folder.join(format!("{}.txt", index + 1)), text)?,
            None => say(&mut std::io::stdout(), text),
        }
    }
    let read = read?;
    totals.pages.fetch_add(u64::from(read.pages), Ordering::Relaxed);
    totals.unread.fetch_add(read.unread.len() as u64 + u64::from(read.unread_more), Ordering::Relaxed);
    Ok(())
}

fn report(files: usize, totals: &Totals, began: Instant) -> Result<(), Box<dyn std::error::Error>> {
    let wall = began.elapsed().as_secs_f64();
    let cpu = cpu_seconds()?;
    let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = files as f64 / cpu;
    say(
        &mut std::io::stdout(),
        &format!(
            "files {files} failed {} pages {} unread {} bytes {} text {} wall {wall:.2}s cpu {cpu:.2}s files/cpu-s {rate:.1}\n",
            get(&totals.failed),
            get(&totals.pages),
            get(&totals.unread),
            get(&totals.bytes),
            get(&totals.text),
        ),
    );
    Ok(())
}

/// Returns the user and system time of this process so far (Linux: fields 14 and 15 of `stat`, in hundredths of a
/// second).
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name in stat")?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut next =
        || -> Result<f64, Box<dyn std::error::Error>> { Ok(fields.next().ok_or("short stat")?.parse()?) };
    Ok((next()? + next()?) / 100.0)
}

/// Writes text. A closed pipe (`| head`) ends the program without an error.
fn say(to: &mut dyn std::io::Write, text: &str) {
    if to.write_all(text.as_bytes()).and_then(|()| to.flush()).is_err() {
        std::process::exit(0);
    }
}
