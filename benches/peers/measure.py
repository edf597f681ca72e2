"""One run of one engine: measured, then checked."""

import json
from dataclasses import replace
from pathlib import Path

import processes
from engines import ENGINES
from expected import Column, Expected, Finding
from job import PEERS, Job

FIGURES = ["seconds", "cpu_seconds", "peak_bytes", "out_bytes"]


def run(job: Job, expected: Expected, folder: Path, every_column: bool) -> tuple[dict, Finding]:
    """Runs a job; returns its figures and how its answer differs from the right one.

    With `every_column` all sums are compared, without all but those of text, and a program's frame by its rows alone.
    """
    names = expected.names(texts=every_column)
    out = out_file(job, folder, every_column)
    job = replace(job, out=str(out) if out else None, columns=None if every_column else names)
    processes.read_through(job.path)
    try:
        figures = measure(job)
        figures["out_bytes"] = out.stat().st_size if out and job.work != "frame" else None
        return {key: figures[key] for key in FIGURES}, check(job, figures, expected, names)
    finally:
        if out:
            out.unlink(missing_ok=True)


def out_file(job: Job, folder: Path, every_column: bool) -> Path | None:
    """A Parquet file, or the file by which the frame of a program is checked."""
    if job.work != "frame":
        return folder / "out.parquet"
    is_program = ENGINES[job.engine].class_name is None
    return folder / "out.arrow" if is_program and every_column else None


def measure(job: Job) -> dict:
    engine = ENGINES[job.engine]
    if engine.class_name is None:
        return engine.load().measure(job)
    return json.loads(processes.run_script(PEERS / "child.py", job.to_json()).output.splitlines()[-1])


def check(job: Job, figures: dict, expected: Expected, names: list[str]) -> Finding:
    if job.out:
        wanted = [] if job.columns is None else [json.dumps(job.columns)]
        found = json.loads(processes.run_script(PEERS / "check_file.py", job.out, *wanted).output)
    elif "columns" in figures:
        found = figures["columns"]
    else:
        return expected.compare_rows(figures["rows"])
    return expected.compare([Column(**column) for column in found], names)
