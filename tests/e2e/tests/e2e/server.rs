//! `riffle serve` and its HTTP, written by hand so that a test can send any header.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use crate::deadline::PATIENCE;
use crate::process::{Process, riffle};
use crate::samples::text;

/// A running platform.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// `127.0.0.1:54321`
    pub address: String,
    /// Its output until it was ready.
    pub output: Vec<String>,
}

/// A response.
#[derive(Debug)]
pub struct HttpResponse {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Server {
    /// Starts the server on a free port and waits until it prints its address.
    pub fn start(state: &Path, more: &[&str]) -> Self {
        Self::start_with(state, more, &[])
    }

    /// Does the same with further variables in its environment.
    pub fn start_with(state: &Path, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--state", text(state)];
        arguments.extend(more);
        if !more.contains(&"--token") {
            arguments.push("--no-token");
        }
        Self::run(&arguments, environment)
    }

    /// Runs `riffle serve` with exactly these arguments and waits until it prints its address.
    pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = riffle(arguments);
        let process = Process::start(command.envs(environment.iter().copied()));
        let mut startup = Vec::new();
        while let Some(line) = process.err.next() {
            if let Some((_, rest)) = line.split_once("riffle is at http://") {
                let address = rest.split_whitespace().next().expect("an address").to_owned();
                return Self { process, address, output: startup };
            }
            startup.push(line);
        }
        panic!("riffle serve ended: {:?}", process.ended());
    }

    /// Stops it with Ctrl-C.
    pub fn stop(self) -> crate::process::ProcessExit {
        self.process.interrupt();
        self.process.ended()
    }

    /// Returns its peak memory in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))
            .expect("the server is running");
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak memory is listed");
        peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    pub fn kill(self) {
        self.process.kill();
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> HttpResponse {
        self.send("GET", path, headers, b"")
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        let length = body.len().to_string();
        let mut own = vec![("Host", &*self.address)];
        if method != "GET" {
            own.push(("Content-Length", &*length));
        }
        let named = |(name, _): &&(&str, &str)| !headers.iter().any(|(given, _)| given == name);
        for (name, value) in own.iter().filter(named).chain(headers) {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        let mut stream = TcpStream::connect(&self.address).expect("the server is reachable");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        stream.write_all(request.as_bytes()).expect("a request");
        // A server that refuses the body may answer and close before it has received all of it.
        let sent = stream.write_all(body);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert!(!answer.is_empty() || sent.is_err(), "no answer: {error}"),
        }
        HttpResponse::read(&answer)
    }

    /// Sends JSON.
    pub fn post(&self, path: &str, body: &Value) -> HttpResponse {
        self.send("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// Returns the first page of scans, newest first.
    pub fn scans(&self) -> Vec<Value> {
        let answer = self.get("/api/scans", &[]);
        assert_eq!(answer.status, 200);
        let json: Value = serde_json::from_slice(&answer.body).expect("JSON");
        json["scans"].as_array().expect("a list").clone()
    }
}

impl HttpResponse {
    fn read(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).expect("a head of text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let answer = Self { status: status.expect("a status"), head, body: answer[end + 4..].to_vec() };
        // A response without content has no length header.
        let length = answer.header("content-length").map_or(Ok(0), str::parse);
        assert_eq!(length, Ok(answer.body.len()), "the response is complete and not chunked");
        answer
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (given, value) = line.split_once(':')?;
            given.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}
