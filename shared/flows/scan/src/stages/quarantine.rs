//! Files whose messages were delivered too often: each is read alone, so that a file that kills the process neither
//! takes other files with it nor keeps the session from completing.

use std::collections::BTreeSet;

use riffle_contracts::ScanFile;
use riffle_ports::{Attempt, Failure, SessionId};

use crate::stages::worker::{NotRead, Worker};
use crate::state::record::ReadFile;
use crate::state::result::{FailureCode, FileResult};

impl Worker {
    /// Reads one quarantined file. `receipt` names this delivery of this message; each delivery has a different one.
    /// `deliveries` is the number of deliveries so far, including this one.
    ///
    /// The attempt is recorded before the file is opened. A young attempt of another delivery is left alone. A stale
    /// one is replaced during the first deliveries ([`crate::ScanSettings::retrying_deliveries`]). After that the file
    /// counts as killed: it is recorded so without being opened.
    pub async fn read_quarantined(
        &self,
        file: &ScanFile,
        receipt: String,
        deliveries: u32,
    ) -> Result<(), Failure> {
        let id = SessionId(file.session_id.clone());
        let Some(work) = self.open(&id).await? else {
            return Ok(());
        };
        // This file may already have a result from the batch in which another file crashed the worker.
        let audience = self.scan.audience(&id).await;
        let stored = self.scan.recorded(&work, &audience, &BTreeSet::from([file.index])).await?;
        if !stored.is_empty() {
            return self.scan.mark(&id, &work.sealed, &stored).await;
        }
        let ports = &self.scan.ports;
        let now = ports.clock.now();
        let own = Attempt { receipt, at: now };
        let mut known = ports.ledger.record_attempt(&id, file.index, own.clone()).await?;
        let mut is_stale = known.receipt != own.receipt && known.at + self.scan.settings.attempt <= now;
        if is_stale && deliveries <= self.scan.settings.retrying_deliveries {
            // On platforms where something other than the file may have ended the process, the file gets another
            // chance.
            ports.ledger.forget_attempt(&id, file.index, &known.receipt).await?;
            known = ports.ledger.record_attempt(&id, file.index, own.clone()).await?;
            // If the recorded attempt is not this delivery's own, another delivery has just taken the place and is
            // alive.
            is_stale = false;
        }
        let stored = if known.receipt == own.receipt {
            match self.file(&work, &audience, file.index).await {
                Ok(stored) => stored,
                Err(not_read) => {
                    // The environment failed, not the file: the next delivery may try the file again.
                    ports.ledger.forget_attempt(&id, file.index, &own.receipt).await?;
                    return match not_read {
                        NotRead::Failed(failure) => Err(failure),
                        NotRead::TokenExpired => self.scan.pause(&work.session).await,
                    };
                }
            }
        } else if !is_stale {
            // The sweep may have sent a second message for this file: acknowledge it, the first will finish the file.
            // If the two waited for each other, they would use up the deliveries of both.
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
