"""PyArrow: `read_csv` or `read_json`, then `write_table`."""


class PyArrow:
    def __init__(self, threads):
        import pyarrow
        import pyarrow.csv
        import pyarrow.json
        import pyarrow.parquet

        self.pyarrow = pyarrow
        pyarrow.set_cpu_count(threads)
        # A pool of one thread would work beside the caller's.
        self.use_threads = threads > 1
        self.table = None

    def to_frame(self, path, hints):
        if path.endswith(".jsonl"):
            json = self.pyarrow.json
            self.table = json.read_json(path, read_options=json.ReadOptions(use_threads=self.use_threads))
            return
        csv = self.pyarrow.csv
        self.table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(use_threads=self.use_threads),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=self.types(hints)),
        )

    def types(self, hints):
        pyarrow = self.pyarrow
        by_name = {
            "bool": pyarrow.bool_(),
            "int64": pyarrow.int64(),
            "float64": pyarrow.float64(),
            "date32": pyarrow.date32(),
            "timestamp[us]": pyarrow.timestamp("us"),
            "utf8": pyarrow.string(),
        }
        return {column: by_name[name] for column, name in hints.types.items()}

    def to_parquet(self, path, hints, out, codec):
        self.to_frame(path, hints)
        self.pyarrow.parquet.write_table(self.table, out, compression=codec)

    def names(self):
        return self.table.column_names

    def column(self, name):
        return self.table[name]
