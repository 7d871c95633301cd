"""Tests of scripts/elf, which reads Linux programs on machines without readelf."""

import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from loading import SCRIPTS, script

elf = script("elf")


def program(machine: int, libraries: dict[str, list[str]]) -> bytes:
    """Returns a program: a header, the required versions of each library, their names, and the section table."""
    texts = b"\0"

    def text(name: str) -> int:
        nonlocal texts
        texts += name.encode() + b"\0"
        return len(texts) - len(name) - 1

    needed = b""
    for number, (library, versions) in enumerate(libraries.items(), 1):
        last = number == len(libraries)
        needed += struct.pack("<HHIII", 1, len(versions), text(library), 16, 0 if last else 16 + 16 * len(versions))
        for place, version in enumerate(versions, 1):
            needed += struct.pack("<IHHII", 0, 0, 2, text(version), 16 if place < len(versions) else 0)
    at_texts = 64 + len(needed)
    at_sections = at_texts + len(texts)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, at_sections, 0, 64, 0, 0, 64, 3, 0)

    def section(kind: int, place: int, length: int, link: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, place, length, link, 0, 1, 0)

    sections = section(0, 0, 0, 0) + section(elf.VERNEED, 64, len(needed), 2) + section(3, at_texts, len(texts), 0)
    return header + needed + texts + sections


class Elf(unittest.TestCase):
    def test_the_newest_version_counts_as_numbers_do(self) -> None:
        needs = {"libm.so.6": ["GLIBC_2.9"], "libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.17"],
                 "libgcc_s.so.1": ["GCC_4.2.0", "GLIBC_PRIVATE"]}
        self.assertEqual(elf.describe(program(183, needs)), ("arm64", (2, 34)))
        self.assertEqual(elf.describe(program(62, {"libm.so.6": ["GLIBC_2.29"]})), ("x86_64", (2, 29)))

    def test_a_program_without_libraries_needs_nothing(self) -> None:
        self.assertEqual(elf.describe(program(62, {})), ("x86_64", (0,)))

    def test_other_files_are_no_programs_of_linux(self) -> None:
        whole = program(62, {"libc.so.6": ["GLIBC_2.34"]})
        # A macOS program, a script, an empty file, and truncated programs.
        for content in [b"\xcf\xfa\xed\xfe" + bytes(60), b"#!/bin/sh\n", b"", whole[:40], whole[:-70]]:
            with self.assertRaises(elf.NotElf):
                elf.describe(content)

    def test_what_does_not_run_on_lambda_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in [("fine", program(183, {"libc.so.6": ["GLIBC_2.34"]})), ("text", b"#!/bin/sh\n"),
                                  ("newer", program(183, {"libc.so.6": ["GLIBC_2.35"]})), ("other", program(62, {}))]:
                (Path(folder) / name).write_bytes(content)
            options = [sys.executable, SCRIPTS / "elf", "--arch", "arm64", "--glibc", "2.34"]
            for name, why in [("fine", ""), ("text", "is not a 64-bit Linux program"), ("newer", "needs glibc 2.35, newer than 2.34"),
                              ("other", "is built for x86_64, not for arm64"), ("none", "cannot be read")]:
                done = subprocess.run([*options, Path(folder) / name], capture_output=True, text=True, check=False)
                self.assertIn(why, done.stderr)
                self.assertEqual(done.returncode, 1 if why else 0, done.stderr)

    @unittest.skipUnless(shutil.which("readelf") and sys.platform == "linux", "readelf is not installed")
    def test_it_agrees_with_readelf(self) -> None:
        path = Path(sys.executable).resolve()
        shown = subprocess.run(["readelf", "--version-info", "--wide", path], capture_output=True, text=True, check=True)
        versions = [word.removeprefix("GLIBC_") for word in shown.stdout.split() if word.startswith("GLIBC_2")]
        self.assertEqual(elf.describe(path.read_bytes())[1], max(elf.version(one) for one in versions))


if __name__ == "__main__":
    unittest.main()
