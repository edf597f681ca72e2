"""Child processes: started, timed from outside, and told apart when they fail."""

import mmap
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from places import REPOSITORY

# An engine that takes longer has failed; pandas needs minutes for 5 GB.
RUN_SECONDS_MAX = 1800

# If memory runs out, a child has to go and nothing else on the machine.
OOM_SCORE = 500

READ_BYTES = 1 << 20

# As Python ends a traceback, and as programs tell an error: what follows the name of the kind.
ERROR_LINE = re.compile(r"(?:[\w.]*(?:Error|Exception)|error(?:\[\w+\])?): (.*)")


class Failed(Exception):
    """A child failed. `str` is one line for a table; `details` is all that it said."""

    def __init__(self, line: str, details: str):
        super().__init__(line)
        self.details = details


@dataclass
class Done:
    """A child that ended well, as seen from outside: start-up included."""

    output: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run(command: list[str]) -> Done:
    """Runs a command to its end."""
    environment = {**os.environ, "TZ": "UTC"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
        watchdog = threading.Timer(RUN_SECONDS_MAX, process.kill)
        watchdog.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        watchdog.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        # What is said ends in records: where this repository lies is nobody's business.
        said = text_of(err).replace(f"{REPOSITORY}/", "")
        if process.returncode != 0:
            raise Failed(failure(process.returncode, seconds, said), said)
        return Done(text_of(out), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def run_script(script: Path, *arguments: str) -> Done:
    """Runs a Python file."""
    return run([sys.executable, str(script), *arguments])


def text_of(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def failure(code: int, seconds: float, said: str) -> str:
    """One line: the signal, or the last line that names an error, or the last line."""
    if code < 0:
        return f"stopped after {seconds:.0f} s" if seconds >= RUN_SECONDS_MAX else f"killed by signal {-code}"
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [f"exit code {code}"]
    errors = [match[1] for match in map(ERROR_LINE.match, lines) if match]
    return (errors or lines)[-1]


def give_way_when_memory_ends() -> None:
    """Makes this process and its children the first to be killed if memory runs out."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(OOM_SCORE))


def read_through(path: str) -> None:
    """Reads a file once, so that it lies in the page cache."""
    buffer = bytearray(READ_BYTES)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def touch_memory(bytes_wanted: int) -> None:
    """Writes to every page once and gives them all back.

    In a virtual machine the first touch of a page since boot can cost ten times a later one. Done in a child of its
    own: what a parent has used counts in the peak memory of the children that it starts.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        block = mmap.mmap(-1, min(bytes_wanted, available_bytes() * 3 // 4))
        for start in range(0, len(block), mmap.PAGESIZE):
            block[start] = 1
    finally:
        os._exit(0)


def available_bytes() -> int:
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
