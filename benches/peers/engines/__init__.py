"""The engines: what each is called, how it is started, how it does the work.

A Python engine is a class with these methods; it lives in a child process (child.py) and its package is imported by
`__init__`, before the clock starts:

    __init__(threads)                        imports the package and tells it the number of threads
    to_frame(path, hints)                    reads the file into a frame and keeps it
    to_parquet(path, hints, out, codec)      turns the file into a Parquet file
    names()                                  the frame's columns; from here on nothing is timed
    column(name)                             one of them, as a PyArrow chunked array

The two programs, ingest and arrow-csv, are measured by a function `measure(job)` of their module.
"""

import importlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """How an engine is presented and what it can be told."""

    name: str
    # Where its class or its `measure` is.
    module: str
    # The class of a Python engine.
    class_name: str | None = None
    # The packages whose versions are recorded.
    packages: tuple[str, ...] = ()
    # Whether it can use more than one thread.
    threaded: bool = True
    # Whether it can be asked to infer types from the whole file where its default is a sample.
    samples: bool = False
    # Whether it can be told the type of a column. Ours could, but has to come to it alone.
    takes_types: bool = True

    def load(self):
        """The class of a Python engine, or the module of a program."""
        module = importlib.import_module(self.module)
        return getattr(module, self.class_name) if self.class_name else module


INGEST = Engine("ingest", "engines.ingest", takes_types=False)

ENGINES = {
    engine.name: engine
    for engine in [
        INGEST,
        Engine("polars", "engines.polars", "Polars", ("polars",), samples=True),
        Engine("polars-lazy", "engines.polars", "PolarsLazy", ("polars",), samples=True),
        Engine("duckdb", "engines.duckdb", "DuckDB", ("duckdb",), samples=True),
        Engine("pyarrow", "engines.pyarrow", "PyArrow", ("pyarrow",)),
        Engine("chdb", "engines.chdb", "ChDB", ("chdb", "chdb-core"), samples=True),
        Engine("pandas", "engines.pandas", "Pandas", ("pandas", "pyarrow"), threaded=False),
        Engine("arrow-csv", "engines.arrow_csv", threaded=False),
    ]
}
