"""Statements: latency of uploads, large files, large months, and sustained load."""

import argparse
import datetime
import http.client
import json
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import measure
import riffle
from corpus import Unavailable

PATIENCE = 900  # seconds


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", choices=["upload", "large", "month", "rate"], help="run only this measurement")
    parser.add_argument("--runs", type=int, default=20, metavar="N", help="uploads of 1,000 rows (default 20)")
    parser.add_argument("--megabytes", type=int, default=1_000, metavar="N", help="size of the large file")
    parser.add_argument("--month-rows", type=int, default=1_000_000, metavar="N", help="rows of one month and account")
    parser.add_argument("--files", type=int, nargs=2, default=[200, 2_000], metavar=("N", "BURST"),
                        help="files a second, first for --seconds, then in a burst for --burst-seconds")
    parser.add_argument("--seconds", type=int, default=30, metavar="S")
    parser.add_argument("--burst-seconds", type=int, default=5, metavar="S")
    parser.add_argument("--riffle", metavar="PATH", help="binary to measure (default: build this checkout's)")
    parser.add_argument("--temp", type=Path, metavar="DIR", help="folder for temporary files")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the results here")


def run(options: argparse.Namespace) -> None:
    program = riffle.binary(options.riffle)
    lines = [f"- machine: {measure.machine()}", f"- program: {measure.version([str(program), '--version'])}"]
    for name, part in [("upload", upload), ("large", large), ("month", month), ("rate", rate)]:
        if options.only in (None, name):
            with tempfile.TemporaryDirectory(dir=options.temp) as scratch:
                lines += ["", *part(program, Path(scratch), options)]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


def statement(rows: int, first: int = 0, days: int = 28) -> bytes:
    """Returns distinct rows of about 90 bytes, by date; `first` is the number of the first row."""
    return ledger(rows, first, days, 100_000_00)[0]


