"""Stuck work: dead letters, a cloud storage that does not answer, uploads of many files."""

import http.client
import json
import socket
import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import made
from files import put
from world import World, attack, until

LETTERS, READERS = 120, 8
# Seconds within which a local folder is scanned while scans of cloud folders wait.
SCANNED_WITHIN, CLOUDS = 10, 50
# Seconds that the progress request of an upload of 1,000 files may take longer than that of 10 files.
LONGER = 0.05


@attack()
def dead_letters(world: World) -> Iterator[None]:
    """Each list of dead letters is complete and the same: when repeated, for several clients at once, by flow, and
    after a restart. Listing does not hide any of them from a redrive."""
    server = world.serve()
    server.stop()
    # None of them can be parsed; the queues' own code creates the same form from a message that failed too often.
    with sqlite3.connect(server.state / "state.sqlite") as state:
        for number in range(LETTERS):
            queue = ("statements-errors", "scan-dispatch")[number % 2]
            state.execute("INSERT INTO messages (queue, fair_group, body, sent_at) VALUES (?, 'local', ?, ?)",
                          (f"{queue}-dead-letters", f"no message {number}", 1_700_000_000_000_000 + number))
    state.close()
    server = world.serve()
    first = server.get("/api/dead-letters").json()
    world.check(len(first["letters"]) == LETTERS and not first["more"], f"{len(first['letters'])} of {LETTERS} are listed")
    with ThreadPoolExecutor(READERS) as pool:
        others = list(pool.map(lambda _: server.get("/api/dead-letters").json(), range(READERS * 5)))
    world.check(all(other == first for other in others), "another request lists other dead letters")
    flows = [server.get(f"/api/dead-letters?flow={flow}").json()["letters"] for flow in ("scan", "statements")]
    world.check([len(flow) for flow in flows] == [LETTERS // 2] * 2, f"listed by flow: {[len(flow) for flow in flows]}")
    few = server.get("/api/dead-letters?limit=7").json()
    world.check(few["letters"] == first["letters"][:7] and few["more"], "a short list is not the beginning of the long one")
    server.kill()
    server = world.serve()
    world.check(server.get("/api/dead-letters").json() == first, "after a restart other dead letters are listed")
    ids = [letter["id"] for letter in first["letters"][:10]]
    given = server.post("/api/dead-letters/redrive", {"ids": ids}).json()["count"]
    world.check(given == 10, f"{given} of 10 are handed out again")
    yield
    until("they are dead letters again", lambda: len(server.get("/api/dead-letters").json()["letters"]) == LETTERS)
    world.saw(f"{LETTERS} letters, listed {len(others) + 3} times, 10 redriven and dead letters again")


@attack()
def cloud(world: World) -> None:
    """While 50 scans wait for a cloud that accepts connections and never answers, a local folder is scanned within 10
    s."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0.2)
        held: list[socket.socket] = []
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                with suppress(TimeoutError):
                    held.append(silent.accept()[0])

        accepting = threading.Thread(target=accept)
        accepting.start()
        server = world.serve(environment={"DRIVE_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        for number in range(CLOUDS):
            server.start_scan(folder_id=f"folder{number}", token="ya29.nothing", target_hole_codes=[made.CODE])
        until("the cloud has a connection", lambda: held, world.within(10))
        time.sleep(1)
        began = time.monotonic()
        folder = put(world.folder / "files", {"good.txt": made.GOOD})
        session = server.start_scan(folders=[folder], target_hole_codes=[made.CODE])
        try:
            told = server.scanned(session, world.within(SCANNED_WITHIN))
            world.check(told.found == {("good.txt", made.CODE)}, f"found: {told.found}")
            world.saw(f"the folder is read after {time.monotonic() - began:.1f} s")
        except TimeoutError as late:
            world.check(False, str(late))
        world.saw(f"{CLOUDS} scans wait, {len(held)} connections are held")
        server.kill()
        done.set()
        accepting.join()
        for connection in held:
            connection.close()


@attack()
def uploads(world: World) -> None:
    """The progress of an upload of 1,000 files is returned at most 50 ms later than the progress of an upload of 10
    files."""
    server = world.serve()
    medians = {}
    for count in (10, 1_000):
        upload = server.post("/api/uploads", {}).json()["upload_id"]
        files = [{"name": f"{number}.txt", "size": len(made.GOOD)} for number in range(count)]
        targets = server.post(f"/api/uploads/{upload}/files", {"first": 0, "files": files}).json()["files"]
        with ThreadPoolExecutor(4) as pool:
            statuses = set(pool.map(lambda target: server.send(target["upload"], made.GOOD).status, targets))
        world.check(statuses == {204}, f"files are answered with {statuses}")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        took = []
        for _ in range(20):
            began = time.monotonic()
            connection.request("GET", f"/api/uploads/{upload}", headers={"Authorization": f"Bearer {server.token}"})
            told = json.load(connection.getresponse())
            took.append(time.monotonic() - began)
        connection.close()
        world.check(told["received"] == count and not told["missing"], f"{told['received']} of {count} files received")
        medians[count] = statistics.median(took)
    few, many = medians.values()
    world.check(many - few <= world.within(LONGER), f"{many * 1000:.0f} ms of 1,000 files, {few * 1000:.0f} ms of 10")
    world.saw(f"{few * 1000:.1f} ms of 10 files, {many * 1000:.1f} ms of 1,000")
