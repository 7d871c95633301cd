//! The report of a session, from its stored results.

use std::collections::BTreeMap;

use bytes::Bytes;
use riffle_contracts::{MatchMode, OcrMode, Receipt};
use riffle_ports::{Entry, PortError, Sealed, Session, SessionId, Source};

use crate::report::report_images::Crops;
use crate::report::{FileRow, Meta, ReportError, ReportTotals};
use crate::settings::Links;
use crate::sources::local_path::LocalPath;
use crate::state::request::Request;
use crate::state::result::FileResult;
use crate::{Scan, announce};

/// Builds the report. It depends only on stored and frozen data: the same session gives the same bytes.
pub(crate) async fn report(
    scan: &Scan,
    session: &Session,
    sealed: &Sealed,
    request: &Request,
) -> Result<Bytes, PortError> {
    let broken = |error: ReportError| PortError::Broken(error.to_string());
    let codes = scan.codes(session, request).await?;
    let mut crops = request.options.evidence.then(|| Crops::new(scan, &session.id, &request.source, &codes));
    let mut writer = scan.reports.start(meta(session, request), &codes.list).map_err(broken)?;
    for chunk in 0..sealed.chunks() {
        for (index, stored) in scan.ports.ledger.results(&session.id, chunk).await? {
            let entry = scan.manifest.entry(&session.id, sealed, index).await?;
            let result = FileResult::load(&*scan.ports.objects, &stored).await?;
            let pictures = match &mut crops {
                Some(crops) => crops.of((index, &entry), &result.matches).await?,
                None => BTreeMap::new(),
            };
            let row = FileRow {
                name: &entry.name,
                folder: folder(&request.source, &entry),
                failure: result.failure.as_ref().map(|failure| failure.reason.as_str()),
                kind: result.kind,
                bytes: result.bytes,
                pages: result.pages,
                unread: &result.unread,
                unread_more: result.unread_more,
                codes: result.codes,
                link: &link(&scan.settings.links, &session.id, index, &request.source, &entry),
                matches: &result.matches,
                misread: &result.misread,
                pictures: &pictures,
                unlisted: result.unlisted,
            };
            writer.file(&row).map_err(broken)?;
        }
    }
    let pictures = crops.map(|crops| crops.note());
    writer.finish(&totals(session, pictures)).map(Bytes::from).map_err(broken)
}

fn meta(session: &Session, request: &Request) -> Meta {
    let source = crate::queries::scans::described(&request.source);
    let matching = match request.options.matching {
        MatchMode::Token => "codes as whole words",
        MatchMode::Substring => "codes anywhere, including inside words",
    };
    let ocr = match request.options.ocr {
        OcrMode::Off => "off",
        OcrMode::Auto => "on",
    };
    let mut settings = vec![("Session", session.id.as_ref()), ("Matching", matching), ("OCR", ocr)];
    if let Some(earlier) = &request.retry_of {
        settings.insert(1, ("Retry of session", earlier.as_ref()));
    }
    Meta {
        started: session.began_at(),
        source,
        pictures: request.options.evidence,
        settings: settings.into_iter().map(|(label, value)| (label.to_owned(), value.to_owned())).collect(),
    }
}

fn totals(session: &Session, pictures: Option<String>) -> ReportTotals {
    ReportTotals {
        duration: session.took().to_std().unwrap_or_default(),
        pictures,
        receipt: receipt(session),
    }
}

/// Returns the usage and its cost, in words.
fn receipt(session: &Session) -> Vec<(String, String)> {
    let Some(Receipt { used: Some(used), cost: Some(cost), .. }) = announce::receipt(session) else {
        return Vec::new();
    };
    let price = |part: f64| format!("{part:.4} {}", cost.currency);
    let line = |label: &str, what: String, part: f64| (label.to_owned(), format!("{what}: {}", price(part)));
    let mut lines = vec![
        (format!("Estimate ({})", cost.region), price(cost.total)),
        line(
            "Functions",
            format!("{} GB-seconds, {} calls", used.gb_seconds.round(), used.invocations),
            cost.functions,
        ),
        line("Queues", format!("{} requests", used.queue_requests), cost.queues),
        line(
            "Tables",
            format!("{} units written, {} read", used.table_write_units, used.table_read_units),
            cost.tables,
        ),
        line(
            "Storage",
            format!("{} requests to write, {} to read", used.object_writes, used.object_reads),
            cost.storage,
        ),
        line("Messages to the page", used.socket_messages.to_string(), cost.messages),
    ];
    if used.key_requests > 0 {
        lines.push(line("Keys", format!("{} requests", used.key_requests), cost.keys));
    }
    if used.ocr_pages > 0 {
        lines.push(line("OCR", format!("{} pages", used.ocr_pages), cost.ocr));
    }
    lines
}

/// Returns the folder a file was found in if the source has several folders; a single one would say nothing new.
fn folder<'a>(source: &'a Source, entry: &'a Entry) -> &'a str {
    match source {
        Source::Folders(folders) if folders.len() > 1 => {
            LocalPath::of(source, entry).map_or("", |path| path.folder)
        }
        Source::Folders(_) | Source::Upload(_) | Source::Prefix { .. } | Source::Drive { .. } => "",
    }
}

fn link(links: &Links, session: &SessionId, index: u32, source: &Source, entry: &Entry) -> String {
    match (links, LocalPath::of(source, entry)) {
        (Links::Files, Some(path)) => path.unescaped_url(),
        _ => links.file(session, index, source, entry),
    }
}
