"""Results as Markdown, printed at once and collected for a file."""

from pathlib import Path
from statistics import median

import measure
import riffle
from recall import Recall

MIB = 2**20


class Report:
    def __init__(self, program: Path):
        self.lines: list[str] = []
        self.say("# scripts/bench scan")
        self.say("")
        self.say(f"- machine: {measure.machine()}")
        versions = [measure.version([str(program), "--version"]), measure.version(["pdfgrep", "--version"]),
                    measure.version(["pdftotext", "-v"]), measure.version(["rg", "--version"])]
        self.say(f"- programs: {'; '.join(versions)}")
        self.say("- `riffle scan DIR --codes CODES --report OUT --json`, with a fresh state; "
                 "`pdfgrep -r -i -F -f CODES DIR`; per file `pdftotext -q FILE - | rg -i -w -F -o -f CODES`")
        self.say("- CPU is user and system time of the program and all it started; memory is that of the "
                 "largest single process")

    def say(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def heading(self, title: str) -> None:
        self.say("")
        self.say(f"## {title}")

    def costs(self, rows: list[tuple[str, measure.Cost]], files: int) -> None:
        self.say("")
        self.say(f"On {files} of the files:")
        self.say("")
        self.say("| program | CPU ms/file | wall ms/file | files/s | peak MiB | CPU, riffle = 1 | wall, riffle = 1 |")
        self.say("|---|---|---|---|---|---|---|")
        ours = rows[0][1]
        for name, cost in rows:
            each = cost.per_file(files)
            note = "" if cost.status in (0, 1) else f" (ended with {cost.status})"
            self.say(f"| {name}{note} | {each.cpu * 1000:.1f} | {each.wall * 1000:.1f} | {1 / each.wall:.1f} "
                     f"| {cost.peak / MIB:.0f} | {cost.cpu / ours.cpu:.2f} | {cost.wall / ours.wall:.2f} |")

    def whole(self, scan: riffle.Scan, bare: measure.Cost, files: int) -> None:
        cost, each = scan.cost, scan.cost.per_file(files)
        self.say("")
        self.say(f"On all {files} files: {each.cpu * 1000:.2f} ms CPU and {each.wall * 1000:.2f} ms wall per file, "
                 f"{files / cost.wall:.0f} files/s; peak {cost.parent_peak / MIB:.0f} MiB of the parent, "
                 f"{cost.peak / MIB:.0f} MiB of the largest process; {len(scan.matches)} pairs, "
                 f"{len(scan.failed)} files failed.")
        over = cost.cpu / bare.cpu - 1 if bare.cpu else 0
        self.say(f"Bare extraction of the same files: {bare.cpu / files * 1000:.2f} ms CPU per file, so the platform "
                 f"(queue, ledger, matching, report) costs {over:+.1%}.")

    def recall(self, found: Recall, scan: riffle.Scan) -> None:
        self.say("")
        self.say(f"Of {found.reference} pairs of file and code that pdftotext and whole-word search find, riffle "
                 f"finds {found.found} ({found.share():.2%}). It finds {found.riffle_only} others.")
        if found.misses:
            self.say("")
            self.say("| cause of a miss | pairs |")
            self.say("|---|---|")
            for cause, count in found.classes():
                self.say(f"| {cause} | {count} |")

    def key(self, expected: set[tuple[str, str]], got: set[tuple[str, str]]) -> None:
        missing, invented = expected - got, got - expected
        self.say("")
        self.say(f"Answer key: {len(expected)} pairs; {len(missing)} not found, {len(invented)} invented.")
        for what, pairs in (("not found", missing), ("invented", invented)):
            for file, code in sorted(pairs)[:10]:
                self.say(f"- {what}: {code} in {file}")

    def turns(self, ways: list[tuple[str, list[measure.Cost]]], files: int) -> None:
        """Adds medians, and the median of each turn's ratio to the first way."""
        self.say("")
        self.say("| parsing | CPU ms/file | wall ms/file | CPU, first = 1 | wall, first = 1 | parent peak MiB |")
        self.say("|---|---|---|---|---|---|")
        base = ways[0][1]
        for name, costs in ways:
            cpu = median(cost.cpu for cost in costs) / files * 1000
            wall = median(cost.wall for cost in costs) / files * 1000
            cpu_ratio = median(cost.cpu / first.cpu for cost, first in zip(costs, base))
            wall_ratio = median(cost.wall / first.wall for cost, first in zip(costs, base))
            peak = max(cost.parent_peak for cost in costs) / MIB
            self.say(f"| {name} | {cpu:.2f} | {wall:.2f} | {cpu_ratio:.3f} | {wall_ratio:.3f} | {peak:.0f} |")

    def again(self, before: riffle.Scan, after: riffle.Scan, files: int) -> None:
        self.say("")
        self.say("| scan | CPU s | wall s | ms/file | parent peak MiB |")
        self.say("|---|---|---|---|---|")
        for name, cost in (("first", before.cost), ("second", after.cost)):
            self.say(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.wall / files * 1000:.2f} "
                     f"| {cost.parent_peak / MIB:.0f} |")
        self.say("")
        self.say(f"The second takes {before.cost.wall / after.cost.wall:.1f} times less time and "
                 f"{before.cost.cpu / after.cost.cpu:.1f} times less CPU.")

    def scale(self, rows: list[tuple[int, riffle.Scan]]) -> None:
        self.say("")
        self.say("| files | CPU ms/file | of that at 1,000 | wall ms/file | files/s | parent peak MiB | largest MiB |")
        self.say("|---|---|---|---|---|---|---|")
        base = rows[0][1].cost.cpu / rows[0][0]
        for files, scan in rows:
            cost, each = scan.cost, scan.cost.per_file(files)
            self.say(f"| {files:,} | {each.cpu * 1000:.2f} | {each.cpu / base:.0%} | {each.wall * 1000:.2f} "
                     f"| {1 / each.wall:.0f} | {cost.parent_peak / MIB:.0f} | {cost.peak / MIB:.0f} |")
