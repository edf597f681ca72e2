"""The columns of a Parquet or Arrow file, added up by PyArrow and printed as JSON.

check_file.py FILE [COLUMNS as JSON]
"""

import json
import sys
from dataclasses import asdict

import pyarrow
import pyarrow.parquet

from checksums import Tally

# Enough to be quick, and no burden where a row has kilobytes.
BATCH_ROWS = 1 << 16


def parquet_batches(path: str, names: list[str] | None):
    file = pyarrow.parquet.ParquetFile(path)
    return file.schema_arrow, file.iter_batches(BATCH_ROWS, columns=names)


def arrow_batches(path: str, names: list[str] | None):
    file = pyarrow.ipc.open_file(pyarrow.memory_map(path))
    batches = (file.get_batch(number) for number in range(file.num_record_batches))
    return file.schema, (batch.select(names) if names else batch for batch in batches)


def main() -> None:
    path, names = sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else None
    schema, batches = (arrow_batches if path.endswith(".arrow") else parquet_batches)(path, names)
    tallies = [Tally(name, schema.field(name).type) for name in names or schema.names]
    for batch in batches:
        for of_column in tallies:
            of_column.add(batch.column(of_column.column.name))
    print(json.dumps([asdict(of_column.column) for of_column in tallies]))


if __name__ == "__main__":
    main()
