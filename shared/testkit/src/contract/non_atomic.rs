//! Adapters that lack atomicity or write in the wrong order. The suites must notice each, or they check too little.
//!
//! A tool cannot make these faults; all others (a condition turned round, a result left out, a change not made) are made
//! by `cargo mutants` in the adapters in memory: `scripts/test --mutants`.

mod figures;
mod ledger;
mod objects;
mod records;
mod transactions;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::over_memory::run;

/// Asserts that the suite panics.
#[track_caller]
fn assert_noticed(fault: impl std::fmt::Debug, suite: impl Future<Output = ()>) {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(suite)));
    assert!(outcome.is_err(), "the suite does not notice {fault:?}");
}

/// Yields once, so that other calls run in between: only then does missing atomicity show.
async fn give_way() {
    struct Once(bool);
    impl Future for Once {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if self.0 {
                return Poll::Ready(());
            }
            self.0 = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    Once(false).await;
}
