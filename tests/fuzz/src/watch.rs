//! Runs a target on one input and detects errors that the product hides.
//!
//! `extract` turns a parser's panic into a typed error, and a page of a PDF that panics is only counted as unread. Both
//! pass through the panic hook first, which records the location. A panic in Riffle's own code is a finding; one in a
//! dependency is the purpose of the typed error, and is only printed once per location.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::Target;

/// Longer than a small input may take on a slow and busy machine.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// The number of further runs of an input that seemed too slow; the shortest run counts.
const REPEATS: usize = 3;
/// One in this many inputs is also repeated until it has almost [`GROWN`] bytes and run, which reveals quadratic time.
const GROW_ONE_IN: u64 = 4096;
const GROWN: usize = 1 << 20;

/// An error that must not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Riffle's own code panicked, caught or not.
    Panic { at: String, message: String },
    /// It did not end within [`PATIENCE`] in several runs.
    Slow { millis: u128, bytes: usize },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Panic { at, message } => write!(f, "panic at {at}: {message}"),
            Self::Slow { millis, bytes } => write!(f, "{millis} ms for {bytes} bytes"),
        }
    }
}

thread_local! {
    /// Whether a target is running.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<Finding>> = const { RefCell::new(None) };
}

/// Runs a target on an input, and occasionally on the repeated input.
pub fn run(target: &Target, input: &[u8]) -> Result<(), Finding> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| if WATCHED.get() { note(panic) } else { usual(panic) }));
    });
    watched(target, input)?;
    if target.grows && !input.is_empty() && !is_pdf(input) && hash(input).is_multiple_of(GROW_ONE_IN) {
        watched(target, &input.repeat(GROWN / input.len()))?;
    }
    Ok(())
}

/// Whether the content of an input is a PDF, whatever the target is. `hayro-syntax` repairs a broken PDF in quadratic
/// time; this is known, and the reason for the time limit of the sandbox.
fn is_pdf(input: &[u8]) -> bool {
    input.windows(5).any(|window| window == b"%PDF-")
}

fn watched(target: &Target, input: &[u8]) -> Result<(), Finding> {
    // A busy machine may delay the process: an input that seems slow is measured again by its processor time.
    #[expect(clippy::disallowed_methods, reason = "nothing here is simulated")]
    let began = Instant::now();
    once(target, input)?;
    if began.elapsed() < PATIENCE {
        return Ok(());
    }
    let mut least = Duration::MAX;
    for _ in 0..REPEATS {
        let before = own_time();
        once(target, input)?;
        least = least.min(own_time().saturating_sub(before));
    }
    if least < PATIENCE {
        Ok(())
    } else {
        Err(Finding::Slow { millis: least.as_millis(), bytes: input.len() })
    }
}

fn once(target: &Target, input: &[u8]) -> Result<(), Finding> {
    WATCHED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    WATCHED.set(false);
    match (PANIC.take(), outcome) {
        (Some(finding), _) => Err(finding),
        // A dependency's panic that was not caught before.
        (None, Err(_)) => {
            Err(Finding::Panic { at: target.name.to_owned(), message: "not caught".to_owned() })
        }
        (None, Ok(())) => Ok(()),
    }
}

/// Returns the processor time of this thread so far, or the clock's time if the system does not report it.
fn own_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanos.map_or_else(since_start, Duration::from_nanos)
}

#[expect(clippy::disallowed_methods, reason = "nothing here is simulated")]
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The panic hook: records a panic in Riffle's own code as a finding, and prints one in a dependency once per location.
#[expect(clippy::print_stderr, reason = "output of the run")]
fn note(panic: &PanicHookInfo<'_>) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let at = panic.location().map_or_else(|| "nowhere".to_owned(), ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message").to_owned();
    if is_ours(&at) {
        PANIC.set(Some(Finding::Panic { at, message }));
    } else if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(at.clone()) {
        eprintln!("DEPENDENCY PANIC {at}: {message}");
    }
}

/// Whether a panic is in Riffle's own code. The standard library usually reports its caller as the location; otherwise
/// the stack is searched.
fn is_ours(at: &str) -> bool {
    if at.starts_with("/rustc/") || at.contains("/library/") {
        let stack = Backtrace::force_capture().to_string();
        let foreign =
            ["std::", "core::", "alloc::", "__rustc", "rust_", "riffle_fuzz_tests::", "<alloc::", "<core::"];
        let mut frames = stack.lines().filter_map(|line| line.split_once(": ").map(|(_, name)| name.trim()));
        return frames
            .find(|name| !foreign.iter().any(|f| name.starts_with(f)))
            .is_none_or(|f| f.contains("riffle_"));
    }
    !at.contains("/registry/src/")
}

/// FNV-1a: the same hash on every run, so that a finding can be repeated.
fn hash(input: &[u8]) -> u64 {
    input
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}
