//! A double of Textract's interface as its API reference documents it: JSON 1.1 over one POST, with the operation in
//! `x-amz-target`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_textract::config::{Credentials, SharedCredentialsProvider};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// The answer to one request.
#[derive(Debug, Clone)]
pub enum ScriptedAnswer {
    Json(Value),
    /// Status, code, message.
    Error(u16, &'static str, &'static str),
    Text(&'static str),
    Never,
}

/// One received request.
#[derive(Debug, Clone)]
pub struct RecordedCall {
    pub at: Instant,
    pub target: String,
    pub picture: Vec<u8>,
}

/// Answers requests one after the other; the last answer is repeated.
pub struct Double {
    endpoint: String,
    seen: Arc<Mutex<Vec<RecordedCall>>>,
}

impl Double {
    /// Starts the double on the current runtime.
    pub async fn start(answers: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let served = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&served)));
            }
        });
        Self { endpoint, seen }
    }

    pub fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&self.endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    pub fn seen(&self) -> Vec<RecordedCall> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

/// Serves one connection. Returns `None` when the client has closed it.
async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<VecDeque<ScriptedAnswer>>>,
    seen: Arc<Mutex<Vec<RecordedCall>>>,
) -> Option<()> {
    loop {
        let (head, body) = request(&mut stream).await?;
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let picture = body["Document"]["Bytes"]
            .as_str()
            .expect("the request has the bytes of the picture, not an object in S3");
        seen.lock().expect("not poisoned").push(RecordedCall {
            at: Instant::now(),
            target: header("x-amz-target").unwrap_or_default(),
            picture: BASE64_STANDARD.decode(picture).expect("base64"),
        });
        let answer = {
            let mut answers = answers.lock().expect("not poisoned");
            let next = answers.pop_front().expect("an answer");
            if answers.is_empty() {
                answers.push_back(next.clone());
            }
            next
        };
        let (status, body) = match answer {
            ScriptedAnswer::Json(body) => (200, body.to_string()),
            ScriptedAnswer::Error(status, code, message) => {
                (status, json!({ "__type": code, "Message": message }).to_string())
            }
            ScriptedAnswer::Text(body) => (200, body.to_owned()),
            ScriptedAnswer::Never => std::future::pending().await,
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut got = Vec::new();
    let head = loop {
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut got).await?;
    };
    let text = String::from_utf8(got[..head].to_vec()).expect("a head of ASCII");
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())?.ok()
    });
    let end = head + length.expect("a length");
    while got.len() < end {
        more(stream, &mut got).await?;
    }
    Some((text, got[head..end].to_vec()))
}

async fn more(stream: &mut TcpStream, got: &mut Vec<u8>) -> Option<()> {
    (stream.read_buf(got).await.ok()? > 0).then_some(())
}

/// Returns a page of these lines, with their words side by side in boxes of a tenth of the page's width.
pub fn page(lines: &[&[&str]]) -> ScriptedAnswer {
    let geometry = |left: f64, top: f64, width: f64| json!({ "BoundingBox": { "Left": left, "Top": top, "Width": width, "Height": 0.05 } });
    let (mut children, mut line_blocks, mut word_blocks) = (Vec::new(), Vec::new(), Vec::new());
    for (row, words) in (0_u8..).zip(lines) {
        let top = f64::from(row) / 10.0;
        let mut ids = Vec::new();
        for (column, word) in (0_u8..).zip(*words) {
            let id = format!("word-{row}-{column}");
            word_blocks.push(json!({
                "BlockType": "WORD", "Id": id, "Text": word, "Confidence": 12.5, "TextType": "PRINTED",
                "Geometry": geometry(f64::from(column) / 10.0, top, 0.1),
            }));
            ids.push(id);
        }
        children.push(format!("line-{row}"));
        line_blocks.push(json!({
            "BlockType": "LINE", "Id": format!("line-{row}"), "Text": words.join(" "), "Confidence": 99.1,
            "Geometry": geometry(0.0, top, 0.9), "Relationships": [{ "Type": "CHILD", "Ids": ids }],
        }));
    }
    // Words may be anywhere in the list.
    let mut blocks = vec![json!({
        "BlockType": "PAGE", "Id": "page", "Geometry": geometry(0.0, 0.0, 1.0),
        "Relationships": [{ "Type": "CHILD", "Ids": children }],
    })];
    blocks.extend(word_blocks.into_iter().rev());
    blocks.extend(line_blocks);
    ScriptedAnswer::Json(json!({
        "DocumentMetadata": { "Pages": 1 }, "Blocks": blocks, "DetectDocumentTextModelVersion": "1.0",
    }))
}
