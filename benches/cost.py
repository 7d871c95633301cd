"""The cost of a scan on AWS: counted calls times a price table.

Counted: the calls per file that the functions recorded in a run of the deployed stack (`scripts/deployed-tests` writes
them). Measured: processor time per file of `riffle scan` on this machine. Assumed, and shown: the latency of calls,
because that of an emulator is different.
"""

import json
import resource
import subprocess
import tempfile
from pathlib import Path

import riffle

ROOT = Path(__file__).resolve().parent.parent

# US dollars, us-east-1, arm64, on demand, November 2026: the prices of shared/flows/scan/src/prices.rs.
PRICES = {
    "gb_second": 0.0000133334, "invocation": 0.20e-6, "queue_request": 0.40e-6, "table_write": 0.625e-6,
    "table_read": 0.125e-6, "object_write": 5e-6, "object_read": 0.4e-6, "message": 1e-6, "ocr_page": 1.5e-3,
}
# GB of a worker of 1,769 MB, which has one full vCPU.
WORKER_GB = 1769 / 1024
# Milliseconds that a batch of ten files waits: ledger (five sequential calls, 5 ms each), objects fetched in parallel
# (30 ms), frames pushed sixteen at a time (15 ms a round).
BOOKS_MS, FETCH_MS, ROUND_MS, PUSHES_AT_ONCE = 25, 30, 15, 16
BATCH = 10
# The promised write rates of single items: DynamoDB accepts 1,000 writes a second per item. Progress is published at
# fixed intervals.
FILES_A_SECOND, WRITES_A_SECOND, PROGRESS_A_SECOND, CHUNK = 1_000, 200, 2, 100


def arguments(parser) -> None:
    parser.add_argument("--figures", type=Path, required=True, help="JSON file with the counts of a deployed run")
    parser.add_argument("--riffle", metavar="PATH", help="binary to measure (default: build this checkout's)")
    parser.add_argument("--files", type=int, default=1000, help="sample drawings read to measure processor time")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the results here")


def processor_ms(program: Path, files: int) -> float:
    """Returns the time per file: user and system time of the program and its children, including the report."""
    folder = riffle.samples(program, files)
    with tempfile.TemporaryDirectory() as scratch:
        before = times()
        subprocess.run([program, "scan", folder / "drawings", "--codes", folder / "codes.xlsx", "--no-cache",
                        "--state", Path(scratch) / "state", "--report", Path(scratch) / "report.xlsx"],
                       check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return (times() - before) * 1000 / files


def busiest(counted: dict) -> str:
    """Returns the writes per second of the most written items, at FILES_A_SECOND."""
    writes = counted["writes"]
    session = writes["session_by_batches"] / counted["files"] * FILES_A_SECOND + PROGRESS_A_SECOND
    # The worst case: only files of one chunk are being read.
    chunk = writes["chunk"] / CHUNK * FILES_A_SECOND
    return (f"At {FILES_A_SECOND:,} files a second, writes a second of one item: {session:.0f} of a session, {chunk:.0f} of "
            f"a chunk's numbers, of {WRITES_A_SECOND}: {max(session, chunk) / WRITES_A_SECOND:.2f}.")


def times() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def model(files: int, per_file: dict, cpu_ms: float, ocr_pages: int = 0) -> dict[str, float]:
    """Returns dollars by kind."""
    pushes = per_file["socket_messages"]
    batch_ms = cpu_ms * BATCH + BOOKS_MS + FETCH_MS + ROUND_MS * -(-int(pushes * BATCH) // PUSHES_AT_ONCE)
    # OCR of an image takes a second, for which the function waits.
    seconds = files / BATCH * batch_ms / 1000 + ocr_pages
    return {
        "functions": seconds * WORKER_GB * PRICES["gb_second"] + files * per_file["invocations"] * PRICES["invocation"],
        "queues": files * per_file["queue_requests"] * PRICES["queue_request"],
        "tables": files * (per_file["table_write_units"] * PRICES["table_write"]
                           + per_file["table_read_units"] * PRICES["table_read"]),
        "storage": files * (per_file["object_writes"] * PRICES["object_write"]
                            + per_file["object_reads"] * PRICES["object_read"])
        # The cached OCR text is looked up, and stored.
        + ocr_pages * (PRICES["object_write"] + PRICES["object_read"]),
        "ocr": ocr_pages * PRICES["ocr_page"],
    }


def classic(files: int, cpu_ms: float) -> dict[str, float]:
    """Returns the cost of the usual design: one message per invocation, one object per result, a counter in an indexed
    table."""
    seconds = files * (cpu_ms + 3 * 5 + 30 + 30 + 6 * ROUND_MS) / 1000
    return {
        "functions": seconds * WORKER_GB * PRICES["gb_second"] + files * PRICES["invocation"],
        "queues": files * 3 * PRICES["queue_request"],
        "tables": files * (3 * PRICES["table_write"] + PRICES["table_read"]),
        "storage": files * (PRICES["object_write"] + PRICES["object_read"]),
        "ocr": 0.0,
    }


def run(options) -> None:
    counted = json.loads(options.figures.read_text())
    files, used = counted["files"], counted["used"]
    per_file = {name: used[name] / files for name in used}
    # The event source receives and deletes ten messages per request. It is billed, but no function counts it.
    per_file["queue_requests"] += 2 / BATCH
    cpu = processor_ms(riffle.binary(options.riffle), options.files)
    lines = [
        f"Counted in a deployed run of {files:,} files: {per_file['table_write_units']:.2f} write units and "
        f"{per_file['table_read_units']:.2f} read units, {per_file['object_writes']:.3f} objects written and "
        f"{per_file['object_reads']:.2f} read, {per_file['queue_requests']:.2f} queue requests, "
        f"{per_file['invocations']:.2f} invocations, {per_file['socket_messages']:.1f} frames a file and listener.",
        f"Measured: {cpu:.2f} ms of processor time a file.", "",
        "| files | OCR | functions | queues | tables | storage | OCR pages | sum | frames, apart |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows = [("6,600", "off", model(6_600, per_file, cpu), 6_600), ("1,000,000", "off", model(1_000_000, per_file, cpu), 1_000_000),
            ("6,600", "each a page", model(6_600, per_file, cpu, 6_600), 6_600),
            ("1,000,000", "each a page", model(1_000_000, per_file, cpu, 1_000_000), 1_000_000),
            ("6,600, classic", "off", classic(6_600, cpu), 6_600)]
    for name, ocr, cost, count in rows:
        frames = count * per_file["socket_messages"] * PRICES["message"]
        cells = [f"${cost[kind]:,.4f}" for kind in ("functions", "queues", "tables", "storage", "ocr")]
        lines.append(f"| {name} | {ocr} | {' | '.join(cells)} | **${sum(cost.values()):,.4f}** | ${frames:,.4f} |")
    ours, theirs = sum(rows[0][2].values()), sum(rows[4][2].values())
    lines += ["", f"Of the classic design's: {ours / theirs:.2f}. Of $0.02: {ours / 0.02:.2f}.", "", busiest(counted)]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")
