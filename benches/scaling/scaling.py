#!/usr/bin/env python3
"""The driver: writes the files, measures them, writes the record. Started by benches/scaling/run."""

import argparse
import datetime
import json
import shutil
import sys
from pathlib import Path

import files
import machine
import picture
import processes
import tables
from cells import WORKS
from markdown import counted
from places import INGEST, REPOSITORY
from processes import Failed
from records import new_folder, save

NAME = "scaling.json"

ABOUT = """Draws what ingest takes for more bytes, columns and files and for odd shapes, and writes the record of it.
benches/scaling/README.md tells what the files are."""

EXAMPLE = "A small trial: benches/scaling/run --sizes 1,4 --size 4 --files 1,100 --runs 1 --record target/scaling/trial"

# The table of the axis of bytes, and of quoted fields.
COLUMNS = 10
EMPTY_COLUMNS = 20
LONG_ROW_COLUMNS = 3


def parse() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return sorted(int(part) for part in text.split(","))

    parser = argparse.ArgumentParser(prog="benches/scaling/run", description=ABOUT, epilog=EXAMPLE)
    add = parser.add_argument
    add("--sizes", type=numbers, default=[1, 4, 16, 64, 256], metavar="A,B", help="MB of the axis of bytes (default: 1 to 256)")
    add("--columns", type=numbers, default=[1, 10, 100, 1_000, 10_000, 50_000], metavar="A,B", help="(default: 1 to 50000)")
    add("--files", type=numbers, default=[1, 100, 1_000, 10_000, 100_000], metavar="A,B", help="(default: 1 to 100000)")
    add("--size", type=int, default=64, metavar="MB", help="of each file of the other axes (default: 64)")
    add("--runs", type=int, default=3, metavar="N", help="runs of each work (default: 3)")
    add("--threads", type=int, default=2, metavar="N", help="(default: 2)")
    add("--folder", type=Path, default=REPOSITORY / "target/scaling/work", metavar="FOLDER", help="where files are made")
    add("--record", type=Path, default=REPOSITORY / "benches/record", metavar="FOLDER", help="where the record goes")
    add("--render", type=Path, metavar="FOLDER", help="only draw tables and picture of a record again")
    return parser.parse_args()


def main() -> None:
    chosen = parse()
    if chosen.render:
        render(json.loads((chosen.render / NAME).read_text(encoding="utf-8")), chosen.render)
        return
    processes.give_way_when_memory_ends()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    facts, date = machine.facts(), datetime.date.today().isoformat()
    record = {"date": date, "machine": facts, "commit": machine.commit(), "runs": chosen.runs, "threads": chosen.threads}
    folder = new_folder(chosen.record / machine.slug(facts), date, NAME)
    # As much as the largest run may use: see benches/peers/README.md.
    processes.touch_memory(8 * max(chosen.size, *chosen.sizes) * files.MB)
    record["cells"] = [measured(cell, chosen) for cell in wanted(chosen)]
    save(folder / NAME, record)
    render(record, folder)
    if failed := [cell["name"] for cell in record["cells"] if "reason" in cell]:
        sys.exit(f"not read: {', '.join(failed)}")


def wanted(chosen: argparse.Namespace) -> list[dict]:
    """The files; one that is on two axes is made once."""
    cells = {}

    def add(axis: str, name: str, shape: str, columns: int, size: int, count: int = 1) -> None:
        cell = {"axes": [], "name": name, "shape": shape, "columns": columns, "files": count, "size": size * files.MB}
        cells.setdefault((shape, columns, size, count), cell)["axes"].append(axis)

    for size in chosen.sizes:
        add("bytes", named(COLUMNS), "decimals", COLUMNS, size)
    for columns in chosen.columns:
        add("columns", named(columns), "decimals", columns, chosen.size)
    for count in chosen.files:
        add("files", f"{named(COLUMNS)} in {counted(count, 'file')}", "decimals", COLUMNS, chosen.size, count)
    add("odd", f"all quoted, {named(COLUMNS)}", "all-quoted", COLUMNS, chosen.size)
    add("odd", f"nothing but empty fields, {named(EMPTY_COLUMNS)}", "empty", EMPTY_COLUMNS, chosen.size)
    add("odd", "rows of 10 MB", "long-rows", LONG_ROW_COLUMNS, chosen.size)
    add("odd", "rows of 10 MB, quoted", "long-rows-quoted", LONG_ROW_COLUMNS, chosen.size)
    return list(cells.values())


def named(columns: int) -> str:
    return f"{columns:,} column" + ("s" if columns != 1 else "")


def measured(cell: dict, chosen: argparse.Namespace) -> dict:
    """The figures of one file, or of a folder of them."""
    path, out, folder = chosen.folder / "in.csv", chosen.folder / "out.parquet", chosen.folder / "in"
    print(f"{cell['name']}, {cell['size'] / files.MB:.0f} MB", file=sys.stderr)
    files.write(cell["shape"], cell["columns"], cell["size"], path)
    source = path
    if cell["files"] > 1:
        files.split(path, cell["files"], folder)
        source = folder
    threads = ["-j", str(chosen.threads)]
    try:
        # What was split was written just now.
        processes.read_through(str(path))
        said = processes.run([str(INGEST), "bench", "--json", "--runs", str(chosen.runs), str(source), *threads]).output
        converted = processes.run([str(INGEST), "convert", str(source), "-o", str(out), "--json", *threads]).output
        return {**cell, **figures(json.loads(said)), "peak_bytes": json.loads(converted)["peak_memory_bytes"]}
    except Failed as failed:
        return {**cell, "reason": str(failed), "details": failed.details}
    finally:
        path.unlink()
        out.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def figures(bench: dict) -> dict:
    parquet = {f"parquet_{codec}": seconds for codec, seconds in bench["parquet_seconds"].items()}
    clock = {"count": bench["count_seconds"], "frame": bench["frame_seconds"], **parquet}
    stages = {name: seconds for name, seconds in bench["stages"].items() if name not in ["count", "frame_cpu"]}
    kept = {key: bench[key] for key in ["bytes", "rows", "kernel"]}
    return {**kept, "seconds": {work: clock[work] for work in WORKS}, "cpu_seconds": bench["cpu_seconds"], "stages": stages}


def render(record: dict, folder: Path) -> None:
    (folder / "scaling.md").write_text(tables.render(record), encoding="utf-8")
    (folder / "scaling.svg").write_text(picture.render(record), encoding="utf-8")
    print(folder)


if __name__ == "__main__":
    main()
