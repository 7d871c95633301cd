"""The tools of attacks: a temporary folder, a `riffle serve` in it, and clients that can send arbitrary bytes."""

import base64
import http.client
import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from corpus import Unavailable

# Seconds. Nothing here takes longer on two busy cores; anything that does is stuck.
PATIENCE = 60
POLICY = "default-src 'none'"
Headers = Mapping[str, str | bytes]


class NotRun(Exception):
    """An attack cannot run here; the message is the reason."""


@dataclass
class Attack:
    name: str
    holds: str
    run: Callable[["World"], Iterator[None] | None]
    long: bool
    ocr: bool


ATTACKS: dict[str, Attack] = {}


def attack(long: bool = False, ocr: bool = False) -> Callable:
    """Registers an attack. The property to prove is the function's docstring. After a yield, the attack only waits, and
    others run in parallel."""

    def register(run: Callable) -> Callable:
        name = run.__name__.replace("_", "-")
        ATTACKS[name] = Attack(name, " ".join(run.__doc__.split()), run, long, ocr)
        return run

    return register


def until(what: str, look: Callable, patience: float = PATIENCE, pause: float = 0.02):
    """Polls `look` and returns its first truthy result."""
    end = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"timed out after {patience:.0f} s: {what}")
        time.sleep(pause)
    return found


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    def flaws(self) -> list[str]:
        """Returns required headers that are missing or wrong, and an error whose body is not problem+json."""
        expected = {"x-content-type-options": "nosniff", "content-security-policy": POLICY,
                    "cross-origin-resource-policy": "same-origin"}
        flaws = [f"no {name}" for name, value in expected.items() if value not in self.headers.get(name, "")]
        kind = self.headers.get("content-type", "")
        asks = self.status == 401 and kind.startswith("text/html") and b'action="/login"' in self.body
        if self.status >= 400 and not asks:
            try:
                told = kind == "application/problem+json" and self.json()["status"] == self.status
            except (ValueError, KeyError):
                told = False
            flaws += [] if told else [f"no problem+json, but {kind or 'nothing'}"]
        return flaws


class World:
    """One attack's folder, its servers and its findings."""

    def __init__(self, binary: Path, folder: Path, long: bool):
        self.binary, self.folder, self.long = binary, folder, long
        self.seen: list[str] = []
        self.wrong: list[str] = []
        self.servers: list[Server] = []

    def saw(self, what: str) -> None:
        self.seen.append(what)

    def within(self, seconds: float) -> float:
        """Returns the limit: the given one in measurements, a longer one in tests, which must not depend on speed."""
        return seconds if self.long else max(seconds, 60)

    def check(self, right: object, wrong: str) -> None:
        if not right and wrong not in self.wrong:
            self.wrong.append(wrong)

    def serve(self, *more: str, **how) -> "Server":
        server = Server(self, *more, **how)
        self.servers.append(server)
        return server

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
        return {**kept, "HOME": str(self.folder), "LANG": "C.UTF-8", "NO_COLOR": "1", **more}

    def riffle(self, *words: str, **more) -> subprocess.CompletedProcess:
        return subprocess.run([self.binary, *words], env=self.environment({}), stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=PATIENCE, check=False, **more)

    def close(self) -> None:
        for server in self.servers:
            server.kill()


