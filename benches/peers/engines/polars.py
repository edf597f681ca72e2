"""Polars, its two ways: read, then write; or as one lazy query on the streaming engine."""

import os


class Polars:
    """`read_csv` or `read_ndjson`, then `write_parquet`."""

    def __init__(self, threads):
        # Read once, when the package is imported.
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.polars = polars
        self.frame = None

    def options(self, hints):
        options = {"try_parse_dates": True, "schema_overrides": self.types(hints)}
        return {**options, "infer_schema_length": None} if hints.whole_file else options

    def types(self, hints):
        polars = self.polars
        by_name = {
            "bool": polars.Boolean,
            "int64": polars.Int64,
            "float64": polars.Float64,
            "date32": polars.Date,
            "timestamp[us]": polars.Datetime("us"),
            "utf8": polars.String,
        }
        return {column: by_name[name] for column, name in hints.types.items()}

    def read(self, path, hints):
        if path.endswith(".jsonl"):
            return self.polars.read_ndjson(path).with_columns(self.times(hints))
        return self.polars.read_csv(path, **self.options(hints))

    def times(self, hints):
        """JSON's strings of times become times: it has no option for that."""
        column = self.polars.col
        return [column(name).str.to_datetime(time_unit="us") for name, kind in hints.types.items() if kind == "timestamp[us]"]

    def to_frame(self, path, hints):
        self.frame = self.read(path, hints)

    def to_parquet(self, path, hints, out, codec):
        self.read(path, hints).write_parquet(out, compression=codec)

    def names(self):
        return self.frame.columns

    def column(self, name):
        import pyarrow

        return pyarrow.chunked_array([self.frame[name].to_arrow()])


class PolarsLazy(Polars):
    """`scan_csv` or `scan_ndjson`, then `collect` or `sink_parquet`."""

    def scan(self, path, hints):
        if path.endswith(".jsonl"):
            return self.polars.scan_ndjson(path).with_columns(self.times(hints))
        return self.polars.scan_csv(path, **self.options(hints))

    def to_frame(self, path, hints):
        self.frame = self.scan(path, hints).collect(engine="streaming")

    def to_parquet(self, path, hints, out, codec):
        self.scan(path, hints).sink_parquet(out, compression=codec)
