//! The sources of codes: arguments, text, CSV, a workbook.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rust_xlsxwriter::Workbook;
use tempfile::TempDir;

use crate::process::{ProcessExit, run};
use crate::samples::text;

/// Contains HOLE-1, HOLE-2 and HOLE-3. Also contains 120, 95 and North-7, values of other columns of the lists below: a
/// scan that takes the codes from a wrong column finds those.
const PLAN: &str = "HOLE-1 at 120 m\nHOLE-2 at 95 m\nhole–3 in North-7\nXHOLE-4 HOLE-45\n";

struct Workspace {
    dir: TempDir,
}

impl Workspace {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("plans")).expect("a folder");
        fs::write(dir.path().join("plans/plan.txt"), PLAN).expect("a file");
        Self { dir }
    }

    fn path(&self, name: &str) -> String {
        text(&self.dir.path().join(name)).to_owned()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.dir.path().join(name), content).expect("a file");
        self.path(name)
    }

    fn scan(&self, more: &[&str]) -> ProcessExit {
        let (plans, state) = (self.path("plans"), self.path("state"));
        let fixed = ["scan", &plans, "--state", &state];
        run(fixed.iter().chain(more))
    }

    /// Scans and returns the codes found, in the order of the text.
    fn finds(&self, more: &[&str]) -> Vec<String> {
        let ended = self.scan(more);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let mut found: Vec<(String, String)> = ended
            .out
            .iter()
            .map(|line| {
                let columns: Vec<&str> = line.split('\t').collect();
                (columns[1].to_owned(), columns[2].to_owned())
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, code)| code).collect()
    }
}

#[test]
fn codes_are_arguments() {
    let workspace = Workspace::new();
    assert_eq!(workspace.finds(&["--codes", "HOLE-1, HOLE-3,HOLE-9"]), ["HOLE-1", "HOLE-3"]);
    assert_eq!(workspace.finds(&["--codes", "HOLE-2", "--codes", "HOLE-1"]), ["HOLE-1", "HOLE-2"]);
    assert_eq!(workspace.finds(&["--codes", "HOLE-4"]), Vec::<String>::new(), "whole words by default");
    assert_eq!(workspace.finds(&["--codes", "HOLE-4", "--match", "substring"]), ["HOLE-4"]);
}

#[test]
fn codes_are_the_lines_of_a_text_file() {
    let workspace = Workspace::new();
    let list = workspace.file("list.txt", "Hole ID\r\nHOLE-1\r\n\r\nHOLE-3\r\nHOLE-9\r\n");
    assert_eq!(workspace.finds(&["--codes", &list]), ["HOLE-1", "HOLE-3"]);
    let unnamed = workspace.file("list", "HOLE-2\nHOLE-1\n");
    assert_eq!(workspace.finds(&["--codes", &unnamed, "--codes", "HOLE-3"]), ["HOLE-1", "HOLE-2", "HOLE-3"]);
}

#[test]
fn codes_are_a_column_of_a_csv_found_by_what_it_holds() {
    let workspace = Workspace::new();
    let comma = "No,Area,Hole ID,Depth\n1,North-7,HOLE-1,120\n2,South-2,HOLE-3,95\n3,East-1,HOLE-9,80\n";
    let list = workspace.file("list.csv", comma);
    assert_eq!(workspace.finds(&["--codes", &list]), ["HOLE-1", "HOLE-3"], "neither 120 nor North-7");
    let list = workspace.file("german.csv", comma.replace(',', ";"));
    assert_eq!(workspace.finds(&["--codes", &list]), ["HOLE-1", "HOLE-3"]);
}

#[test]
fn codes_are_a_column_of_a_workbook_found_by_what_it_holds() {
    let workspace = Workspace::new();
    let place = workspace.path("list.xlsx");
    workbook(Path::new(&place));
    assert_eq!(workspace.finds(&["--codes", &place]), ["HOLE-1", "HOLE-3"]);
    // The name does not matter.
    let disguised = workspace.path("list.txt");
    fs::rename(&place, &disguised).expect("another name");
    assert_eq!(workspace.finds(&["--codes", &disguised]), ["HOLE-1", "HOLE-3"]);
}

/// Writes a workbook with unrelated content on its first sheet; the second has a title, a heading in row 3, and codes
/// in its third column.
fn workbook(place: &Path) {
    let mut book = Workbook::new();
    let notes = book.add_worksheet();
    notes.set_name("Notes").expect("a name");
    notes.write(0, 0, "Campaign of the north slope").expect("a cell");
    let holes = book.add_worksheet();
    holes.set_name("Holes").expect("a name");
    holes.write(0, 0, "Drilling campaign").expect("a cell");
    for (column, title) in (0..).zip(["No", "Area", "Drill hole", "Depth"]) {
        holes.write(2, column, title).expect("a cell");
    }
    for (row, code) in (3..).zip(["HOLE-1", "HOLE-3", "HOLE-9"]) {
        holes.write(row, 0, row - 2).expect("a cell");
        holes.write(row, 1, "North slope").expect("a cell");
        holes.write(row, 2, code).expect("a cell");
        holes.write(row, 3, 120).expect("a cell");
    }
    book.save(place).expect("a workbook");
}

#[test]
fn fifty_thousand_codes_are_possible_and_more_are_refused() {
    let workspace = Workspace::new();
    let many = |count: u32| {
        (0..count).fold(String::new(), |mut list, number| {
            writeln!(list, "HOLE-{number}").expect("text");
            list
        })
    };
    let list = workspace.file("most.txt", many(50_000));
    assert_eq!(workspace.finds(&["--codes", &list]), ["HOLE-1", "HOLE-2", "HOLE-3", "HOLE-45"]);
    let list = workspace.file("more.txt", many(50_001));
    let ended = workspace.scan(&["--codes", &list]);
    let why = ended.refusal();
    assert!(why.contains("50001") && why.contains("50000"), "{why}");
}

#[test]
fn what_is_no_list_of_codes_is_refused() {
    let workspace = Workspace::new();
    let binary = workspace.file("list.txt", [0, 1, 2, 3, 255, 0, 7, 8].repeat(100));
    let ended = workspace.scan(&["--codes", &binary]);
    assert!(ended.refusal().contains("cannot be read as a list of codes"), "{}", ended.err);
    let prose = workspace.file("notes.csv", "Who,Remark\nAnna,went home early\nBert,came by train\n");
    let ended = workspace.scan(&["--codes", &prose]);
    assert!(ended.refusal().contains("looks like codes"), "{}", ended.err);
}
