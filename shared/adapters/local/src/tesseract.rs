//! OCR by Tesseract, with one process per picture.

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use riffle_confine::{Budget, FinishedProgram, ProcessLimits, Program, RunError};
use riffle_ports::{Ocr, OcrError, OcrLine, OcrWord, PortError};

/// The limits of the process of one picture. It writes no file and opens few: its languages and libraries.
const LIMITS: ProcessLimits = ProcessLimits { memory: 512 << 20, cpu: 60, file: 0, open_files: 64 };
/// The table needs about a hundred bytes per word. The wall-clock limit ends a stalled process, and allows for a busy
/// machine.
const BUDGET: Budget = Budget { wall: Duration::from_mins(3), output: 64 << 20 };
/// The variables by which an installation outside the system's folders finds its languages and libraries.
const PATHS: [&str; 2] = ["TESSDATA_PREFIX", "LD_LIBRARY_PATH"];

/// The lowest confidence in per cent. Words below it are left out: they are specks and lines.
const SURE: f32 = 20.0;

/// An [`Ocr`] that runs `tesseract`, which is located on first use.
#[derive(Debug)]
pub struct Tesseract {
    languages: String,
    version: OnceLock<Result<String, String>>,
}

impl Tesseract {
    /// `languages` as Tesseract names them, separated by `+` (`eng+deu`).
    pub fn new(languages: &str) -> Self {
        Self { languages: languages.to_owned(), version: OnceLock::new() }
    }

    /// Checks that Tesseract and its languages are installed, and returns its version.
    ///
    /// # Errors
    /// What is missing, and how to install it.
    pub fn find(&self) -> Result<&str, &str> {
        let found = self.version.get_or_init(|| find(&self.languages));
        found.as_deref().map_err(String::as_str)
    }

    fn run(&self, picture: &[u8]) -> Result<FinishedProgram, RunError> {
        // Page segmentation mode 11 (sparse text): the labels of a drawing are anywhere, not in columns.
        tesseract()?
            .args(["stdin", "stdout", "-l", &self.languages, "--psm", "11", "tsv"])
            .run(picture, BUDGET)
    }
}

fn tesseract() -> io::Result<Program> {
    let program = Program::foreign("tesseract", LIMITS)?.keep_paths(&PATHS);
    // One picture uses one core: others are read at the same time.
    Ok(program.env("OMP_THREAD_LIMIT", "1"))
}

fn find(languages: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/');
    if languages.is_empty()
        || !languages
            .split('+')
            .all(|one| one.starts_with(|c: char| c.is_ascii_alphabetic()) && one.chars().all(plain))
    {
        return Err(format!(
            "{languages:?} is not a list of Tesseract languages: use a form such as eng+deu"
        ));
    }
    let missing = |error: RunError| match error {
        RunError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            "Tesseract is not installed (on Debian and Ubuntu: apt install \
                                        tesseract-ocr; on macOS: brew install tesseract)"
                .to_owned()
        }
        error => format!("Tesseract cannot be started: {error}"),
    };
    let answer = |argument: &str| {
        let answer =
            tesseract().map_err(RunError::from).and_then(|program| program.args([argument]).run(b"", BUDGET));
        let FinishedProgram { output, errors, .. } = answer.map_err(missing)?;
        let [out, err] = [output, errors].map(|answer| String::from_utf8_lossy(&answer).into_owned());
        Ok::<_, String>(out + &err)
    };
    let version = answer("--version")?.lines().next().unwrap_or_default().to_owned();
    let installed = answer("--list-langs")?;
    for language in languages.split('+') {
        if !installed.lines().any(|line| line.trim() == language) {
            return Err(format!(
                "Tesseract does not have the language {language:?} (on Debian and Ubuntu: apt install \
                 tesseract-ocr-{language}); tesseract --list-langs shows the installed ones"
            ));
        }
    }
    Ok(version)
}

impl Ocr for Tesseract {
    fn variant(&self) -> String {
        format!("{} {}", self.find().unwrap_or("none"), self.languages)
    }

    fn is_available(&self) -> bool {
        self.find().is_ok()
    }

