"""`scripts/bench scan`: Riffle and its peers on the same files and codes, in one run."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import codes as code_choice
import corpus
import measure
import peers
import recall
import riffle
from report import Report

PEER_SECONDS = 3 * 3600
SANDBOX_TURNS = 7


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, help="a folder of PDFs (default: the fetched one)")
    parser.add_argument("--only", choices=["corpus", "samples"], help="one of the two data sets")
    parser.add_argument("--sample", type=int, default=600, metavar="N",
                        help="files that the other programs and Riffle read (default 600; 0: all)")
    parser.add_argument("--codes", type=int, default=1000, metavar="N", help="codes to search for in the corpus")
    parser.add_argument("--samples", type=int, default=6600, metavar="N", help="sample drawings (default 6600)")
    parser.add_argument("--no-peers", action="store_true", help="measure only Riffle, with recall and overhead")
    parser.add_argument("--scale", action="store_true",
                        help="instead: 1,000, 6,600 and 100,000 files of one page each")
    parser.add_argument("--sandbox", action="store_true",
                        help="instead: the cost of parsing in separate processes")
    parser.add_argument("--rescan", action="store_true",
                        help="instead: a second scan of the same files with other codes")
    parser.add_argument("--riffle", metavar="PATH", help="binary to measure (default: build this checkout's)")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the results here")
    parser.add_argument("--misses", type=Path, metavar="FILE.tsv", help="write the missed pairs to this file")


def run(options: argparse.Namespace) -> None:
    program = riffle.binary(options.riffle)
    riffle.build("-p", "riffle-extract", "--example", "extract")
    work = corpus.cache_dir() / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    report = Report(program)
    try:
        if options.scale:
            scale(options, program, work, report)
        elif options.sandbox:
            sandbox(options, program, work, report)
        elif options.rescan:
            rescan(options, program, work, report)
        else:
            if options.only != "samples":
                on_corpus(options, program, work, report)
            if options.only != "corpus":
                on_samples(options, program, work, report)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if options.out:
            options.out.write_text(report.text())


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


def beside(options: argparse.Namespace, program: Path, files: list[Path], root: Path,
           codes: Path, work: Path, report: Report) -> None:
    """Measures Riffle and its peers on a selection of files."""
    chosen = corpus.sample(files, root, options.sample or None)
    folder = peers.link_tree(chosen, root, work / "files")
    # Once before the measurement, so that no program is the first to read the files from disk.
    for file in chosen:
        file.read_bytes()
    say(f"riffle on {len(chosen)} files")
    ours = riffle.scan(program, folder, codes, work / "run").cost
    rows = [("riffle", ours)]
    if not options.no_peers:
        say(f"pdftotext | rg on {len(chosen)} files")
        rows.append(("pdftotext \\| rg", peers.pdftotext_rg(folder, codes, work / "pipe", PEER_SECONDS)))
        say(f"pdfgrep on {len(chosen)} files")
        rows.append(("pdfgrep", peers.pdfgrep(folder, codes, work / "pdfgrep", PEER_SECONDS)))
    report.costs(rows, len(chosen))
    shutil.rmtree(folder)


def on_corpus(options: argparse.Namespace, program: Path, work: Path, report: Report) -> None:
    root = options.corpus or corpus.corpus_dir()
    files = corpus.pdfs(root)
    codes = code_choice.choose(files, root, options.codes)
    listed = write_codes(codes, work)
    report.heading(f"Real PDFs: {len(files)} files, {len(codes)} codes")
    beside(options, program, files, root, listed, work, report)

    say(f"riffle on all {len(files)} files")
    full = peers.link_tree(files, root, work / "files")
    result = riffle.scan(program, full, listed, work / "run")
    say("bare extraction of the same files")
    bare = riffle.bare(full, os.cpu_count() or 1, work)
    report.whole(result, bare, len(files))
    say("recall")
    found = recall.compare(recall.reference(files, root, codes), result, root)
    report.recall(found, result)
    if options.misses:
        lines = ["file\tcode\tcause", *("\t".join(miss) for miss in found.misses)]
        options.misses.write_text("\n".join(lines) + "\n")
    shutil.rmtree(full)


def on_samples(options: argparse.Namespace, program: Path, work: Path, report: Report) -> None:
    say(f"{options.samples} samples")
    folder = riffle.samples(program, options.samples)
    drawings = folder / "drawings"
    key = json.loads((folder / "answers.json").read_text())
    listed = write_codes(key["codes"], work)
    report.heading(f"Samples: {options.samples} files, {len(key['codes'])} codes")
    # The peers read PDFs only.
    beside(options, program, corpus.pdfs(drawings), drawings, listed, work, report)
    say(f"riffle on all {options.samples} files")
    result = riffle.scan(program, drawings, folder / "codes.xlsx", work / "run")
    bare = riffle.bare(drawings, os.cpu_count() or 1, work)
    report.whole(result, bare, options.samples)
    expected = {(answer["file"], answer["code"].lower()) for answer in key["matches"]}
    report.key(expected, result.matches)


def scale(options: argparse.Namespace, program: Path, work: Path, report: Report) -> None:
    report.heading("Scale: samples of one page each")
    rows = []
    for count in (1_000, 6_600, 100_000):
        say(f"{count} samples")
        folder = riffle.samples(program, count, one_page=True)
        say(f"riffle on {count} files")
        result = riffle.scan(program, folder / "drawings", folder / "codes.xlsx", work / "run")
        rows.append((count, result))
        if count > 10_000:
            shutil.rmtree(folder)  # more than a gigabyte, and recreated in minutes
    report.scale(rows)


def sandbox(options: argparse.Namespace, program: Path, work: Path, report: Report) -> None:
    """Runs both ways alternately, so that other load affects both."""
    root = options.corpus or corpus.corpus_dir()
    files = corpus.pdfs(root)
    listed = write_codes(code_choice.choose(files, root, options.codes), work)
    chosen = corpus.sample(files, root, options.sample or None)
    folder = peers.link_tree(chosen, root, work / "files")
    ways = {"in this process": ["--no-cache", "--in-process"], "in processes of its own": ["--no-cache"]}
    costs: dict[str, list[measure.Cost]] = {way: [] for way in ways}
    for turn in range(-1, SANDBOX_TURNS):
        for way, flags in ways.items():
            say(f"{way}, turn {turn + 1} of {SANDBOX_TURNS}")
            cost = riffle.scan(program, folder, listed, work / "run", *flags).cost
            if turn >= 0:  # the first turn warms the disk cache
                costs[way].append(cost)
    report.heading(f"Sandbox: {len(chosen)} real PDFs, {SANDBOX_TURNS} turns")
    report.turns(list(costs.items()), len(chosen))
    shutil.rmtree(folder)


def rescan(options: argparse.Namespace, program: Path, work: Path, report: Report) -> None:
    root = options.corpus or corpus.corpus_dir()
    files = corpus.pdfs(root)
    made = riffle.samples(program, options.samples)
    for name, folder, count in (("real PDFs", root, len(files)),
                                ("samples", made / "drawings", options.samples)):
        first = write_codes(code_choice.choose(files, root, options.codes), work)
        say(f"{name}, first scan")
        before = riffle.scan(program, folder, first, work / "run")
        other = work / "other.txt"
        other.write_text("".join(f"OTHER-{number}\n" for number in range(options.codes)))
        say(f"{name}, second scan")
        after = riffle.scan(program, folder, other, work / "run", again=True)
        report.heading(f"Second scan with other codes: {count:,} {name}")
        report.again(before, after, count)
    shutil.rmtree(work / "run")


def write_codes(codes: list[str], work: Path) -> Path:
    path = work / "codes.txt"
    path.write_text("\n".join(codes) + "\n")
    return path
