//! What others send and store today must be read tomorrow: the golden files are never edited, a new version
//! is a new file.

use std::collections::BTreeSet;

use riffle_contracts::{Action, DispatchJob, FinishJob, Frame, FrameBody, ScanFile, http, http_statements};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn list(json: &str) -> Vec<Value> {
    serde_json::from_str(json).expect("a golden file is a list")
}

fn decode<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn encode(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("wire types are plain data")
}

#[test]
fn frames_are_read_and_written_as_ever() {
    let mut types = BTreeSet::new();
    let versions = [include_str!("../golden/frames.v1.json"), include_str!("../golden/frames.v2.json")];
    for golden in versions.into_iter().flat_map(list) {
        let frame: Frame = decode(&golden);
        assert_eq!(encode(&frame), golden);
        types.insert(match frame.body {
            FrameBody::Started { .. } => 0,
            FrameBody::Progress { .. } => 1,
            FrameBody::MatchFound { .. } => 2,
            FrameBody::FileFailed { .. } => 3,
            FrameBody::Snapshot { .. } => 4,
            FrameBody::Complete { .. } => 5,
            FrameBody::Cancelled { .. } => 6,
            FrameBody::Error { .. } => 7,
            FrameBody::Pong => 8,
        });
    }
    assert_eq!(types, (0..9).collect(), "each type of frame has a golden file");
}

#[test]
fn actions_are_read_as_ever() {
    let mut types = BTreeSet::new();
    let versions = [
        include_str!("../golden/actions.v1.json"),
        include_str!("../golden/actions.v2.json"),
        include_str!("../golden/actions.v3.json"),
        include_str!("../golden/actions.v4.json"),
    ];
    for golden in versions.into_iter().flat_map(list) {
        let action: Action = decode(&golden);
        assert_eq!(decode::<Action>(&encode(&action)), action);
        // What was given is there again; what was left out may have become a default.
        let written = encode(&action);
        for (name, value) in golden.as_object().expect("an action is an object") {
            assert_eq!(written.get(name), Some(value), "{golden}");
        }
        types.insert(match action {
            Action::StartScan(_) => 0,
            Action::Resume { .. } => 1,
            Action::CancelScan { .. } => 2,
            Action::RenewToken { .. } => 3,
            Action::Ping { .. } => 4,
        });
    }
    assert_eq!(types, (0..5).collect(), "each type of action has a golden file");
}

#[test]
fn queue_messages_are_read_and_written_as_ever() {
    let golden: Value = decode(&serde_json::from_str(include_str!("../golden/queue.v1.json")).expect("JSON"));
    assert_eq!(encode(&decode::<DispatchJob>(&golden["dispatch"])), golden["dispatch"]);
    assert_eq!(encode(&decode::<ScanFile>(&golden["file"])), golden["file"]);
    assert_eq!(encode(&decode::<FinishJob>(&golden["finish"])), golden["finish"]);
}

#[test]
fn http_bodies_are_read_and_written_as_ever() {
    fn same<T: Serialize + DeserializeOwned>(golden: &Value) {
        assert_eq!(encode(&decode::<T>(golden)), *golden);
    }
    let golden: Value = serde_json::from_str(include_str!("../golden/http.v1.json")).expect("JSON");
    for (name, body) in golden.as_object().expect("bodies by name") {
        match name.as_str() {
            "problem" => same::<http::Problem>(body),
            "health" => same::<http::Health>(body),
            "config" | "config_with_sign_in" | "config_with_revocation" => same::<http::Config>(body),
            "download_link" => same::<http::DownloadLink>(body),
            "ticket" => same::<http::Ticket>(body),
            "folders" => same::<http::FolderListing>(body),
            "understood_codes" => same::<http::UnderstoodCodes>(body),
            "upload" => same::<http::Upload>(body),
            "declare_files" => same::<http::DeclareFiles>(body),
            "upload_targets" => same::<http::UploadTargets>(body),
            "complete_parts" => same::<http::CompleteParts>(body),
            "upload_status" => same::<http::UploadStatus>(body),
            "scan_page" => same::<http::ScanPage>(body),
            "scan_detail" => same::<http::ScanDetail>(body),
            "match_page" => same::<http::MatchPage>(body),
            "failure_page" => same::<http::FailurePage>(body),
            "code_page" | "code_page_with_misread" => same::<http::CodePage>(body),
            "evidence" => same::<http::Evidence>(body),
            "statement_file_page" => same::<http_statements::StatementFilePage>(body),
            "new_file" => same::<http_statements::NewFile>(body),
            "file_form" => same::<http_statements::FileForm>(body),
            "timeline" => same::<http_statements::Timeline>(body),
            "transaction_page" => same::<http_statements::TransactionPage>(body),
            "facets" => same::<http_statements::Facets>(body),
            "figures" => same::<http_statements::FiguresAnswer>(body),
            "rules" => same::<http_statements::Rules>(body),
            "dead_letters" => same::<http_statements::DeadLetters>(body),
            "redrive" => same::<http_statements::RedriveRequest>(body),
            "redriven" => same::<http_statements::Redriven>(body),
            "status" => same::<http_statements::ProcessingStatus>(body),
            other => panic!("{other} is not a known body"),
        }
    }
}

#[test]
fn tokens_do_not_reach_a_log() {
    for golden in list(include_str!("../golden/actions.v1.json")) {
        let logged = format!("{:?}", decode::<Action>(&golden));
        assert!(!logged.contains("a-drive-token"), "{logged}");
    }
}
