"""Compares two builds: processor time of a scan and of an import, and cold starts of two functions.

Each measurement runs old and new in alternating pairs on the same input, so that other load affects both. The result is
the median of the ratios, new to old.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

import corpus
import functions
import statements
import measure
import riffle
from corpus import Unavailable

COLD = ["scan-worker", "api"]
# Starts per pair: a start takes milliseconds, so that a single one is too noisy.
STARTS = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", type=Path, help="release binary to compare with, such as one of an earlier checkout")
    parser.add_argument("new", type=Path, nargs="?", help="binary to measure (default: build this checkout's)")
    parser.add_argument("--pairs", type=int, default=7, metavar="N", help="alternating runs of both (default 7)")
    parser.add_argument("--files", type=int, default=1_000, metavar="N", help="PDFs of the corpus to scan (default 1,000)")
    parser.add_argument("--rows", type=int, default=300_000, metavar="N", help="rows to import (default 300,000)")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of PDFs (default: the cache's)")
    parser.add_argument("--functions", type=Path, nargs=2, metavar=("OLD", "NEW"),
                        help="folders of shipped functions, for cold starts (scripts/functions)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="an additional variable for the old functions")
    parser.add_argument("--only", choices=["scan", "import", "functions"], help="run only this measurement")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the results here")


def run(options: argparse.Namespace) -> None:
    old, new = riffle.binary(str(options.old)), riffle.binary(options.new and str(options.new))
    lines = [f"- machine: {measure.machine()}", f"- {options.pairs} alternating pairs, median of their ratios", "",
             "| measured | old | new | new / old | slowest pair |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        if options.only in (None, "scan"):
            folder, count, codes = pdfs(new, work, options)
            lines.append(row(f"scan, CPU ms a file of {count:,} PDFs", options.pairs, [
                lambda program=program: riffle.scan(program, folder, codes, work / "scan", "--no-cache").cost.cpu * 1e3 / count
                for program in (old, new)]))
        if options.only in (None, "import"):
            statement = work / "statement.csv"
            statement.write_bytes(statements.statement(options.rows))
            lines.append(row(f"import, CPU s of {options.rows:,} rows", options.pairs, [
                lambda program=program: imported(program, statement, work / "import") for program in (old, new)]))
        if options.functions and options.only in (None, "functions"):
            port = functions.runtime_api()
            more = dict(pair.split("=", 1) for pair in options.set)
            for name in COLD:
                lines.append(row(f"cold start of {name}, ms", options.pairs, [
                    lambda folder=folder, name=name: statistics.median(
                        functions.cold_start(folder / name / "bootstrap", name, port, more) for _ in range(STARTS))
                    for folder in options.functions]))
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


def pdfs(program: Path, work: Path, options: argparse.Namespace) -> tuple[Path, int, Path]:
    """Returns a folder of links to the sampled files, their number, and codes to search for in them."""
    root = options.corpus or corpus.corpus_dir()
    files = corpus.sample(corpus.pdfs(root), root, options.files)
    folder = work / "pdfs"
    folder.mkdir()
    for number, file in enumerate(files):
        os.link(file, folder / f"{number:05d}.pdf") if same_device(file, folder) else shutil.copy(
            file, folder / f"{number:05d}.pdf")
    return folder, len(files), riffle.samples(program, 100) / "codes.xlsx"


def same_device(file: Path, folder: Path) -> bool:
    return file.stat().st_dev == folder.stat().st_dev


def imported(program: Path, statement: Path, state: Path) -> float:
    """Returns seconds of processor time."""
    shutil.rmtree(state, ignore_errors=True)
    cost = measure.run([str(program), "import", str(statement), "--state", str(state)])
    if cost.status != 0:
        raise Unavailable(f"{program} import ended with {cost.status}")
    return cost.cpu


def row(what: str, pairs: int, sides: list) -> str:
    """Runs each side once before measuring, because the first would otherwise warm the caches for the second."""
    measured = [[side() for side in sides] for _ in range(pairs + 1)][1:]
    ratios = [new / old for old, new in measured]
    old, new = (statistics.median(side) for side in zip(*measured))
    return f"| {what} | {old:.2f} | {new:.2f} | {statistics.median(ratios):.3f} | {max(ratios):.3f} |"
