"""Runs a command and measures wall time, processor time and peak memory."""

import os
import platform
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """Seconds and bytes. `cpu` is user and system time of the command and its waited-for children."""

    wall: float
    cpu: float
    peak: int  # of the largest single process: the command or one of its waited-for children
    parent_peak: int  # of the command itself
    status: int

    def per_file(self, files: int) -> "Cost":
        return Cost(self.wall / files, self.cpu / files, self.peak, self.parent_peak, self.status)


def run(command: list[str], out: Path | None = None, timeout: float | None = None) -> Cost:
    """Runs a command with output to `out`; kills it after `timeout` seconds, with status -9."""
    with open(out or os.devnull, "wb") as sink, open(f"{out}.err" if out else os.devnull, "wb") as err:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=err, start_new_session=True)
        watch = _Watch(child.pid, timeout)
        watch.start()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        watch.done.set()
        watch.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, watch.peak, child.returncode)


class _Watch(threading.Thread):
    """Reads the high-water mark of one process (it only rises, so the last look is enough)."""

    def __init__(self, pid: int, timeout: float | None):
        super().__init__(daemon=True)
        self.pid, self.timeout, self.peak, self.done = pid, timeout, 0, threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self.done.wait(0.05):
            try:
                for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        self.peak = max(self.peak, int(line.split()[1]) * 1024)
            except OSError:
                return
            if self.timeout and time.monotonic() - began > self.timeout:
                os.killpg(self.pid, 9)
                return


def machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
        kib = int(Path("/proc/meminfo").read_text().split()[1])
        memory = f", {kib / 2**20:.0f} GiB"
    except (OSError, ValueError, IndexError):
        memory = ""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}){memory}, {platform.system()} {platform.release()}, load before {load:.1f}"


def version(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"
