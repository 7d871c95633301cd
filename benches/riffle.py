"""Runs Riffle for measurements: the release build with a new state each time, so that nothing is cached."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import corpus
import measure
from corpus import Unavailable

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass
class Scan:
    cost: measure.Cost
    matches: set[tuple[str, str]] = field(default_factory=set)  # file, code in lower case
    failed: dict[str, str] = field(default_factory=dict)  # file: reason
    summary: dict = field(default_factory=dict)


def build(*arguments: str) -> None:
    done = subprocess.run(["cargo", "build", "--release", *arguments], cwd=REPOSITORY)
    if done.returncode != 0:
        raise Unavailable(f"`cargo build --release {' '.join(arguments)}` failed")


def target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release"


def binary(named: str | None) -> Path:
    """Returns the binary to measure: the given one, or that of this checkout, built first."""
    if named:
        if not Path(named).is_file():
            raise Unavailable(f"{named} does not exist")
        return Path(named)
    build("-p", "riffle", "--bin", "riffle")
    return target() / "riffle"


def samples(program: Path, count: int, seed: int = 1, one_page: bool = False) -> Path:
    """Creates samples in the cache if they are missing; returns the folder with the codes and the answer key."""
    name = f"samples-{count}-{seed}" + ("-one-page" if one_page else "")
    folder = corpus.cache_dir() / name
    if (folder / "answers.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(program), "samples", str(folder), "--count", str(count), "--seed", str(seed)]
    done = subprocess.run(command + (["--one-page"] if one_page else []), stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(command)}` failed")
    return folder


def command(program: Path, folder: Path, codes: Path, work: Path) -> list[str]:
    report, state = str(work / "report.xlsx"), str(work / "state")
    scan = [str(program), "scan", str(folder), "--codes", str(codes), "--report", report]
    return [*scan, "--json", "--state", state]


def scan(program: Path, folder: Path, codes: Path, work: Path, *more: str, again: bool = False) -> Scan:
    """Runs one scan with a new state, or `again` with the state of the previous one. Exit status 1 means that some
    files failed, which is a result."""
    if not again:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    out = work / "frames.jsonl"
    cost = measure.run([*command(program, folder, codes, work), *more], out)
    if cost.status not in (0, 1):
        said = Path(f"{out}.err").read_text(errors="replace").strip()
        raise Unavailable(f"riffle ended with {cost.status}: {said[-800:]}")
    result = Scan(cost)
    with open(out, encoding="utf-8") as frames:
        for line in frames:
            frame = json.loads(line)
            if frame["type"] == "MATCH_FOUND":
                data = frame["data"]
                result.matches.add((data["file_name"], data["hole_code"].lower()))
            elif frame["type"] == "FILE_FAILED":
                result.failed[frame["data"]["file_name"]] = frame["data"]["reason"]
            elif frame["type"] == "SUMMARY":
                result.summary = frame
    if not result.summary:
        raise Unavailable(f"the last line of {out} is not a SUMMARY")
    return result


def bare(folder: Path, jobs: int, work: Path) -> measure.Cost:
    """Reads the same files with the same parsers only: without queue, ledger, report and matching."""
    program = target() / "examples" / "extract"
    cost = measure.run([str(program), "--time", "--jobs", str(jobs), str(folder)], work / "bare.txt")
    if cost.status != 0:
        raise Unavailable(f"{program.name} ended with {cost.status} on {folder}")
    return cost