class Server:
    """A `riffle serve`, and a client with its token."""

    def __init__(self, world: World, *more: str, state: str = "state", environment: dict[str, str] | None = None,
                 umask: int = -1):
        self.world, self.state = world, world.folder / state
        self.log = world.folder / f"log-{len(world.servers)}"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [world.binary, "serve", "--listen", "127.0.0.1:0", "--no-open", "--state", self.state, *more], umask=umask,
                env=world.environment(environment or {}), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        try:
            found = until("riffle serve", self._address, pause=0.01)
        except TimeoutError:
            self.kill()
            raise
        self.port, self.token = int(found[1]), found[2]
        self.largest = 0  # Bytes of the largest answer.
        self.address = f"127.0.0.1:{self.port}"

    def _address(self) -> re.Match | None:
        found = re.search(r"riffle is at http://127\.0\.0\.1:(\d+)(?:/#token=(\w+))? ", self.said())
        if not found and self.child.poll() is not None:
            raise Unavailable(f"riffle serve ended with {self.child.returncode}: {self.said()[-800:]}")
        return found

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """Kills only the server process, as the out-of-memory killer would."""
        self.child.kill()
        self.child.wait()

    def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(PATIENCE)

    def is_alive(self) -> bool:
        return self.child.poll() is None and self.get("/api/health").status == 200

    # HTTP

    def head(self, method: str, path: str, headers: Headers | None = None, known: bool = True) -> bytes:
        """Returns the head of a request. Headers with the value None are omitted."""
        own = {"Host": self.address, "Connection": "close"}
        if known:
            own["Authorization"] = f"Bearer {self.token}"
        lines = [f"{method} {path} HTTP/1.1".encode()]
        for name, value in {**own, **(headers or {})}.items():
            lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def connect(self, patience: float = PATIENCE) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), patience)

    def exchange(self, request: bytes, method: str = "GET") -> Answer | None:
        """Sends these bytes; returns None if the server closes the connection without an answer."""
        with self.connect() as connection:
            with suppress(OSError):  # A server that rejects a body may answer and close before it has read all of it.
                connection.sendall(request)
            return read(connection, method)

    def ask(self, method: str, path: str, headers: Headers | None = None, body: bytes = b"", known: bool = True) -> Answer:
        """Sends one request on a new connection, and checks the headers that every answer must have."""
        length = {} if method in ("GET", "HEAD") and not body else {"Content-Length": str(len(body))}
        answer = self.exchange(self.head(method, path, {**length, **(headers or {})}, known) + body, method)
        if answer is None:
            raise ConnectionError(f"{method} {path[:80]}: no answer")
        self.largest = max(self.largest, len(answer.body))
        if method != "HEAD":
            for flaw in answer.flaws():
                self.world.check(False, f"{method} {path[:60]}: {answer.status} with {flaw}")
        return answer

    def get(self, path: str, headers: Headers | None = None, known: bool = True) -> Answer:
        return self.ask("GET", path, headers, known=known)

    def post(self, path: str, body: object, method: str = "POST") -> Answer:
        return self.ask(method, path, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def all(self, path: str, name: str) -> list[dict]:
        """Returns the items of all pages of a list."""
        found, cursor = [], None
        while True:
            join = "&" if "?" in path else "?"
            page = self.get(path + (f"{join}cursor={quote(cursor, safe='')}" if cursor else "")).json()
            found += page[name]
            if not (cursor := page["next_cursor"]):
                return found

    def log_in(self, token: str) -> Answer:
        return self.ask("POST", "/login", {"Content-Type": "application/x-www-form-urlencoded"}, f"token={token}".encode(),
                        known=False)

    # Scans and statements

    def start_scan(self, **what) -> str:
        """Starts a scan; returns the session id."""
        connected = Socket(self)
        connected.send({"action": "start_scan", **what})
        while frame := connected.next():
            if frame["type"] == "ERROR":
                raise Unavailable(f"the scan was not started: {frame['message']}")
            if frame["session_id"]:
                return frame["session_id"]
        raise Unavailable("the socket was closed")

    def scanned(self, session: str, patience: float = PATIENCE) -> "Scanned":
        """Waits for the end of a scan; returns its result."""
        path = f"/api/scans/{session}"

        def ended() -> dict | None:
            detail = self.get(path).json()
            return detail if detail["state"] not in ("queued", "running") else None

        detail = until("the end of the scan", ended, patience, 0.1)
        found = {(of["data"]["file_name"], of["data"]["hole_code"]) for of in self.all(f"{path}/matches", "matches")}
        failed = {of["data"]["file_name"]: of["data"]["reason"] for of in self.all(f"{path}/failures", "failures")}
        return Scanned(detail, found, failed)

    def upload(self, name: str, content: bytes, account: str | None = None) -> None:
        """Uploads a statement, which has arrived when this returns."""
        form = self.post("/api/statements/files", {"name": name, "size": len(content), "account": account})
        if form.status != 201:
            raise Unavailable(f"{name} was not announced: {form.status} {form.body[:300]!r}")
        sent = self.send(form.json(), content)
        if sent.status != 204:
            raise Unavailable(f"{name} was refused: {sent.status} {sent.body[:300]!r}")

    def send(self, form: dict, content: bytes) -> Answer:
        kind, body = multipart(form["fields"], content)
        return self.ask("POST", form["url"], {"Content-Type": kind}, body)

    def files(self) -> dict[str, dict]:
        """Returns the statements by name."""
        return {file["name"]: file for file in self.all("/api/statements/files", "files")}

    def processed(self, name: str, patience: float = PATIENCE) -> dict:
        def done() -> dict | None:
            file = self.files().get(name)
            return file if file and file["state"] not in ("queued", "running") else None

        return until(f"{name} is processed", done, patience)

    def idle(self) -> bool:
        queues = self.get("/api/health").json()["queues"]
        return not any(sum(depth.values()) for name, depth in queues.items() if not name.endswith("-dead-letters"))

    # Processes

    def memory(self, what: str = "VmRSS") -> float:
        """Returns memory in MiB."""
        return status(self.child.pid, what) / 1024

    def descriptors(self) -> int:
        try:
            return len(os.listdir(f"/proc/{self.child.pid}/fd"))
        except PermissionError:
            # After it has started a child, only root can read it; its open connections are counted instead.
            lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
            own = f":{self.port:04X}"
            return sum(local.endswith(own) and state in ("01", "08") for _, local, _, state, *_ in lines)

    def children(self) -> set[int]:
        return children(self.child.pid)


@dataclass
class Scanned:
    detail: dict
    found: set[tuple[str, str]]
    failed: dict[str, str]


def multipart(fields: dict[str, str], content: bytes) -> tuple[str, bytes]:
    mark = b"riffle-attack-boundary"
    named = [(f'"{name}"'.encode(), value.encode()) for name, value in fields.items()]
    parts = [b"--%s\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n" % (mark, name, value)
             for name, value in [*named, (b'"file"; filename="f"', content)]]
    return f"multipart/form-data; boundary={mark.decode()}", b"".join(parts) + b"--%s--\r\n" % mark


def read(connection: socket.socket, method: str = "GET") -> Answer | None:
    answer = http.client.HTTPResponse(connection, method=method)
    try:
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        return None
    finally:
        answer.close()


class Socket:
    """A minimal WebSocket client: unfragmented text frames."""

    def __init__(self, server: Server, headers: Headers | None = None, known: bool = True, path: str = "/ws"):
        key = base64.b64encode(os.urandom(16)).decode()
        own = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
        self.connection = server.connect()
        self.connection.sendall(server.head("GET", path, {**own, **(headers or {})}, known))
        self.stream: io.BufferedReader = self.connection.makefile("rb")
        line = self.stream.readline()
        self.status = int(line.split()[1]) if line else 0
        while self.stream.readline() not in (b"\r\n", b""):
            pass

    def send(self, message: dict) -> None:
        text, mask = json.dumps(message).encode(), os.urandom(4)
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
        self.connection.sendall(b"\x81" + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text)))

    def next(self) -> dict | None:
        """Returns the next frame; None if the server has closed the connection."""
        while head := self.stream.read(2):
            length = head[1] & 0x7F
            if length >= 126:
                size = ">H" if length == 126 else ">Q"
                length = struct.unpack(size, self.stream.read(struct.calcsize(size)))[0]
            content, kind = self.stream.read(length), head[0] & 0x0F
            if kind == 1:
                return json.loads(content)
            if kind == 8:
                return None
        return None


def status(pid: int, what: str) -> int:
    """Returns a number from /proc/PID/status, in the unit used there."""
    try:
        found = re.search(rf"^{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) if found else 0


def is_running(pid: int) -> bool:
    """Returns whether the process is running; zombies do not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> set[int]:
    """Returns all descendants of a process."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            parents.setdefault(status(int(entry), "PPid"), []).append(int(entry))
    found, look = set(), [pid]
    while look:
        of = parents.get(look.pop(), [])
        found.update(of)
        look += of
    return found


@dataclass
class Watch:
    """Monitors a server's child processes in the background: their ids, and the used memory and the limit of each."""

    server: Server
    peaks: dict[int, int] = field(default_factory=dict)
    limits: dict[int, int] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watch":
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.done.set()
        self.thread.join()

    def look(self) -> None:
        while not self.done.wait(0.02):
            for pid in self.server.children():
                self.peaks[pid] = max(self.peaks.get(pid, 0), status(pid, "VmHWM") * 1024)
                try:
                    told = Path(f"/proc/{pid}/limits").read_text()
                    self.limits[pid] = int(re.search(r"Max address space +(\d+)", told)[1])
                except (OSError, TypeError):  # The process has exited, or has no limit yet.
                    pass
