//! Builds the ports on AWS from the environment, and the flows on these ports.

use std::sync::Arc;
use std::time::Duration;

use riffle_aws_adapters::{self as aws, DeadLetterPlace};
use riffle_drive_adapter::Drive;
use riffle_ports::{
    ClientNotifier, Clock, ConnectionRegistry, DeadLetterStore, DownloadLinks, EventPublisher, FileSource,
    Ids, Inbox, Meter, ObjectStore, Ocr, QuotaLimits, Quotas, RecordStore, TextCache, TokenVault,
};
use riffle_reader::sandbox::{self, Pool};
use riffle_reader::{Parser, Reader};
use riffle_runtime::{ObjectTexts, RandomIds, SystemClock};
use riffle_scan::codes::ReaderCodes;
use riffle_scan::{
    Links, PageViews, Prices, ReaderPages, ReaderSearch, Scan, ScanPorts, ScanSettings, Sources, Tickets,
    Uploads, Worker, keys,
};
use riffle_textract_adapter::{Pace, Textract};
use riffle_topology::scan::FINISH;
use riffle_topology::{EVENT_SOURCE, RIFFLE};
use tokio::runtime::Handle;

use crate::run::LONGEST;
use crate::{ConfigError, Env, Unused};

/// Files of a batch fetched concurrently: a function is billed for its run time, including the time it waits.
const FILES_AT_ONCE: usize = 10;
/// Total size of the files fetched concurrently, in bytes: a function has 1,769 MB, and each file is in memory twice
/// while it is parsed.
const BYTES_AT_ONCE: u64 = 256 << 20;
/// Number of child processes that parse files: a function with 1,769 MB has one processor.
const CHILDREN: usize = 1;

pub(crate) const RECORDS_TABLE: &str = "RECORDS_TABLE";
const OCR_PAGES_PER_SECOND: &str = "OCR_PAGES_PER_SECOND";
const DRIVE_ENDPOINT: &str = "DRIVE_ENDPOINT";

/// The environment of a function and its access to AWS.
#[expect(missing_debug_implementations, reason = "clients hold credentials")]
pub struct Cloud {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub(crate) meter: Arc<Meter>,
    /// The longest delay before a failed message is visible again.
    pub(crate) longest_retry: Duration,
    /// Memory of this function, in megabytes.
    pub(crate) megabytes: u64,
    pub(crate) aws: aws::Aws,
}

impl Cloud {
    pub(crate) async fn new(env: Env) -> Result<Self, ConfigError> {
        let megabytes = env.number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 128)?;
        let longest_retry = Duration::from_secs(env.number("LONGEST_RETRY_SECONDS", LONGEST)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let meter = Arc::new(Meter::default());
        let aws = aws::Aws::from_env(env.optional("AWS_ENDPOINT_URL"), Arc::clone(&meter)).await?;
        Ok(Self { env, clock, ids: Arc::new(RandomIds), meter, longest_retry, megabytes, aws })
    }

    pub fn tickets(&self) -> Result<Tickets, ConfigError> {
        let store = Arc::new(self.aws.tickets(&self.env.text("TICKETS_TABLE")?));
        Ok(Tickets { store, clock: Arc::clone(&self.clock), ids: Arc::clone(&self.ids) })
    }

    pub fn connections(&self) -> Result<Arc<dyn ConnectionRegistry>, ConfigError> {
        Ok(Arc::new(self.aws.connections(&self.env.text("CONNECTIONS_TABLE")?)))
    }

    /// Returns the scan flow for a function that sends to `queues` and pushes frames to clients.
    pub fn scan(&self, queues: &[&str]) -> Result<Scan, ConfigError> {
        let endpoint = self.env.url("CONNECTIONS_ENDPOINT", &["https", "http"])?;
        let scan = self.flow(queues, self.connections()?, Arc::new(self.aws.notifier(&endpoint)))?;
        match self.env.optional("NOTICE_TOPIC_ARN") {
            Some(topic) => Ok(scan.with_notices(Arc::new(self.aws.notices(&topic)))),
            None => Ok(scan),
        }
    }

    /// Like [`scan`](Self::scan), for a function that pushes no frames to clients.
    pub fn scan_without_clients(&self, queues: &[&str]) -> Result<Scan, ConfigError> {
        self.flow(queues, Arc::new(Unused), Arc::new(Unused))
    }

