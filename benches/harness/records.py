"""Where records lie, and how they are written."""

import json
from pathlib import Path


def new_folder(parent: Path, date: str, name: str) -> Path:
    """The folder of a day for a file of this name. None is written over: the second of a day goes to a folder with a 2."""
    folder, number = parent / date, 1
    while (folder / name).exists():
        number += 1
        folder = parent / f"{date}-{number}"
    return folder


def save(path: Path, fields: dict) -> None:
    """Writes JSON, one line an entry of a list: a session has thousands of runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = [f"{json.dumps(name)}: {lines(value)}" for name, value in fields.items()]
    path.write_text("{\n" + ",\n".join(text) + "\n}\n", encoding="utf-8")


def lines(value) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)
