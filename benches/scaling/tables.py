"""The tables of a record, in Markdown."""

from cells import CLIFF, WORKS, is_cliff, median_per_byte, of_axis, per_byte
from machine import in_words
from markdown import counted, markdown, megabytes, seconds

TITLES = {
    "bytes": "More bytes",
    "columns": "More columns",
    "files": "More files",
    "odd": "Odd shapes",
}


def render(record: dict) -> str:
    parts = [f"# What a byte costs, {record['date']}", facts(record), medians(record)]
    for axis, title in TITLES.items():
        rows = [line(record, cell) for cell in of_axis(record, axis)]
        # Records of before there was an axis do not have it.
        parts += [f"## {title}", markdown(head(), rows, numbers_from=1)] if rows else []
    failed = [f"- {cell['name']}: {cell['reason']}" for cell in record["cells"] if "reason" in cell]
    return "\n\n".join([*parts, *(["\n".join(failed)] if failed else [])]) + "\n"


def facts(record: dict) -> str:
    machine = record["machine"]
    return (
        f"Machine: {in_words(machine)}, {machine['kernel']}, huge pages: {machine['huge_pages']}. ingest: {record['commit']}.\n\n"
        f"Medians of {counted(record['runs'], 'run')} of `ingest bench` with {counted(record['threads'], 'thread')}; "
        "`benches/scaling/README.md` tells what the files are. The first four figures are seconds by the clock, the next four "
        "nanoseconds of processor time a byte. The peak is that of `ingest convert`, in MB."
    )


def medians(record: dict) -> str:
    said = ", ".join(f"{name} {median_per_byte(record, work):.2f}" for work, name in WORKS.items())
    return f"The median file, nanoseconds a byte: {said}. Bold: more than {CLIFF} times that."


def head() -> list[str]:
    names = list(WORKS.values())
    return ["file", "MB", "rows", *(f"{name} s" for name in names), *(f"{name} ns/B" for name in names), "peak"]


def line(record: dict, cell: dict) -> list[str]:
    clock = [seconds(cell["seconds"][work]) for work in WORKS]
    costs = [cost(record, cell, work) for work in WORKS]
    return [cell["name"], f"{cell['bytes'] / 1e6:.0f}", f"{cell['rows']:,}", *clock, *costs, megabytes(cell["peak_bytes"])]


def cost(record: dict, cell: dict, work: str) -> str:
    said = f"{per_byte(cell, work):.2f}"
    return f"**{said}**" if is_cliff(record, cell, work) else said
