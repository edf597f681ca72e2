"""The versions that a record speaks of."""

import importlib.metadata

from engines import ENGINES, Engine
from machine import commit


def versions(names: list[str]) -> dict[str, str]:
    """The version of each engine."""
    return {name: version(ENGINES[name]) for name in names}


def version(engine: Engine) -> str:
    if engine.class_name is None:
        return engine.load().version() + (f" ({commit()})" if engine.name == "ingest" else "")
    first, *others = engine.packages
    beside = [f"{package} {importlib.metadata.version(package)}" for package in others]
    return importlib.metadata.version(first) + (f" ({', '.join(beside)})" if beside else "")
