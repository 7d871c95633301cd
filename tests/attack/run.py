"""Runs attacks one after another, in parallel with those that only wait, and reports each."""

import argparse
import datetime
import resource
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import clients  # noqa: F401 (imports register attacks; these wait longest, so they start first)
import doors  # noqa: F401
import files  # noqa: F401
import measure
import queues  # noqa: F401
import riffle
import state  # noqa: F401
import statements  # noqa: F401
import wire  # noqa: F401
from corpus import Unavailable
from world import ATTACKS, Attack, NotRun, World

# The maximum number of problems that the table shows per attack; standard error lists all.
TOLD = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--binary", metavar="PATH", help="program to attack (default: this checkout's release build)")
    parser.add_argument("--list", action="store_true", help="list the attacks with their requirements")
    parser.add_argument("--only", action="append", choices=sorted(ATTACKS), metavar="NAME",
                        help="run only this attack; may be repeated")
    parser.add_argument("--long", action="store_true", help="also run the long attacks")
    parser.add_argument("--without-ocr", action="store_true", help="skip attacks that need Tesseract")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the table to this file")


class Run:
    """A running attack."""

    def __init__(self, attack: Attack, binary: Path, long: bool):
        self.attack, self.folder = attack, tempfile.TemporaryDirectory(prefix=f"riffle-attack-{attack.name}-")
        self.world = World(binary, Path(self.folder.name), long)
        self.rest: threading.Thread | None = None

    def begin(self) -> None:
        """Runs it until it ends or only waits."""
        print(f"attack: {self.attack.name}", file=sys.stderr, flush=True)
        self.guarded(self.first)
        if not self.rest:
            self.close()

    def first(self) -> None:
        waiting = self.attack.run(self.world)
        if waiting is not None:
            next(waiting)
            self.rest = threading.Thread(target=self.guarded, args=(lambda: list(waiting),))
            self.rest.start()

    def guarded(self, step: Callable) -> None:
        try:
            step()
        except NotRun as why:
            self.world.check(False, f"not run: {why}")
        except Unavailable as problem:
            self.world.check(False, str(problem))
        except Exception as problem:  # After any error of the client, the property is not proven.
            traceback.print_exc()
            self.world.check(False, f"{type(problem).__name__}: {problem}")

    def close(self) -> None:
        self.world.close()
        self.folder.cleanup()

    def row(self) -> str:
        if self.rest:
            self.rest.join()
        wrong = self.world.wrong
        for what in wrong:
            print(f"attack: {self.attack.name}: {what}", file=sys.stderr)
        told = wrong[:TOLD] + [f"{len(wrong) - TOLD} more"] * (len(wrong) > TOLD) + self.world.seen
        cells = [self.attack.name, self.attack.holds, "; ".join(told), "no" if wrong else "yes"]
        return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def run(options: argparse.Namespace) -> int:
    chosen = [ATTACKS[name] for name in options.only or ATTACKS]
    if not options.only:
        chosen = [attack for attack in chosen if options.long or not attack.long]
    chosen = [attack for attack in chosen if not (options.without_ocr and attack.ocr)]
    if options.list:
        for attack in ATTACKS.values():
            print(f"{attack.name}{' (long)' if attack.long else ''}: {attack.holds}")
        return 0
    if sys.platform != "linux":
        raise Unavailable("for Linux only, because it reads /proc")
    # The client opens thousands of connections.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    binary = riffle.binary(options.binary).resolve()
    head = [f"- date: {datetime.date.today()}", f"- machine: {measure.machine()}",
            f"- program: {measure.version([str(binary), '--version'])}"]
    runs = [Run(attack, binary, options.long) for attack in chosen]
    try:
        for one in runs:
            one.begin()
        rows = [one.row() for one in runs]
    finally:
        for one in runs:
            one.close()
    lines = [*head, "", "| attack | what must hold | seen | ok |", "|---|---|---|---|", *rows]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if any(one.world.wrong for one in runs) else 0
