"""Many clients: slow ones, idle ones, and more work than one user creates."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from world import Server, World, attack, until

COUNT = 1_000
# Seconds: the longest response time of the page meanwhile, and the wait until the server has closed an idle connection,
# which it does after 30 s at most.
ANSWERS_WITHIN, CLOSED_WITHIN = 1, 40
LOAD_SECONDS, UPLOADS, READS = 60, 25, 100
# Memory is flat if it has grown by at most this much since half time.
GROWTH, GROWTH_MIB = 1.25, 16


@attack()
def slow_clients(world: World) -> Iterator[None]:
    """During 1,000 half-sent requests and 1,000 idle connections the page and the API answer within 1 s. The server
    then closes all these connections and has as many descriptors open as before."""
    server = world.serve()
    pages = ["/", "/api/scans", "/api/statements/files", "/api/config"]
    for page in pages:
        server.get(page)
    before = settled(server)
    body = server.head("POST", "/api/codes", {"Content-Length": "99"}) + b"HO"
    halves = [b"GET /api/scans HTTP/1.1\r\nHost: lo", body, b"G", body.replace(b"close", b"keep-alive")]
    held: list[socket.socket] = []
    for number in range(2 * COUNT):
        connection = server.connect()
        if number < COUNT:
            connection.sendall(halves[number % len(halves)])
        held.append(connection)
    slowest = 0.0
    for _ in range(10):
        for page in pages:
            began = time.monotonic()
            world.check(server.get(page).status == 200, f"{page} does not answer with 200")
            slowest = max(slowest, time.monotonic() - began)
    world.check(slowest <= world.within(ANSWERS_WITHIN), f"an answer took {slowest:.2f} s")
    most = server.descriptors()
    world.check(most >= before + 2 * COUNT, f"{most} descriptors: not all connections are held")
    yield
    began = time.monotonic()
    while time.monotonic() - began < world.within(CLOSED_WITHIN) and server.descriptors() > before:
        time.sleep(0.5)
    after = server.descriptors()
    world.check(after <= before, f"{after} descriptors after {CLOSED_WITHIN} s, {before} before")
    world.check(server.is_alive(), "the server does not run any more")
    world.saw(f"slowest answer {slowest * 1000:.0f} ms; {before} descriptors, {most} with them, {after} after "
              f"{time.monotonic() - began:.0f} s")
    for connection in held:
        connection.close()


def settled(server: Server) -> int:
    """Returns the number of descriptors once earlier connections are closed."""
    time.sleep(0.3)
    return server.descriptors()


@attack(long=True)
def load(world: World) -> None:
    """During 60 s with 25 uploads of statements of 10 rows and 100 reads of lists a second no request fails, all
    statements are processed, and memory stays flat in the second half."""
    server = world.serve()
    command = [sys.executable, Path(__file__).with_name("load.py"), *map(str, (server.port, LOAD_SECONDS, UPLOADS, READS))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RIFFLE_TOKEN": server.token}
    began = time.monotonic()
    client = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    memory = [(0.0, server.memory())]
    while client.poll() is None:
        time.sleep(0.5)
        memory.append((time.monotonic() - began, server.memory()))
    told = json.loads(client.stdout.read())
    until("an idle pipeline", server.idle)
    sent, errors = told["uploads"]["sent"], told["uploads"]["errors"] + told["reads"]["errors"]
    files = server.files()
    done = sum(file["state"] in ("done", "review") and file["new"] == 10 for file in files.values())
    world.check(not errors, f"{len(errors)} requests failed: {errors[:2]}")
    world.check(done == sent == LOAD_SECONDS * UPLOADS, f"only {done} of {sent} statements are processed")
    half = next(mib for at, mib in memory if at > LOAD_SECONDS / 2)
    last = server.memory()
    world.check(last <= half * GROWTH + GROWTH_MIB, "memory grows")
    for what in ("uploads", "reads"):
        took = told[what]["milliseconds"]
        sent = f"{told[what]['sent']:,} {what}"
        world.saw(f"{sent}: p50 {took['p50']:.0f} ms, p99 {took['p99']:.0f} ms, at most {took['most']:.0f} ms")
    world.saw(f"{len(errors)} errors")
    world.saw(f"resident {memory[0][1]:.0f} MiB at the start, {half:.0f} at half time, {last:.0f} at the end")
