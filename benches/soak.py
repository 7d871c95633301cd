"""Kills the platform repeatedly while it scans, and checks the stored results.

Every second session is a retry of the previous one. A process is either the scan itself or `riffle serve` with
the same state, at random, as users may run both. Some files next to the samples are unreadable, so that a retry
has something to do.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import riffle
from books import Books
from corpus import Unavailable

UNREADABLE = 50
# A session that has not ended within this time without kills is stuck.
PATIENCE = 3600
LENIENCE = 1.1
# A failed message waits at most a minute, and has five attempts.
DRAINED_WITHIN = 300


@dataclass
class Tally:
    kills: int = 0
    restarts: int = 0
    ended: int = 0
    starts: list[float] = field(default_factory=list)  # seconds until `riffle serve` answered
    groups: list[int] = field(default_factory=list)


class Soak:
    def __init__(self, options: argparse.Namespace, program: Path, samples: Path, work: Path):
        self.options, self.program, self.work = options, program, work
        self.random = random.Random(options.seed)
        self.tally = Tally()
        self.damaged = work / "damaged"
        self.damaged.mkdir(parents=True)
        for number in range(UNREADABLE):
            (self.damaged / f"{number:03}.pdf").write_text(f"%PDF-1.7\nnothing in number {number}\n")
        self.usual_kills = 0
        self.fixed = [str(samples / "drawings"), str(self.damaged), "--codes", str(samples / "codes.xlsx")]

    def command(self, state: str, retry: bool = False) -> list[str]:
        what = ["--retry", "last"] if retry else self.fixed
        return [str(self.program), "scan", *what, "--json", "--state", str(self.work / state)]

    def whole(self) -> tuple[float, str]:
        """Runs the same scan without kills; returns seconds and its results."""
        began = time.monotonic()
        self.to_the_end(self.command("whole"))
        seconds = time.monotonic() - began
        books = Books(self.work / "whole")
        sessions = books.sessions()
        books.close()
        shutil.rmtree(self.work / "whole")
        if len(sessions) != 1 or sessions[0].wrong:
            raise Unavailable(f"a scan without a kill is wrong already: {[s.wrong for s in sessions]}")
        return seconds, sessions[0].content

    def to_the_end(self, command: list[str]) -> None:
        with open(self.work / "err", "wb") as err:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                                  timeout=PATIENCE)
        self.check(done.returncode)

    def check(self, status: int) -> None:
        """Raises unless the status is that of a finished scan: 0, or 1 because of the unreadable files."""
        if status not in (0, 1):
            said = (self.work / "err").read_text(errors="replace").strip()
            raise Unavailable(f"riffle ended with {status}: {said[-800:]}")

    def rounds(self, until: float) -> None:
        retry = False
        while time.monotonic() < until:
            if self.session(retry, until):
                self.tally.ended += 1
                retry = not retry
        # Open sessions must end without kills, unimpeded by complete ones.
        self.to_the_end(self.command("state", retry))
        self.tally.ended += 1
        self.drain()

    def drain(self) -> None:
        """A scan exits when it is complete: its redelivered messages are left to the next start."""
        command = [str(self.program), "serve", "--listen", "127.0.0.1:0", "--state", str(self.work / "state"), "--no-token"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
            address = next(line.split()[3].decode() for line in child.stderr if b"riffle is at" in line)
            last = time.monotonic() + DRAINED_WITHIN
            while time.monotonic() < last:
                with urllib.request.urlopen(f"{address}/api/health") as answer:
                    queues = json.load(answer)["queues"]
                if not any(sum(depth.values()) for name, depth in queues.items() if not name.endswith("-dead-letters")):
                    break
                time.sleep(0.2)
            child.terminate()

    def session(self, retry: bool, until: float) -> bool:
        """Kills one session's processes until one of them ends by itself. Returns False if the time is up first."""
        serves, kills = False, 0
        while (now := time.monotonic()) < until:
            # Reading continues after each kill, but a report is written in one go: a session that takes much
            # longer than it should is killed less and less often.
            late = max(0, kills - self.usual_kills)
            every = self.options.every * LENIENCE**late
            # At any moment, including the first milliseconds.
            pause = min(self.random.uniform(0, 2 * every), until - now)
            kills += 1
            status = self.serve(pause) if serves else self.scan(retry, pause)
            if status is not None:
                self.check(status)
                return True
            self.tally.kills += 1
            self.tally.restarts += 1
            serves = self.random.random() < 0.3
            self.show(until)
        return False

    def scan(self, retry: bool, pause: float) -> int | None:
        with open(self.work / "err", "wb") as err:
            child = subprocess.Popen(self.command("state", retry), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=err, start_new_session=True)
            return self.kill(child, pause)

    def serve(self, pause: float) -> int | None:
        command = [str(self.program), "serve", "--listen", "127.0.0.1:0", "--state", str(self.work / "state"), "--no-token"]
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, start_new_session=True)
        said = []

        def listen() -> None:
            for line in child.stderr:
                if b"riffle is at" in line:
                    self.tally.starts.append(time.monotonic() - began)
                said.append(line)

        listener = threading.Thread(target=listen)
        listener.start()
        status = self.kill(child, pause)
        listener.join()
        if status is not None:
            raise Unavailable(f"riffle serve ended by itself with {status}: {b''.join(said)[-800:].decode()}")
        return None

    def kill(self, child: subprocess.Popen, pause: float) -> int | None:
        """Waits, then kills only the parent process. Returns its status if it has ended earlier."""
        self.tally.groups.append(child.pid)
        try:
            return child.wait(pause)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            status = child.wait()
            return None if status == -signal.SIGKILL else status

    def show(self, until: float) -> None:
        if sys.stderr.isatty():
            left = max(0, until - time.monotonic())
            print(f"\r{left / 60:4.1f} min left, {self.tally.kills} kills, {self.tally.ended} sessions ended ",
                  end="", file=sys.stderr, flush=True)


