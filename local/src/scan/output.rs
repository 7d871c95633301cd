//! Output for people and for programs.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use riffle_contracts::{FoundMatch, Frame, FrameBody, Summary};

use crate::cli::ScanArgs;
use crate::error::CommandError;
use crate::words::{self, line, say};

/// Writes results to standard output and everything else to standard error.
pub struct ScanOutput {
    form: OutputForm,
    roots: Roots,
    failed: u64,
    /// Print how many files are read: only in a retry.
    shows_start: bool,
    /// The command that reads failed files again, up to the session's id.
    retry: String,
}

/// The folders of the scan. If there are several, names shown to people include the folder.
pub struct Roots(Vec<(String, String)>);

impl Roots {
    pub fn new(folders: &[String], given: &[PathBuf]) -> Self {
        let link = |folder: &String| riffle_scan::folder_link(folder);
        let given = given.iter().map(|dir| dir.display().to_string());
        Self(folders.iter().map(link).zip(given).collect())
    }

    /// Returns the name of the file behind the link of a match, preceded by its folder as the user gave it if there are
    /// several folders.
    fn name(&self, data: &FoundMatch) -> String {
        let root = self.0.iter().filter(|(link, _)| self.0.len() > 1 && data.pdf_link.starts_with(link));
        match root.max_by_key(|(link, _)| link.len()) {
            Some((_, given)) => format!("{}/{}", given.trim_end_matches('/'), data.file_name),
            None => data.file_name.clone(),
        }
    }
}

enum OutputForm {
    /// Frames as JSON, one per line.
    Json,
    /// Only matches, one per line.
    Lines,
    /// Matches above a progress bar.
    Terminal(ProgressBar),
}

impl ScanOutput {
    pub fn new(arguments: &ScanArgs, roots: Roots) -> Self {
        let form = if arguments.json {
            OutputForm::Json
        } else if io::stdout().is_terminal() {
            let bar = ProgressBar::new_spinner().with_style(spinner()).with_message("Listing files");
            bar.enable_steady_tick(Duration::from_millis(120));
            OutputForm::Terminal(bar)
        } else {
            OutputForm::Lines
        };
        let state = arguments.machine.state.as_ref();
        let state = state.map_or_else(String::new, |state| format!(" --state {}", words::quoted(state)));
        Self {
            form,
            roots,
            failed: 0,
            shows_start: arguments.retry.is_some(),
            retry: format!("riffle scan{state} --retry"),
        }
    }

    /// Prints information that is not a result.
    pub fn note(&self, text: &str) {
        match &self.form {
            OutputForm::Terminal(bar) if !bar.is_finished() => bar.println(text),
            _ => say(text),
        }
    }

    /// Prints a hint on a terminal; programs do not get it.
    pub fn hint(&self, text: &str) {
        if let OutputForm::Terminal(_) = self.form {
            self.note(&line(text));
        }
    }

    pub fn frame(&mut self, frame: &Frame) -> Result<(), CommandError> {
        if let FrameBody::FileFailed { .. } = frame.body {
            self.failed += 1;
        }
        if let (FrameBody::Started { message, .. }, true, OutputForm::Lines | OutputForm::Terminal(_)) =
            (&frame.body, self.shows_start, &self.form)
        {
            self.note(message);
        }
        match &self.form {
            OutputForm::Json => print(&json(frame)?),
            OutputForm::Lines => match &frame.body {
                FrameBody::MatchFound { data, .. } => print(&format!(
                    "{}\t{}\t{}\t{}",
                    line(&self.roots.name(data)),
                    line(&data.page),
                    line(&data.hole_code),
                    line(&data.snippet)
                )),
                FrameBody::FileFailed { data, .. } => {
                    say(&format!("{}: {}", line(&data.file_name), line(&data.reason)));
                    Ok(())
                }
                _ => Ok(()),
            },
            OutputForm::Terminal(bar) => {
                show(bar, &frame.body, &self.roots, self.failed);
                Ok(())
            }
        }
    }

    /// Shows the counts of a snapshot.
    pub fn state(&self, snapshot: &FrameBody) {
        if let (OutputForm::Terminal(bar), FrameBody::Snapshot { processed, total, .. }) =
            (&self.form, snapshot)
            && *total > 0
        {
            start(bar, *total);
            bar.set_position(bar.position().max(*processed));
        }
    }

    pub fn finish(&self, summary: &Summary) -> Result<(), CommandError> {
        if summary.failed > 0 && !matches!(self.form, OutputForm::Json) {
            let what = count(summary.failed, "file", "files");
            self.note(&format!(
                "{what} could not be read; once they are fixed, read them again with: {} {}",
                self.retry, summary.session_id
            ));
        }
        match &self.form {
            OutputForm::Json => print(&json(summary)?),
            OutputForm::Lines => {
                say(&sentence(summary));
                Ok(())
            }
            OutputForm::Terminal(bar) => {
                bar.finish_and_clear();
                print(&sentence(summary))
            }
        }
    }
}

fn show(bar: &ProgressBar, body: &FrameBody, roots: &Roots, failed: u64) {
    match body {
        FrameBody::Started { total, .. } => start(bar, *total),
        FrameBody::Progress { processed, eta_seconds, files_per_second, .. } => {
            bar.set_position(bar.position().max(*processed));
            let left =
                eta_seconds.map_or_else(String::new, |seconds| format!(", {} left", duration(seconds)));
            let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            bar.set_message(format!("{files_per_second:.0} files/s{left}{failed}"));
        }
        FrameBody::MatchFound { data, .. } => bar.println(format!(
            "{}  {}  {}  {}",
            line(&data.hole_code),
            line(&roots.name(data)),
            line(&data.page),
            line(&data.snippet)
        )),
        FrameBody::FileFailed { data, .. } => {
            bar.println(format!("not read: {}: {}", line(&data.file_name), line(&data.reason)));
        }
        _ => {}
    }
}

fn start(bar: &ProgressBar, total: u32) {
    if bar.length() != Some(u64::from(total)) {
        bar.set_style(determinate());
        bar.set_length(u64::from(total));
        bar.set_message("");
    }
}

fn sentence(summary: &Summary) -> String {
    let mut text = format!(
        "{} in {}, {:.1} s",
        count(summary.matches, "match", "matches"),
        count(summary.processed, "file", "files"),
        summary.seconds
    );
    if summary.failed > 0 {
        text += &format!("; {} failed", summary.failed);
    }
    if summary.total == 0 {
        text += "; no files were found there";
    }
    if let Some(report) = &summary.report {
        text += &format!("; report in {report}");
    }
    text += &format!("; session {}", summary.session_id);
    text
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Formats a duration as `4 s`, `3 min` (rounded up) or `2 h 5 min` (rounded down).
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn determinate() -> ProgressStyle {
    ProgressStyle::with_template("{bar:30} {percent:>3}%  {pos}/{len} files  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn json(value: &impl serde::Serialize) -> Result<String, CommandError> {
    serde_json::to_string(value).map_err(|error| CommandError::new(error.to_string()))
}

/// Prints a line. If the reader has gone (`| head`), the program ends.
fn print(text: &str) -> Result<(), CommandError> {
    writeln!(io::stdout().lock(), "{text}")
        .map_err(|error| CommandError::new(format!("cannot write to standard output: {error}")))
}
