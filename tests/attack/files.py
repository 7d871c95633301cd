"""Hostile files read by the server: images, bombs, loops."""

import json
import os
import shutil
import time
from pathlib import Path

import made
from world import NotRun, Watch, World, attack, is_running, until

LAYERS = ["limits", "the end with its parent", "unreadable memory", "no privileges", "Landlock", "seccomp"]
# Memory of a child process, in bytes. See "Child processes" in docs/security.md.
MEMORY = 512 << 20
# Seconds until the child processes of a killed server have exited.
ENDS_WITHIN = 2


def put(folder: Path, files: dict[str, bytes]) -> str:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


@attack(ocr=True)
def ocr_deadlock(world: World) -> None:
    """A scan of two good files and two PNGs, each with 5,000 chunks that cause a warning, ends and reads both good
    files, also if the server is killed during it and restarted."""
    if not shutil.which("tesseract"):
        raise NotRun("Tesseract is not installed")
    files = {"a.png": made.picture(repeated=5_000), "b.png": made.picture(made.CODE, repeated=5_000),
             "picture.png": made.picture(made.CODE), "text.txt": made.GOOD}
    folder = put(world.folder / "pictures", files)
    scan = {"folders": [folder], "target_hole_codes": [made.CODE], "options": {"ocr": "auto"}}

    def look(server, session, when: str) -> None:
        told = server.scanned(session)
        world.check(told.detail["detail"] == "complete", f"{when} the scan ended as {told.detail['detail']}")
        for name in ("picture.png", "text.txt"):
            world.check((name, made.CODE) in told.found, f"{when} {name} was not read: {told.failed.get(name)}")
        for name in ("a.png", "b.png"):
            world.check(told.failed.get(name, "read") != "", f"{when} {name} has no reason")

    server, began = world.serve(), time.monotonic()
    look(server, server.start_scan(**scan), "at first")
    world.saw(f"ended after {time.monotonic() - began:.1f} s, {made.CODE} read in a picture and a text")
    # With cached texts, the second scan would not read the files.
    shutil.rmtree(world.folder / "pictures")
    put(world.folder / "pictures", {name: content + b"\n" for name, content in files.items()})
    session = server.start_scan(**scan)
    until("Tesseract runs", lambda: server.children() or server.get(f"/api/scans/{session}").json()["state"] == "done", 10)
    server.kill()
    again, began = world.serve(), time.monotonic()
    look(again, session, "after the kill")
    world.saw(f"killed during the scan, ended {time.monotonic() - began:.1f} s after the restart")


@attack()
def sandbox(world: World) -> None:
    """`riffle doctor` names each layer of the sandbox. Bombs, loops and files with false sizes are rejected with a
    reason, and the code in a good file scanned with them is found. No child process uses more than 512 MiB, and none
    outlives a SIGKILL of the server."""
    checks = [json.loads(line) for line in world.riffle("doctor", "--json", "--listen", "127.0.0.1:0").stdout.splitlines()]
    layers = next((check["found"] for check in checks if check["check"] == "sandbox layers"), "nothing")
    for layer in LAYERS:
        world.check(layer in layers, f"doctor names no {layer}: {layers}")
    world.saw(f"layers {layers.split(':')[0]}")

    bad, odd = made.bad(), made.odd()
    folder = put(world.folder / "files", {"good.txt": made.GOOD, **bad, **odd})
    server = world.serve("--no-cache")
    with Watch(server) as watch:
        told = server.scanned(server.start_scan(folders=[folder], target_hole_codes=[made.CODE]))
    world.check(told.found == {("good.txt", made.CODE)}, f"found: {sorted(told.found)}")
    world.check(told.detail["processed"] == len(bad) + len(odd) + 1, f"{told.detail['processed']} files have a result")
    for name in bad:
        world.check(told.failed.get(name, "").strip(), f"{name} has no reason")
    unbounded = sum(limit > MEMORY for limit in watch.limits.values())
    peak = max(watch.peaks.values(), default=0)
    world.check(watch.limits and not unbounded, f"{unbounded} of {len(watch.limits)} children have no memory limit")
    world.check(peak <= MEMORY, f"a child had {peak >> 20} MiB")
    world.saw(f"{len(told.failed)} of {len(bad) + len(odd)} refused, good.txt found, a child had at most {peak >> 20} MiB")

    folder = put(world.folder / "slow", {f"{number}.pdf": made.slow(150_000) + b"%d" % number for number in range(8)})
    server.start_scan(folders=[folder], target_hole_codes=[made.CODE])
    several = min(2, os.cpu_count() or 1)
    running = until("children that parse", lambda: len(pids := server.children()) >= several and pids)
    server.kill()
    time.sleep(ENDS_WITHIN)
    left = sum(map(is_running, running))
    world.check(not left, f"{left} of {len(running)} children outlive the server")
    world.saw(f"{left} of {len(running)} children left after SIGKILL")
