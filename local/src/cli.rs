//! The command line's words.

mod statements;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use riffle_topology::{FLOWS, RIFFLE};

pub use statements::{Import, Mode, Replay, Watch};

/// Leafs through files: folders of drawings for codes, bank statements for their transactions.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Try it:\n  riffle samples demo\n  riffle scan demo/drawings --codes demo/codes.xlsx --report demo/report.xlsx\n  riffle import statement.csv"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan folders for codes.
    Scan(Scan),
    /// List the scans in the state folder, newest first, or delete one.
    Sessions(Sessions),
    /// Run the platform with its page, WebSocket and HTTP.
    Serve(Serve),
    /// Check the platform: what is wrong, and what to do.
    Doctor(Doctor),
    /// Read bank statements: their transactions, once each.
    Import(Import),
    /// Import what comes into a folder.
    Watch(Watch),
    /// Tell past events again to one consumer.
    Replay(Replay),
    /// Give dead letters back to the queues where they failed.
    Redrive(Redrive),
    /// Make sample drawings, a list of codes and an answer key.
    Samples(Samples),
}

const SCAN_HELP: &str = "\
Examples:
  riffle scan drawings --codes HOLE-1,HOLE-2
  riffle scan drawings archive --codes codes.xlsx --report report.xlsx
  riffle scan drawings --codes codes.txt | cut -f1 | sort -u    # files that hold a code
  riffle scan drawings --codes codes.csv --json | jq -r 'select(.type==\"MATCH_FOUND\").data.hole_code'

Read are PDF, Word, PowerPoint, xlsx, xlsm, xls, xlsb, ods, CSV, text, HTML, XML, JSON and ZIP archives of these,
told apart by their content; PNG, JPEG, TIFF and scanned pages with --ocr auto. Hidden files and Office lock
files (~$…) are left out. The text of each file is kept for the next scan, which then reads only
what has changed. Piped, each match is a line: file, place, code, text around it,
parted by tabs.

A scan that was interrupted goes on when the same command is given again.

After a scan in which files failed, mend them (permissions, passwords, damaged copies) and read those alone:
  riffle scan --retry last --report report.xlsx
It makes a new session with all results and a full report. Files that were read stay as they were read, even
if they changed since; one with pages nobody could read is read again if it was replaced.

Exit codes:
  0    finished
  1    finished, but some files could not be read (the report says which and why)
  2    could not run
  130  cancelled with Ctrl-C";

#[derive(Debug, Args)]
#[command(after_help = SCAN_HELP)]
pub struct Scan {
    /// Folders to read, with everything below them.
    #[arg(required_unless_present = "retry", value_name = "DIR")]
    pub dirs: Vec<PathBuf>,

    /// Codes to look for: a text file with one a line, a workbook or CSV with a column of them, or the codes
    /// themselves, parted by commas. 1 to 50,000.
    #[arg(long, value_name = "FILE|CODE,…", required_unless_present = "retry")]
    pub codes: Vec<String>,

    /// Read again what failed in a finished scan, and keep the rest. Its id, or the beginning of it, stands at
    /// the end of the scan and in the report; "last" is the scan that finished last.
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["dirs", "codes", "matching"])]
    pub retry: Option<String>,

    /// Where to write the report.
    #[arg(long, value_name = "OUT.xlsx")]
    pub report: Option<PathBuf>,

    /// Print one JSON object per line: the frames of the WebSocket protocol, last a SUMMARY.
    #[arg(long)]
    pub json: bool,

    /// What counts as finding a code.
    #[arg(long = "match", value_enum, default_value_t = Match::Token)]
    pub matching: Match,

    /// Whether pages and image files without text are read by OCR (Tesseract). About a second a page.
    #[arg(long, value_enum, default_value_t = Ocr::Off)]
    pub ocr: Ocr,

    /// Show in the report how each code stands on its page: a picture for the first 1,000 matches.
    #[arg(long, conflicts_with = "retry")]
    pub evidence: bool,

    #[command(flatten)]
    pub machine: Machine,
}

/// Whether pictures of text are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ocr {
    /// Where a page or file holds no text.
    Auto,
    Off,
}

/// What counts as finding a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Match {
    /// The code stands alone: HOLE-1 is not in HOLE-12.
    Token,
    /// Also inside a longer word.
    Substring,
}

const SESSIONS_HELP: &str = "\
Examples:
  riffle sessions | grep COMPLETE | head -1
  riffle sessions --delete 5d0c41f7

Each scan is a line: id, when, state, files, failed, matches, folders, parted by tabs.

