//! The results of scanning samples equal their answer key, in the frames and in the report.

use std::collections::BTreeMap;

use crate::process::run;
use crate::report::OpenedReport;
use crate::samples::{Samples, text};
use crate::scan_record::ScanRecord;

#[test]
fn every_code_of_the_key_is_found_and_none_is_invented() {
    let samples = Samples::make(120, 11);
    assert!(!samples.key.image_pages.is_empty(), "these samples have pages without text");
    let place = samples.at("report.xlsx");
    let ended = run(samples.scan(&["--json", "--report", text(&place)]));
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let record = ScanRecord::read(&ended.out);
    record.assert_begins();
    samples.assert_found(record.found());
    let summary = &record.summary;
    assert_eq!((summary.total, summary.failed), (120, 0));
    assert_eq!(summary.report.as_deref(), Some(text(&place)));
    for found in record.found() {
        assert!(found.snippet.chars().count() <= 110, "{found:?}");
        let codes = samples.key.matches.iter().filter(|answer| answer.file == found.file_name).count();
        let status = if codes == 1 { "1 Code".to_owned() } else { format!("{codes} Codes") };
        assert_eq!(found.status, status, "{}", found.file_name);
    }

    let mut report = OpenedReport::open(&place);
    assert_eq!(report.sheets(), ["Summary", "Matches", "Codes", "Files", "Unread"]);
    let files = report.table("Files");
    assert_eq!(files.len(), 120);
    let mut names = files.texts("File");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 120, "each file is listed once");

    let matches = report.table("Matches");
    assert_eq!(matches.len() as u64, summary.matches);
    let mut listed = matches.pairs("File", "Code");
    let mut live: Vec<_> =
        record.found().map(|found| (found.file_name.clone(), found.hole_code.clone())).collect();
    listed.sort_unstable();
    live.sort_unstable();
    assert_eq!(listed, live);

    // Pages without text were not read, so no code can be called absent.
    assert_codes(&samples, &mut report, "Unknown");
    let unread: Vec<String> = report.table("Unread").texts("File");
    let mut pictured: Vec<String> = samples.key.image_pages.iter().map(|page| page.file.clone()).collect();
    pictured.dedup();
    assert_eq!(unread, pictured);
}

#[test]
fn what_stands_nowhere_is_absent_where_every_page_was_read() {
    let samples = Samples::make(7, 2);
    assert!(samples.key.image_pages.is_empty(), "these samples are all text");
    assert!(!samples.key.absent.is_empty());
    let place = samples.at("report.xlsx");
    let ended = run(samples.scan(&["--json", "--report", text(&place)]));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    samples.assert_found(ScanRecord::read(&ended.out).found());
    assert_codes(&samples, &mut OpenedReport::open(&place), "Absent");
}

/// Fails unless sheet Codes has each code once: as found with the number of its files, or with the result `otherwise`.
fn assert_codes(samples: &Samples, report: &mut OpenedReport, otherwise: &str) {
    let mut files: BTreeMap<&str, u32> = BTreeMap::new();
    for answer in &samples.key.matches {
        *files.entry(&answer.code).or_default() += 1;
    }
    let table = report.table("Codes");
    let listed: Vec<((String, String), String)> =
        table.pairs("Code", "Result").into_iter().zip(table.texts("Files")).collect();
    let wanted = samples.key.codes.iter().map(|code| match files.get(&**code) {
        Some(files) => ((code.clone(), "Found".to_owned()), files.to_string()),
        None => ((code.clone(), otherwise.to_owned()), "0".to_owned()),
    });
    assert_eq!(listed, wanted.collect::<Vec<_>>());
}

#[test]
fn the_links_of_a_local_scan_lead_to_the_files() {
    let samples = Samples::make(7, 3);
    let ended = run(samples.scan(&["--json"]));
    let folder = samples.at("drawings").canonicalize().expect("the folder");
    for found in ScanRecord::read(&ended.out).found() {
        let path = found.pdf_link.strip_prefix("file://").expect("a file's address");
        let path = std::path::Path::new(path.split('#').next().unwrap_or_default());
        assert_eq!(path, folder.join(&found.file_name), "the link of {}", found.file_name);
    }
}
