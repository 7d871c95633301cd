//! The command line's arguments. Doc comments of arguments are the program's help text.

mod statements;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use riffle_topology::{FLOWS, RIFFLE};

pub use statements::{ImportArgs, Mode, ReplayArgs, WatchArgs};

/// Searches folders of drawings for codes, and imports the transactions of bank statements.
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
    Scan(ScanArgs),
    /// List the scans in the state folder, newest first, or delete some of them.
    Sessions(SessionsArgs),
    /// Run the platform with its web page, WebSocket and HTTP API.
    Serve(ServeArgs),
    /// Check the platform: report what is wrong and what to do about it.
    Doctor(DoctorArgs),
    /// Import the transactions of bank statements, each transaction once.
    Import(ImportArgs),
    /// Import bank statements as they arrive in a folder.
    Watch(WatchArgs),
    /// Send past events again to one consumer.
    Replay(ReplayArgs),
    /// Send dead letters back to the queues where they failed.
    Redrive(RedriveArgs),
    /// Make sample drawings with a list of codes and an answer key.
    Samples(SamplesArgs),
}

const SCAN_HELP: &str = "\
Examples:
  riffle scan drawings --codes HOLE-1,HOLE-2
  riffle scan drawings archive --codes codes.xlsx --report report.xlsx
  riffle scan drawings --codes codes.txt | cut -f1 | sort -u    # files that hold a code
  riffle scan DIR --codes FILE --json | jq -r 'select(.type==\"MATCH_FOUND\").data.hole_code'

Reads PDF, Word, PowerPoint, xlsx, xlsm, xls, xlsb, ods, CSV, text, HTML, XML, JSON and ZIP
archives of these, and with --ocr auto also PNG, JPEG, TIFF and scanned pages. The format is
detected from the content. Hidden files and Office lock files (~$…) are skipped. The text of
each file is cached, so that the next scan reads only changed files. When piped, each match is a
line of fields separated by tabs: file, place, code, surrounding text.

To resume an interrupted scan, run the same command again.

If files failed, fix them (permissions, passwords, damaged copies), then read only these files
again:
  riffle scan --retry last --report report.xlsx
This creates a new session with all results and a full report. Files that were read before keep
their results, even if they have changed since. A file with unreadable pages is read again if it
was replaced.

Exit codes:
  0    finished
  1    finished, but some files could not be read (the report says which and why)
  2    could not run
  130  cancelled with Ctrl-C";

#[derive(Debug, Args)]
#[command(after_help = SCAN_HELP)]
pub struct ScanArgs {
    /// Folders to read, including all their subfolders.
    #[arg(required_unless_present = "retry", value_name = "DIR")]
    pub dirs: Vec<PathBuf>,

    /// Codes to look for: a text file with one code per line, a workbook or CSV file with a column of codes, or the
    /// codes themselves, separated by commas. 1 to 50,000 codes.
    #[arg(long, value_name = "FILE|CODE,…", required_unless_present = "retry")]
    pub codes: Vec<String>,

    /// Read again the files that failed in a finished scan, and keep the other results. Give the session's id or its
    /// beginning, as printed at the end of the scan and in the report, or "last" for the scan that finished last.
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["dirs", "codes", "matching"])]
    pub retry: Option<String>,

    /// Write the report, an Excel workbook, to this file. By default no report is written.
    #[arg(long, value_name = "OUT.xlsx")]
    pub report: Option<PathBuf>,

    /// Print one JSON object per line: the frames of the WebSocket protocol, and at the end a SUMMARY.
    #[arg(long)]
    pub json: bool,

    /// What counts as finding a code.
    #[arg(long = "match", value_enum, default_value_t = MatchOption::Token)]
    pub matching: MatchOption,

    /// Whether to read pages and image files without text by OCR (Tesseract), about one second per page.
    #[arg(long, value_enum, default_value_t = OcrOption::Off)]
    pub ocr: OcrOption,

    /// Add a picture of each code on its page to the report, for the first 1,000 matches.
    #[arg(long, conflicts_with = "retry")]
    pub evidence: bool,

    #[command(flatten)]
    pub machine: Machine,
}

/// Whether pictures of text are read by OCR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OcrOption {
    /// Read pages and files that have no text by OCR.
    Auto,
    Off,
}

/// What counts as finding a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MatchOption {
    /// A whole word: HOLE-1 is not found in HOLE-12.
    Token,
    /// Also a part of a longer word.
    Substring,
}

const SESSIONS_HELP: &str = "\
Examples:
  riffle sessions | grep COMPLETE | head -1
  riffle sessions --delete 5d0c41f7

