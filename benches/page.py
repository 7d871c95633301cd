"""Waiting times of the page, in Chromium against the real server."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import measure
import riffle
from corpus import Unavailable

TESTS = Path(__file__).resolve().parent.parent / "tests" / "page"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=20, metavar="N",
                        help="scans disturbed by ten cuts and reloads each (default 20)")
    parser.add_argument("--riffle", metavar="PATH", help="binary to measure (default: build this checkout's)")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the results here")


def run(options: argparse.Namespace) -> None:
    subprocess.run([TESTS.parent.parent / "scripts" / "dashboard"], check=True)
    program = riffle.binary(options.riffle)
    lines = [f"- machine: {measure.machine()}", f"- program: {measure.version([str(program), '--version'])}", "",
             "| what | figure |", "|---|---|"]
    with tempfile.TemporaryDirectory() as scratch:
        figures = Path(scratch) / "figures"
        environment = dict(os.environ, RIFFLE_BINARY=str(program), RIFFLE_PAGE_FIGURES=str(figures),
                           RIFFLE_PAGE_RUNS=str(options.runs))
        browse(["--config", "measure.config.ts"], environment)
        for line in map(json.loads, figures.read_text().splitlines()):
            lines.append(f"| {line['what']} | {line['value']:,.0f} {line['unit']} |")
    if options.runs:
        # Fails if one of them ends in a state that differs from the server's.
        environment["RIFFLE_PAGE_FILES"] = "4000"
        browse(["cuts.spec.ts", "-g", "ten random moments"], environment)
        lines.append(f"| cuts and reloads, after all of which the page showed the server's state | {options.runs * 10} |")
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


def browse(arguments: list[str], environment: dict[str, str]) -> None:
    command = [TESTS.parent.parent / "scripts" / "page-tests", *arguments]
    if subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode != 0:
        raise Unavailable("the browser run failed: see above")
