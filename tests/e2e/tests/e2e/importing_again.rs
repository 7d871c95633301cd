//! Statements and `kill -9`: an interrupted import ends like an uninterrupted one.

use std::path::Path;

use crate::bank::{ACCOUNT, Bank, counts, imported_files, rows};
use crate::deadline::until;
use crate::process::{Process, riffle};
use crate::samples::text;

/// Enough rows that every kill comes while rows are still being read.
const ROWS: u32 = 120_000;

/// Returns the number of parts written for all files.
fn parts(state: &Path) -> usize {
    fn files(folder: &Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries
            .filter_map(Result::ok)
            .map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 })
            .sum()
    }
    files(&state.join("objects/statements="))
}

#[test]
fn an_import_killed_again_and_again_ends_like_one_that_was_not() {
    let bank = Bank::new();
    let file = bank.put("large.csv", rows(0, ROWS));
    for wanted in [0, 1, 4, 9] {
        let import = Process::start(&mut riffle(bank.words(&["import", text(&file), "--account", ACCOUNT])));
        until("the import has written enough parts", || (parts(&bank.state()) >= wanted).then_some(()));
        assert_eq!(import.kill().code, None, "too late to kill it");
    }
    let ended = bank.import(&[&file], &["--json", "--account", ACCOUNT]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("resuming an interrupted import"), "says that it resumes: {}", ended.err);
    let (transactions, summary) = imported_files(&ended).remove(0);
    assert_eq!(
        counts(&summary),
        [u64::from(ROWS), u64::from(ROWS), 0],
        "all transactions are new: {}",
        ended.err
    );
    let mut ids: Vec<&str> = transactions.iter().filter_map(|one| one["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ROWS as usize, "each row is listed once");
    // Now it behaves like any other imported file.
    assert_eq!(counts(&bank.import_one(&file).1), [u64::from(ROWS), 0, u64::from(ROWS)]);
}

#[test]
fn ctrl_c_stops_an_import_that_goes_on_later() {
    let bank = Bank::new();
    let file = bank.put("large.csv", rows(0, ROWS));
    let import = Process::start(&mut riffle(bank.words(&["import", text(&file), "--account", ACCOUNT])));
    until("the import has begun to store rows", || (parts(&bank.state()) > 0).then_some(()));
    import.interrupt();
    let ended = import.ended();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.err.contains("run the same command again"), "{}", ended.err);
    let other = bank.put("other.csv", rows(ROWS, 10));
    assert_eq!(counts(&bank.import_one(&other).1), [10, 10, 0]);
    let (_, summary) = bank.import_one(&file);
    assert_eq!(counts(&summary)[0], u64::from(ROWS));
}
