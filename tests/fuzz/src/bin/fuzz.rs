//! Runs a target under libFuzzer; built and started by `scripts/fuzz`.
//!
//! `fuzz --target=NAME [flags of libFuzzer]`; without a name it lists the targets with their maximum input length. With
//! `--seeds=DIR` it writes the target's seeds, including seeds made from the files under `--from=DIR`, and exits.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use riffle_fuzz_tests::{TARGETS, Target, run, target};

fuzz_target!(init: prepare(), |input: &[u8]| {
    if let Err(finding) = run(*TARGET, input) {
        say(&format!("FINDING {finding}"));
        std::process::abort();
    }
});

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    argument("--target=").and_then(|name| target(&name)).unwrap_or_else(|| {
        let names: Vec<String> =
            TARGETS.iter().map(|target| format!("{} {}", target.name, target.length)).collect();
        say(&names.join("\n"));
        std::process::exit(2)
    })
});

fn prepare() {
    let target = *TARGET;
    if let Some(folder) = argument("--seeds=") {
        let from = argument("--from=").map(PathBuf::from);
        if let Err(error) = write_seeds(target, Path::new(&folder), from.as_deref()) {
            say(&format!("{folder}: {error}"));
            std::process::exit(2);
        }
        std::process::exit(0);
    }
}

fn argument(prefix: &str) -> Option<String> {
    std::env::args().find_map(|argument| argument.strip_prefix(prefix).map(str::to_owned))
}

fn write_seeds(target: &Target, folder: &Path, from: Option<&Path>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    let words = target.words.iter().map(|word| {
        let escaped = word.bytes().fold(String::new(), |out, byte| format!("{out}\\x{byte:02x}"));
        format!("\"{escaped}\"\n")
    });
    std::fs::write(folder.with_extension("words"), words.collect::<String>())?;
    let mut number = 0;
    for file in from.into_iter().flat_map(files) {
        let made = (target.import)(&std::fs::read(file)?);
        if !made.is_empty() && made.len() <= target.length {
            std::fs::write(folder.join(format!("file-{number}")), made)?;
            number += 1;
        }
    }
    Ok(())
}

/// Returns all files below a folder, without links.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut all = Vec::new();
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => all.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
    all
}

#[expect(clippy::print_stderr, reason = "libFuzzer writes to standard error too")]
fn say(text: &str) {
    eprintln!("{text}");
}