--delete removes a scan and all that came of it: results, report, pictures, codes, and uploaded files that no other scan
uses. Folders that were read, and reports that were saved elsewhere, stay. So does the text of the files, which is kept
by content for the next scan (--cache-size). A scan that still runs is refused: let the same riffle scan end, or
cancel it with Ctrl-C.

Exit codes:
  0  done
  2  could not run, or there is no such scan, or it still runs";

#[derive(Debug, Args)]
#[command(after_help = SESSIONS_HELP)]
pub struct Sessions {
    /// Remove this scan and all that came of it. Its id, or the beginning of it. May be given several times.
    #[arg(long, value_name = "SESSION")]
    pub delete: Vec<String>,

    /// Print one JSON object per line.
    #[arg(long, conflicts_with = "delete")]
    pub json: bool,

    #[command(flatten)]
    pub machine: Machine,
}

const SERVE_HELP: &str = "\
Examples:
  riffle serve
  riffle serve --listen 127.0.0.1:9000
  RIFFLE_TOKEN=$(openssl rand -hex 16) riffle serve --listen 0.0.0.0:8750

Whoever reaches the page can read every folder that you can read. So it listens on this machine alone unless you say
otherwise, and asks for a token: a random one, kept in the state folder, unless you give one. The address that is
printed, and opened where a terminal and a desktop are, holds it; a browser that has shown it is remembered for 30
days. Programs send it as a bearer token: Authorization: Bearer TOKEN.";

#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub struct Serve {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8750")]
    pub listen: SocketAddr,

    /// What a client must know: at least 16 letters and digits. By default a random one. Given here, other users of the
    /// machine see it in the list of processes; in the environment they do not.
    #[arg(long, env = "RIFFLE_TOKEN", hide_env_values = true, value_name = "SECRET")]
    pub token: Option<String>,

    /// Ask for no token: every user and program of this machine can then read through the page what you can read.
    #[arg(long, conflicts_with = "token")]
    pub no_token: bool,

    /// Do not open the page in a browser.
    #[arg(long)]
    pub no_open: bool,

    /// Close a WebSocket this old, as the gateway in the cloud does. For testing clients.
    #[arg(long, hide = true, value_name = "SECONDS", default_value_t = 7200, value_parser = clap::value_parser!(u64).range(1..))]
    pub socket_max_age: u64,

    #[command(flatten)]
    pub machine: Machine,
}

const DOCTOR_HELP: &str = "\
Examples:
  riffle doctor
  riffle doctor --state /srv/riffle --listen 127.0.0.1:9000 --ocr-languages eng+deu
  riffle doctor --json | jq -r 'select(.level!=\"ok\").check'

Looks at the state folder (also while another riffle uses it), its queues, dead letters and open scans, the kept
texts, the sandbox, Tesseract, pdfium where it is named, the page and the port of riffle serve. Nothing is changed.
Piped, each check is a line: level, check, what was found, what to do, parted by tabs. Built with the feature
`cloud`, it checks a deployed stack: riffle doctor --stack Riffle.

Exit codes:
  0  all is well
  1  warnings: it works, but not with everything, or something waits for a person
  2  problems: something does not work, or could not be checked";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub struct Doctor {
    /// Print one JSON object per line: check, level, found, do.
    #[arg(long)]
    pub json: bool,

    /// Address `riffle serve` is to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8750")]
    pub listen: SocketAddr,

    #[cfg(feature = "cloud")]
    #[command(flatten)]
    pub cloud: Cloud,

    #[command(flatten)]
    pub machine: Machine,
}

const REDRIVE_HELP: &str = "\
Examples:
  riffle redrive --list
  riffle redrive
  riffle redrive --message 1734 --message 1735

A dead letter is a message that failed too often: five times, and a scanned file's message three times before that.
Nobody tries it again by itself. When the cause is gone, this puts it back where it failed last; the next riffle
serve, import, or the same riffle scan again, goes on with it. Doing it twice does no harm, and a message that has
nothing left to do is taken away without effect. All are moved, or none.

--list shows each as a line: message, flow, queue, kind, scan or statement, its state, age, why it lies there, parted
by tabs.
Built with the feature `cloud`, it redrives a deployed stack: riffle redrive --stack Riffle.

Exit codes:
  0  done, or there were none
  1  some that were named are no dead letters, or could not be given back
  2  could not run";

#[derive(Debug, Args)]
#[command(after_help = REDRIVE_HELP)]
pub struct Redrive {
    /// Show them, and leave them where they are.
    #[arg(long, conflicts_with = "messages")]
    pub list: bool,

    /// Only those of this flow: scan or statements.
    #[arg(long, value_name = "FLOW", value_parser = flow)]
    pub flow: Option<String>,

