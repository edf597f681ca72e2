"""Writes one table with PyArrow, DuckDB and Polars, in every codec and layout they have, and what it holds as JSON lines.

    foreign.py FOLDER

The JSON lines, in FOLDER/expected.jsonl, are written from the Python values: no reader of Parquet has a hand in them.
"""

import datetime
import decimal
import json
import pathlib
import sys

import duckdb
import polars
import pyarrow
import pyarrow.feather
import pyarrow.parquet

ROWS = 5_000
START = datetime.datetime(2020, 1, 1)


def record(row):
    def unless(divisor, value):
        return None if row % divisor == 0 else value

    return {
        "byte": unless(7, row % 100 - 50),
        "whole": row * 1_000_000_007,
        "half": row / 2,
        "yes": unless(5, row % 3 == 0),
        "text": unless(4, f"é {row % 50}"),
        "price": unless(9, decimal.Decimal(row) / 100),
        "day": unless(6, (START + datetime.timedelta(days=row)).date()),
        "at": unless(8, START + datetime.timedelta(milliseconds=row * 1001)),
        "items": unless(3, [row % 1000, None][: row % 3]),
        "place": unless(10, {"name": f"n{row}", "height": row % 300}),
    }


TYPES = pyarrow.schema([
    ("byte", pyarrow.int8()),
    ("whole", pyarrow.int64()),
    ("half", pyarrow.float32()),
    ("yes", pyarrow.bool_()),
    ("text", pyarrow.large_string()),
    ("price", pyarrow.decimal128(12, 2)),
    ("day", pyarrow.date32()),
    ("at", pyarrow.timestamp("ms")),
    ("items", pyarrow.list_(pyarrow.int16())),
    ("place", pyarrow.struct([("name", pyarrow.string()), ("height", pyarrow.uint16())])),
])


def as_json(value):
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.date):
        return value.isoformat(timespec="milliseconds") if isinstance(value, datetime.datetime) else value.isoformat()
    return value


def main(folder):
    folder = pathlib.Path(folder)
    records = [record(row) for row in range(ROWS)]
    with open(folder / "expected.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(as_json(one), ensure_ascii=False) + "\n" for one in records)
    table = pyarrow.Table.from_pylist(records, schema=TYPES)
    encoded = table.set_column(4, "text", table.column("text").cast(pyarrow.string()).dictionary_encode())
    for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
        pyarrow.parquet.write_table(table, folder / f"pyarrow-{codec}.parquet", compression=codec, row_group_size=700)
    for number, options in enumerate([
        {"version": "1.0", "use_dictionary": False},
        {"data_page_version": "2.0", "data_page_size": 500, "write_page_index": True},
        {"column_encoding": {"whole": "DELTA_BINARY_PACKED", "half": "BYTE_STREAM_SPLIT"}, "use_dictionary": False},
        {"store_schema": False, "write_page_checksum": True},
    ]):
        pyarrow.parquet.write_table(table, folder / f"pyarrow-{number}.parquet", **options)
    pyarrow.parquet.write_table(encoded, folder / "pyarrow-dictionary.parquet")
    for codec in ["uncompressed", "lz4", "zstd"]:
        pyarrow.feather.write_feather(encoded, folder / f"feather-{codec}.arrow", compression=codec, chunksize=700)
    with pyarrow.ipc.new_stream(folder / "stream.arrow", encoded.schema) as stream:
        stream.write_table(encoded, max_chunksize=700)
    polars.from_arrow(table).write_parquet(folder / "polars.parquet", row_group_size=700)
    polars.from_arrow(table).write_ipc(folder / "polars.arrow", compression="zstd")
    duckdb.connect().from_arrow(table).write_parquet(str(folder / "duckdb.parquet"), compression="zstd")


if __name__ == "__main__":
    main(*sys.argv[1:])
