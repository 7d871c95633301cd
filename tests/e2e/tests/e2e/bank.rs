//! A folder with statements and its own state, and the output of `riffle import` there.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{ProcessExit, run};
use crate::samples::text;

/// Three rows whose balances are consistent.
pub const THREE: &str = "Date,Description,Amount,Balance\n2024-01-01,coffee,-3.00,97.00\n2024-01-01,coffee,-3.00,94.00\n\
                         2024-01-02,salary,100.00,194.00\n";

/// Rows that name no account need one: if rows of two files overlap, the user must say which account they belong to.
pub const ACCOUNT: &str = "Savings";

pub struct Bank(TempDir);

impl Bank {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.at("state")
    }

    /// Writes a statement.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Returns the arguments of a command on this state.
    pub fn words(&self, words: &[&str]) -> Vec<String> {
        let state = self.state();
        words.iter().chain(&["--state", text(&state)]).map(|&word| word.to_owned()).collect()
    }

    pub fn riffle(&self, words: &[&str]) -> ProcessExit {
        run(self.words(words))
    }

    pub fn import(&self, files: &[&Path], more: &[&str]) -> ProcessExit {
        let mut words = vec!["import"];
        words.extend(files.iter().map(|file| text(file)));
        words.extend(more);
        self.riffle(&words)
    }

    /// Imports one file, which must be processed, with `--json`; returns its transactions and its summary.
    #[track_caller]
    pub fn import_one(&self, file: &Path) -> (Vec<Value>, Value) {
        let ended = self.import(&[file], &["--json", "--account", ACCOUNT]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let mut files = imported_files(&ended);
        assert_eq!(files.len(), 1, "{ended:?}");
        files.remove(0)
    }
}

/// Returns each file's transactions and its summary from the output of `--json`.
#[track_caller]
pub fn imported_files(ended: &ProcessExit) -> Vec<(Vec<Value>, Value)> {
    let (mut files, mut transactions) = (Vec::new(), Vec::new());
    for line in &ended.out {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        match line["type"].as_str() {
            Some("TRANSACTION") => transactions.push(line),
            Some("SUMMARY") => files.push((std::mem::take(&mut transactions), line)),
            other => panic!("neither a transaction nor a summary: {other:?}"),
        }
    }
    assert!(transactions.is_empty(), "the summary is last");
    files
}

/// Returns the numbers of rows, of new ones, and of known ones.
#[track_caller]
pub fn counts(summary: &Value) -> [u64; 3] {
    ["rows", "new", "duplicates"]
        .map(|name| summary[name].as_u64().unwrap_or_else(|| panic!("{name} of {summary}")))
}

/// Returns a statement of `count` rows, numbered from `first`, all different.
pub fn rows(first: u32, count: u32) -> String {
    let mut csv = String::from("Date,Description,Amount\n");
    for number in first..first + count {
        csv += &format!(
            "2024-{:02}-{:02},payment {number},-{}.{:02}\n",
            number / 28 / 1_000 % 12 + 1,
            number / 1_000 % 28 + 1,
            number % 90 + 1,
            number % 100
        );
    }
    csv
}
