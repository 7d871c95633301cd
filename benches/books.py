"""Reads a state folder directly while the program is not running."""

import hashlib
import json
import re
import sqlite3
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

# The names of queues without a consumer.
DEAD_LETTERS = "%-dead-letters"


@dataclass
class Session:
    id: str
    state: str
    total: int
    retry: bool
    failed: int = 0
    matches: int = 0
    content: str = ""  # equal for equal results of equal files
    killed: int = 0
    lost: int = 0  # files without a result, or with an unmarked one
    doubled: int = 0  # files that a count or the report contains twice
    wrong: list[str] = field(default_factory=list)


def body_of(result: dict) -> str | None:
    """Returns the content of a stored result; `None` if it is too long for the ledger and stored elsewhere."""
    return result["body"].get("Inline")


class Books:
    def __init__(self, state: Path):
        self.state = state
        self.database = sqlite3.connect(state / "state.sqlite")

    def close(self) -> None:
        self.database.close()

    def sessions(self) -> list[Session]:
        rows = self.database.execute(
            "SELECT id, fields, request FROM sessions JOIN requests ON session = id ORDER BY sessions.rowid"
        ).fetchall()
        return [self._session(identity, json.loads(fields), json.loads(request)) for identity, fields, request in rows]

    def queued(self) -> dict[str, int]:
        rows = self.database.execute(
            f"SELECT queue, count(*) FROM messages WHERE queue NOT LIKE '{DEAD_LETTERS}' GROUP BY queue")
        return dict(rows.fetchall())

    def dead(self) -> list[tuple[str, str]]:
        """Returns the session and the body of each dead letter."""
        return self.database.execute(f"SELECT fair_group, body FROM messages WHERE queue LIKE '{DEAD_LETTERS}'").fetchall()

    def attempts(self) -> int:
        return self.database.execute("SELECT count(*) FROM attempts").fetchone()[0]

    def _session(self, identity: str, fields: dict, request: dict) -> Session:
        sealed = fields["sealed"] or {"total": 0}
        session = Session(identity, fields["state"], sealed["total"], bool(request.get("retry_of")))
        if session.state == "COMPLETE":
            self._judge(session, fields)
        else:
            session.wrong.append(f"is {session.state}: {fields['reason'] or 'no reason given'}")
        return session

    def _judge(self, session: Session, fields: dict) -> None:
        whole, results = hashlib.sha256(), []
        rows = self.database.execute(
            "SELECT number, result FROM results WHERE session = ? ORDER BY number", (session.id,))
        for number, stored in rows:
            result = json.loads(stored)
            body = body_of(result)
            if body is None:
                body = self._object(result["body"]["Object"])
            results.append(number)
            session.failed += result["failed"]
            session.matches += result["matches"]
            session.killed += '"code":"killed"' in body
            figures = (number, *(result[name] for name in ("failed", "matches", "bytes", "pages")))
            whole.update(repr((*figures, body)).encode())
        session.content = whole.hexdigest()
        done = [number for (numbers,) in self.database.execute(
            "SELECT numbers FROM done WHERE session = ?", (session.id,)) for number in _decode(numbers)]
        expected = set(range(session.total))
        session.lost = len(expected - (set(results) & set(done)))
        session.doubled = len(results) - len(set(results)) + len(done) - len(set(done))
        if set(results) | set(done) != expected:
            session.wrong.append("its results or its set do not match its files")
        counts = fields["counts"]
        stored = {"processed": len(results), "failed": session.failed, "matches": session.matches}
        if counts != stored:
            session.doubled += max(0, counts["processed"] - len(results))
            session.wrong.append(f"counts {counts}, its results are {stored}")
        self._report(session, fields["report"])

    def _report(self, session: Session, key: str) -> None:
        with zipfile.ZipFile(self._path(key)) as report:
            book = report.read("xl/workbook.xml").decode()
            sheets = re.findall(r'<sheet name="([^"]+)"', book)
            rows = {"Files": 0, "Matches": 0}
            for number, name in enumerate(sheets, 1):
                kind = name.split(" ")[0]
                if kind in rows:
                    # Without the heading row.
                    rows[kind] += report.read(f"xl/worksheets/sheet{number}.xml").count(b"<row ") - 1
        expected = {"Files": session.total, "Matches": session.matches}
        if rows != expected:
            session.lost += max(0, session.total - rows["Files"])
            session.doubled += max(0, rows["Files"] - session.total)
            session.wrong.append(f"its report has the rows {rows}, its results are {expected}")

    def _path(self, key: str) -> Path:
        *folders, name = key.split("/")
        return self.state.joinpath("objects", *(f"{folder}=" for folder in folders), name)

    def _object(self, key: str) -> str:
        try:
            return self._path(key).read_text(encoding="utf-8")
        except OSError as error:
            return f"missing: {error}"


def _decode(numbers: bytes) -> list[int]:
    """Decodes a set in the format of index_set.rs."""
    decoded, last, distance, shift = [], 0, 0, 0
    for byte in numbers:
        distance |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            continue
        last += distance
        decoded.append(last)
        distance, shift = 0, 0
    return decoded
