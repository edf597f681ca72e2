"""DuckDB: `create table` in memory, or `copy` straight to Parquet."""

TYPES = {
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "date32": "DATE",
    "timestamp[us]": "TIMESTAMP",
    "utf8": "VARCHAR",
}


class DuckDB:
    def __init__(self, threads):
        import duckdb

        self.connection = duckdb.connect(config={"threads": threads})

    def source(self, path, hints):
        options = [quoted(path)]
        if hints.whole_file:
            options.append("sample_size = -1")
        if hints.types:
            types = ", ".join(f"{quoted(column)}: '{TYPES[name]}'" for column, name in hints.types.items())
            options.append(f"types = {{{types}}}")
        return f"read_csv({', '.join(options)})"

    def to_frame(self, path, hints):
        self.connection.execute(f"create table frame as from {self.source(path, hints)}")

    def to_parquet(self, path, hints, out, codec):
        source = self.source(path, hints)
        self.connection.execute(f"copy (from {source}) to {quoted(out)} (format parquet, codec {codec})")

    def names(self):
        return [row[0] for row in self.connection.execute("describe frame").fetchall()]

    def column(self, name):
        return self.connection.execute(f'select "{name}" from frame').to_arrow_table()[name]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"
