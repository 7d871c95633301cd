"""The state folder: killed during uploads, truncated, damaged or removed."""

import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

import made
from corpus import Unavailable
from world import PATIENCE, Server, World, attack, until

ROWS, SENDERS = 10, 4
# Number of kills, and seconds of uploading before each.
KILLS, MANY_KILLS, PAUSE = 4, 20, (0.1, 0.6)


@attack()
def kills(world: World) -> None:
    """If the server is killed with SIGKILL during uploads, every acknowledged statement is stored and processed once,
    and so is each of its rows."""
    chance, acknowledged, rounds = random.Random(1), [], MANY_KILLS if world.long else KILLS
    number = iter(range(10**9))
    server = world.serve()

    def send(to: Server) -> None:
        while True:
            name = f"{next(number)}.csv"
            try:
                to.upload(name, made.statement(ROWS, int(name[:-4]) * ROWS), f"account {name[-5]}")
            except (OSError, ValueError, Unavailable):
                return  # The server was killed before it acknowledged this upload.
            acknowledged.append(name)

    for _ in range(rounds):
        senders = [threading.Thread(target=send, args=(server,)) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        time.sleep(chance.uniform(*PAUSE))
        server.kill()
        for sender in senders:
            sender.join()
        server = world.serve()
    until("all is processed", server.idle)
    files = server.files()
    lost = [name for name in acknowledged if name not in files]
    world.check(len(acknowledged) > rounds, f"{len(acknowledged)} uploads were acknowledged: too few for a result")
    world.check(not lost, f"{len(lost)} of {len(acknowledged)} acknowledged statements are lost")
    open_ = [name for name, file in files.items() if file["state"] not in ("done", "review")]
    world.check(not open_, f"{len(open_)} are not processed: {[files[name]['detail'] for name in open_[:3]]}")
    wrong = [name for name, file in files.items() if (file["rows"], file["new"], file["duplicates"]) != (ROWS, ROWS, 0)]
    world.check(not wrong, f"{len(wrong)} do not have {ROWS} new rows")
    stored = len(server.all("/api/statements/transactions?limit=1000", "transactions"))
    world.check(stored == ROWS * len(files), f"{stored} rows of {len(files)} statements are stored")
    world.saw(f"{rounds} kills, {len(acknowledged)} acknowledged, {len(lost)} lost, {stored:,} rows of {len(files)} files")


@attack()
def damage(world: World) -> None:
    """A truncated, overwritten or removed database is always reported at the start. A damaged one is not changed. The
    database that only caches texts of files is recreated."""
    server = world.serve(state="whole")
    server.upload("one.csv", made.statement(3_000), "One")
    server.processed("one.csv")
    until("all is done", server.idle)
    server.kill()
    killed = world.folder / "whole"
    # After a kill, part of the data is still in the write-ahead log. A clean shutdown leaves one file.
    shutil.copytree(killed, world.folder / "ended")
    ended = world.serve(state="ended")
    ended.stop()
    whole = (world.folder / "ended" / "state.sqlite").read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    holes = whole[:middle] + b"\xff" * 3 * 4096 + whole[middle + 3 * 4096:]
    log = (killed / "state.sqlite-wal").read_bytes()
    # The source folder, the new content of its files (None: removed), and the required message.
    cases: dict[str, tuple[str, dict[str, bytes | None], str | None]] = {
        "cut in half": ("ended", {"state.sqlite": whole[: len(whole) // 2]}, "is damaged"),
        "cut by a page": ("ended", {"state.sqlite": whole[:-4096]}, "is damaged"),
        "cut to its head": ("ended", {"state.sqlite": whole[:100]}, "is damaged"),
        "no database": ("ended", {"state.sqlite": b"\xff" * len(whole)}, "is damaged"),
        "zeros": ("ended", {"state.sqlite": b"\0" * len(whole)}, "is damaged"),
        "holes, after a kill": ("ended", {"state.sqlite": holes, "lock": b"4711\n"}, "is damaged"),
        "holes, after a clean shutdown": ("ended", {"state.sqlite": holes}, "is damaged"),
        "empty": ("ended", {"state.sqlite": b""}, "missing or empty"),
        "removed": ("ended", {"state.sqlite": None, "state.sqlite-wal": None, "state.sqlite-shm": None}, "missing or empty"),
        "the log is cut": ("whole", {"state.sqlite-wal": log[: len(log) // 2]}, None),
        "the texts are not a database": ("ended", {"texts-1.sqlite": b"\xff" * 100_000}, None),
        "the texts are cut": ("ended", {"texts-1.sqlite": b"SQLite format 3\0" + b"\0" * 50_000}, None),
    }
    for name, (source, files, expected) in cases.items():
        state = world.folder / name.replace(" ", "-")
        shutil.copytree(world.folder / source, state)
        for file, content in files.items():
            (state / file).unlink(missing_ok=True)
            if content is not None:
                (state / file).write_bytes(content)
        before = (state / "state.sqlite").read_bytes() if expected == "is damaged" else b""
        said, status = started(world, state)
        if expected:
            how = "it starts as if undamaged" if status is None else f"it ends with {status}: {said[-200:]}"
            world.check(expected in said, f"{name}: {how}")
        else:
            world.check(status is None, f"{name}: it does not start: {said[-200:]}")
        if expected == "is damaged":
            world.check((state / "state.sqlite").read_bytes() == before, f"{name}: the database was changed")
        world.check("panicked" not in said, f"{name}: it panics")
    world.saw(f"{len(cases)} kinds of damage")


def started(world: World, state: Path) -> tuple[str, int | None]:
    """Returns the output of a server started there, and its exit status; None if it keeps running."""
    command = [world.binary, "serve", "--listen", "127.0.0.1:0", "--no-open", "--no-token", "--state", state]
    with (world.folder / "said").open("wb") as said:
        child = subprocess.Popen(command, env=world.environment({}), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        told = lambda: (world.folder / "said").read_text(errors="replace")  # noqa: E731
        until("it starts or ends", lambda: child.poll() is not None or "riffle is at" in told(), PATIENCE)
        return told(), child.poll()
    finally:
        child.kill()
        child.wait()
