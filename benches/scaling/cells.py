"""From a record to figures: what a byte costs, and where it costs too much."""

import statistics

# The works of `ingest bench`, as its JSON names their processor seconds.
WORKS = {"count": "count", "frame": "frame", "parquet_snappy": "snappy", "parquet_zstd": "zstd"}

# A byte of a file that costs so many times the median file's is a cliff.
CLIFF = 3


def of_axis(record: dict, axis: str) -> list[dict]:
    """The files of an axis that could be read, along it; odd shapes have no order but their own."""
    cells = [cell for cell in record["cells"] if axis in cell["axes"] and "reason" not in cell]
    return cells if axis == "odd" else sorted(cells, key=lambda cell: cell[axis])


def per_byte(cell: dict, work: str) -> float:
    """Nanoseconds of processor time a byte."""
    return cell["cpu_seconds"][work] * 1e9 / cell["bytes"]


def median_per_byte(record: dict, work: str) -> float:
    return statistics.median(per_byte(cell, work) for cell in record["cells"] if "reason" not in cell)


def is_cliff(record: dict, cell: dict, work: str) -> bool:
    return per_byte(cell, work) > CLIFF * median_per_byte(record, work)
