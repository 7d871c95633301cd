//! The cache of texts between scans.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use riffle_local_adapters::LocalTexts;
use riffle_ports::{TextCache, TextKey};
use riffle_testkit::memory::ManualClock;
use tempfile::TempDir;

use crate::Outcome;

fn key(number: u8) -> TextKey {
    TextKey([number; 32])
}

fn open(folder: &Path, limit: u64) -> std::io::Result<(LocalTexts, Arc<ManualClock>)> {
    let clock = Arc::new(ManualClock::new());
    Ok((LocalTexts::open(folder, limit, Arc::clone(&clock) as _)?, clock))
}

/// Waits for a write, because texts are written in the background.
#[expect(clippy::disallowed_methods, reason = "waits for another thread in real time")]
fn soon(what: impl Fn() -> bool) {
    let since = Instant::now();
    while !what() {
        assert!(since.elapsed() < Duration::from_secs(10), "the other thread did not finish in time");
        std::thread::yield_now();
    }
}

#[test]
fn texts_are_found_by_content_and_place_and_outlive_the_process() -> Outcome {
    let folder = TempDir::new()?;
    let (texts, _) = open(folder.path(), 1 << 20)?;
    texts.put(key(1), b"one".to_vec())?;
    texts.link(key(11), key(1))?;
    texts.link(key(12), key(99))?;
    drop(texts);
    let (texts, _) = open(folder.path(), 1 << 20)?;
    assert_eq!(texts.get(key(1))?, Some(b"one".to_vec()));
    assert_eq!(texts.find(key(11))?, Some(b"one".to_vec()));
    assert_eq!(texts.get(key(2))?, None);
    assert_eq!(texts.find(key(1))?, None, "the key of a text is not a location");
    assert_eq!(texts.find(key(12))?, None, "a location without a text is not found");
    texts.put(key(2), b"two".to_vec())?;
    texts.link(key(11), key(2))?;
    soon(|| texts.find(key(11)).is_ok_and(|text| text.as_deref() == Some(b"two")));
    Ok(())
}

#[test]
fn what_was_not_used_for_longest_makes_room() -> Outcome {
    let folder = TempDir::new()?;
    let (texts, clock) = open(folder.path(), 1_000)?;
    for number in 0..9 {
        texts.put(key(number), vec![number; 100])?;
        texts.link(key(100 + number), key(number))?;
        soon(|| texts.get(key(number)).is_ok_and(|text| text.is_some()));
        clock.advance(TimeDelta::days(2));
    }
    // The oldest is used again.
    assert!(texts.get(key(0))?.is_some());
    clock.advance(TimeDelta::days(2));
    texts.put(key(9), vec![9; 150])?;
    soon(|| texts.get(key(9)).is_ok_and(|text| text.is_some()));
    assert!(texts.get(key(0))?.is_some(), "a recently used text is kept");
    assert_eq!(texts.get(key(1))?, None, "a text that was not used is removed");
    assert_eq!(texts.find(key(101))?, None, "the location of a removed text is not found");
    assert!(texts.get(key(8))?.is_some());
    Ok(())
}

#[test]
fn a_damaged_file_is_made_anew() -> Outcome {
    let folder = TempDir::new()?;
    let (texts, _) = open(folder.path(), 1 << 20)?;
    texts.put(key(1), b"one".to_vec())?;
    drop(texts);
    let file = fs::read_dir(folder.path())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "sqlite"))
        .ok_or("the database exists")?;
    fs::write(&file, "no database".repeat(1_000))?;
    let (texts, _) = open(folder.path(), 1 << 20)?;
    assert_eq!(texts.get(key(1))?, None);
    texts.put(key(1), b"again".to_vec())?;
    soon(|| texts.get(key(1)).is_ok_and(|text| text.as_deref() == Some(b"again")));
    Ok(())
}