def left_behind(groups: list[int]) -> int:
    """Returns processes that still run although their parents were killed."""
    time.sleep(1)
    running = 0
    for group in groups:
        try:
            os.killpg(group, 0)
            running += 1
        except OSError:
            pass
    return running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=10, help="duration (default 10)")
    parser.add_argument("--files", type=int, default=100_000, help="sample files of one page (default 100,000)")
    parser.add_argument("--every", type=float, default=1, help="seconds between kills, on average (default 1)")
    parser.add_argument("--seed", type=int, default=None, help="seed of the moments of kills (default: random)")
    parser.add_argument("--riffle", help="binary to test (default: this checkout's release build)")
    parser.add_argument("--keep", metavar="DIR", help="work in this folder and keep the state")


def run(options: argparse.Namespace) -> int:
    options.seed = random.randrange(2**32) if options.seed is None else options.seed
    program = riffle.binary(options.riffle)
    samples = riffle.samples(program, options.files, one_page=True)
    work = Path(options.keep or tempfile.mkdtemp(prefix="riffle-soak-"))
    shutil.rmtree(work, ignore_errors=True)
    try:
        return soak(options, Soak(options, program, samples, work))
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


def soak(options: argparse.Namespace, test: Soak) -> int:
    seconds, expected = test.whole()
    test.usual_kills = int(1.2 * seconds / options.every)
    began = time.monotonic()
    test.rounds(began + options.minutes * 60)
    took = time.monotonic() - began
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    tally, wrong = test.tally, []
    behind = left_behind(tally.groups)
    if behind:
        wrong.append(f"{behind} processes outlived the kill of their parent")
    books = Books(test.work / "state")
    sessions, queued, attempts = books.sessions(), books.queued(), books.attempts()
    dead = books.dead()
    books.close()
    for session in sessions:
        wrong += [f"session {session.id} {what}" for what in session.wrong]
        if session.killed:
            wrong.append(f"session {session.id}: {session.killed} files count as killed")
        elif not session.wrong and session.content != expected:
            wrong.append(f"session {session.id}: its results differ from those of a scan without a kill")
    if queued:
        wrong.append(f"messages are left: {queued}")
    # A message in processing at several kills becomes a dead letter; that is fine if its session has ended.
    ended = {session.id for session in sessions if session.state == "COMPLETE"}
    lost = [body for group, body in dead if group not in ended]
    if lost:
        wrong.append(f"dead letters of sessions that did not end: {lost}")
    if len(sessions) < tally.ended:
        wrong.append(f"{tally.ended} sessions ended, {len(sessions)} are stored")

    starts = sorted(tally.starts) or [0]
    rows = {
        "kills": tally.kills,
        "restarts": tally.restarts,
        "files in a session": sessions[0].total,
        "sessions": len(sessions),
        "of them retries": sum(session.retry for session in sessions),
        "files lost": sum(session.lost for session in sessions),
        "files doubled": sum(session.doubled for session in sessions),
        "healthy files failed": sum(max(0, session.failed - UNREADABLE) for session in sessions),
        "files that were in quarantine": attempts,
        "messages given up after too many kills": len(dead),
        "seconds": f"{took:.0f}",
        "seconds of a scan without a kill": f"{seconds:.0f}",
        "start of riffle serve, median and longest": f"{statistics.median(starts) * 1000:.0f} and "
                                                    f"{starts[-1] * 1000:.0f} ms",
        "seed": options.seed,
    }
    print("| | |\n|---|---:|")
    for name, value in rows.items():
        print(f"| {name} | {value:,} |" if isinstance(value, int) and name != "seed" else f"| {name} | {value} |")
    for what in wrong:
        print(f"soak: {what}", file=sys.stderr)
    return 1 if wrong else 0
