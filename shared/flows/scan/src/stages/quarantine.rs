//! Files whose messages were delivered too often: each is read alone, so that a file that kills the process neither
//! takes other files with it nor keeps the session from completing.

use std::collections::BTreeSet;

use riffle_contracts::ScanFile;
use riffle_ports::{Attempt, Failure, SessionId};

use crate::stages::worker::{Stop, Worker};
use crate::state::record::ReadFile;
use crate::state::result::{FailureCode, FileResult};

impl Worker {
    /// Reads one quarantined file. `receipt` names this delivery of this message; each delivery has a different one.
    /// `deliveries` is the number of deliveries so far, including this one.
    ///
    /// The attempt is recorded before the file is opened. If a delivery finds an attempt of another delivery that is
    /// too old to be alive, it takes that attempt's place while attempts are forgiven
    /// ([`crate::ScanSettings::forgiven`]), and otherwise records the file as killed without opening it.
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
        // The file may have been handed out in one batch with the file that kills its reader, and read before it.
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
            // On platforms where something other than the file may have ended the process, the file gets another
            // chance.
            ports.ledger.forget_attempt(&id, file.index, &known.receipt).await?;
            known = ports.ledger.record_attempt(&id, file.index, own.clone()).await?;
            // If the recorded attempt is not this delivery's own, another delivery has just taken the place and is
            // alive.
            is_dead = false;
        }
        let stored = if known.receipt == own.receipt {
            match self.file(&work, &audience, file.index).await {
                Ok(stored) => stored,
                Err(stop) => {
                    // The environment failed, not the file: the next delivery may try the file again.
                    ports.ledger.forget_attempt(&id, file.index, &own.receipt).await?;
                    return match stop {
                        Stop::Failed(failure) => Err(failure),
                        Stop::TokenExpired => self.scan.pause(&work.session).await,
                    };
                }
            }
        } else if !is_dead {
            // A different message for the same file, as the sweep sends one, is acknowledged: the other message
            // finishes the file, now or when it is redelivered. If the two waited for each other, they would use up the
            // deliveries of both.
            return if known.is_of_message(&own) {
                Err(Failure::Retry("another attempt may still be under way".to_owned()))
            } else {
                Ok(())
            };
        } else {
            let entry = self.scan.manifest.entry(&id, &work.sealed, file.index).await?;
            let result = FileResult::failed(
                FailureCode::Killed,
                "reading it crashed the program each time: it is damaged or needs too much memory or time",
            );
            let killed = ReadFile { index: file.index, entry, result };
            self.scan.record(&work, &audience, &[killed]).await?
        };
        self.scan.mark(&id, &work.sealed, &stored).await
    }
}
