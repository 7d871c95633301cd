//! The output to a pipe: a line for each match, and nothing else.

use std::collections::BTreeSet;

use crate::process::run;
use crate::samples::{Samples, text};

#[test]
fn a_pipe_gets_a_line_of_four_columns_for_each_match() {
    let samples = Samples::make(60, 31);
    let ended = run(samples.scan(&["--report", text(&samples.at("report.xlsx"))]));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let mut found = BTreeSet::new();
    for line in &ended.out {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, place, code, around] = columns[..] else {
            panic!("not four columns: {line:?}");
        };
        assert!(!place.is_empty() && !around.is_empty(), "{line:?}");
        found.insert((file.to_owned(), code.to_owned()));
    }
    assert_eq!(found, samples.pairs());
    let last = ended.err.lines().last().expect("a last word");
    let expected = format!("{} matches in 60 files", ended.out.len());
    assert!(last.starts_with(&expected) && last.contains("report in"), "{last}");
    assert!(samples.at("report.xlsx").is_file());
}

#[test]
fn help_is_there_and_shows_examples() {
    for arguments in [
        &["--help"][..],
        &["scan", "--help"],
        &["serve", "--help"],
        &["samples", "--help"],
        &["sessions", "--help"],
    ] {
        let help = run(arguments);
        assert_eq!(help.code, Some(0));
        let text = help.out.join("\n");
        assert!(text.contains("Example") || text.contains("Try it"), "{text}");
    }
    let scan = run(["scan", "--help"]).out.join("\n");
    for code in ["  0 ", "  1 ", "  2 ", "  130 "] {
        assert!(scan.contains(code), "exit code{code}is listed");
    }
}
