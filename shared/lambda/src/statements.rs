//! The statements flow on AWS. Each function gets only the ports that it uses.

use std::sync::Arc;

use riffle_contracts::ProcessingMode;
use riffle_ports::{EventPublisher, Inbox, ObjectStore, WorkQueue};
use riffle_statements::{Processor, Queries, StatementFiles, Statements, StatementsSettings};
use riffle_topology::statements::{FIGURES, PROCESS};

use crate::cloud::RECORDS_TABLE;
use crate::{Cloud, ConfigError, Env, Unused};

const MODE: &str = "PROCESSING_MODE";
/// The two switches that `PROCESSING_MODE` replaces.
const PUBLISHING: &str = "ENABLE_EVENT_PUBLISHING";
const TRIGGERS: &str = "ENABLE_DIRECT_TRIGGERS";
const RESTORE_PREFIX: &str = "RESTORE_PREFIX";

/// A port that a function may use in addition to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Bus,
    Objects,
    Uploads,
    /// The processor's queue, without the bus.
    Processor,
    /// The queue of figures, without the bus.
    Figures,
}

impl Cloud {
    /// Returns the flow of the function that records uploads. It may use the processor's queue in the modes that bypass
    /// the bus.
    pub fn receiver(&self) -> Result<Statements, ConfigError> {
        match mode(&self.env)? {
            ProcessingMode::Events => self.statements(&[Port::Bus, Port::Uploads]),
            ProcessingMode::Direct | ProcessingMode::Shadow => {
                self.statements(&[Port::Bus, Port::Uploads, Port::Processor])
            }
        }
    }

    /// Returns the flow of the function that reads transactions from files.
    pub fn processor(&self) -> Result<Processor, ConfigError> {
        let statements = self.statements(&[Port::Bus, Port::Objects, Port::Uploads, Port::Figures])?;
        Ok(Processor { statements, reader: Arc::new(StatementFiles) })
    }

    /// Returns the flow of the function that categorises transactions.
    pub fn categorizer(&self) -> Result<Statements, ConfigError> {
        self.statements(&[Port::Bus, Port::Objects, Port::Figures])
    }

    /// Returns the flow of the functions that derive figures or store events. Both publish an event when work fails
    /// permanently.
    pub fn statements_with_bus(&self) -> Result<Statements, ConfigError> {
        self.statements(&[Port::Bus])
    }

    /// Returns the flow of the function that records failures. Its own failures are not recorded.
    pub fn error_recorder(&self) -> Result<Statements, ConfigError> {
        self.statements(&[])
    }

    /// Returns the flow of the function that completes unfinished work of other functions.
    pub fn statements_sweeper(&self) -> Result<Statements, ConfigError> {
        self.statements(&[Port::Bus, Port::Objects, Port::Uploads, Port::Processor, Port::Figures])
    }

    /// Returns the queries of the API on statements.
    pub fn queries(&self) -> Result<Queries, ConfigError> {
        Ok(Queries { statements: self.statements(&[Port::Bus, Port::Objects, Port::Uploads])? })
    }

    fn statements(&self, uses: &[Port]) -> Result<Statements, ConfigError> {
        let table = self.env.text(RECORDS_TABLE)?;
        let events: Arc<dyn EventPublisher> =
            if uses.contains(&Port::Bus) { self.events()? } else { Arc::new(Unused) };
        let objects: Arc<dyn ObjectStore> =
            if uses.contains(&Port::Objects) { self.objects()? } else { Arc::new(Unused) };
        let inbox: Arc<dyn Inbox> =
            if uses.contains(&Port::Uploads) { self.inbox()? } else { Arc::new(Unused) };
        let mut queues = Vec::new();
        for (port, queue) in [(Port::Processor, PROCESS), (Port::Figures, FIGURES)] {
            if uses.contains(&port) {
                queues.push((queue.to_owned(), self.queue_url(queue)?));
            }
        }
        let queue: Arc<dyn WorkQueue> =
            if queues.is_empty() { Arc::new(Unused) } else { Arc::new(self.aws.queues(queues)) };
        Ok(Statements {
            records: self.records()?,
            transactions: Arc::new(self.aws.transactions(&table)),
            figures: Arc::new(self.aws.figures(&table)),
            audit: Arc::new(self.aws.audit(&table)),
            events,
            objects,
            inbox,
            queue,
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            settings: self.statements_settings()?,
        })
    }

