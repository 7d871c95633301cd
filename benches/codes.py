"""Chooses the codes that the benchmark searches for: tokens that occur in the corpus, the same each time.

The text of the corpus comes from pdftotext and is cached, because it is also the reference for
recall. Codes are selected by a hash of the token, never by how well a program finds them.
"""

import hashlib
import json
import re
import subprocess
import sys
import unicodedata
import zlib
from pathlib import Path

import corpus

# A token that could be a hole code: letters with digits, or hyphens with at least one letter.
TOKEN = re.compile(r"(?<![\w-])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![\w-])", re.ASCII)
WORD = re.compile(r"\w+")
LONGEST, SHORTEST = 24, 4
MADE_UP_SHARE = 10  # one in ten occurs nowhere
TEXT_SECONDS = 120


def code_like(token: str) -> bool:
    return (
        SHORTEST <= len(token) <= LONGEST
        and any(c.isalpha() for c in token)
        and (any(c.isdigit() for c in token) or "-" in token)
    )


def text_of(pdf: Path, root: Path, cache: Path) -> str:
    """Returns the output of pdftotext, from the cache if possible; empty after a failure or timeout."""
    kept = cache / pdf.relative_to(root).with_suffix(".pdf.txt")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        try:
            subprocess.run(
                ["pdftotext", "-q", str(pdf), str(part)], timeout=TEXT_SECONDS, stderr=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            pass
        if not part.exists():
            part.write_text("")
        part.rename(kept)
    return kept.read_text(encoding="utf-8", errors="replace")


def text_cache(root: Path) -> Path:
    """Returns the cache folder of the texts of the files in `root`; each folder of PDFs has its own."""
    named = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    return corpus.cache_dir() / f"text-{named}"


def choose(files: list[Path], root: Path, count: int) -> list[str]:
    """Returns `count` codes: nine tenths occur in the files (half of these in three or more), the rest nowhere."""
    listed = "\n".join(str(f.relative_to(root)) for f in files)
    name = f"codes-{count}-{hashlib.sha256(listed.encode()).hexdigest()[:16]}.json"
    kept = corpus.cache_dir() / name
    if kept.exists():
        return json.loads(kept.read_text())
    cache = text_cache(root)
    in_files: dict[str, int] = {}
    for number, pdf in enumerate(files):
        if number % 200 == 0:
            print(f"choosing codes: {number} of {len(files)} files", file=sys.stderr, flush=True)
        text = text_of(pdf, root, cache)
        # Only one token in sixteen is considered, by its hash, to save memory.
        tokens = {t.lower() for t in TOKEN.findall(text) if code_like(t)}
        for token in tokens:
            if zlib.crc32(token.encode()) % 16 == 0:
                in_files[token] = in_files.get(token, 0) + 1
    def rank(token: str) -> bytes:
        return hashlib.sha256(token.encode()).digest()
    real = count - count // MADE_UP_SHARE
    common = sorted((t for t, n in in_files.items() if n >= 3), key=rank)[: real // 2]
    rest = sorted(in_files.keys() - set(common), key=rank)[: real - len(common)]
    made_up = []
    number = 0
    while len(common) + len(rest) + len(made_up) < count:
        number += 1
        made_up.append(f"zq{number * 7919 % 100000:05d}-hole")
    codes = sorted(common + rest + made_up)
    kept.write_text(json.dumps(codes))
    return codes


class WholeWords:
    """Returns the codes that a text contains as whole words, ignoring case; overlapping ones count."""

    def __init__(self, codes: list[str]):
        self.by_first: dict[str, list[str]] = {}
        for code in codes:
            low = code.lower()
            self.by_first.setdefault(WORD.match(low).group(), []).append(low)

    def found(self, text: str) -> set[str]:
        low = text.lower()
        found = set()
        for word in WORD.finditer(low):
            for code in self.by_first.get(word.group(), ()):
                end = word.start() + len(code)
                if low.startswith(code, word.start()) and not _word_char(low, end):
                    found.add(code)
        return found


def _word_char(text: str, at: int) -> bool:
    # Word boundaries as in ripgrep: combining marks belong to a word.
    return at < len(text) and (
        text[at].isalnum() or text[at] == "_" or unicodedata.category(text[at]).startswith("M"))
