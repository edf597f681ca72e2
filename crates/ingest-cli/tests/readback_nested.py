"""Reads a Parquet file with PyArrow, DuckDB and Polars and holds every value against the JSON lines it was made from.

    readback_nested.py FILE.parquet FILE.jsonl

A key that a record does not have is null. Any difference ends the program with a message that names reader, column and row.
"""

import json
import sys

import duckdb
import polars
import pyarrow.parquet


def same(found, wanted):
    if isinstance(wanted, dict):
        known = isinstance(found, dict) and wanted.keys() <= found.keys()
        return known and all(same(value, wanted.get(key)) for key, value in found.items())
    if isinstance(wanted, list):
        alike = isinstance(found, list) and len(found) == len(wanted)
        return alike and all(same(one, other) for one, other in zip(found, wanted, strict=True))
    return found == wanted


def columns_by_pyarrow(path):
    table = pyarrow.parquet.read_table(path)
    return {name: table.column(name).to_pylist() for name in table.column_names}


def columns_by_duckdb(path):
    relation = duckdb.connect().read_parquet(path)
    return dict(zip(relation.columns, (list(column) for column in zip(*relation.fetchall(), strict=True)), strict=True))


def columns_by_polars(path):
    return polars.read_parquet(path).to_dict(as_series=False)


def main(path, source):
    with open(source, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    for reader in (columns_by_pyarrow, columns_by_duckdb, columns_by_polars):
        columns = reader(path)
        for name, values in columns.items():
            if len(values) != len(records):
                sys.exit(f"{reader.__name__}: column {name} has {len(values)} rows, not {len(records)}")
            for row, (value, record) in enumerate(zip(values, records, strict=True), 1):
                if not same(value, record.get(name)):
                    sys.exit(f"{reader.__name__}: column {name}, row {row}: {value!r}, expected {record.get(name)!r}")
        missing = {key for record in records for key in record} - columns.keys()
        if missing:
            sys.exit(f"{reader.__name__}: no columns {missing}")
    # Pages and groups are found by an index; a row lies on one page alone.
    table = pyarrow.parquet.ParquetFile(path)
    print(f"{path}: {len(records)} rows, {table.num_row_groups} row groups: three readers agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
