"""Reads the Parquet files of a folder with PyArrow, DuckDB and Polars and compares every value with the expected one.

    readers.py FOLDER

NAME-ENCODINGS-CODEC.parquet is held against NAME.arrow, an Arrow file of the values that were written. filters.parquet
has Bloom filters, which DuckDB is asked about. Prints a line a file; any difference ends the program with a message that
names file, reader, column and row.
"""

import pathlib
import sys

import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet


def fail(message):
    sys.exit(f"readers: {message}")


def by_pyarrow(path):
    return pyarrow.parquet.read_table(path)


def by_duckdb(path):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection.read_parquet(str(path)).to_arrow_table()


def by_polars(path):
    return polars.read_parquet(path).to_arrow()


def expected_by(reader, column):
    """What a reader can give of a column: Parquet has no column of type null, DuckDB no zoned type of nanoseconds."""
    if pyarrow.types.is_null(column.type):
        return column.cast(pyarrow.string())
    return column


def exact(column):
    """One array; floats as their bits, so that NaN is NaN and zeros keep their sign."""
    array = column.combine_chunks()
    return array.view(pyarrow.int64()) if pyarrow.types.is_floating(array.type) else array


def check(path, reader, expected):
    found = reader(path)
    if found.column_names != expected.column_names:
        fail(f"{path.name}: {reader.__name__}: columns {found.column_names}")
    for name in expected.column_names:
        want = expected_by(reader, expected[name])
        have, want = exact(found[name].cast(want.type)), exact(want)
        if have.equals(want):
            continue
        if len(have) != len(want):
            fail(f"{path.name}: {reader.__name__}: {name} has {len(have)} rows, expected {len(want)}")
        row = next(row for row in range(len(want)) if have[row].as_py() != want[row].as_py())
        fail(f"{path.name}: {reader.__name__}: {name}, row {row}: {have[row]}, expected {want[row]}")


# Values of the columns of filters.parquet that are not there, by a number.
ABSENT = {
    "whole": lambda n: str(2 * n + 1),
    "ratio": lambda n: f"{2 * n + 0.5}::double",
    "words": lambda n: f"'word {2 * n + 1}'",
    "few": lambda n: str(n * 1000 + 3),
    "day": lambda n: f"(date '1970-01-01' + {2 * n + 1})::date",
}


def literal(value):
    if isinstance(value, str):
        return f"'{value}'"
    return str(value) if isinstance(value, int) else f"{value!r}::double" if isinstance(value, float) else f"date '{value}'"


def excluded_groups(connection, path, name, value):
    """The row groups that cannot hold a value, by their filters."""
    probe = f"select row_group_id from parquet_bloom_probe('{path}', '{name}', {value}) where bloom_filter_excludes"
    return {row[0] for row in connection.execute(probe).fetchall()}


def check_filters(path):
    file, connection = pyarrow.parquet.ParquetFile(path), duckdb.connect()
    for name, absent in ABSENT.items():
        for group in range(file.num_row_groups):
            values = file.read_row_group(group, columns=[name])[name]
            for row in range(0, len(values), len(values) // 20):
                if group in excluded_groups(connection, path, name, literal(values[row].as_py())):
                    fail(f"{path.name}: {name}: row group {group} has {values[row]}, its filter does not")
        probes = 100
        excluded = sum(len(excluded_groups(connection, path, name, absent(n))) for n in range(probes))
        # One in a hundred is expected to be taken for one that is there; ten would be strange.
        if excluded < 0.9 * probes * file.num_row_groups:
            fail(f"{path.name}: {name}: only {excluded} of {probes * file.num_row_groups} groups are passed over")


def main(folder):
    expected = {path.stem: pyarrow.ipc.open_file(path).read_all() for path in pathlib.Path(folder).glob("*.arrow")}
    for path in sorted(pathlib.Path(folder).glob("*.parquet")):
        if path.stem == "filters":
            check_filters(path)
        else:
            for reader in (by_pyarrow, by_duckdb, by_polars):
                check(path, reader, expected[path.stem.split("-")[0]])
        print(f"{path.name}: three readers agree" if path.stem != "filters" else f"{path.name}: the filters hold")


if __name__ == "__main__":
    main(sys.argv[1])
