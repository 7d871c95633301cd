//! A child for the tests: it applies the layers named by its arguments, then tries what a hijacked parser would try,
//! and prints which attempts succeeded.
//!
//! `probe try FOLDER FILE ADDRESS LAYER…` · `probe spin` · `probe flood BYTES` · `probe sleep` · `probe parent` ·
//! `probe environment` · `probe open DESCRIPTOR` · `probe inherit DESCRIPTOR`

#![expect(clippy::print_stdout, reason = "the program reports its result on stdout")]
#![expect(clippy::disallowed_methods, reason = "it attempts calls that are forbidden elsewhere")]

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use riffle_confine::{Budget, Layer, ProcessLimits, Program};

const FOREVER: Duration = Duration::from_mins(10);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["try", folder, file, address, ref layers @ ..] => attempts(folder.as_ref(), file, address, layers),
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        ["flood", bytes] => return flood(bytes.parse().unwrap_or(0)),
        ["sleep"] => std::thread::sleep(FOREVER),
        ["parent"] => parent(),
        ["environment"] => std::env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["open", descriptor] => println!("{}", is_open(descriptor)),
        ["inherit", descriptor] => inherit(descriptor),
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

fn attempts(folder: &Path, file: &str, address: &str, layers: &[&str]) {
    let parent = std::os::unix::process::parent_id();
    for layer in Layer::ALL.into_iter().filter(|layer| layers.contains(&format!("{layer:?}").as_str())) {
        if let Err(why) = riffle_confine::apply(layer) {
            println!("missing {layer:?} {why}");
        }
    }
    let process = |name: &str| format!("/proc/{parent}/{name}");
    say("environment", fs::read(process("environ")).map(drop));
    say("memory", memory(&process("maps"), &process("mem")));
    say("connect", TcpStream::connect(address).map(drop));
    say("socket", UnixDatagram::unbound().map(drop));
    say("process", Command::new("/bin/true").status().map(drop));
    say("thread", std::thread::Builder::new().spawn(|| {}).map(drop));
    say("write", write(&folder.join("written")));
    say("open", File::open(file).map(drop));
}

fn say(what: &str, outcome: io::Result<()>) {
    match outcome {
        Ok(()) => println!("can {what}"),
        Err(error) => println!("cannot {what}: {error}"),
    }
}

/// Reads eight bytes of the parent's memory.
fn memory(maps: &str, mem: &str) -> io::Result<()> {
    let maps = fs::read_to_string(maps)?;
    let start = maps.split('-').next().and_then(|start| u64::from_str_radix(start, 16).ok());
    let mut mem = File::open(mem)?;
    mem.seek(SeekFrom::Start(start.unwrap_or(0)))?;
    mem.read_exact(&mut [0; 8])
}

fn write(path: &Path) -> io::Result<()> {
    // Writing beyond the file size limit raises a signal that kills the process.
    let mut file = File::create(path)?;
    file.write_all(b"w")
}

/// Fills error output before reading any input, then writes output.
fn flood(bytes: usize) -> ExitCode {
    let line = [b'e'; 1024];
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(line.len());
        if io::stderr().write_all(&line[..piece]).is_err() {
            return ExitCode::FAILURE;
        }
        left -= piece;
    }
    let given = io::stdin().lock().read_to_end(&mut Vec::new()).unwrap_or(0);
    println!("{given}");
    ExitCode::SUCCESS
}

fn is_open(descriptor: &str) -> bool {
    fs::symlink_metadata(format!("/proc/self/fd/{descriptor}")).is_ok()
}

/// Prints whether a descriptor is open in this process and in a child.
fn inherit(descriptor: &str) {
    let here = is_open(descriptor);
    let budget = Budget { wall: FOREVER, output: 100 };
    let child = child().args(["open", descriptor]).run(b"", budget).expect("a child");
    print!("{here} {}", String::from_utf8_lossy(&child.output));
}

fn child() -> Program {
    let own = std::env::current_exe().expect("its own path");
    Program::ours(&own, ProcessLimits { memory: 1 << 30, cpu: 10, file: 0, open_files: 16 })
}

/// Starts a child that sleeps, prints its process number, and sleeps too.
fn parent() {
    let child = child().args(["sleep"]).spawn().expect("a child");
    println!("{}", child.id());
    std::thread::sleep(FOREVER);
}
