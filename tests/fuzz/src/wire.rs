//! Decoders of input other than files: messages, envelopes, stored records, lists of codes.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use bytes::Bytes;
use chrono::DateTime;
use riffle_contracts::{Action, DispatchJob, FinishJob, Frame, ScanFile, Summary};
use riffle_extract::{Place, ReadLimits, Sink, Unit};
use riffle_ports::{Entry, Session};
use riffle_reader::{Parser, Reader};
use riffle_runtime::{Batch, queue_event};
use riffle_scan::matching::{CodeList, MatchRule, Matcher};
use riffle_scan::{FileResult, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first byte selects the type of the rest.
pub fn decode(input: &[u8]) {
    let Some((first, json)) = input.split_first() else { return };
    match first % 12 {
        0 => again::<Action>(json),
        1 => again::<Frame>(json),
        2 => again::<Summary>(json),
        3 => again::<DispatchJob>(json),
        4 => again::<ScanFile>(json),
        5 => again::<FinishJob>(json),
        6 => again::<FileResult>(json),
        7 => again::<Vec<Entry>>(json),
        8 => again::<Session>(json),
        9 => again::<Request>(json),
        10 => {
            if let Ok(event) = serde_json::from_slice::<SqsEvent>(json) {
                batch(event);
            }
            let text = String::from_utf8_lossy(json);
            batch(queue_event(
                "work",
                [("1", 1, DateTime::UNIX_EPOCH, &*text), ("2", 9, DateTime::UNIX_EPOCH, "{}")],
            ));
        }
        _ => {
            if let Ok(event) = serde_json::from_slice::<ApiGatewayWebsocketProxyRequest>(json)
                && let Some(body) = event.body
            {
                again::<Action>(body.as_bytes());
            }
            again::<EventBridgeEvent<serde_json::Value>>(json);
        }
    }
}

/// Checks that a value that can be read can be written and read again.
fn again<T: DeserializeOwned + Serialize>(json: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(json) else { return };
    let written = serde_json::to_vec(&value).expect("a decoded message can be encoded");
    assert!(serde_json::from_slice::<T>(&written).is_ok(), "an encoded message can be decoded");
}

fn batch(event: SqsEvent) {
    let mut batch = Batch::<ScanFile>::decode(event);
    for item in batch.take() {
        batch.settle(&item.message_id, Ok(()));
    }
    assert!(serde_json::to_vec(&batch.answer()).is_ok());
}

/// Reads a list of codes, and searches for the codes in their own file.
pub fn codes(input: &[u8]) {
    let parser = Parser::InProcess(ReadLimits::default());
    let reader = Reader { parser, cache: None, ocr: None };
    let Ok(listing) = riffle_scan::codes::look(&reader, "a.csv", &Bytes::copy_from_slice(input)) else {
        return;
    };
    let Ok(list) = CodeList::new(listing.codes) else { return };
    assert_eq!(CodeList::new(list.spellings().to_vec()), Ok(list.clone()), "spellings make the same list");
    let text = String::from_utf8_lossy(input);
    for mode in [MatchRule::Token, MatchRule::Substring] {
        let matcher = Matcher::new(&list, mode);
        let mut session = matcher.file();
        session.unit(&Unit { place: &Place::Line(1), text: &text, ocr: false, glyphs: None });
        for found in session.finish().matches {
            assert!(list.get(found.code).is_some(), "a code of the list");
        }
    }
}
