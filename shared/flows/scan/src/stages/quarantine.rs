//! Files whose messages came back too often: each gets one chance alone, so that one that kills the process
//! neither takes its neighbours along nor keeps the session from completing.

use std::collections::BTreeSet;

use riffle_contracts::ScanFile;
use riffle_ports::{Attempt, Failure, SessionId};

use crate::stages::worker::{Stop, Worker};
use crate::state::record::Read;
use crate::state::result::{FailureCode, FileResult};

impl Worker {
    /// `receipt` names this delivery of this message: another delivery has another. `deliveries` is how many
    /// there were, this one included.
    ///
    /// The attempt is recorded before the file is opened. Whoever finds another delivery's attempt that can
    /// no longer be alive takes its place where that is forgiven, or records the file as killed, unopened.
    pub async fn quarantined(
        &self,
        file: &ScanFile,
        receipt: String,
        deliveries: u32,
    ) -> Result<(), Failure> {
        let id = SessionId(file.session_id.clone());
        let Some(work) = self.open(&id).await? else {
            return Ok(());
        };
        // Among those that were handed out with the one that ends its reader, and read before it.
        let audience = self.scan.audience(&id).await;
        let stored = self.scan.recorded(&work, &audience, &BTreeSet::from([file.index])).await?;
        if !stored.is_empty() {
            return self.scan.mark(&id, &work.sealed, &stored).await;
        }
        let ports = &self.scan.ports;
        let now = ports.clock.now();
        let own = Attempt { receipt, at: now };
        let mut known = ports.ledger.record_attempt(&id, file.index, own.clone()).await?;
        let mut is_dead = known.receipt != own.receipt && known.at + self.scan.settings.attempt <= now;
        if is_dead && deliveries <= self.scan.settings.forgiven {
            // Where something else than the file may have ended the process, it gets another chance.
            ports.ledger.forget_attempt(&id, file.index, &known.receipt).await?;
            known = ports.ledger.record_attempt(&id, file.index, own.clone()).await?;
            // Not one's own: somebody else took its place just now.
            is_dead = false;
        }
        let stored = if known.receipt == own.receipt {
            match self.file(&work, &audience, file.index).await {
                Ok(stored) => stored,
                Err(stop) => {
                    // The world failed, the file killed nothing: the next delivery may try it again.
                    ports.ledger.forget_attempt(&id, file.index, &own.receipt).await?;
                    return match stop {
                        Stop::Failed(failure) => Err(failure),
                        Stop::TokenExpired => self.scan.pause(&work.session).await,
                    };
                }
            }
        } else if !is_dead {
            // A further message of this file, as the sweep sends one: that other one ends it, now or when it comes back.
            // Two that waited for each other would use up the deliveries of both.
            return if known.is_of_message(&own) {
                Err(Failure::Retry("another attempt may still be under way".to_owned()))
            } else {
                Ok(())
            };
        } else {
            let entry = self.scan.manifest.entry(&id, &work.sealed, file.index).await?;
            let result = FileResult::failed(
                FailureCode::Killed,
                "reading it ended the program each time: it is damaged or needs too much memory or time",
            );
            let killed = Read { index: file.index, entry, result };
            self.scan.record(&work, &audience, &[killed]).await?
        };
        self.scan.mark(&id, &work.sealed, &stored).await
    }
}
