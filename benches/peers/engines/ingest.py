"""Ours, by its command line.

To Parquet: `ingest convert`, timed from outside, so that start-up counts. To a frame: no command leaves one behind, so
`ingest bench` reads the file into one and reports the seconds of just that; the peak memory is that of all its stages.
"""

import json

import processes
from job import Job
from places import INGEST

BENCH = ["bench", "--json", "--runs", "1"]


def measure(job: Job) -> dict:
    return to_frame(job) if job.work == "frame" else to_parquet(job)


def to_frame(job: Job) -> dict:
    done = processes.run([str(INGEST), *BENCH, job.path, "-j", str(job.threads)])
    report = json.loads(done.output)
    if job.out:
        # The same frame, put into a file to be checked.
        processes.run([str(INGEST), "convert", job.path, "-o", job.out, "-j", str(job.threads), "--quiet"])
    return {
        "seconds": report["frame_seconds"],
        "cpu_seconds": report["stages"]["frame_cpu"],
        "peak_bytes": done.peak_bytes,
        "rows": report["rows"],
    }


def to_parquet(job: Job) -> dict:
    options = ["-o", job.out, "--codec", job.work, "-j", str(job.threads), "--quiet"]
    done = processes.run([str(INGEST), "convert", job.path, *options])
    return {"seconds": done.seconds, "cpu_seconds": done.cpu_seconds, "peak_bytes": done.peak_bytes}


def version() -> str:
    return processes.run([str(INGEST), "--version"]).output.split()[-1]
