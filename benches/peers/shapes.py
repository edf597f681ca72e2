"""The files that are read, with the right answer to each."""

from dataclasses import dataclass
from pathlib import Path

import processes
from expected import Expected
from places import REPOSITORY

PROGRAM = REPOSITORY / "target/release/shapes"

SHAPES = ["taxi", "text", "wide", "quote-all", "narrow", "long-text", "mostly-empty", "late-surprise", "ndjson"]

# The ending of a file of JSON, by which the engines tell it from delimited text.
JSON = ".jsonl"

# The size that is a number of rows; all others are bytes, as the program `shapes` takes them.
THREE_ROWS = "3rows"
FEW_ROWS = 3
# Three rows of any shape are shorter.
FEW_ROWS_BYTES_MAX = 1 << 16


@dataclass
class Input:
    """A file of a shape and size."""

    shape: str
    size: str
    path: Path
    expected: Expected

    def remove(self) -> None:
        self.path.unlink()


def make(shape: str, size: str, folder: Path) -> Input:
    """Writes a file; the same shape and size give the same bytes."""
    path = folder / f"{shape}-{size}{JSON if shape == 'ndjson' else '.csv'}"
    expected = three_rows(shape, path) if size == THREE_ROWS else generate(shape, size, path)
    return Input(shape, size, path, expected)


def generate(shape: str, size: str, path: Path) -> Expected:
    answer = path.with_suffix(".json")
    try:
        processes.run([str(PROGRAM), shape, size, "-o", str(path), "--expect", str(answer)])
        return Expected(str(answer))
    finally:
        answer.unlink(missing_ok=True)


def three_rows(shape: str, path: Path) -> Expected:
    """The number of rows rises with the bytes asked for, so the right number of bytes is found by halving."""
    low, high = 1, FEW_ROWS_BYTES_MAX
    while low < high:
        middle = (low + high) // 2
        if generate(shape, str(middle), path).rows < FEW_ROWS:
            low = middle + 1
        else:
            high = middle
    expected = generate(shape, str(low), path)
    if expected.rows != FEW_ROWS:
        raise SystemExit(f"no size gives {FEW_ROWS} rows of {shape}")
    return expected
