#!/usr/bin/env python3
"""The driver: makes the files, runs the engines on them in turns, writes the record. Started by benches/peers/run."""

import argparse
import datetime
import sys
from pathlib import Path

import machine
import measure
import options
import picture
import processes
import shapes
import table
from cells import threads_used
from engines import ENGINES, INGEST
from job import Job
from processes import Failed
from record import NAME, Record
from records import new_folder
from settle import settle
from versions import versions

# Most runs take less than this many times the bytes of the file.
MEMORY_FACTOR = 4

# An engine that needs longer for a frame is run once, or a session would last for days.
SLOW_SECONDS = 60


def main() -> None:
    chosen = options.parse()
    if chosen.render:
        render(Record.load(chosen.render), chosen.render)
        return
    processes.give_way_when_memory_ends()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    facts, date = machine.facts(), datetime.date.today().isoformat()
    folder = new_folder(chosen.record / machine.slug(facts), date, NAME)
    record = Record(date, facts, versions(chosen.engines), chosen.runs, chosen.threads, chosen.works)
    for size in chosen.sizes:
        for shape in chosen.shapes:
            Comparison(record, shape, size, chosen).run()
            record.save(folder)
    render(record, folder)
    stop_if_wrong(record)


class Comparison:
    """All that is done with one file."""

    def __init__(self, record: Record, shape: str, size: str, chosen: argparse.Namespace):
        self.record = record
        self.chosen = chosen
        self.file = shapes.make(shape, size, chosen.folder)
        record.add_file(self.file)
        self.settled = {}
        # What failed once is not tried again: (engine, work, threads).
        self.failed = set()

    def run(self) -> None:
        self.settle()
        for threads in self.chosen.threads:
            for number in range(self.chosen.runs):
                self.say(f"threads {threads}, round {number + 1} of {self.chosen.runs}")
                names = [name for name in self.settled if self.takes_part(name, threads, number)]
                self.round(names, threads, number)
        self.file.path.unlink()

    def settle(self) -> None:
        """Leaves those engines that do equal work."""
        for name in self.chosen.engines:
            threads = threads_used(name, max(self.chosen.threads))
            settled = settle(ENGINES[name], self.file, threads, self.chosen.folder)
            if settled.seconds > SLOW_SECONDS:
                settled.notes.append(f"takes {settled.seconds:.0f} s to a frame, so it is run once")
            self.record.add_engine(self.file, name, settled)
            if settled.reason is None:
                self.settled[name] = settled
                continue
            self.say(f"{name} {settled.reason}")
            if name == INGEST.name:
                sys.exit(f"ingest on {self.file.shape} {self.file.size} {settled.reason}\n{settled.details or ''}")

    def takes_part(self, name: str, threads: int, number: int) -> bool:
        """An engine of one thread runs with the first number of threads; a slow one once, with the last."""
        is_slow = name != INGEST.name and self.settled[name].seconds > SLOW_SECONDS
        if is_slow and number > 0:
            return False
        if not ENGINES[name].threaded:
            return threads == self.chosen.threads[0]
        return not is_slow or threads == self.chosen.threads[-1]

    def round(self, names: list[str], threads: int, number: int) -> None:
        """Every engine once with every work; each round begins with the next engine."""
        first = number % len(names)
        for work in self.chosen.works:
            for name in names[first:] + names[:first]:
                self.run_once(name, work, threads_used(name, threads), number)

    def run_once(self, name: str, work: str, threads: int, number: int) -> None:
        if (name, work, threads) in self.failed:
            return
        processes.touch_memory(MEMORY_FACTOR * self.file.expected.bytes)
        job = Job(name, str(self.file.path), work, threads, self.settled[name].hints)
        # Frames were compared in full when engines were settled.
        every_column = number == 0 and work != "frame"
        try:
            figures, finding = measure.run(job, self.file.expected, self.chosen.folder, every_column)
            outcome = {"reason": finding.reason(), "is_wrong": bool(finding.values)} if finding else figures
        except Failed as failed:
            outcome = {"reason": f"fails: {failed}", "details": failed.details}
        if "reason" in outcome:
            self.fail(name, work, threads, outcome)
        place = {"shape": self.file.shape, "size": self.file.size, "work": work, "threads": threads}
        self.record.runs.append({"engine": name, **place, "round": number, **outcome})

    def fail(self, name: str, work: str, threads: int, outcome: dict) -> None:
        self.say(f"{name}, {work}: {outcome['reason']}")
        if name == INGEST.name:
            sys.exit(f"ingest {outcome['reason']}\n{outcome.get('details', '')}")
        self.failed.add((name, work, threads))

    def say(self, text: str) -> None:
        print(f"{self.file.shape} {self.file.size}: {text}", file=sys.stderr)


def render(record: Record, folder: Path) -> None:
    (folder / "table.md").write_text(table.render(record), encoding="utf-8")
    if drawn := picture.render(record):
        (folder / "picture.svg").write_text(drawn, encoding="utf-8")
    print(folder)


def stop_if_wrong(record: Record) -> None:
    """A peer may refuse or fail; an answer that is wrong makes the whole session worthless until it is understood."""
    wrong = [entry for entry in record.engines + record.runs if entry.get("is_wrong")]
    if wrong:
        lines = [f"{entry['engine']} on {entry['shape']} {entry['size']}: {entry['reason']}" for entry in wrong]
        sys.exit("unequal work:\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
