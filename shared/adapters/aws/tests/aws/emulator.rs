//! MiniStack, started once for all tests of this binary and stopped with it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// On an idle machine it starts in a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// Stops the emulator as soon as the other end of its input is closed, for whatever reason.
const WATCH: &str = r#"exec 3<&0
"$0" </dev/null >"$1" 2>&1 3<&- &
read -r line <&3
kill $!"#;

struct Emulator {
    endpoint: String,
    /// Holds the input of [`WATCH`] open.
    _watch: Child,
}

#[expect(clippy::disallowed_methods, reason = "the environment names the AWS endpoint of the tests")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the address of AWS: the one in the environment, or an emulator started by the tests.
pub(crate) fn endpoint() -> String {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    variable("RIFFLE_AWS_ENDPOINT").unwrap_or_else(|| EMULATOR.get_or_init(start).endpoint.clone())
}

fn executable() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache/emulator/venv/bin/ministack");
    let path = variable("RIFFLE_MINISTACK").map_or_else(own, PathBuf::from);
    assert!(
        path.is_file(),
        "these tests need an emulator of AWS, and {} is not there.\nInstall it with `scripts/emulator install`, or \
         name its executable in RIFFLE_MINISTACK, or another place that speaks AWS in RIFFLE_AWS_ENDPOINT.",
        path.display()
    );
    path
}

#[expect(clippy::disallowed_methods, reason = "a test waits by the machine's own clock")]
fn start() -> Emulator {
    let executable = executable();
    let free =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ministack-{}.log", free.port()));
    File::create(&log).expect("a log");
    let endpoint = format!("http://{free}");
    let watch = Command::new("sh")
        .args(["-c", WATCH])
        .args([&executable, &log])
        .env_clear()
        .envs(variable("PATH").map(|path| ("PATH", path)))
        .envs([
            ("AUTH", "true"),
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", &free.port().to_string()),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("LOG_LEVEL", "WARNING"),
            ("HOME", env!("CARGO_TARGET_TMPDIR")),
            ("TMPDIR", env!("CARGO_TARGET_TMPDIR")),
        ])
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh");
    let began = Instant::now();
    while !answers(&free.to_string()) {
        assert!(began.elapsed() < PATIENCE, "the emulator does not answer: see {}", log.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    Emulator { endpoint, _watch: watch }
}

fn answers(address: &str) -> bool {
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        write!(stream, "GET /_ministack/health HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    asked.is_ok_and(|answer| answer.contains(" 200 "))
}
