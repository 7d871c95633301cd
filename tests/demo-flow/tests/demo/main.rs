//! Tests of the flow of `docs/adding-a-flow.md` on ports in memory, on the local platform and in the simulator; and of
//! the document itself.

mod local;
mod memory;
mod page;
mod simulator;
