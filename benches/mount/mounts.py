#!/usr/bin/env python3
"""The driver: makes files, mounts them, reads them through the mount and directly, and writes the record. Started by benches/mount/run."""

import argparse
import datetime
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import machine
from markdown import markdown, seconds
from places import INGEST, REPOSITORY
from records import new_folder, save

NAME = "mount.json"

ABOUT = """Measures reading through a mount against reading the files, and listing a million of them. benches/mount/README.md tells what is
done."""

# So much of a large file is read at once.
PIECE_BYTES = 1 << 20

# So often files and mount are read in turns once the kernel has all of it: a copy within memory takes half or twice as long by chance.
TURNS = 5

# Files of each folder of those that have names alone.
FOLDER_FILES = 1_000


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benches/mount/run", description=ABOUT)
    add = parser.add_argument
    add("--files", type=int, default=10_000, metavar="N", help="small files (default: 10000)")
    add("--file-bytes", type=int, default=16_000, metavar="B", help="of each of them (default: 16000)")
    add("--bytes", type=int, default=1_000_000_000, metavar="B", help="of the large file (default: 1 GB)")
    add("--names", type=int, default=1_000_000, metavar="N", help="empty files, which are listed (default: a million)")
    add("--runs", type=int, default=5, metavar="N", help="of each work, in turns (default: 5)")
    add("--folder", type=Path, default=REPOSITORY / "target/mount/work", metavar="FOLDER", help="where files are made")
    add("--record", type=Path, default=REPOSITORY / "benches/record", metavar="FOLDER", help="where the record goes")
    return parser.parse_args()


def main() -> None:
    chosen = parse()
    facts, date = machine.facts(), datetime.date.today().isoformat()
    record = {"date": date, "machine": facts, "commit": machine.commit(), "runs": chosen.runs}
    shutil.rmtree(chosen.folder, ignore_errors=True)
    chosen.folder.mkdir(parents=True)
    try:
        os.environ["INGEST_WORKSPACE"] = str(chosen.folder / "space")
        ingest("init", chosen.folder / "space")
        record["rows"] = content(chosen) + names(chosen)
    finally:
        shutil.rmtree(chosen.folder)
    folder = new_folder(chosen.record / machine.slug(facts), date, NAME)
    save(folder / NAME, record)
    text = drawn(record)
    (folder / "mount.md").write_text(text, encoding="utf-8")
    print(text)


def ingest(*arguments) -> None:
    subprocess.run([INGEST, "-q", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


class Mounted:
    """A dataset of a folder, mounted beside it."""

    def __init__(self, folder: Path):
        self.point = folder.with_name(folder.name + "-mounted")
        self.name = folder.name

    def __enter__(self) -> Path:
        ingest("mount", self.name, self.point, "--mode", "mount", "--detach")
        return self.point

    def __exit__(self, *_) -> None:
        ingest("unmount", self.point)


def content(chosen: argparse.Namespace) -> list[dict]:
    folder = chosen.folder / "content"
    small = folder / "small"
    small.mkdir(parents=True)
    source = random.Random(1)
    for number in range(chosen.files):
        (small / f"{number:06}").write_bytes(source.randbytes(chosen.file_bytes))
    with open(folder / "large", "wb") as large:
        for start in range(0, chosen.bytes, PIECE_BYTES):
            large.write(source.randbytes(min(PIECE_BYTES, chosen.bytes - start)))
    ingest("dataset", "register", folder.name, folder, "--files")
    rows = []
    for name, read in [("one large file", read_large), ("small files", read_small)]:
        direct, first, again = [], [], []
        wanted = read(folder)
        for _ in range(chosen.runs):
            with Mounted(folder) as point:
                first.append(timed(read, point))
                same = hash_of(point) == hash_of(folder)
                if not same or read(point) != wanted:
                    raise SystemExit(f"{name}: the mount has other bytes")
                for _ in range(TURNS):
                    direct.append(timed(read, folder))
                    again.append(timed(read, point))
        rows += [row(f"{name}, first", direct, first), row(f"{name}, again", direct, again)]
    return rows


def read_large(folder: Path) -> int:
    """The bytes that were read; into one buffer, so that it is their copying that is measured."""
    buffer, total = memoryview(bytearray(PIECE_BYTES)), 0
    with open(folder / "large", "rb", buffering=0) as file:
        while count := file.readinto(buffer):
            total += count
    return total


def read_small(folder: Path) -> int:
    total, buffer = 0, memoryview(bytearray(PIECE_BYTES))
    for name in sorted(os.listdir(folder / "small")):
        with open(folder / "small" / name, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                total += count
    return total


def hash_of(folder: Path) -> str:
    """Of the small files alone, and of the large one's first piece: the tests compare all."""
    hasher = hashlib.blake2b()
    for name in sorted(os.listdir(folder / "small")):
        hasher.update((folder / "small" / name).read_bytes())
    with open(folder / "large", "rb") as file:
        hasher.update(file.read(PIECE_BYTES))
    return hasher.hexdigest()


def timed(work, *arguments) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def names(chosen: argparse.Namespace) -> list[dict]:
    folder = chosen.folder / "names"
    for start in range(0, chosen.names, FOLDER_FILES):
        within = folder / f"{start // FOLDER_FILES:04}"
        within.mkdir(parents=True)
        for number in range(start, min(start + FOLDER_FILES, chosen.names)):
            (within / f"image-{number:07}.png").touch()
    ingest("dataset", "register", folder.name, folder, "--files")
    start, direct, first, again = [], [], [], []
    found = find(folder)
    for _ in range(chosen.runs):
        before = time.perf_counter()
        with Mounted(folder) as point:
            start.append(time.perf_counter() - before)
            first.append(timed(find, point))
            if find(point) != found:
                raise SystemExit("the mount has other files")
            direct.append(timed(find, folder))
            again.append(timed(find, point))
    rows = [row("names, first", direct, first), row("names, again", direct, again)]
    return [*rows, {"work": "until they are mounted", "direct": [], "mounted": start}]


def find(folder: Path) -> int:
    """How many names there are below, by find; that of the folder is one."""
    done = subprocess.run(["find", folder], check=True, stdout=subprocess.PIPE)
    return done.stdout.count(b"\n")


def row(work: str, direct: list[float], mounted: list[float]) -> dict:
    return {"work": work, "direct": direct, "mounted": mounted}


def drawn(record: dict) -> str:
    rows = []
    for entry in record["rows"]:
        mounted = statistics.median(entry["mounted"])
        direct = statistics.median(entry["direct"]) if entry["direct"] else None
        ratio = f"{direct / mounted:.2f}" if direct else ""
        rows.append([entry["work"], seconds(direct) if direct else "", seconds(mounted), ratio])
    head = ["work", "files, s", "mount, s", "speed of the mount, files = 1"]
    about = f"{machine.in_words(record['machine'])}, {record['machine']['kernel']}, {record['commit']}, {record['date']}."
    how = f"Medians of {record['runs']} mounts, each read again {TURNS} times in turns with the files."
    return f"# Mounts\n\n{about} {how}\n\n{markdown(head, rows, 1)}\n"


if __name__ == "__main__":
    main()
