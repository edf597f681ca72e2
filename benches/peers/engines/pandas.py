"""pandas: `read_csv` with its own parser, columns kept by PyArrow; then `to_parquet`, which is PyArrow's."""

TYPES = {"bool": "bool[pyarrow]", "int64": "int64[pyarrow]", "float64": "float64[pyarrow]", "utf8": "string[pyarrow]"}


class Pandas:
    def __init__(self, threads):
        import pandas
        import pyarrow
        import pyarrow.parquet

        self.pandas = pandas
        pyarrow.set_cpu_count(threads)
        self.frame = None

    def to_frame(self, path, hints):
        self.frame = self.pandas.read_csv(
            path,
            engine="c",
            dtype_backend="pyarrow",
            dtype={column: TYPES[name] for column, name in hints.types.items() if name in TYPES},
            parse_dates=[column for column, name in hints.types.items() if name not in TYPES],
        )

    def to_parquet(self, path, hints, out, codec):
        self.to_frame(path, hints)
        self.frame.to_parquet(out, compression=codec)

    def names(self):
        return list(self.frame.columns)

    def column(self, name):
        import pyarrow

        array = pyarrow.array(self.frame[name], from_pandas=True)
        return array if isinstance(array, pyarrow.ChunkedArray) else pyarrow.chunked_array([array])
