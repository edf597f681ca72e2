"""From runs to figures: medians, spreads and ratios."""

import statistics
from dataclasses import dataclass

from engines import ENGINES
from record import Record

OURS = "ingest"


@dataclass
class Cell:
    """One engine on one file with one work. Without figures there is a reason."""

    engine: str
    reason: str | None = None
    seconds: float = 0.0
    least: float = 0.0
    most: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    out_bytes: int | None = None


@dataclass
class Group:
    """All engines on one file with one work: these are compared."""

    shape: str
    size: str
    bytes: int
    rows: int
    work: str
    threads: int
    cells: list[Cell]

    def ours(self) -> Cell:
        return next(cell for cell in self.cells if cell.engine == OURS)

    def best_peer(self) -> Cell | None:
        """The quickest of those that did equal work."""
        peers = [cell for cell in self.cells if cell.engine != OURS and cell.reason is None]
        return min(peers, key=lambda cell: cell.seconds, default=None)

    def ratio(self, cell: Cell) -> float:
        """How many times our time it took."""
        return cell.seconds / self.ours().seconds


def groups(record: Record) -> list[Group]:
    """All comparisons of a record, in the order in which they were made."""
    return [
        group(record, file, work, threads)
        for file in record.files
        for threads in record.threads
        for work in record.works
    ]


def group(record: Record, file: dict, work: str, threads: int) -> Group:
    here = {"shape": file["shape"], "size": file["size"]}
    cells = []
    for settled in matching(record.engines, here):
        engine = settled["engine"]
        runs = matching(record.runs, {**here, "engine": engine, "work": work, "threads": threads_used(engine, threads)})
        cells.append(cell(settled, runs))
    return Group(file["shape"], file["size"], file["bytes"], file["rows"], work, threads, cells)


def threads_used(engine: str, threads: int) -> int:
    """An engine of one thread is measured with one, and stands so in every table."""
    return threads if ENGINES[engine].threaded else 1


def cell(settled: dict, runs: list[dict]) -> Cell:
    reasons = [run["reason"] for run in runs if "reason" in run]
    reason = settled["reason"] or (reasons[0] if reasons else None if runs else "not run: slow")
    if reason is not None:
        return Cell(settled["engine"], reason)
    seconds = [run["seconds"] for run in runs]
    return Cell(
        settled["engine"],
        None,
        statistics.median(seconds),
        min(seconds),
        max(seconds),
        statistics.median(run["cpu_seconds"] for run in runs),
        max(run["peak_bytes"] for run in runs),
        runs[0]["out_bytes"],
    )


def matching(entries: list[dict], wanted: dict) -> list[dict]:
    return [entry for entry in entries if wanted.items() <= entry.items()]
