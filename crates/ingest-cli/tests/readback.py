"""Reads a Parquet file with PyArrow, DuckDB and Polars and holds it against an expected answer.

    readback.py FILE.parquet EXPECTED.json

EXPECTED.json has "rows" and "columns": name, type (as `ingest schema` names it), nulls, and either "checksum" for each
column (the benches' Expected) or "csv", a comma-separated file whose values are converted here, by Python alone, and
compared one by one. The footer's statistics are compared with what each row group really holds.

Every value is first brought to one form that all readers share: numbers of units since the epoch for times, unscaled
whole numbers for decimals, IEEE bits for floats, UTF-8 bytes for text, None for null. Prints one line; any difference
ends the program with a message that names reader, column and row.
"""

import csv
import datetime
import decimal
import json
import re
import struct
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet

decimal.getcontext().prec = 80
UNITS = {"us": 1_000_000, "ns": 1_000_000_000}
EPOCH = datetime.date(1970, 1, 1).toordinal()


def fail(message):
    sys.exit(f"readback: {message}")


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def kind_of(type_name):
    """Splits `timestamp[us,UTC]` into ("timestamp", "us", True), `decimal128(38,2)` into ("decimal128", 38, 2)."""
    if match := re.fullmatch(r"decimal128\((\d+),(\d+)\)", type_name):
        return "decimal128", int(match[1]), int(match[2])
    if match := re.fullmatch(r"(time64|timestamp)\[(us|ns)(,UTC)?\]", type_name):
        return match[1], match[2], bool(match[3])
    return type_name, None, None


# What each reader calls our types.


def pyarrow_name(type_name):
    kind, first, second = kind_of(type_name)
    if kind == "decimal128":
        return f"decimal128({first}, {second})"
    if kind == "timestamp" and second:
        return f"timestamp[{first}, tz=UTC]"
    return {"float64": "double", "date32": "date32[day]", "utf8": "string", "null": "string"}.get(type_name, type_name)


