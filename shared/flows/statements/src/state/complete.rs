//! How work on a file ends: processed, rejected, or left to another worker.

use riffle_contracts::{Event, EventData, EventType, FileProcessed, TransactionsCreated};
use riffle_ports::{Changed, Failure};
use riffle_topology::statements::PROCESSOR;

use crate::stages::file_processor_consumer::{FileWork, WorkEnd};
use crate::state::file::{FileChange, FileState};
use crate::state::file_details::{FileDetails, short};
use crate::state::ids;
use crate::state::outbox::{event, outgoing};
use crate::{TRIES, contended, metrics};

impl FileWork<'_> {
    pub async fn finish(&mut self) -> Result<WorkEnd, Failure> {
        let findings = &self.findings;
        let (tenant, id, now) = (&self.file.tenant, &self.file.id, self.statements.clock.now());
        let review = !findings.review.is_empty();
        let mut announce = vec![event(
            id,
            now,
            EventData::FileProcessed(FileProcessed {
                tenant: tenant.clone(),
                parts: self.parts,
                rows: findings.rows,
                new: findings.new,
                duplicates: findings.duplicates,
                warnings: findings.warnings.len() as u64 + findings.more_warnings,
                review,
                accounts: Vec::new(),
            }),
            &[],
        )];
        if findings.new > 0 {
            let data = TransactionsCreated { tenant: tenant.clone(), parts: self.parts, new: findings.new };
            announce.push(event(id, now, EventData::TransactionsCreated(data), &[]));
        }
        let state = if review { FileState::Review } else { FileState::Processed };
        self.end(state, &announce).await
    }

    /// A partly valid file is rejected whole; stored rows are removed first.
    pub async fn reject(&mut self, reason: String) -> Result<WorkEnd, Failure> {
        metrics::rejected();
        let (tenant, id) = (self.file.tenant.clone(), self.file.id.clone());
        let uploaded = ids::event_id(&id, EventType::FileUploaded, &[]);
        let mut announce = vec![self.statements.error_event(&tenant, &id, PROCESSOR, &uploaded, &reason)];
        let touched = self.statements.touched_by(&self.file).await?;
        announce.extend(self.statements.derive_again(&self.file, &touched, "rejected"));
        if let WorkEnd::NotOurs = self.take_back().await? {
            return Ok(WorkEnd::NotOurs);
        }
        self.findings = FileDetails { reason: Some(short(&reason)), touched, ..FileDetails::default() };
        self.end(FileState::Rejected, &announce).await
    }

    /// Removes the stored rows of the file, those of earlier attempts included.
    pub async fn take_back(&self) -> Result<WorkEnd, Failure> {
        let (statements, tenant, id) = (self.statements, &self.file.tenant, &self.file.id);
        for part in 0..self.file.parts {
            let Some(keys) = statements.part(tenant, id, part).await? else { continue };
            for batch in keys.chunks(statements.transactions.batch().max(1)) {
                if !statements.transactions.withdraw(tenant, id, &self.token, batch).await? {
                    return Ok(WorkEnd::NotOurs);
                }
            }
        }
        Ok(WorkEnd::Done)
    }

    async fn end(&mut self, state: FileState, announce: &[Event]) -> Result<WorkEnd, Failure> {
        let (token, parts) = (self.token.clone(), self.parts);
        let finish = |findings| FileChange::Finish { token: token.clone(), state, findings, parts };
        self.record(finish, announce).await
    }

    /// Stores the findings on the record with `change`, as long as this worker holds the file.
    pub async fn record(
        &mut self,
        change: impl Fn(FileDetails) -> FileChange,
        announce: &[Event],
    ) -> Result<WorkEnd, Failure> {
        let announce: Vec<_> = announce.iter().map(outgoing).collect();
        for _ in 0..TRIES {
            // Keep the failures that other stages have stored on the record meanwhile.
            self.findings.errors.clone_from(&self.file.findings.errors);
            let (change, now) = (change(self.findings.clone()), self.statements.clock.now());
            match self.statements.change_seen(&self.file, change, now, &announce).await? {
                Changed::Applied(file) => {
                    self.file = file;
                    return Ok(WorkEnd::Done);
                }
                Changed::Superseded(file) if file.is_held_by(&self.token) => self.file = file,
                _ => return Ok(WorkEnd::NotOurs),
            }
        }
        Err(contended())
    }

    /// Releases the file after an attempt without a result, so that the next delivery need not wait for the lease to
    /// end. If the file is being deleted, also removes parts that this worker may have written after the deletion
    /// looked for them.
    pub async fn leave(&self) -> Result<(), Failure> {
        let statements = self.statements;
        let (tenant, id) = (&self.file.tenant, &self.file.id);
        let release = FileChange::Release { token: self.token.clone() };
        let file = match statements.change(tenant, id, release, statements.clock.now(), &[]).await? {
            Changed::Applied(_) | Changed::Missing => return Ok(()),
            Changed::Refused(file, _) | Changed::Superseded(file) => file,
        };
        if !self.has_written || !file.is_going() {
            return Ok(());
        }
        // `delete_all` first records which figures to derive again, then removes this worker's part with the others.
        if file.state == FileState::Deleting {
            statements.delete_all(tenant, id).await?;
        }
        match statements.file(tenant, id).await? {
            Some(file) if file.state == FileState::Deleted => statements.remove_parts(&file).await,
            // If another process completes the deletion, it removes this worker's parts, since they are already
            // counted.
            _ => Ok(()),
        }
    }
}
