"""One run of a Python engine, in a process of its own: does the job given as JSON, prints its figures as JSON.

Only the work lies between the clock's start and stop; the memory is read before anything is checked.
"""

import json
import sys
import time
from dataclasses import asdict

from engines import ENGINES
from job import Job


def main() -> None:
    job = Job.from_json(sys.argv[1])
    engine = ENGINES[job.engine].load()(job.threads)
    wall, cpu = time.perf_counter(), time.process_time()
    if job.work == "frame":
        engine.to_frame(job.path, job.hints)
    else:
        engine.to_parquet(job.path, job.hints, job.out, job.work)
    figures = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": peak_bytes(),
    }
    if job.work == "frame":
        figures["columns"] = columns(engine, job.columns or engine.names())
    print("\n" + json.dumps(figures))


def peak_bytes() -> int:
    """The most memory that this process has had so far, its imports included."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def columns(engine, names: list[str]) -> list[dict]:
    from checksums import tally

    found = []
    for name in names:
        array = engine.column(name)
        found.append(asdict(tally(name, array.type, array.chunks)))
    return found


if __name__ == "__main__":
    main()
