//! `riffle watch`: files that appear in a folder are imported once.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bank::{ACCOUNT, Bank, THREE, counts, rows};
use crate::deadline::until;
use crate::process::{Process, riffle};
use crate::samples::text;

struct Watch(Process);

impl Watch {
    fn start(bank: &Bank) -> Self {
        let dir = bank.at("inbox");
        fs::create_dir_all(&dir).expect("a folder");
        let words = bank.words(&["watch", text(&dir), "--json", "--settle", "100", "--account", ACCOUNT]);
        let watch = Process::start(&mut riffle(words));
        while let Some(line) = watch.err.next() {
            if line.starts_with("watching ") {
                return Self(watch);
            }
        }
        panic!("riffle watch ended: {:?}", watch.ended());
    }

    /// Returns the summary of the next file.
    fn next(&self) -> Value {
        let line = self.0.out.next().expect("the process prints a summary");
        let printed: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(printed["type"], "SUMMARY", "{line}");
        printed
    }

    fn stop(self) {
        self.0.interrupt();
        let ended = self.0.ended();
        assert_eq!((ended.code, ended.out), (Some(0), Vec::new()), "it ends cleanly: {}", ended.err);
    }
}

/// Creates a file as programs do that write it under a hidden name first.
fn appear(bank: &Bank, name: &str, content: &str) {
    let written = bank.put("inbox/.writing", content);
    fs::rename(written, bank.at("inbox").join(name)).expect("renamed");
}

#[test]
fn what_comes_is_imported_once_across_restarts() {
    let bank = Bank::new();
    bank.put("inbox/below/old.csv", THREE);
    bank.put("inbox/.hidden.csv", rows(900, 3));
    bank.put("inbox/new.csv.part", rows(800, 3));
    let watch = Watch::start(&bank);
    let old = watch.next();
    assert_eq!((&old["file"], counts(&old)), (&json!("below/old.csv"), [3, 3, 0]));
    appear(&bank, "new.csv", &rows(0, 20));
    assert_eq!((counts(&watch.next())), [20, 20, 0]);
    appear(&bank, "letter.txt", "Dear Sir or Madam,\n");
    let letter = watch.next();
    assert_eq!((&letter["file"], &letter["state"]), (&json!("letter.txt"), &json!("rejected")));
    watch.stop();

    // An earlier file is known, even with another modification time; a changed file is read again.
    let touched = fs::File::options().write(true).open(bank.at("inbox/below/old.csv")).expect("there");
    touched.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("a time");
    let watch = Watch::start(&bank);
    appear(&bank, "new.csv", &rows(0, 25));
    let grown = watch.next();
    assert_eq!(
        (&grown["file"], counts(&grown)),
        (&json!("new.csv"), [25, 5, 20]),
        "the first summary is that of the new file"
    );
    watch.stop();
    let (_, known) = bank.import_one(&bank.put("all.csv", rows(0, 25)));
    assert_eq!(counts(&known), [25, 0, 25], "the state is free, and the same rows are already stored");
}

/// If a watch is killed while it imports a file, the next watch reports the file's result.
#[test]
fn a_file_on_its_way_is_told_of_after_a_kill() {
    let bank = Bank::new();
    let watch = Watch::start(&bank);
    appear(&bank, "large.csv", &rows(0, 60_000));
    let begun = |dir: &Path| fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    until("the file is being read", || begun(&bank.state().join("objects/statements=")).then_some(()));
    assert_eq!(watch.0.kill().code, None);
    let watch = Watch::start(&bank);
    let printed = watch.next();
    assert_eq!((&printed["file"], counts(&printed)), (&json!("large.csv"), [60_000, 60_000, 0]));
    watch.stop();
}

#[test]
fn what_is_no_folder_is_refused() {
    let bank = Bank::new();
    assert!(bank.riffle(&["watch", "/nonexistent"]).refusal().contains("this folder does not exist"));
}