    fn flow(
        &self,
        queues: &[&str],
        connections: Arc<dyn ConnectionRegistry>,
        notifier: Arc<dyn ClientNotifier>,
    ) -> Result<Scan, ConfigError> {
        let mut addresses = Vec::with_capacity(queues.len());
        for queue in queues {
            addresses.push(((*queue).to_owned(), self.queue_url(queue)?));
        }
        let ports = ScanPorts {
            ledger: Arc::new(self.aws.ledger(&self.env.text("SCAN_TABLE")?)),
            objects: self.objects()?,
            queue: Arc::new(self.aws.queues(addresses)),
            connections,
            notifier,
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            meter: Arc::clone(&self.meter),
        };
        let settings = ScanSettings {
            prefixes_allowed: true,
            drive_folder: self.env.optional("DRIVE_FOLDER_ID"),
            files_at_once: FILES_AT_ONCE,
            bytes_at_once: BYTES_AT_ONCE,
            links: Links::Base(self.env.url("PAGE_URL", &["https", "http"])?),
            prices: self.prices()?,
            ..ScanSettings::default()
        };
        let lists = Reader { parser: lists(), cache: None, ocr: None };
        let scan = Scan::new(ports, settings)
            .with_code_files(Arc::new(ReaderCodes::new(lists)))
            .with_quotas(self.quotas()?);
        Ok(match self.tokens()? {
            Some(tokens) => scan.with_tokens(tokens),
            None => scan,
        })
    }

    /// Returns the vault of tokens, if Google Drive is enabled.
    fn tokens(&self) -> Result<Option<Arc<dyn TokenVault>>, ConfigError> {
        if !self.env.is_on("GOOGLE_DRIVE")? {
            return Ok(None);
        }
        let (table, key) = (self.env.text("TOKENS_TABLE")?, self.env.text("TOKEN_KEY_ID")?);
        Ok(Some(Arc::new(self.aws.tokens(&table, &key, Arc::clone(&self.clock)))))
    }

    fn drive(&self) -> Result<Option<Arc<dyn FileSource>>, ConfigError> {
        let Some(tokens) = self.tokens()? else { return Ok(None) };
        let mut settings = riffle_drive_adapter::DriveSettings::default();
        if self.env.optional(DRIVE_ENDPOINT).is_some() {
            settings.endpoint = self.env.url(DRIVE_ENDPOINT, &["https", "http"])?;
        }
        let drive = Drive::new(settings, tokens).map_err(ConfigError::Client)?;
        Ok(Some(Arc::new(drive)))
    }

    /// Returns the quotas of the tenants.
    pub fn quotas(&self) -> Result<Quotas, ConfigError> {
        let limits = match self.env.optional("QUOTAS") {
            None => QuotaLimits::default(),
            Some(value) => serde_json::from_str(&value).map_err(|_| ConfigError::Wrong {
                variable: "QUOTAS",
                value,
                wanted: "quotas as JSON (see docs/security.md)",
            })?,
        };
        let counters = self.aws.usage(&self.env.text("SCAN_TABLE")?);
        Ok(Quotas::new(Arc::new(counters), Arc::clone(&self.clock), limits))
    }

    fn prices(&self) -> Result<Prices, ConfigError> {
        let Some(value) = self.env.optional("PRICES") else { return Ok(Prices::default()) };
        serde_json::from_str(&value).map_err(|_| ConfigError::Wrong {
            variable: "PRICES",
            value,
            wanted: "a price table as JSON (see docs/cost.md)",
        })
    }

    /// Returns the URL of the queue with this name: the common prefix of all queue URLs, and the name. One variable per
    /// queue would exceed Lambda's limit for the total size of environment variables.
    pub(crate) fn queue_url(&self, queue: &str) -> Result<String, ConfigError> {
        Ok(self.env.url("QUEUES_URL", &["https", "http"])? + queue)
    }

    /// Returns the dead-letter queues of all flows.
    pub fn dead_letters(&self) -> Result<Arc<dyn DeadLetterStore>, ConfigError> {
        let mut places = Vec::new();
        for dead_letters in RIFFLE.dead_letters() {
            let url = self.queue_url(&dead_letters.name)?;
            let queue = dead_letters.queue.map(|queue| self.queue_url(queue)).transpose()?;
            places.push(DeadLetterPlace { dead_letters, url, queue });
        }
        Ok(Arc::new(self.aws.dead_letters(places)))
    }

    /// Returns the record store of all flows except scans.
    pub fn records(&self) -> Result<Arc<dyn RecordStore>, ConfigError> {
        Ok(Arc::new(self.aws.records(&self.env.text(RECORDS_TABLE)?)))
    }

    /// Returns the event bus.
    pub fn events(&self) -> Result<Arc<dyn EventPublisher>, ConfigError> {
        Ok(Arc::new(self.aws.publisher(&self.env.text("EVENT_BUS")?, EVENT_SOURCE)))
    }