Each scan is a line of fields separated by tabs: id, time, state, files, failed, matches,
folders.

--delete removes a scan and everything derived from it: results, report, pictures, codes, and
uploaded files that no other scan uses. It keeps the folders that were read, reports saved
elsewhere, and the text of the files, which is cached by content for the next scan
(--cache-size). A scan that is still running cannot be deleted: let the same riffle scan finish,
or cancel it with Ctrl-C.

Exit codes:
  0  done
  2  could not run, the scan was not found, or it is still running";

#[derive(Debug, Args)]
#[command(after_help = SESSIONS_HELP)]
pub struct SessionsArgs {
    /// Delete this scan and everything derived from it. Give its id or the beginning of it. May be given several times.
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

Anyone who can reach the page can read every folder that you can read. Therefore riffle serve
listens only on this machine by default, and requires a token: a random one, kept in the state
folder, unless you give one. The printed address contains the token; it is also opened in a
browser if there is a terminal and a desktop. A browser that has opened it is remembered for 30
days. Programs send the token as a bearer token: Authorization: Bearer TOKEN.";

#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub struct ServeArgs {
    /// Address to listen on, with its port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8750")]
    pub listen: SocketAddr,

    /// Token that clients must send: at least 16 letters and digits. By default a random one, kept in the state folder.
    /// A token given here is visible to other users of the machine in the list of processes; one in the environment is
    /// not.
    #[arg(long, env = "RIFFLE_TOKEN", hide_env_values = true, value_name = "SECRET")]
    pub token: Option<String>,

    /// Require no token: every user and program of this machine can then read through the page whatever you can read.
    #[arg(long, conflicts_with = "token")]
    pub no_token: bool,

    /// Do not open the page in a browser.
    #[arg(long)]
    pub no_open: bool,

    /// Close a WebSocket at this age in seconds, as the gateway in the cloud does. For testing clients.
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

Checks the state folder (even while another riffle uses it), its queues, dead letters and open
scans, the text cache, the sandbox, Tesseract, pdfium if it is configured, the page and the port
of riffle serve. Nothing is changed. When piped, each check is a line of fields separated by
tabs: level, check, what was found, what to do. Built with the feature `cloud`, it checks a
deployed stack: riffle doctor --stack Riffle.

Exit codes:
  0  no problems
  1  warnings: it works, but some features are missing, or something needs attention
  2  problems: something does not work, or could not be checked";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub struct DoctorArgs {
    /// Print one JSON object per line with the fields check, level, found and do.
    #[arg(long)]
    pub json: bool,

    /// Address that `riffle serve` is to listen on; doctor checks its port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8750")]
    pub listen: SocketAddr,

    #[cfg(feature = "cloud")]
    #[command(flatten)]
    pub cloud: CloudOptions,

    #[command(flatten)]
    pub machine: Machine,
}

const REDRIVE_HELP: &str = "\
Examples:
  riffle redrive --list
  riffle redrive
  riffle redrive --message 1734 --message 1735

A dead letter is a message that failed too often: five times, and a scanned file's message three
times before that. It is not retried automatically. Once the cause is fixed, riffle redrive puts
it back into the queue where it failed last; the next riffle serve, import, or the same riffle
scan again, processes it. Running this twice does no harm, and a message with nothing left to do
is removed without effect. All are moved, or none.

--list shows each dead letter as a line of fields separated by tabs: message, flow, queue, kind,
scan or statement, its state, age, reason. Built with the feature `cloud`, it redrives a
deployed stack: riffle redrive --stack Riffle.

Exit codes:
  0  done, or there were none
  1  some of the given messages are not dead letters, or could not be put back
  2  could not run";

#[derive(Debug, Args)]
#[command(after_help = REDRIVE_HELP)]
pub struct RedriveArgs {
    /// List the dead letters and leave them where they are.
    #[arg(long, conflicts_with = "messages")]
    pub list: bool,

    /// Only dead letters of this flow: scan or statements. By default of all flows.
    #[arg(long, value_name = "FLOW", value_parser = flow)]
    pub flow: Option<String>,

    /// Only the message with this id, as shown by --list. May be given several times. By default all messages.
    #[arg(long = "message", value_name = "ID")]
    pub messages: Vec<String>,

    /// Print one JSON object per line.
    #[arg(long)]
    pub json: bool,

    #[cfg(feature = "cloud")]
    #[command(flatten)]
    pub cloud: CloudOptions,

