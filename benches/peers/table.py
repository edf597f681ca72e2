"""The tables of a record, in Markdown."""

from cells import Cell, Group, groups
from engines import ENGINES
from job import WORKS
from machine import in_words
from markdown import counted, markdown, megabytes, seconds
from record import Record

# A longer reason is cut: the record has all of it.
REASON_LETTERS_MAX = 110

ONE_THREAD = "†"

HEAD = ["work", "engine", "wall s", "least–most", "CPU s", "peak MB", "file MB", "× ingest"]


def render(record: Record) -> str:
    parts = [f"# ingest and its peers, {record.date}", facts(record), "## Against the best peer", summary(record)]
    for file in record.files:
        parts += ["## " + title(file), *tables(record, file)]
    return "\n\n".join(part for part in parts if part) + "\n"


def facts(record: Record) -> str:
    machine = record.machine
    lines = [
        f"Machine: {in_words(machine)}, {machine['kernel']}, huge pages: {machine['huge_pages']}.",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in record.versions.items()) + ".",
        f"Medians of {counted(record.rounds, 'run')}; `benches/peers/README.md` tells how they are taken. "
        f"{ONE_THREAD} uses one thread, whatever the table's number.",
    ]
    return "\n\n".join(lines)


def summary(record: Record) -> str:
    """One line a file: how many times our time the best peer takes."""
    columns = [(threads, work) for threads in record.threads for work in record.works]
    head = ["file", *(f"{WORKS[work]}, {counted(threads, 'thread')}" for threads, work in columns)]
    by_place = {(group.shape, group.size, group.threads, group.work): group for group in groups(record)}
    rows = []
    for file in record.files:
        of_file = [by_place[file["shape"], file["size"], threads, work] for threads, work in columns]
        rows.append([f"{file['shape']} {file['size']}", *(against_best(group) for group in of_file)])
    intro = "The best peer's time over ours, and which peer it is. Below 1 we lose; such cells are bold."
    return f"{intro}\n\n{markdown(head, rows, numbers_from=1)}"


def against_best(group: Group) -> str:
    best = group.best_peer()
    if best is None:
        return "no peer does equal work"
    ratio = f"{group.ratio(best):.2f} {marked(best.engine)}"
    return f"**{ratio}**" if group.ratio(best) < 1 else ratio


def title(file: dict) -> str:
    return f"{file['shape']}, {file['bytes'] / 1e6:,.1f} MB, {file['rows']:,} rows"


def tables(record: Record, file: dict) -> list[str]:
    parts = []
    for threads in record.threads:
        here = [g for g in groups(record) if (g.shape, g.size, g.threads) == (file["shape"], file["size"], threads)]
        rows = [line(group, cell) for group in here for cell in group.cells]
        parts += [f"### {counted(threads, 'thread')}", markdown(HEAD, rows, numbers_from=2)]
    return [*parts, notes(record, file)]


def line(group: Group, cell: Cell) -> list[str]:
    start = [WORKS[group.work], marked(cell.engine)]
    if cell.reason is not None:
        return [*start, shortened(cell.reason), *[""] * (len(HEAD) - len(start) - 1)]
    ratio = f"{group.ratio(cell):.2f}"
    return [
        *start,
        seconds(cell.seconds),
        f"{seconds(cell.least)}–{seconds(cell.most)}",
        seconds(cell.cpu_seconds),
        megabytes(cell.peak_bytes),
        megabytes(cell.out_bytes),
        f"**{ratio}**" if cell is group.best_peer() else ratio,
    ]


def notes(record: Record, file: dict) -> str:
    """What engines were told, and how their answers differ without less work."""
    here = [entry for entry in record.engines if (entry["shape"], entry["size"]) == (file["shape"], file["size"])]
    return "\n".join(f"- {entry['engine']} {', '.join(entry['notes'])}" for entry in here if entry["notes"])


def marked(engine: str) -> str:
    return engine if ENGINES[engine].threaded else f"{engine} {ONE_THREAD}"


def shortened(reason: str) -> str:
    reason = reason.replace("|", "\\|")
    return reason if len(reason) <= REASON_LETTERS_MAX else reason[: REASON_LETTERS_MAX - 1].rstrip() + "…"
