"""ClickHouse as the library chDB: a table of the engine Memory, or a query into a Parquet file."""

import functools

TYPES = {
    "bool": "Bool",
    "int64": "Int64",
    "float64": "Float64",
    "date32": "Date32",
    "timestamp[us]": "DateTime64(6)",
    "utf8": "String",
}

# Beyond any file.
SAMPLE_ALL = {
    "input_format_max_rows_to_read_for_schema_inference": 1 << 62,
    "input_format_max_bytes_to_read_for_schema_inference": 1 << 62,
}


class ChDB:
    def __init__(self, threads):
        from chdb.session import Session

        self.session = Session()
        self.session.query(f"set max_threads = {threads}, max_insert_threads = {threads}")

    def settings(self, hints):
        settings = dict(SAMPLE_ALL) if hints.whole_file else {}
        if hints.types:
            types = (f"`{column}` Nullable({TYPES[name]})" for column, name in hints.types.items())
            settings["schema_inference_hints"] = quoted(", ".join(types))
        return settings

    def to_frame(self, path, hints):
        source = f"file({quoted(path)}, 'CSVWithNames')"
        settings = clause(self.settings(hints))
        self.session.query(f"create table frame engine = Memory as select * from {source}{settings}")

    def to_parquet(self, path, hints, out, codec):
        source = f"file({quoted(path)}, 'CSVWithNames')"
        settings = clause({**self.settings(hints), "output_format_parquet_compression_method": quoted(codec)})
        self.session.query(f"select * from {source} into outfile {quoted(out)} format Parquet{settings}")

    def names(self):
        return list(self.column_types)

    @functools.cached_property
    def column_types(self):
        rows = self.session.query(
            "select name, type from system.columns where table = 'frame' order by position", "TSV"
        )
        return dict(line.split("\t") for line in str(rows).splitlines())

    def column(self, name):
        # A DateTime leaves as a bare number of seconds, a DateTime64 as a timestamp.
        is_time = "DateTime" in self.column_types[name]
        value = f"toDateTime64(`{name}`, 6)" if is_time else f"`{name}`"
        return self.session.query(f"select {value} as value from frame", "ArrowTable")["value"]


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def clause(settings):
    return " settings " + ", ".join(f"{name} = {value}" for name, value in settings.items()) if settings else ""
