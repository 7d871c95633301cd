//! The arguments of the commands for statements. Their doc comments are the program's help text.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, ValueEnum};
use riffle_contracts::ProcessingMode;
use riffle_topology::{Consumed, RIFFLE};

use super::Machine;

const IMPORT_HELP: &str = "\
Examples:
  riffle import statement.csv
  riffle import *.csv *.ofx --account \"DE02 1203 0000 0000 2020 51\"
  riffle import statement.csv --json | jq -r 'select(.type==\"TRANSACTION\" and .new).amount'
  riffle import statement.csv --json | tail -1 | jq '{rows, new, duplicates, balanced}'

Reads CSV of any bank, OFX and QFX. The format is detected from the content. A transaction that
was imported before, from this file or another one, is recognised and not stored again; two
identical transactions in one statement count as two. If a statement states balances, they must
agree with its transactions.

When piped, each account of each file is a line of fields separated by tabs: file, state,
account, currency, opening, closing, balanced, rows, new, known, warnings. With --json each
transaction is a line, followed by a SUMMARY after the transactions of each file.

To resume an interrupted import, run the same command again.

Exit codes:
  0    all files were processed
  1    some files were not processed: they are not statements, could not be read, or failed
  2    could not run
  3    all files were processed, but some need review, for example because their balances do not agree
  130  interrupted with Ctrl-C";

#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub struct ImportArgs {
    /// Bank statements to import: CSV, OFX or QFX files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Account for transactions whose file names no account.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,

    /// Print one JSON object per line: each transaction, and after the transactions of a file its SUMMARY.
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub machine: Machine,
}

const WATCH_HELP: &str = "\
Examples:
  riffle watch ~/Downloads/statements
  riffle watch inbox --account Savings --json | jq -r 'select(.state!=\"processed\").file'

Checks the folder and its subfolders every second. A file that has not changed for two seconds
is imported: once, even if riffle is restarted, and again when its content has changed. Hidden
files and files that are still being written (.part, .crdownload, .tmp, ~$…) are skipped. The
result of each file is a line, as with riffle import.

Press Ctrl-C to stop; work in progress continues at the next start.";

#[derive(Debug, Args)]
#[command(after_help = WATCH_HELP)]
pub struct WatchArgs {
    /// Folder to watch, including its subfolders.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,

    /// Account for transactions whose file names no account.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,

    /// Print one JSON object per line: the SUMMARY of each file.
    #[arg(long)]
    pub json: bool,

    /// Milliseconds for which a file must be unchanged before it is imported.
    #[arg(long, hide = true, value_name = "MILLISECONDS", default_value_t = 2_000)]
    pub settle: u64,

    #[command(flatten)]
    pub machine: Machine,
}

const REPLAY_HELP: &str = "\
Examples:
  riffle replay --from 2026-01-01 --consumer analytics-consumer
  riffle replay --from 2026-01-01 --type file.processed --consumer categorization-consumer
  riffle replay --from 2026-01-01 --consumer file-processor-consumer --shadow

Every event is archived. riffle replay sends the events of a period again to one consumer, which
publishes no new events for them, and waits until it has processed them. Repeating this changes
nothing. With --shadow nothing is written: each line is a difference between what is stored and
what this riffle would store now, as fields separated by tabs: file, place, stored, now.

Consumers: file-processor-consumer, categorization-consumer, analytics-consumer, audit-consumer,
error-consumer.
Types: file.uploaded, file.processed, transactions.created,
transactions.categorized, deletion.requested, file.deleted, error.occurred.

Exit codes:
  0  done; with --shadow: no differences
  1  with --shadow: differences; without: some events could not be processed, see riffle redrive --list
  2  could not run";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_HELP)]
pub struct ReplayArgs {
    /// Send events from this day or time on (UTC): 2026-01-31 or 2026-01-31T09:30:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: DateTime<Utc>,

    /// Send only events before this day or time (UTC). By default now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<DateTime<Utc>>,

    /// Send only events of this type. May be given several times. By default all types.
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    pub types: Vec<String>,

    /// Consumer to send the events to.
    #[arg(long, value_name = "NAME", value_parser = consumer)]
    pub consumer: Consumed,

    /// Print what the consumer would now store differently, and write nothing.
    #[arg(long)]
    pub shadow: bool,

    /// Print one JSON object per line.
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub machine: Machine,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
        .or_else(day)
        .ok_or_else(|| "expected a day such as 2026-01-31 or a time such as 2026-01-31T09:30:00Z".to_owned())
}

/// Parses an event type. Some consumer that can be replayed must listen to it.
fn event_type(text: &str) -> Result<String, String> {
    let types: BTreeSet<&str> =
        RIFFLE.replay_targets().flat_map(|target| target.event_types()).copied().collect();
    one_of(types, text).map(str::to_owned)
}

fn consumer(text: &str) -> Result<Consumed, String> {
    one_of(RIFFLE.replay_targets().map(|target| target.function), text)?;
    RIFFLE.consumed_by(text).ok_or_else(|| format!("{text} does not consume any events"))
}

fn one_of<'a>(names: impl IntoIterator<Item = &'a str>, text: &str) -> Result<&'a str, String> {
    let names: Vec<&str> = names.into_iter().collect();
    names
        .iter()
        .find(|name| **name == text)
        .copied()
        .ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

/// How files are passed from the inbox to their processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Through the event bus.
    Events,
    /// Directly, without the event bus.
    Direct,
    /// Through the event bus, and also directly for comparison.
    Shadow,
}

impl From<Mode> for ProcessingMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Events => Self::Events,
            Mode::Direct => Self::Direct,
            Mode::Shadow => Self::Shadow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_a_time_may_be_of_any_zone() {
        let day = moment("2026-01-31").expect("a day");
        assert_eq!(moment("2026-01-31T01:00:00+01:00"), Ok(day));
        assert!(moment("yesterday").is_err_and(|error| error.contains("2026-01-31")));
    }

    #[test]
    fn a_wrong_word_names_the_right_ones() {
        assert!(consumer("audit").is_err_and(|error| error.contains("audit-consumer")));
        assert!(event_type("file").is_err_and(|error| error.contains("file.uploaded")));
        assert_eq!(event_type("file.deleted"), Ok("file.deleted".to_owned()));
    }
}
