//! Runs a target on one input and sees what the product hides.
//!
//! `extract` turns a parser's panic into a typed error, and a PDF's page that panics is only counted unread. Both
//! pass through the panic hook first: it notes where. A panic in our own code is a finding; one in a dependency
//! is what the typed error is for, and is only said once for each place.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::Target;

/// Longer than a small input may take on a slow and busy machine.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// What seems to have taken too long is run so many times more; the shortest counts.
const REPEATS: usize = 3;
/// One in so many inputs is also run repeated up to [`GROWN`] bytes, which shows time that grows with the square.
const GROW_ONE_IN: u64 = 4096;
const GROWN: usize = 1 << 20;

/// What must not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Our own code panicked, caught or not.
    Panic { at: String, message: String },
    /// It did not end within [`PATIENCE`], several times over.
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

/// Runs a target on an input, and now and then on the input repeated.
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

/// By its content, whatever the target says. `hayro-syntax` mends a broken PDF in time that grows with the square of
/// its size; that is known, and what the time limit of the sandbox is for.
fn is_pdf(input: &[u8]) -> bool {
    input.windows(5).any(|window| window == b"%PDF-")
}

fn watched(target: &Target, input: &[u8]) -> Result<(), Finding> {
    // A busy machine may keep the process waiting: what looks slow is measured again by its own time.
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
        // A dependency's panic that nothing caught before it got here.
        (None, Err(_)) => {
            Err(Finding::Panic { at: target.name.to_owned(), message: "not caught".to_owned() })
        }
        (None, Ok(())) => Ok(()),
    }
}

/// Processor time of this thread so far. Where the system does not tell, the clock's.
fn own_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(since_start, Duration::from_nanos)
}

#[expect(clippy::disallowed_methods, reason = "nothing here is simulated")]
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The panic hook.
#[expect(clippy::print_stderr, reason = "what a run has to say")]
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

/// The standard library names its caller as the place; where it does not, the stack does.
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

/// FNV-1a: the same on every run, so that a finding can be repeated.
fn hash(input: &[u8]) -> u64 {
    input
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}