def duckdb_name(type_name):
    kind, first, second = kind_of(type_name)
    if kind == "decimal128":
        return f"DECIMAL({first},{second})"
    if kind == "time64":
        return {"us": "TIME", "ns": "TIME_NS"}[first]
    if kind == "timestamp":
        # DuckDB has no zoned type of nanoseconds; see `duckdb_columns`.
        return "TIMESTAMP WITH TIME ZONE" if second else {"us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}[first]
    return {"bool": "BOOLEAN", "int64": "BIGINT", "float64": "DOUBLE", "date32": "DATE"}.get(kind, "VARCHAR")


def polars_type(type_name):
    kind, first, second = kind_of(type_name)
    if kind == "decimal128":
        return polars.Decimal(first, second)
    if kind == "timestamp":
        return polars.Datetime(first, "UTC" if second else None)
    return {
        "bool": polars.Boolean,
        "int64": polars.Int64,
        "float64": polars.Float64,
        "date32": polars.Date,
        "time64": polars.Time,
    }.get(kind, polars.String)


# The shared form of a value, from plain Python values.


def shared(kind, scale, values):
    """Floats, decimals and texts to the shared form; the rest are in it already."""
    if kind == "float64":
        return [None if value is None else bits(value) for value in values]
    if kind == "decimal128":
        return [None if value is None else int(value.scaleb(scale)) for value in values]
    if kind in ("utf8", "null"):
        return [None if value is None else value.encode() for value in values]
    return list(values)


def pyarrow_values(type_name, column):
    kind, _, scale = kind_of(type_name)
    if kind == "date32":
        column = column.cast(pyarrow.int32())
    elif kind in ("time64", "timestamp"):
        column = column.cast(pyarrow.int64())
    return shared(kind, scale, column.to_pylist())


def pyarrow_columns(path, expected):
    table = pyarrow.parquet.read_table(path)
    names = [column["name"] for column in expected["columns"]]
    if table.column_names != names:
        fail(f"pyarrow: columns {table.column_names}, expected {names}")
    found = []
    for column, want in zip(table.columns, expected["columns"], strict=True):
        if str(column.type) != pyarrow_name(want["type"]):
            fail(f"pyarrow: column {want['name']} is {column.type}, expected {want['type']}")
        found.append(pyarrow_values(want["type"], column))
    return found


def duckdb_columns(path, expected):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    relation = connection.read_parquet(path)
    found = []
    for name, kind_there, want in zip(relation.columns, relation.types, expected["columns"], strict=True):
        if name != want["name"] or str(kind_there) != duckdb_name(want["type"]):
            fail(f"duckdb: column {name} is {kind_there}, expected {want['name']} as {want['type']}")
        kind, unit, second = kind_of(want["type"])
        quoted = '"' + name.replace('"', '""') + '"'
        query = quoted
        if kind == "date32":
            query = f"date_diff('day', date '1970-01-01', {quoted})"
        elif kind in ("time64", "timestamp"):
            query = f"epoch_{unit}({quoted})"
        rows = connection.execute("select " + query + " from read_parquet(?)", [path]).fetchall()
        found.append(shared(kind, second, [row[0] for row in rows]))
    return found


def polars_columns(path, expected):
    frame = polars.read_parquet(path)
    found = []
    for column, want in zip(frame.get_columns(), expected["columns"], strict=True):
        if column.name != want["name"] or column.dtype != polars_type(want["type"]):
            fail(f"polars: column {column.name} is {column.dtype}, expected {want['name']} as {want['type']}")
        kind, unit, second = kind_of(want["type"])
        if kind in ("date32", "time64", "timestamp"):
            column = column.to_physical()
        values = column.to_list()
        if kind == "time64" and unit == "us":
            # Polars counts all times of day in nanoseconds.
            values = [None if value is None else value // 1_000 for value in values]
        found.append(shared(kind, second, values))
    return found


# The shared form of a value, from the text of a CSV file.


def time_units(text, unit):
    """Units since midnight of `HH:MM[:SS[.fraction]]`."""
    clock, _, fraction = text.partition(".")
    parts = [int(part) for part in clock.split(":")] + [0]
    seconds = parts[0] * 3_600 + parts[1] * 60 + parts[2]
    digits = len(str(UNITS[unit])) - 1
    return seconds * UNITS[unit] + int(fraction.ljust(digits, "0") or 0)


def timestamp_units(text, unit):
    """Units since the epoch of `YYYY-MM-DD[T ]time[zone]`; a date alone is its midnight."""
    text, offset = text.replace("Z", "+00:00"), 0
    if match := re.search(r"([+-])(\d\d):?(\d\d)$", text[10:]):
        offset = (int(match[2]) * 3_600 + int(match[3]) * 60) * (1 if match[1] == "+" else -1)
        text = text[: 10 + match.start()]
    days = datetime.date.fromisoformat(text[:10]).toordinal() - EPOCH
    return (days * 86_400 - offset) * UNITS[unit] + (time_units(text[11:], unit) if text[11:] else 0)


def from_text(type_name, text):
    kind, first, second = kind_of(type_name)
    if text == "":
        return None
    if kind == "bool":
        return {"true": True, "false": False}[text.lower()]
    if kind == "date32":
        return datetime.date.fromisoformat(text).toordinal() - EPOCH
    if kind == "time64":
        return time_units(text, first)
    if kind == "timestamp":
        return timestamp_units(text, first)
    if kind == "decimal128":
        return int(decimal.Decimal(text).scaleb(second))
    return {"int64": int, "float64": lambda number: bits(float(number))}.get(kind, str.encode)(text)


def csv_columns(path, expected):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    wants = expected["columns"]
    return [[from_text(want["type"], row[index]) for row in rows] for index, want in enumerate(wants)]


# The comparisons.


def text_checksum(value, known={}):
    """FNV-1a of 64 bits plus the length; texts repeat, so each is worked out once."""
    if value not in known:
        result = 0xCBF29CE484222325
        for byte in value:
            result = ((result ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        known[value] = result + len(value)
    return known[value]


def checksum(kind, values):
    present = (value for value in values if value is not None)
    return sum(text_checksum(value) if kind == "utf8" else int(value) for value in present) & 0xFFFFFFFFFFFFFFFF


def check_counts(expected, columns):
    for want, values in zip(expected["columns"], columns, strict=True):
        if len(values) != expected["rows"]:
            fail(f"column {want['name']} has {len(values)} rows, expected {expected['rows']}")
        nulls = sum(value is None for value in values)
        if nulls != want["nulls"]:
            fail(f"column {want['name']} has {nulls} nulls, expected {want['nulls']}")
        if "checksum" in want and checksum(kind_of(want["type"])[0], values) != want["checksum"]:
            fail(f"column {want['name']}: the checksum differs from the one of the values written")


def check_same(reader, expected, left, right):
    for want, one, other in zip(expected["columns"], left, right, strict=True):
        if reader == "duckdb" and kind_of(want["type"]) == ("timestamp", "ns", True):
            one = [None if value is None else value // 1_000 * 1_000 for value in one]
        if one == other:
            continue
        if len(one) != len(other):
            fail(f"{reader}: column {want['name']} has {len(other)} rows, not {len(one)}")
        row = next(row for row, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
        fail(f"{reader}: column {want['name']}, row {row + 1}: {other[row]!r}, expected {one[row]!r}")


def comparable(kind, value):
    """A shared or footer value as something that can be ordered."""
    if kind == "float64" and isinstance(value, int):
        return struct.unpack("<d", struct.pack("<Q", value))[0]
    if kind == "decimal128" and isinstance(value, bytes):
        return int.from_bytes(value, "big", signed=True)
    return value


def check_bounds(where, kind, statistics, present):
    low, high = comparable(kind, statistics.min_raw), comparable(kind, statistics.max_raw)
    least = min(comparable(kind, value) for value in present)
    most = max(comparable(kind, value) for value in present)
    # A bound of text may be cut short, as long as it stays a bound.
    loose = kind == "utf8" and max(len(least), len(most)) > 32
    if not (low <= least and high >= most if loose else (low, high) == (least, most)):
        fail(f"{where}: footer says {low!r}..{high!r}, the values are {least!r}..{most!r}")


def check_footer(path, expected):
    file = pyarrow.parquet.ParquetFile(path)
    if file.metadata.num_rows != expected["rows"]:
        fail(f"footer: {file.metadata.num_rows} rows, expected {expected['rows']}")
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        for index, want in enumerate(expected["columns"]):
            where = f"row group {group}, column {want['name']}"
            kind = kind_of(want["type"])[0]
            values = pyarrow_values(want["type"], table.column(index))
            present = [value for value in values if value is not None]
            statistics = file.metadata.row_group(group).column(index).statistics
            if statistics is None or not statistics.has_null_count:
                fail(f"{where}: no statistics")
            if statistics.null_count != len(values) - len(present):
                fail(f"{where}: footer says {statistics.null_count} nulls, there are {len(values) - len(present)}")
            if statistics.has_min_max != bool(present):
                fail(f"{where}: has_min_max is {statistics.has_min_max} for {len(present)} values")
            if present:
                check_bounds(where, kind, statistics, present)
    return file.num_row_groups


def main(path, expected_path):
    with open(expected_path, encoding="utf-8") as file:
        expected = json.load(file)
    columns = pyarrow_columns(path, expected)
    check_counts(expected, columns)
    if "csv" in expected:
        check_same("pyarrow", expected, csv_columns(expected["csv"], expected), columns)
    check_same("duckdb", expected, columns, duckdb_columns(path, expected))
    check_same("polars", expected, columns, polars_columns(path, expected))
    groups = check_footer(path, expected)
    print(f"{path}: {expected['rows']} rows, {len(columns)} columns, {groups} row groups: three readers agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