    /// Only the message of this id, as --list shows it. May be given several times.
    #[arg(long = "message", value_name = "ID")]
    pub messages: Vec<String>,

    /// Print one JSON object per line.
    #[arg(long)]
    pub json: bool,

    #[cfg(feature = "cloud")]
    #[command(flatten)]
    pub cloud: Cloud,

    /// Folder for sessions, queues and reports. By default riffle below the user's data folder
    /// (~/.local/share).
    #[arg(long, env = "LOCAL_STORAGE_PATH", value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// A deployed stack in place of this machine.
#[cfg(feature = "cloud")]
#[derive(Debug, Args)]
pub struct Cloud {
    /// A CloudFormation stack in place of this machine. Credentials and region are those of the environment or the
    /// AWS profile; `AWS_ENDPOINT_URL` is honoured.
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,

    /// What `cdk deploy --outputs-file` wrote of the stack, in place of asking CloudFormation.
    #[arg(long, value_name = "FILE.json")]
    pub outputs: Option<PathBuf>,

    /// Region of the stack.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// What a platform needs of the machine.
#[derive(Debug, Args)]
pub struct Machine {
    /// Folder for sessions, queues and reports. By default riffle below the user's data folder
    /// (~/.local/share).
    #[arg(long, env = "LOCAL_STORAGE_PATH", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Files read at the same time. By default one per core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,

    /// Read every file anew and remember nothing.
    #[arg(long)]
    pub no_cache: bool,

    /// Room for the text of files read before, kept in the state folder for the next scan; what was not used
    /// for longest makes room.
    #[arg(long, value_name = "MB", default_value_t = riffle_local_adapters::TEXTS_LIMIT >> 20, env = "RIFFLE_CACHE_MB", conflicts_with = "no_cache")]
    pub cache_size: u64,

    /// Languages OCR knows, as Tesseract names them.
    #[arg(long, value_name = "LANG[+LANG…]", default_value = "eng", env = "RIFFLE_OCR_LANGUAGES")]
    pub ocr_languages: String,

    /// pdfium's shared library (libpdfium.so). Where it is named, it reads the PDFs and pages that Riffle's own
    /// reader cannot.
    #[arg(long, value_name = "PATH", env = "RIFFLE_PDFIUM")]
    pub pdfium: Option<PathBuf>,

    /// How statements get from the inbox to their processor.
    #[arg(long, env = "PROCESSING_MODE", hide = true, value_enum, default_value_t = Mode::Events)]
    pub processing_mode: Mode,

    #[command(flatten)]
    pub drive: Drive,

    /// Parse files in this process, where a hostile one can end it. For measuring.
    #[arg(long, hide = true)]
    pub in_process: bool,
}

/// Where Google Drive is, and what is read of it.
#[derive(Debug, Args)]
pub struct Drive {
    /// Id of the Google Drive folder that is read where a scan names none. By default My Drive.
    #[arg(long = "drive-folder", env = "DRIVE_FOLDER_ID", hide = true, value_name = "ID", value_parser = drive_id)]
    pub folder: Option<String>,

    /// In place of Google's own. For tests.
    #[arg(long = "drive-endpoint", env = "DRIVE_ENDPOINT", hide = true, value_name = "URL", default_value = riffle_drive_adapter::ENDPOINT)]
    pub endpoint: String,
}

fn drive_id(text: &str) -> Result<String, String> {
    if riffle_ports::is_drive_id(text) {
        return Ok(text.to_owned());
    }
    Err("it is what follows /folders/ in the folder's address".to_owned())
}

const SAMPLES_HELP: &str = "\
Example:
  riffle samples demo --count 200 --seed 7
  riffle samples bombs --hostile

Makes demo/drawings, demo/codes.xlsx and demo/answers.json. The same count and seed make the same bytes.

--hostile makes files that break programs: bombs, loops, false claims, strange names. Keep them from programs that
index or preview folders.";

#[derive(Debug, Args)]
#[command(after_help = SAMPLES_HELP)]
pub struct Samples {
    /// Folder to make them in.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,

    /// How many files.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,

    /// What decides everything in them.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,

    /// Only PDFs of one page.
    #[arg(long)]
    pub one_page: bool,

    /// Files made to break programs, to see that they do not break this one.
    #[arg(long, conflicts_with_all = ["count", "seed", "one_page"])]
    pub hostile: bool,
}

fn flow(text: &str) -> Result<String, String> {
    match RIFFLE.flow(text) {
        Some(flow) => Ok(flow.name.to_owned()),
        None => Err(format!("one of {}", FLOWS.iter().map(|flow| flow.name).collect::<Vec<_>>().join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_words_fit_together() {
        Cli::command().debug_assert();
    }
}
