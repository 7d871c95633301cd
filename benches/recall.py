"""Recall of Riffle relative to pdftotext with a whole-word search, and the causes of misses.

pdftotext is not the truth: it splits words wrongly and joins others. It is what users have had
until now, so that each pair that it finds and Riffle does not needs a cause.
"""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import codes as code_choice
import riffle

HYPHENS = re.compile("[\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad]")
AROUND_HYPHEN = re.compile(r"\s*-\s*")
EXTRACT_SECONDS = 60


@dataclass
class Recall:
    reference: int  # pairs that pdftotext and whole-word search find
    found: int
    riffle_only: int
    misses: list[tuple[str, str, str]]  # file, code, class

    def share(self) -> float:
        return self.found / self.reference if self.reference else 1.0

    def classes(self) -> list[tuple[str, int]]:
        return Counter(cause for _, _, cause in self.misses).most_common()


def reference(files: list[Path], root: Path, codes: list[str]) -> set[tuple[str, str]]:
    words, cache, pairs = code_choice.WholeWords(codes), code_choice.text_cache(root), set()
    for file in files:
        name = str(file.relative_to(root))
        pairs.update((name, code) for code in words.found(code_choice.text_of(file, root, cache)))
    return pairs


def compare(expected: set[tuple[str, str]], scan: riffle.Scan, root: Path) -> Recall:
    misses, texts = [], {}
    for file, code in sorted(expected - scan.matches):
        if file in scan.failed:
            misses.append((file, code, f"file failed: {scan.failed[file][:60]}"))
            continue
        if file not in texts:
            texts = {file: _riffle_text(root / file)}  # sorted by file: one at a time is enough
        misses.append((file, code, _cause(code, texts[file], root / file, root)))
    found = len(expected) - len(misses)
    return Recall(len(expected), found, len(scan.matches - expected), misses)


def _riffle_text(file: Path) -> str | None:
    program = riffle.target() / "examples" / "extract"
    if not program.exists():
        return None
    try:
        done = subprocess.run([str(program), str(file)], capture_output=True, timeout=EXTRACT_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace")


def _cause(code: str, text: str | None, file: Path, root: Path) -> str:
    """Returns the probable cause of a miss. The order matters: from the narrowest to the widest cause."""
    if text is None:
        return "unknown: the text could not be extracted"
    low = AROUND_HYPHEN.sub("-", HYPHENS.sub("-", text.lower()))
    if re.search(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])", low):
        return "matching: the text contains it"
    tight = re.sub(r"\s+", "", low)
    if code in low:
        return "word break: joined to a neighbour"
    if code in tight:
        return "word break: a space inside"
    if code.replace("-", "") in tight.replace("-", ""):
        return "hyphen missing or another character"
    theirs = code_choice.text_of(file, root, code_choice.text_cache(root))
    if len(tight) < 0.5 * len(re.sub(r"\s+", "", theirs)):
        return "text missing: less than half of pdftotext's"
    if tight.count("\ufffd") > 0.02 * len(tight):
        return "glyphs without Unicode"
    return "other: another order or other characters"