    /// Returns the uploads bucket.
    pub fn inbox(&self) -> Result<Arc<dyn Inbox>, ConfigError> {
        let bucket = self.env.text("UPLOADS_BUCKET")?;
        Ok(Arc::new(self.aws.inbox(&bucket, Arc::clone(&self.clock), Arc::clone(&self.ids))))
    }

    pub(crate) fn objects(&self) -> Result<Arc<dyn ObjectStore>, ConfigError> {
        Ok(Arc::new(self.aws.objects(&self.env.text("OBJECTS_BUCKET")?)))
    }

    /// Returns all kinds of sources that a scan may read on AWS.
    pub fn sources(&self) -> Result<Arc<Sources>, ConfigError> {
        let bucket = self.env.text("UPLOADS_BUCKET")?;
        Ok(Arc::new(Sources {
            folders: None,
            prefixes: Some(Arc::new(self.aws.prefixes(&bucket))),
            drive: self.drive()?,
            uploads: Uploads {
                objects: self.objects()?,
                storage: Arc::new(self.aws.uploads(&bucket, Arc::clone(&self.clock))),
                ids: Arc::clone(&self.ids),
                limits: riffle_scan::limits(),
                quotas: self.quotas()?,
            },
        }))
    }

    /// Returns the file reader, used by the worker and by quarantine.
    pub fn worker(&self) -> Result<Worker, ConfigError> {
        let ocr = self.ocr()?;
        // Reading a drawing again costs less than storing its text; running OCR on a picture again costs more.
        let cache = match ocr {
            Some(_) => {
                Some(Arc::new(ObjectTexts::new(self.objects()?, Handle::current())) as Arc<dyn TextCache>)
            }
            None => None,
        };
        let reader = Reader { parser: sandbox(), cache, ocr };
        Ok(Worker {
            scan: self.scan(&[FINISH])?,
            source: self.sources()?,
            search: Arc::new(ReaderSearch(Arc::new(reader))),
        })
    }

    /// Returns the scan flow of the finisher, which adds pictures to reports.
    pub fn finisher(&self) -> Result<Scan, ConfigError> {
        Ok(self.scan(&[])?.with_pictures(self.sources()?, Arc::new(page_images())))
    }

    /// Returns the renderer of pages for display.
    pub fn page_views(&self, scan: &Scan, sources: Arc<Sources>) -> PageViews {
        PageViews::new(scan.clone(), sources, Arc::new(page_images()))
    }

    pub fn links(&self) -> Result<Arc<dyn DownloadLinks>, ConfigError> {
        let lifetime = Duration::from_secs(self.env.number("LINK_LIFETIME_SECONDS", 3600)?);
        let settings = aws::LinkSettings {
            objects_bucket: self.env.text("OBJECTS_BUCKET")?,
            uploads_bucket: self.env.text("UPLOADS_BUCKET")?,
            lifetime,
            upload_key: keys::uploaded_file,
        };
        Ok(Arc::new(self.aws.links(settings, Arc::clone(&self.clock))))
    }

    /// Returns the OCR service, if one is configured.
    fn ocr(&self) -> Result<Option<Arc<dyn Ocr>>, ConfigError> {
        if !self.has_ocr()? {
            return Ok(None);
        }
        let pages = self.env.number(OCR_PAGES_PER_SECOND, 1.0)?;
        let pace = Pace::per_second(pages).ok_or_else(|| ConfigError::Wrong {
            variable: OCR_PAGES_PER_SECOND,
            value: pages.to_string(),
            wanted: "a number above 0",
        })?;
        let textract = Textract::new(self.aws.config(), Handle::current(), pace, Arc::clone(&self.meter));
        Ok(Some(Arc::new(textract.with_quotas(self.quotas()?))))
    }

    pub fn has_ocr(&self) -> Result<bool, ConfigError> {
        match self.env.optional("OCR_BACKEND").as_deref() {
            None | Some("off") => Ok(false),
            Some("textract") => Ok(true),
            Some(value) => Err(ConfigError::Wrong {
                variable: "OCR_BACKEND",
                value: value.to_owned(),
                wanted: "off or textract",
            }),
        }
    }
}

/// Returns the renderer of pages as images.
fn page_images() -> ReaderPages {
    ReaderPages::new(Arc::new(Reader { parser: sandbox(), cache: None, ocr: None }), CHILDREN)
}

/// Returns the parser of lists of codes. Its child process is started with the first list.
fn lists() -> Parser {
    Parser::Sandbox(Pool::new(sandbox::SandboxSettings::of_lists()))
}

fn sandbox() -> Parser {
    Parser::Sandbox(Pool::new(sandbox::SandboxSettings { children: CHILDREN, ..Default::default() }))
}
