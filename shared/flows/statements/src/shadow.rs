//! Runs new code on past events and compares its results with the stored ones. Writes nothing.

use riffle_contracts::{Event, EventData};
use riffle_ports::{Failure, FileId, Transaction, TransactionKey};
use riffle_statement_parser::ParseError;
use riffle_topology::statements as topology;

use crate::stages::categorization_consumer::processed;
use crate::state::file::FileState;
use crate::state::keys;
use crate::statement_reader::transaction;
use crate::{Figures, MonthSums, Processor, Statements, metrics};

/// A result that would differ from the stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Such as `line 12`, or an account and a month.
    pub place: String,
    pub stored: String,
    pub now: String,
}

/// Differences listed for one file. All further ones are counted in one more entry.
const MAX_EXAMPLES: usize = 100;

struct Differences(Vec<Difference>, u64);

impl Differences {
    fn note(&mut self, place: impl Into<String>, stored: impl Into<String>, now: impl Into<String>) {
        if self.0.len() < MAX_EXAMPLES {
            self.0.push(Difference { place: place.into(), stored: stored.into(), now: now.into() });
        } else {
            self.1 += 1;
        }
    }

    fn end(mut self) -> Vec<Difference> {
        if self.1 > 0 {
            let more = format!("{} more differences", self.1);
            self.0.push(Difference { place: "elsewhere".into(), stored: String::new(), now: more });
        }
        self.0
    }
}

impl Processor {
    /// Reads the file again and reports where the result differs. This is the direct path in shadow mode, which runs in
    /// addition to the bus.
    pub async fn shadow(&self, event: &Event) -> Result<(), Failure> {
        let differences = self.differences(topology::PROCESSOR, event).await?;
        metrics::differences(differences.len() as u64);
        for found in &differences {
            // Log the place only, not the content.
            tracing::warn!(
                processing_id = event.processing_id,
                place = found.place,
                "the direct path differs"
            );
        }
        Ok(())
    }

    /// Returns the differences between what the function `consumer` would make of `event` now and what is stored.
    ///
    /// # Errors
    /// [`Failure::Retry`] while the event has not been processed yet.
    pub async fn differences(&self, consumer: &str, event: &Event) -> Result<Vec<Difference>, Failure> {
        let mut found = Differences(Vec::new(), 0);
        match consumer {
            topology::PROCESSOR => self.file_differences(event, &mut found).await?,
            topology::CATEGORIZER => self.statements.category_differences(event, &mut found).await?,
            topology::ANALYTICS => self.statements.figure_differences(event, &mut found).await?,
            topology::AUDITOR => self.statements.trail_differences(event, &mut found).await?,
            // Failures are stored as they are reported, so there is nothing to compare.
            _ => {}
        }
        Ok(found.end())
    }

    async fn file_differences(&self, event: &Event, found: &mut Differences) -> Result<(), Failure> {
        if !matches!(event.data, EventData::FileUploaded(_)) {
            return Ok(());
        }
        let (tenant, id) = (event.data.tenant(), FileId(event.processing_id.clone()));
        let Some(file) = self.statements.file(tenant, &id).await? else {
            return Err(Failure::Retry(format!("file {id} has no record yet")));
        };
        match file.state {
            FileState::Received | FileState::Processing | FileState::Failed => {
                return Err(Failure::Retry(format!("file {id} has not been processed yet")));
            }
            FileState::Deleting | FileState::Deleted => return Ok(()),
            FileState::Processed | FileState::Review | FileState::Rejected => {}
        }
        let findings = file.findings;
        let content = match &file.object {
            Some(object) => self.statements.inbox.fetch(object).await?,
            None => None,
        };
        let Some(content) = content else { return Ok(()) };
        let unnamed = file.account.clone().unwrap_or_else(|| keys::UNNAMED_ACCOUNT.to_owned());
        let mut stream = self.reader.open(&file.name, content);
        let (mut part, mut stored): (u32, std::vec::IntoIter<TransactionKey>) =
            (findings.first_part, Vec::new().into_iter());
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch.len() as u64;
            // A rejected file has no stored rows, even if it yields some before the parser rejects it.
            for row in batch.into_iter().filter(|_| file.state != FileState::Rejected) {
                let row = transaction(row, &id, &unnamed);
                let mut before = stored.next();
                if before.is_none() && part < file.parts {
                    stored = self.statements.part(tenant, &id, part).await?.unwrap_or_default().into_iter();
                    part += 1;
                    before = stored.next();
                }
                compare_row(before.as_ref(), &row, found);
            }
        }
        match stream.end().await {
            Ok(_) if findings.reason.is_some() => found.note("the file", "rejected", format!("{rows} rows")),
            Ok(_) if rows < findings.rows => {
                found.note("the file", format!("{} rows", findings.rows), format!("{rows} rows"));
            }
            Err(ParseError::Reject(reject)) if findings.reason.as_deref() != Some(&*reject.to_string()) => {
                let before = findings.reason.unwrap_or_else(|| format!("{} rows", findings.rows));
                found.note("the file", before, reject.to_string());
            }
            Err(ParseError::Io(error)) => return Err(Failure::Retry(error.to_string())),
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }
}

fn compare_row(before: Option<&TransactionKey>, row: &Transaction, found: &mut Differences) {
    if before == Some(&row.key) {
        return;
    }
    let describe = |key: &TransactionKey| format!("{} {} {}", key.account, key.date, key.identity);
    found.note(
        row.place.clone(),
        before.map_or_else(|| "nothing".to_owned(), describe),
        format!("{} {}", describe(&row.key), row.amount),
    );
}

impl Statements {
    async fn category_differences(&self, event: &Event, found: &mut Differences) -> Result<(), Failure> {
        let data = processed(event)?;
        let Some(rules) = self.understood(&data.tenant).await? else { return Ok(()) };
        let id = FileId(event.processing_id.clone());
        for part in 0..data.parts {
            for batch in self.batches(&data.tenant, &id, part).await? {
                for decision in self.decide(&data.tenant, &rules, &batch).await? {
                    if decision.stored != decision.decided {
                        let name = |category: Option<riffle_ports::Category>| {
                            category.map_or_else(
                                || "uncategorised".to_owned(),
                                |category| format!("{} ({})", category.name, category.source),
                            )
                        };
                        let place = format!("{} {}", decision.key.account, decision.key.date);
                        found.note(place, name(decision.stored), name(decision.decided));
                    }
                }
            }
        }
        Ok(())
    }

    async fn figure_differences(&self, event: &Event, found: &mut Differences) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        for (account, month) in self.touched_months(event).await? {
            let stored = self.figures.figures(tenant, &account, month).await?;
            let stored = match stored {
                Some(stored) => Figures::read(&stored.body)?.sums,
                None => MonthSums::default(),
            };
            let now = self.month_sums(tenant, &account, month).await?;
            if stored != now {
                let json = |sums: &MonthSums| serde_json::to_string(sums).expect("figures are plain data");
                found.note(format!("{account} {month}"), json(&stored), json(&now));
            }
        }
        Ok(())
    }

    async fn trail_differences(&self, event: &Event, found: &mut Differences) -> Result<(), Failure> {
        let id = FileId(event.processing_id.clone());
        let trail = self.audit.of_subject(event.data.tenant(), &id.subject()).await?;
        if !trail.iter().any(|entry| entry.event_id == event.event_id) {
            found.note(event.event_type().as_str(), "nothing", event.timestamp.to_rfc3339());
        }
        Ok(())
    }
}
