//! A folder of files made to break programs, together with healthy ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use calamine::Data;
use riffle_samples::{CODE, Expect, Hostile, hostile, write_hostile};

use crate::process::run;
use crate::report::OpenedReport;
use crate::samples::text;
use crate::scan_record::ScanRecord;

/// Programmers' wording, with which a reason must not begin.
const RIDDLES: [&str; 4] = ["the parser failed", "panicked", "called `", "thread '"];

#[test]
fn hostile_files_end_in_a_result_or_a_reason_and_keep_nobody_from_theirs() {
    let out = tempfile::tempdir().expect("a folder");
    let dir = out.path().join("files");
    let samples: Vec<Hostile> = write_hostile(&dir).expect("hostile samples");
    assert!(samples.len() + 10 > hostile().len(), "nearly all can be written");

    let place = out.path().join("report.xlsx");
    let state = out.path().join("state");
    let arguments =
        ["scan", text(&dir), "--codes", CODE, "--json", "--state", text(&state), "--report", text(&place)];
    let ended = run(arguments);
    assert_eq!(ended.code, Some(1), "the scan completes, with some files unread: {}", ended.err);

    let record = ScanRecord::read(&ended.out);
    let found: BTreeSet<&str> = record.found().map(|found| &*found.file_name).collect();
    let failed: BTreeMap<&str, &str> =
        record.failed().map(|failure| (&*failure.file_name, &*failure.reason)).collect();
    let mut wrong = Vec::new();
    let mut listed = 0;
    for sample in &samples {
        let name = sample.name.to_string_lossy();
        let (found, reason) = (found.contains(&*name), failed.get(&*name));
        let right = match sample.expect {
            Expect::Found => found && reason.is_none(),
            Expect::Fails => !found && reason.is_some(),
            Expect::Ends => !found || reason.is_none(),
            Expect::Passed => !found && reason.is_none(),
        };
        listed += u64::from(sample.expect != Expect::Passed);
        let riddle = reason.is_some_and(|reason| {
            reason.is_empty() || RIDDLES.iter().any(|riddle| reason.starts_with(riddle))
        });
        if !right || riddle {
            wrong.push(format!("{name}: {:?}, found {found}, {reason:?}", sample.expect));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(record.summary.total, listed, "each file has a result");

    // No external entity was fetched, and no file was written elsewhere.
    assert!(!ended.out.iter().any(|line| line.contains("root:x:")), "an entity was fetched");
    assert!(!fs::exists("/tmp/riffle-was-here.txt").expect("a look"), "an entry was unpacked");

    let files = OpenedReport::open(&place).table("Files");
    assert!(files.len() as u64 >= listed, "{} rows for {listed} files", files.len());
    assert!(files.cells("File").iter().all(|cell| matches!(cell, Data::String(_))), "names are text");
    assert!(!files.texts("File").iter().any(|name| name.contains("root:x:")));
}