def ledger(rows: int, first: int, days: int, balance: int) -> tuple[bytes, int]:
    """Returns the same rows with balances from this one on, and the last balance."""
    begin = datetime.date(2024, 1, 1)
    out = [b"Booking date;Value date;Counterparty;Purpose;Amount;Currency;Balance\n"]
    day, per_day = "", -(-rows // days)
    for number in range(rows):
        if number % per_day == 0:
            day = str(begin + datetime.timedelta(days=number // per_day))
        at = first + number
        cents = -(at * 7_919 % 9_000 + 100) if at % 10 else 45_000
        balance += cents
        out.append(b"%s;%s;Shop %05d;Card payment %010d at the till;%s;EUR;%s\n" % (
            day.encode(), day.encode(), at % 20_000, at, money(cents), money(balance)))
    return b"".join(out), balance


def money(cents: int) -> bytes:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}".encode()


class Server:
    """A `riffle serve` with its own state."""

    def __init__(self, program: Path, state: Path):
        self.child = subprocess.Popen([str(program), "serve", "--listen", "127.0.0.1:0", "--state", str(state),
                                       "--no-token"],
                                      stderr=subprocess.PIPE, text=True)
        for line in self.child.stderr:
            if found := re.search(r"riffle is at http://([0-9.]+):(\d+)", line):
                self.host, self.port = found[1], int(found[2])
                # Later output must not fill the pipe.
                threading.Thread(target=self.child.stderr.read, daemon=True).start()
                return
        raise Unavailable("riffle serve ended")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=120)

    def get(self, path: str, connection: http.client.HTTPConnection | None = None) -> bytes:
        connection = connection or self.connect()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Unavailable(f"GET {path}: {answer.status} {body[:300]!r}")
        return body

    def form(self, connection: http.client.HTTPConnection, name: str, size: int, account: str) -> dict:
        body = json.dumps({"name": name, "size": size, "account": account})
        connection.request("POST", "/api/statements/files", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201):
            raise Unavailable(f"POST /api/statements/files: {answer.status} {said[:300]!r}")
        return json.loads(said)

    def send(self, connection: http.client.HTTPConnection, form: dict, content: bytes) -> None:
        mark = b"riffle-benchmark-boundary"
        fields = b"".join(b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
                          % (mark, name.encode(), value.encode()) for name, value in form["fields"].items())
        body = fields + b'--%s\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%s\r\n--%s--\r\n' % (
            mark, content, mark)
        connection.request("POST", form["url"], body,
                           {"Content-Type": "multipart/form-data; boundary=" + mark.decode()})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 204):
            raise Unavailable(f"POST {form['url']}: {answer.status} {said[:300]!r}")

    def idle(self) -> bool:
        queues = json.loads(self.get("/api/health"))["queues"]
        return not any(depth["ready"] + depth["in_flight"] + depth["waiting"]
                       for name, depth in queues.items() if not name.endswith("-dead-letters"))

    def files(self) -> list[dict]:
        files, cursor = [], None
        while True:
            page = json.loads(self.get("/api/statements/files" + (f"?cursor={cursor}" if cursor else "")))
            files += page["files"]
            cursor = page["next_cursor"]
            if not cursor:
                return files

    def peak(self) -> float:
        """Returns memory in MiB."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def stop(self) -> None:
        self.child.send_signal(signal.SIGINT)
        self.child.wait(60)


def wait(what: str, look, pause: float) -> None:
    end = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > end:
            raise Unavailable(f"timed out waiting for {what}")
        time.sleep(pause)


def upload(program: Path, scratch: Path, options: argparse.Namespace) -> list[str]:
    """Measures the time from requesting a form until the API returns all 1,000 rows."""
    server = Server(program, scratch / "state")
    seconds = []
    for number in range(options.runs):
        content, name = statement(1_000, number * 1_000), f"{number}.csv"
        connection = server.connect()
        began = time.monotonic()
        server.send(connection, server.form(connection, name, len(content), f"account {number}"), content)
        found: list[dict] = []

        def shown() -> bool:
            newest = json.loads(server.get("/api/statements/files", connection))["files"]
            mine = [file for file in newest if file["name"] == name and file["state"] in ("done", "review")]
            if not mine:
                return False
            page = json.loads(server.get(f"/api/statements/transactions?file={mine[0]['id']}&limit=1000", connection))
            found[:] = page["transactions"]
            return len(found) == 1_000

        wait("the transactions", shown, 0.005)
        seconds.append(time.monotonic() - began)
    server.stop()
    return ["| 1,000 rows, upload to transactions over HTTP | figure |", "|---|---|",
            f"| uploads, each to an account of its own | {len(seconds)} |",
            f"| half of them in at most | {statistics.median(seconds) * 1000:,.0f} ms |",
            f"| the slowest | {max(seconds) * 1000:,.0f} ms |"]


def large(program: Path, scratch: Path, options: argparse.Namespace) -> list[str]:
    """Imports one large file with `riffle import`."""
    path, wanted, rows, balance = scratch / "large.csv", options.megabytes * 1_000_000, 0, 100_000_00
    with open(path, "wb") as file:
        while file.tell() < wanted:
            # 100,000 rows per month.
            month = rows // 100_000
            piece, balance = ledger(100_000, rows, 28, balance)
            piece = piece.replace(b"2024-01-", b"%d-%02d-" % (2010 + month // 12, month % 12 + 1))
            file.write(piece if rows == 0 else piece[piece.index(b"\n") + 1:])
            rows += 100_000
    size = path.stat().st_size
    cost = measure.run([str(program), "import", str(path), "--account", "Large", "--state", str(scratch / "state")],
                       scratch / "out.txt")
    said = (scratch / "out.txt").read_text().split("\t")
    if cost.status not in (0, 3) or said[7:9] != [str(rows), str(rows)]:
        raise Unavailable(f"riffle import ended with {cost.status}: {said} "
                          f"{(scratch / 'out.txt.err').read_text()[-500:]}")
    state = sum(file.stat().st_size for file in (scratch / "state").glob("state.sqlite*"))
    parts = sum(file.stat().st_size for file in (scratch / "state" / "objects").rglob("*") if file.is_file())
    again = measure.run([str(program), "import", str(path), "--account", "Large", "--state", str(scratch / "state")],
                        scratch / "again.txt")
    twice = (scratch / "again.txt").read_text().split("\t")
    if twice[7:10] != [str(rows), "0", str(rows)]:
        raise Unavailable(f"the second import: {again.status} {twice}")
    return [f"| `riffle import`, {size / 1e6:,.0f} MB of CSV, {rows:,} rows | first time | again |", "|---|---|---|",
            f"| new rows | {rows:,} | 0 |",
            f"| wall | {cost.wall:,.0f} s | {again.wall:,.0f} s |",
            f"| rows/s | {rows / cost.wall:,.0f} | {rows / again.wall:,.0f} |",
            f"| CPU | {cost.cpu:,.0f} s | {again.cpu:,.0f} s |",
            f"| peak memory | {cost.peak / 2**20:,.0f} MiB | {again.peak / 2**20:,.0f} MiB |",
            f"| database, and lists of keys | {state / 1e6:,.0f} MB, {parts / 1e6:,.0f} MB | |"]


def month(program: Path, scratch: Path, options: argparse.Namespace) -> list[str]:
    """Measures the time until the figures are right, for rows of one month and account, in one file and in files of
    1,000."""
    lines = [f"| {options.month_rows:,} rows of one month and account | all stored after | figures right after |",
             "|---|---|---|"]
    for files in (1, -(-options.month_rows // 1_000)):
        server = Server(program, scratch / f"month-{files}")
        connection = server.connect()
        rows = options.month_rows // files
        began = time.monotonic()
        for number in range(files):
            content = statement(rows, number * rows)
            server.send(connection, server.form(connection, f"{number}.csv", len(content), "One"), content)
        stored = lambda: sum(file["rows"] for file in server.files() if file["state"] in ("done", "review"))  # noqa: E731
        wait("the last row", lambda: stored() == rows * files, 0.5)
        last = time.monotonic()

        def counted() -> int:
            figures = json.loads(server.get("/api/statements/figures", connection))["months"]
            return sum(of["count"] for of in figures)

        wait("figures", lambda: counted() == rows * files, 0.1)
        lines.append(f"| {files:,} files | {last - began:,.1f} s | {time.monotonic() - last:,.1f} s later |")
        server.stop()
        shutil.rmtree(scratch / f"month-{files}", ignore_errors=True)
    return lines


def rate(program: Path, scratch: Path, options: argparse.Namespace) -> list[str]:
    lines = []
    for files, seconds in zip(options.files, [options.seconds, options.burst_seconds]):
        lines += ["", *feed(program, scratch / f"state-{files}", files, seconds)]
    return lines[1:]


def feed(program: Path, state: Path, wanted: int, seconds: int) -> list[str]:
    """Uploads `wanted` files of 10 rows per second at an even rate, by eight senders with their forms prepared."""
    server, senders, count = Server(program, state), 8, wanted * seconds
    contents = [statement(10, number * 10, 10) for number in range(count)]
    forms: list[dict] = [{}] * count

    def ask(sender: int) -> None:
        connection = server.connect()
        for number in range(sender, count, senders):
            forms[number] = server.form(connection, f"{number}.csv", len(contents[number]), f"account {number % 500}")

    together(ask, senders)
    late, began = [0.0] * senders, time.monotonic()

    def send(sender: int) -> None:
        connection = server.connect()
        for number in range(sender, count, senders):
            ahead = began + number / wanted - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            server.send(connection, forms[number], contents[number])
            late[sender] = max(late[sender], time.monotonic() - (began + number / wanted))

    together(send, senders)
    sent = time.monotonic() - began
    wait("an idle pipeline", server.idle, 0.2)
    drained = time.monotonic() - began
    files, metrics, peak = server.files(), server.get("/api/metrics").decode(), server.peak()
    server.stop()
    shutil.rmtree(state, ignore_errors=True)
    lost = count - sum(file["state"] in ("done", "review") for file in files)
    rows = sum(file["new"] for file in files)
    dead = int(re.search(r"^riffle_dead_letters (\d+)", metrics, re.M)[1])
    lines = [f"| {wanted:,} files/s of 10 rows for {seconds} s | figure |", "|---|---|",
             f"| sent | {count:,} in {sent:.1f} s, {count / sent:,.0f}/s, at most {max(late):.2f} s late |",
             f"| all done after | {drained:.1f} s, {count / drained:,.0f} files/s |",
             f"| lost, dead letters, rows missing | {lost}, {dead}, {count * 10 - rows} |",
             f"| peak memory | {peak:,.0f} MiB |", "",
             "| stage | messages | p50 | p99 | since receipt p50 | p99 |", "|---|---|---|---|---|---|"]
    timing = {(name, of, quantile): float(value) for name, of, quantile, value in
              re.findall(r'^(riffle_\w+_seconds)\{of="([^"]+)",quantile="([^"]+)"\} (\S+)$', metrics, re.M)}
    counts = dict(re.findall(r'^riffle_stage_seconds_count\{of="([^"]+)"\} (\d+)$', metrics, re.M))
    stages = ["s3-event-handler", "file-processor-consumer", "categorization-consumer", "analytics-consumer",
              "audit-consumer"]
    for stage in stages:
        cells = [milliseconds(timing.get((name, stage, quantile)))
                 for name in ("riffle_stage_seconds", "riffle_since_upload_seconds") for quantile in ("0.5", "0.99")]
        lines.append(f"| {stage} | {int(counts.get(stage, 0)):,} | {' | '.join(cells)} |")
    publish = [milliseconds(timing.get(("riffle_publish_seconds", "bus", quantile))) for quantile in ("0.5", "0.99")]
    lines.append(f"| publishing, a call | | {' | '.join(publish)} | | |")
    return lines


def milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:,.1f} ms"


def together(work, count: int) -> None:
    failed: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as problem:  # noqa: BLE001 (the waiting thread raises it)
            failed.append(problem)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
