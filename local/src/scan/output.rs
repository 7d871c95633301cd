//! What a person sees, and what a program reads.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use riffle_contracts::{Frame, FrameBody, Summary};

use crate::error::Problem;

/// Results go to standard output, everything else to standard error.
pub struct Output {
    form: Form,
    failed: u64,
}

enum Form {
    /// Frames as JSON, one a line.
    Json,
    /// Matches alone, one a line.
    Lines,
    /// Matches above a bar that moves.
    Terminal(ProgressBar),
}

impl Output {
    pub fn new(json: bool) -> Self {
        let form = if json {
            Form::Json
        } else if io::stdout().is_terminal() {
            let bar = ProgressBar::new_spinner().with_style(spinner()).with_message("Listing files");
            bar.enable_steady_tick(Duration::from_millis(120));
            Form::Terminal(bar)
        } else {
            Form::Lines
        };
        Self { form, failed: 0 }
    }

    /// Something to know, not a result.
    pub fn note(&self, text: &str) {
        match &self.form {
            Form::Terminal(bar) if !bar.is_finished() => bar.println(text),
            _ => say(text),
        }
    }

    pub fn frame(&mut self, frame: &Frame) -> Result<(), Problem> {
        if let FrameBody::FileFailed { .. } = frame.body {
            self.failed += 1;
        }
        match &self.form {
            Form::Json => print(&json(frame)?),
            Form::Lines => match &frame.body {
                FrameBody::MatchFound { data, .. } => print(&format!(
                    "{}\t{}\t{}\t{}",
                    line(&data.file_name),
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
            Form::Terminal(bar) => {
                show(bar, &frame.body, self.failed);
                Ok(())
            }
        }
    }

    /// The counts of a snapshot.
    pub fn state(&self, snapshot: &FrameBody) {
        if let (Form::Terminal(bar), FrameBody::Snapshot { processed, total, .. }) = (&self.form, snapshot)
            && *total > 0
        {
            start(bar, *total);
            bar.set_position(bar.position().max(*processed));
        }
    }

    pub fn finish(&self, summary: &Summary) -> Result<(), Problem> {
        match &self.form {
            Form::Json => print(&json(summary)?),
            Form::Lines => {
                say(&sentence(summary));
                Ok(())
            }
            Form::Terminal(bar) => {
                bar.finish_and_clear();
                print(&sentence(summary))
            }
        }
    }
}

fn show(bar: &ProgressBar, body: &FrameBody, failed: u64) {
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
            line(&data.file_name),
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
    let mut text =
        format!("{} matches in {} files, {:.1} s", summary.matches, summary.processed, summary.seconds);
    if summary.failed > 0 {
        text += &format!("; {} files could not be read", summary.failed);
    }
    if let Some(report) = &summary.report {
        text += &format!("; report in {report}");
    }
    text
}

/// `4 s`, `3 min`, `2 h 5 min`.
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

/// File names are data: what would break a line or a column, or command a terminal, becomes a space.
fn line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

fn json(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::new(error.to_string()))
}

/// A reader that went away (`| head`) ends the program.
fn print(text: &str) -> Result<(), Problem> {
    writeln!(io::stdout().lock(), "{text}")
        .map_err(|error| Problem::new(format!("standard output cannot be written: {error}")))
}

#[expect(clippy::print_stderr, reason = "this is where people are told")]
fn say(text: &str) {
    eprintln!("{text}");
}
