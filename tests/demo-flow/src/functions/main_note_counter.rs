// page: main
//! The function on AWS Lambda.

use std::process::ExitCode;
use std::sync::Arc;

use riffle_lambda::Unused;

use crate::flow::Notes;
use crate::functions::note_counter::handle;

pub fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| {
            Ok(Notes {
                records: cloud.records()?,
                // This function publishes nothing.
                events: Arc::new(Unused),
                inbox: cloud.inbox()?,
                clock: Arc::clone(&cloud.clock),
            })
        },
        async |notes, event| Ok(handle(notes, event).await),
    )
}
// page: end
