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
        if path.endswith(".jsonl"):
            if hints.types:
                # Told one type, it takes no other column.
                return f"read_json({quoted(path)}, columns = {{{types_of(hints)}}})"
            return f"read_json({', '.join(options + ['sample_size = -1'] * hints.whole_file)})"
        if hints.whole_file:
            options.append("sample_size = -1")
        if hints.types:
            options.append(f"types = {{{types_of(hints)}}}")
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


def types_of(hints):
    return ", ".join(f"{quoted(column)}: '{TYPES[name]}'" for column, name in hints.types.items())


def quoted(text):
    return "'" + text.replace("'", "''") + "'"
