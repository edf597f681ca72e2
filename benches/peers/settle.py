"""What an engine has to be told before it does equal work on a file.

Peers guess types from a sample, or take a code like 0012 for a number. Before anything is timed each engine reads the
file into a frame once. If it fails, it is asked to infer from the whole file, if it can; if it gives columns other
types, it is told the right ones of just these. What it was told is written under the tables. If its answer is still
another one, it is not measured on this file, and its cells say why.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import measure
from engines import Engine
from expected import some_of
from job import Hints, Job
from processes import Failed
from shapes import Input


@dataclass
class Settled:
    """How an engine takes part; with a reason it does not."""

    hints: Hints
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    # All that a failed engine said.
    details: str | None = None
    # What the trial that went well took.
    seconds: float = 0.0
    # The types are right and the values are not: no engine may do that.
    is_wrong: bool = False


def settle(engine: Engine, file: Input, threads: int, folder: Path) -> Settled:
    """Finds out by trial."""
    hints, before = Hints(), ""
    while True:
        try:
            job = Job(engine.name, str(file.path), "frame", threads, hints)
            figures, finding = measure.run(job, file.expected, folder, every_column=True)
        except Failed as failed:
            if not engine.samples or hints.whole_file:
                return Settled(hints, f"{before}fails: {failed}", details=failed.details)
            hints = replace(hints, whole_file=True)
            continue
        if finding.values:
            return Settled(hints, before + finding.reason(), is_wrong=True)
        if not finding.types:
            return Settled(hints, notes=told(hints) + finding.notes, seconds=figures["seconds"])
        if hints.types or not engine.takes_types:
            return Settled(hints, before + finding.reason())
        before = f"{finding.reason()}; told the types, "
        hints = replace(hints, types={name: file.expected.columns[name].type for name in finding.types})


def told(hints: Hints) -> list[str]:
    """The hints in words."""
    notes = ["infers types from the whole file"] if hints.whole_file else []
    return [*notes, f"is told the type of {some_of(list(hints.types))}"] if hints.types else notes
