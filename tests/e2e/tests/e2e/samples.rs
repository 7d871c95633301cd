//! Sample drawings made by the binary, and the matches that must be found in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use riffle_contracts::FoundMatch;
use riffle_samples::AnswerKey;
use tempfile::TempDir;

use crate::process::run;

/// A file and a code found in it.
pub type Pair = (String, String);

/// A temporary folder of samples, in which a test can also put its state folder and its report.
#[derive(Debug)]
pub struct Samples {
    dir: TempDir,
    pub key: AnswerKey,
}

impl Samples {
    pub fn make(count: u32, seed: u64) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let made =
            run(["samples", text(dir.path()), "--count", &count.to_string(), "--seed", &seed.to_string()]);
        assert_eq!(made.code, Some(0), "{}", made.err);
        let key = AnswerKey::read(dir.path()).expect("an answer key");
        assert_eq!(key.files, count);
        assert!(!key.matches.is_empty());
        Self { dir, key }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn drawings(&self) -> String {
        text(&self.at("drawings")).to_owned()
    }

    /// Returns the arguments of a `scan` of all samples for all codes.
    pub fn scan(&self, more: &[&str]) -> Vec<String> {
        self.scan_in("state", more)
    }

    /// Returns the same arguments with a state folder of this name.
    pub fn scan_in(&self, state: &str, more: &[&str]) -> Vec<String> {
        let mut arguments = vec![
            "scan".to_owned(),
            self.drawings(),
            "--codes".to_owned(),
            text(&self.at("codes.xlsx")).to_owned(),
            "--state".to_owned(),
            text(&self.at(state)).to_owned(),
        ];
        arguments.extend(more.iter().map(|&more| more.to_owned()));
        arguments
    }

    /// Returns the pairs that a reader of text finds.
    pub fn pairs(&self) -> BTreeSet<Pair> {
        let matches = self.key.matches.iter();
        matches.map(|answer| (answer.file.clone(), answer.code.clone())).collect()
    }

    /// Fails unless exactly the pairs of the key were found, each on exactly the pages of the key.
    pub fn assert_found<'a>(&self, found: impl IntoIterator<Item = &'a FoundMatch>) {
        let found: Vec<&FoundMatch> = found.into_iter().collect();
        let pairs: BTreeSet<Pair> =
            found.iter().map(|found| (found.file_name.clone(), found.hole_code.clone())).collect();
        let wanted = self.pairs();
        let missed: Vec<_> = wanted.difference(&pairs).collect();
        let invented: Vec<_> = pairs.difference(&wanted).collect();
        assert!(missed.is_empty() && invented.is_empty(), "missed {missed:?}, invented {invented:?}");

        let places = found
            .iter()
            .filter(|found| is_pdf(&found.file_name))
            .map(|found| (&*found.file_name, &*found.hole_code, found.page.clone()))
            .collect::<BTreeSet<_>>();
        let wanted = self.key.matches.iter().flat_map(|answer| {
            let pages = answer.pages.iter();
            pages.map(|page| (&*answer.file, &*answer.code, page.to_string()))
        });
        assert_eq!(places, wanted.collect::<BTreeSet<_>>());
    }
}

/// Whether a sample is a drawing; the others are registers.
pub fn is_pdf(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "pdf")
}

/// Returns a path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("test folders have plain names")
}
