"""What one run of one engine is to do, and where things lie."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

PEERS = Path(__file__).resolve().parent

# What is done with a file: read into a frame, or turned into Parquet with this codec.
WORKS = {"frame": "to a frame", "snappy": "to Parquet, snappy", "zstd": "to Parquet, zstd"}


@dataclass
class Hints:
    """What an engine is told since it would not come to the right types without: see settle.py."""

    whole_file: bool = False
    types: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """One run."""

    engine: str
    path: str
    work: str
    threads: int
    hints: Hints
    # The Parquet file; for a frame, where an engine puts what is to be checked if it is no Python one.
    out: str | None = None
    # The columns whose sums are wanted afterwards, or all.
    columns: list[str] | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Job":
        fields = json.loads(text)
        return cls(**{**fields, "hints": Hints(**fields["hints"])})