    fn statements_settings(&self) -> Result<StatementsSettings, ConfigError> {
        let defaults = StatementsSettings::default();
        let restore_prefix = self.env.optional(RESTORE_PREFIX).or(defaults.restore_prefix);
        // Each batch of rows checks the same file, and concurrent transactions on one item conflict. Sequential batches
        // reach some 5,000 rows a second.
        let stores_at_once = 1;
        Ok(StatementsSettings { mode: mode(&self.env)?, restore_prefix, stores_at_once, ..defaults })
    }
}

/// Returns the path of files to the processor: the value of `PROCESSING_MODE`, or the equivalent of the two switches
/// that it replaces.
fn mode(env: &Env) -> Result<ProcessingMode, ConfigError> {
    match env.optional(MODE).as_deref() {
        Some("events") => return Ok(ProcessingMode::Events),
        Some("direct") => return Ok(ProcessingMode::Direct),
        Some("shadow") => return Ok(ProcessingMode::Shadow),
        Some(value) => {
            let (value, wanted) = (value.to_owned(), "events, direct or shadow");
            return Err(ConfigError::Wrong { variable: MODE, value, wanted });
        }
        None => {}
    }
    let switch = |variable, default: bool| match env.optional(variable).as_deref() {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(value) => Err(ConfigError::Wrong { variable, value: value.to_owned(), wanted: "true or false" }),
    };
    match (switch(PUBLISHING, true)?, switch(TRIGGERS, false)?) {
        (true, false) => Ok(ProcessingMode::Events),
        (false, true) => Ok(ProcessingMode::Direct),
        (true, true) => Ok(ProcessingMode::Shadow),
        (false, false) => Err(ConfigError::Client(format!(
            "{PUBLISHING} and {TRIGGERS} are both off, so files would not be processed: set {MODE} instead"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<ProcessingMode, String> {
        let env = Env::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        mode(&env).map_err(|error| error.to_string())
    }

    #[test]
    fn the_mode_is_what_it_says_or_what_two_switches_said() {
        use ProcessingMode::{Direct, Events, Shadow};
        assert_eq!(of(&[]), Ok(Events));
        for (written, mode) in [("events", Events), ("direct", Direct), ("shadow", Shadow)] {
            assert_eq!(
                of(&[(MODE, written), (PUBLISHING, "false"), (TRIGGERS, "false")]),
                Ok(mode),
                "{written}"
            );
        }
        assert_eq!(of(&[(PUBLISHING, "true"), (TRIGGERS, "false")]), Ok(Events));
        assert_eq!(of(&[(PUBLISHING, "false"), (TRIGGERS, "true")]), Ok(Direct));
        assert_eq!(of(&[(TRIGGERS, "true")]), Ok(Shadow));
    }

    #[test]
    fn a_mode_in_which_files_reach_nobody_is_refused_and_named() {
        let both_off = of(&[(PUBLISHING, "false")]).expect_err("no consumer is triggered");
        assert!(
            both_off.contains(PUBLISHING) && both_off.contains(TRIGGERS) && both_off.contains(MODE),
            "{both_off}"
        );
        assert_eq!(
            of(&[(MODE, "both")]).expect_err("no mode"),
            "PROCESSING_MODE is \"both\": expected events, direct or shadow"
        );
        assert!(of(&[(TRIGGERS, "1")]).expect_err("no switch").starts_with(TRIGGERS));
    }
}
