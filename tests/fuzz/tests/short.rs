//! Runs each target briefly: the same inputs on every run.

use riffle_fuzz_tests::mutate::{Chance, mutate};
use riffle_fuzz_tests::{TARGETS, run, target};

/// The number of inputs for each target.
const EXECUTIONS: usize = 4_000;

fn holds(name: &str) {
    let target = target(name).expect("a target");
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let mut chance =
        Chance(name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))));
    let made = std::iter::repeat_with(|| mutate(&seeds, target.words, target.length, &mut chance));
    for input in seeds.iter().cloned().chain(made.take(EXECUTIONS)) {
        if let Err(finding) = run(target, &input) {
            let place = std::env::temp_dir().join(format!("riffle-finding-{name}"));
            std::fs::write(&place, &input).expect("the input is kept");
            panic!("{name}: {finding}; the input is {}", place.display());
        }
    }
}

macro_rules! targets {
    ($($test:ident = $name:literal),* $(,)?) => {
        $(#[test] fn $test() { holds($name); })*

        #[test]
        fn every_target_has_its_run() {
            let mut run = [$($name),*];
            let mut all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            run.sort_unstable();
            all.sort_unstable();
            assert_eq!(all, run);
        }
    };
}

targets! {
    docx = "docx", pptx = "pptx", archive = "archive", picture = "picture",
    text = "text", csv = "csv", json = "json", xml = "xml", html = "html", wire = "wire", codes = "codes",
    statement_csv = "statement-csv", statement_ofx = "statement-ofx",
    ods = "ods", xlsx = "xlsx", xlsb = "xlsb", xls = "xls", pdf = "pdf",
    pdf_file = "pdf-file", zip_file = "zip-file", ole_file = "ole-file",
}

/// A seed that no parser accepts would only fuzz the first check.
#[test]
fn seeds_are_healthy() {
    for target in TARGETS {
        assert!((target.seeds)().iter().all(|seed| seed.len() <= target.length), "{}", target.name);
    }
    for (name, file) in riffle_fuzz_tests::seeds::files() {
        struct Counted(usize);
        impl riffle_extract::Sink for Counted {
            fn unit(&mut self, _: &riffle_extract::Unit<'_>) {
                self.0 += 1;
            }
        }
        let mut sink = Counted(0);
        let read = riffle_extract::extract(name, &file, &riffle_extract::ReadLimits::default(), &mut sink);
        assert!(read.is_ok() && sink.0 > 0, "{name}: {read:?}, {} units", sink.0);
    }
}
