//! Messages on standard error, and formatting of numbers and text.

use std::io::{self, Write as _};
use std::path::Path;

use chrono::TimeDelta;

/// Formats a time as `2 days`, `5 h`, `12 min` or `3 s`: rounded down, one unit.
pub fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        3_600.. => format!("{} h", seconds / 3_600),
        60.. => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// Formats a size as `3.2 GB`, `17 MB` or `0 MB`: in powers of 1,024, as disk tools show them.
pub fn size(bytes: u64) -> String {
    let megabytes = bytes >> 20;
    if megabytes < 1_024 {
        return format!("{megabytes} MB");
    }
    format!("{}.{} GB", megabytes / 1_024, megabytes % 1_024 * 10 / 1_024)
}

/// Formats a count with its noun: `1 dead letter`, `3 dead letters`.
pub fn count(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Describes why a path that a person entered cannot be used. `what` is `file` or `folder`.
pub fn path_problem(error: &io::Error, what: &str) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("this {what} does not exist"),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder; give a file".to_owned(),
        _ => error.to_string(),
    }
}

/// Returns an enum value as the contracts spell it: `processed`.
pub fn named(word: &impl serde::Serialize) -> String {
    serde_json::json!(word).as_str().unwrap_or_default().to_owned()
}

/// Quotes a path for a shell.
pub fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Writes a line to standard error. If that is closed (`2>&1 | head`), the work continues.
pub fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Replaces control characters in text from files by spaces: they could break a line or a column, or control a
/// terminal.
pub fn line(text: &str) -> String {
    let commands = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(commands, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_rounded_down() {
        let spans =
            [-5, 59, 60, 3_599, 3_600, 172_799, 172_800].map(|seconds| span(TimeDelta::seconds(seconds)));
        assert_eq!(spans, ["0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 days"]);
        let sizes = [0, (1 << 20) - 1, 1 << 20, (1 << 30) - 1, 1 << 30, (5 << 30) - 1].map(size);
        assert_eq!(sizes, ["0 MB", "0 MB", "1 MB", "1023 MB", "1.0 GB", "4.9 GB"]);
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(|number| count(number, "scan")), ["0 scans", "1 scan", "2 scans"]);
    }
}
