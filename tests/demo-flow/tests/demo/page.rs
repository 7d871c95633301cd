//! Tests of `docs/adding-a-flow.md`: each quoted block equals the code of the demo flow, each diff applies to its file
//! of the product, and the list of files to change is complete and no longer than promised.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/adding-a-flow.md";
/// The folder of the demo flow.
const FOLDER: &str = "tests/demo-flow";
/// The most files outside a flow's own folders that adding the flow changes.
const MOST: usize = 8;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A block between code fences: its language, the text after the language, and its lines.
struct Block {
    language: String,
    of: String,
    lines: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(info), None) => {
                let (language, of) = info.split_once(' ').unwrap_or((info, ""));
                open = Some(Block { language: language.to_owned(), of: of.to_owned(), lines: Vec::new() });
            }
            (None, Some(mut block)) => {
                block.lines.push(line.to_owned());
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{PAGE} ends within a block");
    blocks
}

/// Returns the lines between the comments `page: NAME` and `page: end` of a file, by name.
fn regions(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut regions = BTreeMap::new();
    let mut open: Option<(String, Vec<String>)> = None;
    for line in text.lines() {
        let mark = line.trim_start().trim_start_matches(['/', '#']).trim_start().strip_prefix("page: ");
        match (mark, open.take()) {
            (Some("end"), Some((name, lines))) => {
                regions.insert(name, lines);
            }
            (Some(name), None) => open = Some((name.to_owned(), Vec::new())),
            (Some(mark), Some((name, _))) => panic!("{name} does not end before {mark} begins"),
            (None, Some((name, mut lines))) => {
                lines.push(line.to_owned());
                open = Some((name, lines));
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a region does not end");
    regions
}

/// Collects the files of the demo flow, except its tests.
fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("tests") {
            files(&path, found);
        } else if path.is_file() {
            let within = path.strip_prefix(root()).expect("below the root").to_str().expect("UTF-8");
            found.push(within.to_owned());
        }
    }
}

#[test]
fn what_the_page_quotes_is_the_code() {
    let page = read(PAGE);
    let mut quoted = BTreeSet::new();
    for block in blocks(&page).iter().filter(|block| block.language != "diff" && block.of.contains('#')) {
        let (path, name) = block.of.split_once('#').expect("a file and a region");
        let regions = regions(&read(path));
        let region = regions.get(name).unwrap_or_else(|| panic!("{path} has no region {name}"));
        assert_eq!(&block.lines, region, "{PAGE} quotes an old version of {path}#{name}");
        quoted.insert(block.of.clone());
    }
    let mut own = Vec::new();
    files(&root().join(FOLDER), &mut own);
    for path in own {
        for name in regions(&read(&path)).into_keys() {
            assert!(quoted.contains(&format!("{path}#{name}")), "{PAGE} does not quote {path}#{name}");
        }
    }
}

/// All lines of a diff except the added ones occur in the file, in the same order.
#[test]
fn what_the_page_adds_to_fits_into_the_files() {
    let page = read(PAGE);
    let blocks = blocks(&page);
    let changes: Vec<&Block> = blocks.iter().filter(|block| block.language == "diff").collect();
    assert!(changes.len() > 4, "the page has only {} diffs", changes.len());
    for block in changes {
        let text = read(&block.of);
        let mut rest = text.lines();
        for line in &block.lines {
            let (kind, context) = line.split_at_checked(1).unwrap_or((" ", ""));
            assert!(["+", "-", " "].contains(&kind), "not a line of a diff: {line:?}");
            assert!(
                kind == "+" || rest.any(|there| there == context),
                "{} has no line {context:?} at this point",
                block.of
            );
        }
    }
}

#[test]
fn the_page_names_as_many_files_as_it_promises() {
    let page = read(PAGE);
    let (_, list) = page.split_once("## Files outside its own folders").expect("the list of files");
    let list = list.split("\n## ").next().unwrap_or_default();
    let named: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(named.len() <= MOST, "{} files: {named:?}", named.len());
    assert!(!named.is_empty());
    for path in &named {
        assert!(root().join(path).is_file(), "{path} does not exist");
    }
    let blocks = blocks(&page);
    let changed: BTreeSet<&str> =
        blocks.iter().filter(|block| block.language == "diff").map(|block| &*block.of).collect();
    for path in changed {
        assert!(named.contains(&path), "{path} has a diff, but is not in the list");
    }
}