    /// Folder for sessions, queues and reports. By default the folder riffle in the user's data folder
    /// (~/.local/share).
    #[arg(long, env = "LOCAL_STORAGE_PATH", value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Options that select a deployed stack instead of this machine.
#[cfg(feature = "cloud")]
#[derive(Debug, Args)]
pub struct CloudOptions {
    /// Name of a CloudFormation stack to use instead of this machine. Credentials and region are those of the
    /// environment or the AWS profile; `AWS_ENDPOINT_URL` is honoured.
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,

    /// File that `cdk deploy --outputs-file` wrote for the stack; CloudFormation is then not queried.
    #[arg(long, value_name = "FILE.json")]
    pub outputs: Option<PathBuf>,

    /// AWS region of the stack. By default the region of the environment or the AWS profile.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// Options of every command that opens the platform on this machine.
#[derive(Debug, Args)]
pub struct Machine {
    /// Folder for sessions, queues and reports. By default the folder riffle in the user's data folder
    /// (~/.local/share).
    #[arg(long, env = "LOCAL_STORAGE_PATH", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Number of files to read at the same time, 1 to 512. By default one per core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,

    /// Read every file again, and keep no text for the next scan.
    #[arg(long)]
    pub no_cache: bool,

    /// Maximum size, in MB, of the file texts that are kept in the state folder for the next scan. The least recently
    /// used texts are removed first.
    #[arg(long, value_name = "MB", default_value_t = riffle_local_adapters::TEXTS_LIMIT >> 20, env = "RIFFLE_CACHE_MB", conflicts_with = "no_cache")]
    pub cache_size: u64,

    /// Languages for OCR, as Tesseract names them.
    #[arg(long, value_name = "LANG[+LANG…]", default_value = "eng", env = "RIFFLE_OCR_LANGUAGES")]
    pub ocr_languages: String,

    /// Path of pdfium's shared library (libpdfium.so). If given, pdfium reads the PDFs and pages that Riffle's own
    /// reader cannot.
    #[arg(long, value_name = "PATH", env = "RIFFLE_PDFIUM")]
    pub pdfium: Option<PathBuf>,

    /// How statements are passed from the inbox to their processor.
    #[arg(long, env = "PROCESSING_MODE", hide = true, value_enum, default_value_t = Mode::Events)]
    pub processing_mode: Mode,

    #[command(flatten)]
    pub drive: DriveOptions,

    /// Parse files in this process, which a hostile file can then crash. For measurements.
    #[arg(long, hide = true)]
    pub in_process: bool,
}

/// Options for Google Drive.
#[derive(Debug, Args)]
pub struct DriveOptions {
    /// Id of the Google Drive folder to read if a scan names none. By default My Drive.
    #[arg(long = "drive-folder", env = "DRIVE_FOLDER_ID", hide = true, value_name = "ID", value_parser = drive_id)]
    pub folder: Option<String>,

    /// URL of the Drive API to use instead of Google's. For tests.
    #[arg(long = "drive-endpoint", env = "DRIVE_ENDPOINT", hide = true, value_name = "URL", default_value = riffle_drive_adapter::ENDPOINT)]
    pub endpoint: String,
}

fn drive_id(text: &str) -> Result<String, String> {
    if riffle_ports::is_drive_id(text) {
        return Ok(text.to_owned());
    }
    Err("use the part after /folders/ in the folder's address".to_owned())
}

const SAMPLES_HELP: &str = "\
Example:
  riffle samples demo --count 200 --seed 7
  riffle samples bombs --hostile

Creates demo/drawings, demo/codes.xlsx and demo/answers.json. The same count and seed create the
same bytes.

--hostile creates files that break programs: bombs, loops, false claims, strange names. Keep
them away from programs that index or preview folders.";

#[derive(Debug, Args)]
#[command(after_help = SAMPLES_HELP)]
pub struct SamplesArgs {
    /// Folder to create the samples in.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,

    /// Number of files to make, 1 to 1,000,000.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,

    /// Seed that determines the content of all files.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,

    /// Make only PDFs of one page.
    #[arg(long)]
    pub one_page: bool,

    /// Make files that break programs, to test that they do not break this one.
    #[arg(long, conflicts_with_all = ["count", "seed", "one_page"])]
    pub hostile: bool,
}

fn flow(text: &str) -> Result<String, String> {
    match RIFFLE.flow(text) {
        Some(flow) => Ok(flow.name.to_owned()),
        None => Err(format!(
            "expected one of {}",
            FLOWS.iter().map(|flow| flow.name).collect::<Vec<_>>().join(", ")
        )),
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
