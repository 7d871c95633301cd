//! The flows of the platform.

pub mod scan;
pub mod statements;

use crate::{Flow, Stage, Trigger};

/// Every flow of Riffle, in the order in which people see them.
pub const FLOWS: &[Flow] = &[scan::FLOW, statements::FLOW];

/// Functions that belong to no flow: the entry points for requests.
pub const COMMON: &[Stage] = &[
    Stage { function: "api", trigger: Trigger::Http, queue: None },
    Stage { function: "websocket-authorizer", trigger: Trigger::Socket("authorizer"), queue: None },
    Stage { function: "websocket-connect", trigger: Trigger::Socket("$connect"), queue: None },
    Stage { function: "websocket-disconnect", trigger: Trigger::Socket("$disconnect"), queue: None },
    Stage { function: "websocket-default", trigger: Trigger::Socket("$default"), queue: None },
];