    fn read(&self, _: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
        self.find().map_err(|why| OcrError::Unavailable(why.to_owned()))?;
        let unread = |why: &str| OcrError::Picture(format!("Tesseract could not read it: {why}"));
        let finished = match self.run(picture) {
            Ok(finished) => finished,
            Err(RunError::Io(error)) => {
                return Err(PortError::Unavailable(format!("Tesseract cannot be run: {error}")).into());
            }
            Err(error @ (RunError::OutOfTime(_) | RunError::TooMuchOutput(_))) => {
                return Err(unread(&error.to_string()));
            }
        };
        // Tesseract reads all its input before it writes anything. If the picture crashes it, it has not read
        // everything.
        if !finished.status.success() || !finished.took_all {
            let why = String::from_utf8_lossy(&finished.errors);
            let why = why.lines().find(|line| line.contains("rror"));
            return Err(unread(why.map_or("it takes too long or too much memory", str::trim)));
        }
        let table = String::from_utf8(finished.output).map_err(|_| unread("its output is not text"))?;
        Ok(pages(&table))
    }
}

#[derive(Default)]
struct RecognisedPage {
    /// Width and height in pixels.
    size: (f32, f32),
    /// By block, paragraph and line.
    lines: BTreeMap<[u32; 3], OcrLine>,
}

/// Reads Tesseract's table, which has a row for each page, block, paragraph, line and word.
fn pages(table: &str) -> Vec<Vec<OcrLine>> {
    let mut pages: BTreeMap<u32, RecognisedPage> = BTreeMap::new();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.splitn(12, '\t').collect();
        let [level, page, block, paragraph, line, _, left, top, width, height, sure, text] = columns[..]
        else {
            continue;
        };
        let number = |column: &str| column.parse::<u32>().unwrap_or(0);
        let length = |column: &str| column.parse::<f32>().unwrap_or(0.0);
        let page = pages.entry(number(page)).or_default();
        match level {
            "1" => page.size = (length(width), length(height)),
            "5" if !text.trim().is_empty() && length(sure) >= SURE => {
                let [left, top, width, height] = [left, top, width, height].map(length);
                let (x, y) = (page.size.0.max(1.0), page.size.1.max(1.0));
                let bounds = [left / x, top / y, (left + width) / x, (top + height) / y];
                let key = [number(block), number(paragraph), number(line)];
                let line = page.lines.entry(key).or_insert(OcrLine { words: Vec::new() });
                line.words.push(OcrWord { text: text.trim().to_owned(), bounds });
            }
            _ => {}
        }
    }
    pages.into_values().map(|page| page.lines.into_values().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_gathered_into_lines_and_pages() {
        let table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
            1\t1\t0\t0\t0\t0\t0\t0\t200\t100\t-1\t\n\
            5\t1\t1\t1\t1\t1\t20\t10\t40\t10\t96.5\tHOLE-1\n\
            5\t1\t1\t1\t1\t2\t70\t10\t40\t10\t3.0\t|~\n\
            5\t1\t1\t1\t1\t3\t100\t10\t100\t90\t91\tmm\n\
            5\t1\t2\t1\t1\t1\t0\t0\t1\t1\t95\t \n\
            1\t2\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t\n\
            5\t2\t1\t1\t1\t1\t0\t0\t50\t50\t80\tnext\n";
        let pages = pages(table);
        assert_eq!(pages.len(), 2);
        let words: Vec<&str> = pages[0][0].words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!((pages[0].len(), words), (1, vec!["HOLE-1", "mm"]));
        #[expect(clippy::cast_possible_truncation, reason = "parts of a whole")]
        let percent = |part: f32| (part * 100.0).round() as i32;
        assert_eq!(pages[0][0].words[0].bounds.map(percent), [10, 10, 30, 20]);
        assert_eq!(pages[1][0].words[0].bounds.map(percent), [0, 0, 50, 50]);
    }

    #[test]
    fn languages_are_no_options() {
        for odd in ["", "eng+", "--help", "eng deu", "../x;"] {
            assert!(find(odd).is_err_and(|why| why.contains("not a list of Tesseract languages")), "{odd}");
        }
    }
}
