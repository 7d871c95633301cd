"""Cold starts and sizes of the shipped functions.

A cold start is the part that the function itself contributes: from the exec of `bootstrap` to its first request for an
invocation, against a stub of Lambda's Runtime API on this machine.
"""

import http.server
import io
import os
import statistics
import subprocess
import threading
import time
import zipfile
from pathlib import Path

import corpus

ROOT = Path(__file__).resolve().parent.parent

# The variables that the deployment sets; nothing is called before the first invocation.
ENVIRONMENT = {
    "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test", "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "SCAN_TABLE": "scan", "CONNECTIONS_TABLE": "connections", "TICKETS_TABLE": "tickets", "TOKENS_TABLE": "tokens",
    "TOKEN_KEY_ID": "key", "OBJECTS_BUCKET": "objects", "UPLOADS_BUCKET": "uploads",
    "QUEUES_URL": "https://sqs.us-east-1.amazonaws.com/1/Riffle-",
    # Variables of earlier builds, for comparisons.
    "DISPATCH_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/dispatch",
    "WORK_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/work",
    "FINISH_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/finish",
    "CONNECTIONS_ENDPOINT": "https://api.execute-api.us-east-1.amazonaws.com/live",
    "SOCKET_URL": "wss://api.execute-api.us-east-1.amazonaws.com/live", "PAGE_URL": "https://riffle.example.com",
    "AUTH": "cognito", "AUTH_DOMAIN": "https://riffle.auth.us-east-1.amazoncognito.com",
    "AUTH_AUTHORITY": "https://cognito-idp.us-east-1.amazonaws.com/pool", "AUTH_CLIENT_ID": "client",
    "NOTICE_TOPIC_ARN": "arn:aws:sns:us-east-1:1:notices",
    "RECORDS_TABLE": "records", "EVENT_BUS": "events",
    **{f"{stage}_{kind}_URL": f"https://sqs.us-east-1.amazonaws.com/1/{stage}-{kind}"
       for stage in ["FILE_UPLOADS", "FILE_PROCESSOR", "CATEGORIZATION", "ANALYTICS", "AUDIT", "ERRORS"]
       for kind in ["QUEUE", "DEAD_LETTERS"]},
}


def arguments(parser) -> None:
    parser.add_argument("--functions", type=Path, default=ROOT / "target" / "lambda",
                        help="folder of built functions (scripts/functions --profile shipped)")
    parser.add_argument("--starts", type=int, default=20, help="cold starts of each function")
    parser.add_argument("--out", type=Path, help="write the report here as Markdown too")


class Platform(http.server.BaseHTTPRequestHandler):
    """A stub of the Runtime API: records when a function first requests work, and never returns any."""

    asked = threading.Event()
    at = 0.0
    wrong = None

    def do_GET(self):  # noqa: N802
        if self.path.endswith("/runtime/invocation/next"):
            Platform.at = time.perf_counter()
            Platform.asked.set()
        time.sleep(3600)

    def do_POST(self):  # noqa: N802
        Platform.wrong = self.path
        Platform.asked.set()

    def log_message(self, *_):
        pass


def runtime_api() -> int:
    """Starts a stub of the Runtime API; returns its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def cold_start(bootstrap: Path, name: str, port: int, more: dict[str, str] | None = None) -> float:
    """Returns milliseconds. `more` are additional variables."""
    Platform.asked.clear()
    Platform.wrong = None
    environment = {**ENVIRONMENT, **(more or {}), "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"}
    began = time.perf_counter()
    process = subprocess.Popen([bootstrap], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while not Platform.asked.wait(0.05):
            if process.poll() is not None or time.perf_counter() - began > 10:
                process.kill()
                raise corpus.Unavailable(f"{name} did not request work: {process.stdout.read().decode()}")
        if Platform.wrong:
            raise corpus.Unavailable(f"{name} reported {Platform.wrong}")
        return (Platform.at - began) * 1000
    finally:
        process.kill()
        process.wait()


def zipped(folder: Path) -> int:
    """Returns the bytes of the upload, as packed by the CDK."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted(folder.iterdir()):
            packed.write(file, file.name)
    return len(archive.getvalue())


def run(options) -> None:
    folders = sorted(folder.parent for folder in options.functions.glob("*/bootstrap"))
    if not folders:
        raise corpus.Unavailable(f"no functions in {options.functions}: scripts/functions builds them")
    port = runtime_api()
    lines = [
        f"Cold starts, exec to the first request for work: {options.starts} of each function, load "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", "",
        "| function | median ms | slowest ms | of 40 ms | bootstrap MB | zip MB | of 10 MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for folder in folders:
        times = [cold_start(folder / "bootstrap", folder.name, port)
                 for _ in range(options.starts)]
        median, size = statistics.median(times), zipped(folder)
        lines.append(
            f"| {folder.name} | {median:.1f} | {max(times):.1f} | {median / 40:.2f} "
            f"| {(folder / 'bootstrap').stat().st_size / 1e6:.1f} | {size / 1e6:.2f} | {size / 1e7:.2f} |")
    report = "\n".join(lines) + "\n"
    print(report)
    if options.out:
        options.out.write_text(report)
