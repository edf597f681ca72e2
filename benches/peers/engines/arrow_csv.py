"""arrow-csv, the Rust crate: the program in ../arrow-csv/, which measures itself as child.py does."""

import json

import processes
from job import Job
from places import REPOSITORY

PROGRAM = REPOSITORY / "target/peers/arrow-csv/release/peer-arrow-csv"


def measure(job: Job) -> dict:
    order = {"path": job.path, "work": job.work, "out": job.out, "types": job.hints.types}
    return json.loads(processes.run([str(PROGRAM), json.dumps(order)]).output)


def version() -> str:
    return processes.run([str(PROGRAM), "--version"]).output.strip()
