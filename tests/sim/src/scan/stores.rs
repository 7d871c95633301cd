//! The true state of the world, accessed without ports: stored data, queues, and frames under way.

use std::sync::Arc;

use riffle_ports::Clock;
use riffle_testkit::memory::{
    ManualClock, MemoryConnections, MemoryFiles, MemoryLedger, MemoryNotifier, MemoryObjects, MemoryQueue,
    MemoryTokens,
};

use super::google::Google;
use super::scenario::ScanScenario;

#[derive(Debug)]
pub struct ScanStores {
    pub clock: Arc<ManualClock>,
    pub ledger: Arc<MemoryLedger>,
    pub objects: Arc<MemoryObjects>,
    pub queue: Arc<MemoryQueue>,
    pub connections: Arc<MemoryConnections>,
    pub notifier: Arc<MemoryNotifier>,
    pub files: Arc<MemoryFiles>,
    pub tokens: Arc<MemoryTokens>,
    pub google: Arc<Google>,
}

impl ScanStores {
    /// Creates the initial world: folders with files, and nothing else.
    pub fn new(scenario: &ScanScenario, clock: Arc<ManualClock>) -> Self {
        let files = MemoryFiles::new(scenario.page);
        for (number, natures) in scenario.folders.iter().enumerate() {
            if scenario.missing_folder {
                continue;
            }
            let folder = folder(number);
            files.make_folder(&folder);
            for (file, nature) in natures.iter().enumerate() {
                files.write(&folder, &file_name(file), nature.content());
            }
        }
        let queue =
            MemoryQueue::new(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>, scenario.visibility);
        let tokens = MemoryTokens::new(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>);
        Self {
            clock,
            ledger: Arc::default(),
            objects: Arc::default(),
            queue: Arc::new(queue),
            connections: Arc::default(),
            notifier: Arc::default(),
            files: Arc::new(files),
            tokens: Arc::new(tokens),
            google: Arc::new(Google::new(scenario.drive.clone().unwrap_or_default())),
        }
    }
}

/// Returns the path of a scenario's folder.
pub fn folder(number: usize) -> String {
    format!("/files/{number}")
}

/// Returns the name of a scenario's file. Names sort by the files' numbers.
pub fn file_name(number: usize) -> String {
    format!("{number:04}.txt")
}
