"""The cache of the benchmarks, and the corpus of real PDFs in it.

The corpus is the documentation of TeX Live as packaged by Debian: some thousands of PDFs by many
authors and programs, free to download and the same everywhere. The repository contains none of it.
It needs no root, only Debian (or a derivative) with a package list (`apt-get update`).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Smallest first, so that an interrupted download leaves a usable corpus. The download is about
# 1.7 GB in total; the PDFs are kept, and each package is deleted after extraction.
PACKAGES = [
    "texlive-fonts-recommended-doc",
    "texlive-humanities-doc",
    "texlive-metapost-doc",
    "texlive-latex-recommended-doc",
    "texlive-science-doc",
    "texlive-latex-base-doc",
    "texlive-fonts-extra-doc",
    "texlive-publishers-doc",
    "texlive-pictures-doc",
    "texlive-pstricks-doc",
    "texlive-latex-extra-doc",
]


class Unavailable(Exception):
    """Something that the benchmark needs is missing; the message says what to do."""


def cache_dir() -> Path:
    """Returns RIFFLE_CACHE, or riffle/ in the user's cache folder."""
    named = os.environ.get("RIFFLE_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "riffle"


def corpus_dir() -> Path:
    return cache_dir() / "texlive"


def fetch(packages: list[str] | None = None) -> Path:
    """Extracts the PDFs of all packages into the cache; existing ones are skipped."""
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise Unavailable(
                f"`{tool}` is not installed: the corpus consists of Debian packages. On another "
                f"system, put any folder of PDFs at {corpus_dir()}, or name one with --corpus DIR."
            )
    target = corpus_dir()
    target.mkdir(parents=True, exist_ok=True)
    for package in packages or PACKAGES:
        done = target / package / ".complete"
        if done.exists():
            print(f"{package}: already downloaded, {done.read_text().strip()} PDFs", file=sys.stderr)
            continue
        print(f"{package}: downloading …", file=sys.stderr, flush=True)
        count = _fetch_one(package, target)
        print(f"{package}: {count} PDFs", file=sys.stderr, flush=True)
    return target


def _fetch_one(package: str, target: Path) -> int:
    # Next to the target, so that the last step is a rename within one file system.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target) as scratch:
        # As root, apt drops privileges to its own user, which must be able to write here.
        os.chmod(scratch, 0o777)
        got = subprocess.run(
            ["apt-get", "download", "-q", package], cwd=scratch, capture_output=True, text=True
        )
        debs = list(Path(scratch).glob("*.deb"))
        if got.returncode != 0 or len(debs) != 1:
            raise Unavailable(
                f"`apt-get download {package}` failed:\n{got.stderr.strip()}\n"
                "Is the package list up to date? Run `apt-get update` (as root) and try again."
            )
        _unpack_pdfs(debs[0], Path(scratch) / "pdf")
        debs[0].unlink()
        count = _keep_regular_files(Path(scratch) / "pdf")
        (Path(scratch) / "pdf" / ".complete").write_text(f"{count}\n")
        final = target / package
        if final.exists():
            shutil.rmtree(final)
        (Path(scratch) / "pdf").rename(final)
        return count


def _unpack_pdfs(deb: Path, into: Path) -> None:
    into.mkdir()
    archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
    # After ./usr/share/doc/, the path names the TeX package.
    untar = subprocess.run(
        ["tar", "-x", "-C", into, "--strip-components=4", "--wildcards", "--no-same-owner", "*.pdf"],
        stdin=archive.stdout, capture_output=True, text=True,
    )
    archive.stdout.close()
    # Status 2 of tar also means that no member matches, which is not an error.
    if archive.wait() != 0 or (untar.returncode != 0 and "Not found in archive" not in untar.stderr):
        raise Unavailable(f"{deb.name} could not be unpacked: {untar.stderr.strip()[:400]}")


def _keep_regular_files(folder: Path) -> int:
    """Removes links: they point outside the extracted files or name a file twice."""
    count = 0
    for path in folder.rglob("*"):
        if path.is_symlink():
            path.unlink()
        elif path.is_file():
            count += 1
    return count


def pdfs(folder: Path) -> list[Path]:
    found = sorted(p for p in folder.rglob("*.pdf") if p.is_file() and not p.is_symlink())
    if not found:
        raise Unavailable(f"no PDF under {folder}: run `scripts/bench fetch` first")
    return found


def sample(files: list[Path], root: Path, count: int | None) -> list[Path]:
    """Returns `count` files, the same on every machine: those with the smallest hash of their path."""
    if count is None or count >= len(files):
        return files
    def rank(path: Path) -> bytes:
        return hashlib.sha256(str(path.relative_to(root)).encode()).digest()
    return sorted(sorted(files, key=rank)[:count])
