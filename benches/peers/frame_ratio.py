#!/usr/bin/env python3
"""How fast a CSV file becomes a typed frame, and a Parquet file, beside its peers.

    cargo build --release
    .venv/bin/python benches/peers/frame_ratio.py FILE.csv [--expect FILE.json] [--runs 5] [--threads 2]

Method: each run is a process of its own that times only the work (imports and start-up are left out, for everybody).
Runs are interleaved, ours between theirs, so that a slow minute hits all of them; the median counts, and what is quoted
is the ratio to the best peer of the same session. Before the first run as much memory is touched as the largest run
may use, since the first touch of a page in a virtual machine can cost ten times a later one; the file is read once so
that it lies in the page cache. Each run must report the same number of rows; with --expect (as the `shapes` program
writes it) a peer's sums of all whole-number columns must be right too, or the run fails.

Peers run at their defaults but for this: the number of threads, PyArrow is told of line ends in values, Polars is told
to parse dates (the others do it anyway). Parquet is zstd at each one's default level.
"""

import argparse
import json
import mmap
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

MASK = 0xFFFFFFFFFFFFFFFF


# Each peer: read `path` into a frame, or through it to Parquet `out`; afterwards, untimed, its rows and the sums of the
# columns asked for. Imports happen before the clock starts.


def duckdb_run(path, out, threads, sums):
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    started = time.perf_counter()
    if out:
        connection.execute(f"copy (from read_csv(?)) to '{out}' (format parquet, codec zstd)", [path])
    else:
        connection.execute("create table frame as from read_csv(?)", [path])
    seconds = time.perf_counter() - started
    table = f"read_parquet('{out}')" if out else "frame"
    columns = ", ".join(["count(*)"] + [f'sum("{name}")' for name in sums])
    rows, *found = connection.execute(f"select {columns} from {table}").fetchone()
    return seconds, rows, found


def pyarrow_run(path, out, threads, sums):
    import pyarrow
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet

    pyarrow.set_cpu_count(threads)
    started = time.perf_counter()
    table = pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
    if out:
        pyarrow.parquet.write_table(table, out, compression="zstd")
    seconds = time.perf_counter() - started
    return seconds, table.num_rows, [pyarrow.compute.sum(table[name]).as_py() for name in sums]


def polars_run(path, out, threads, sums):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    started = time.perf_counter()
    frame = polars.read_csv(path, try_parse_dates=True)
    if out:
        frame.write_parquet(out, compression="zstd")
    seconds = time.perf_counter() - started
    return seconds, frame.height, [frame[name].sum() for name in sums]


PEERS = {"duckdb": duckdb_run, "pyarrow": pyarrow_run, "polars": polars_run}


def child(name, path, out, threads, sums):
    """One run of one peer; prints what came of it as JSON."""
    seconds, rows, found = PEERS[name](path, out, threads, sums)
    print(json.dumps({"seconds": seconds, "rows": rows, "sums": [int(value or 0) & MASK for value in found]}))


def run_peer(name, work, options, sums):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.parquet") if work == "parquet" else ""
        arguments = [name, options.file, out, str(options.threads), json.dumps(sums)]
        done = subprocess.run([sys.executable, __file__, "--child", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} failed on {work}:\n{done.stderr}")
    return json.loads(done.stdout)


def run_ingest(options):
    """Both figures come from one process; the program gives each run fresh memory."""
    command = [options.ingest, "bench", options.file, "--json", "--runs", "1", "-j", str(options.threads)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    result = json.loads(done.stdout)
    return {"frame": result["frame_seconds"], "parquet": result["parquet_seconds"]["zstd"]}, result["rows"]


def touch_memory(bytes_wanted):
    """Writes to every page once and gives them all back."""
    with open("/proc/meminfo") as file:
        free = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    block = mmap.mmap(-1, min(bytes_wanted, free * 3 // 4))
    zeros = b"\1" * (1 << 24)
    for start in range(0, len(block) - len(zeros), len(zeros)):
        block[start : start + len(zeros)] = zeros
    block.close()


def prepare(path):
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass
    touch_memory(8 * os.path.getsize(path))


def expected_sums(path):
    """Rows and, by column, the sums of the whole numbers; nothing where no answer was given."""
    if not path:
        return None, {}
    with open(path, encoding="utf-8") as file:
        expected = json.load(file)
    return expected["rows"], {c["name"]: c["checksum"] for c in expected["columns"] if c["type"] == "int64"}


def check(name, rows, result, sums):
    if result["rows"] != rows:
        sys.exit(f"{name} found {result['rows']} rows, not {rows}: unequal work")
    if result["sums"] != list(sums.values()):
        sys.exit(f"{name}: sums of {list(sums)} differ from the expected ones: unequal work")


def measure(options):
    rows, sums = expected_sums(options.expect)
    times = {work: {name: [] for name in ["ingest", *options.peers]} for work in ["frame", "parquet"]}
    for number in range(options.runs):
        print(f"run {number + 1} of {options.runs}", file=sys.stderr)
        for name in options.peers:
            ours, our_rows = run_ingest(options)
            rows = our_rows if rows is None else rows
            if our_rows != rows:
                sys.exit(f"ingest found {our_rows} rows, not {rows}")
            for work, of_work in times.items():
                of_work["ingest"].append(ours[work])
                result = run_peer(name, work, options, sums)
                check(name, rows, result, sums)
                of_work[name].append(result["seconds"])
    return times


def report(options, times):
    size = os.path.getsize(options.file)
    print(f"{options.file}: {size / 1e6:.0f} MB, {options.threads} threads, {options.runs} runs, medians")
    print(f"{platform.machine()}, Python {platform.python_version()}")
    for work, of_work in times.items():
        medians = {name: statistics.median(seconds) for name, seconds in of_work.items()}
        best = min(options.peers, key=medians.get)
        print(f"\n{'to ' + work:<12}{'seconds':>9}{'MB/s':>9}{'least':>9}{'most':>9}{'x ingest':>10}")
        for name, seconds in of_work.items():
            median = medians[name]
            spread = f"{min(seconds):>9.3f}{max(seconds):>9.3f}"
            print(f"{name:<12}{median:>9.3f}{size / median / 1e6:>9.0f}{spread}{median / medians['ingest']:>10.2f}")
        print(f"{medians[best] / medians['ingest']:.2f} times the best peer ({best})")


def main():
    if sys.argv[1:2] == ["--child"]:
        name, path, out, threads, sums = sys.argv[2:]
        return child(name, path, out, int(threads), json.loads(sums))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--expect", help="the expected answer, as `shapes --expect` writes it")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS), help="default: all of them")
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    parser.add_argument("--ingest", default=os.path.join(root, "target/release/ingest"), help="the program to measure")
    options = parser.parse_args()
    prepare(options.file)
    report(options, measure(options))


if __name__ == "__main__":
    main()
