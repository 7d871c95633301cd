//! A state whose database was damaged or is missing: the start reports the loss and never ignores it.

use std::fs;

use crate::bank::{ACCOUNT, Bank, rows};
use crate::deadline::until;
use crate::process::ProcessExit;
use crate::server::Server;

/// Returns a state with a statement in it, and the import of a further statement.
fn bank() -> (Bank, impl Fn(&Bank) -> ProcessExit) {
    let bank = Bank::new();
    let file = bank.put("first.csv", rows(0, 3_000));
    assert_eq!(bank.import(&[&file], &["--json", "--account", ACCOUNT]).code, Some(0));
    let other = bank.put("other.csv", rows(5_000, 10));
    (bank, move |bank: &Bank| bank.import(&[&other], &["--json", "--account", ACCOUNT]))
}

#[test]
fn a_database_that_was_cut_short_is_refused_with_what_is_lost() {
    let (bank, import) = bank();
    let path = bank.state().join("state.sqlite");
    let whole = fs::read(&path).expect("a database");
    for part in [2, 3, 10] {
        fs::write(&path, &whole[..whole.len() * (part - 1) / part]).expect("a shorter one");
        let ended = import(&bank);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        let stderr = ended.refusal();
        for word in ["is damaged", "bytes of", "lost", "Nothing was changed"] {
            assert!(stderr.contains(word), "{word}: {stderr}");
        }
    }
    fs::write(&path, &whole).expect("the copy of before");
    assert_eq!(import(&bank).code, Some(0));
}

#[test]
fn a_database_that_was_cut_short_beside_its_log_is_refused_and_left_alone() {
    let (bank, import) = bank();
    let server = Server::start(&bank.state(), &[]);
    let json = [("Content-Type", "application/json")];
    let announced = br#"{"name":"third.csv","size":10}"#;
    assert_eq!(server.send("POST", "/api/statements/files", &json, announced).status, 201);
    server.kill();
    let at = |name: &str| bank.state().join(name);
    let (file, log) = (at("state.sqlite"), at("state.sqlite-wal"));
    let whole = fs::read(&file).expect("a database");
    let short = &whole[..whole.len() / 2];
    fs::write(&file, short).expect("a shorter one");
    let logged = fs::read(&log).expect("a log");
    assert!(!logged.is_empty(), "a killed process leaves its log");
    let ended = import(&bank);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.refusal().contains("is damaged"), "{}", ended.err);
    assert!(fs::read(&file).expect("it") == short && fs::read(&log).expect("its log") == logged);
    fs::write(&file, &whole).expect("the copy of before");
    assert_eq!(import(&bank).code, Some(0));
}

#[test]
fn damage_within_is_found() {
    let (bank, import) = bank();
    let path = bank.state().join("state.sqlite");
    let mut bytes = fs::read(&path).expect("a database");
    // Pages have 4 KB; the roots of the tables are the first pages.
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 3 * 4_096].fill(0xff);
    fs::write(&path, bytes).expect("a damaged one");
    // After a clean exit, and with the lock file that a killed process leaves.
    for lock in [None, Some("4711\n")] {
        if let Some(lock) = lock {
            fs::write(bank.state().join("lock"), lock).expect("a lock");
        }
        let ended = import(&bank);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(ended.refusal().contains("is damaged"), "{}", ended.err);
    }
}

#[test]
fn a_database_that_is_gone_is_missed_and_statements_are_read_again() {
    let (bank, import) = bank();
    for name in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm"] {
        let path = bank.state().join(name);
        if path.exists() {
            fs::remove_file(path).expect("gone");
        }
    }
    let server = Server::start(&bank.state(), &[]);
    let stderr = server.output.join("\n");
    assert!(stderr.contains("missing or empty") && stderr.contains("1 uploaded files"), "{stderr}");
    until("the statement is read again", || {
        let files = server.get("/api/statements/files", &[]).json();
        let [file] = &files["files"].as_array().expect("a list")[..] else { return None };
        ["done", "review"].contains(&file["state"].as_str()?).then_some(())
    });
    assert_eq!(server.stop().code, Some(0));
    let ended = import(&bank);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("missing or empty"), "the fault is reported once: {}", ended.err);
}
