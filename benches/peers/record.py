"""The record of a session: everything that the tables and the picture are made from, as one JSON file."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from records import save
from settle import Settled
from shapes import Input

NAME = "record.json"


@dataclass
class Record:
    """All runs, and what they ran on. Files, settled engines and runs are plain dictionaries, as in the JSON."""

    date: str
    machine: dict
    versions: dict[str, str]
    rounds: int
    threads: list[int]
    works: list[str]
    files: list[dict] = field(default_factory=list)
    engines: list[dict] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)

    def add_file(self, file: Input) -> None:
        expected = file.expected
        self.files.append({"shape": file.shape, "size": file.size, "bytes": expected.bytes, "rows": expected.rows})

    def add_engine(self, file: Input, engine: str, settled: Settled) -> None:
        self.engines.append({"shape": file.shape, "size": file.size, "engine": engine, **asdict(settled)})

    def save(self, folder: Path) -> None:
        save(folder / NAME, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> "Record":
        return cls(**json.loads((folder / NAME).read_text(encoding="utf-8")))
