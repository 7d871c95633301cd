"""The programs that Riffle is compared with, as users would call them."""

import os
import shutil
from pathlib import Path

import measure
from corpus import Unavailable

# One pdftotext and one rg per file, as in any shell script that does this.
PIPE = 'pdftotext -q "$1" - 2>/dev/null | rg -i -w -F -o -f "$0" >/dev/null; true'


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise Unavailable(
            f"not installed: {', '.join(missing)}. On Debian: apt-get install pdfgrep poppler-utils ripgrep"
        )


def link_tree(files: list[Path], root: Path, into: Path) -> Path:
    """Returns a folder with only these files, so that every program reads the same folder."""
    if into.exists():
        shutil.rmtree(into)
    for file in files:
        target = into / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, target)
        except OSError:
            shutil.copyfile(file, target)
    return into


def pdfgrep(folder: Path, codes: Path, out: Path, timeout: float) -> measure.Cost:
    need("pdfgrep")
    command = ["pdfgrep", "-r", "-i", "-F", "-f", str(codes), str(folder)]
    return measure.run(command, out, timeout)


def pdftotext_rg(folder: Path, codes: Path, out: Path, timeout: float) -> measure.Cost:
    need("pdftotext", "rg", "xargs", "find")
    listing = f'find "$0" -type f -name "*.pdf" -print0 | xargs -0 -n1 sh -c \'{PIPE}\' "$1"'
    return measure.run(["sh", "-c", listing, str(folder), str(codes)], out, timeout)
