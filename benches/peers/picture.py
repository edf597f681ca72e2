"""The picture of a record: bars of throughput, a panel for each shape and work, drawn as SVG by hand."""

from cells import OURS, Cell, Group, groups
from job import WORKS
from machine import in_words
from markdown import counted
from record import Record
from shapes import THREE_ROWS
from svg import FAINT, RULE, document, line, rectangle, text
from table import ONE_THREAD, marked

# All in pixels.
MARGIN = 28
NAMES_WIDTH = 108
PANEL_WIDTH = 306
PANEL_GAP = 20
# What is left of a panel's width for the figure behind the longest bar.
FIGURE_WIDTH = 104
BAR = 12
BAR_STEP = 17
SHAPE_TITLE = 30
SHAPE_GAP = 20
HEAD = 148
FOOT = 46

OURS_COLOUR = "#0f62ac"
BEST_COLOUR = "#8593a3"
PEER_COLOUR = "#c9d1d9"

# About the width of a letter of the figures, to cut what would leave its panel.
LETTER_WIDTH = 5.9

LEGEND = [(OURS_COLOUR, "ingest"), (BEST_COLOUR, "best peer"), (PEER_COLOUR, "other peers")]


def render(record: Record) -> str | None:
    """Draws the first size that is one of bytes, at the most threads. Three rows have no throughput to speak of."""
    size = next((file["size"] for file in record.files if file["size"] != THREE_ROWS), None)
    if size is None:
        return None
    threads = max(record.threads)
    shown = [group for group in groups(record) if (group.size, group.threads) == (size, threads)]
    shapes = list(dict.fromkeys(group.shape for group in shown))
    heights = [shape_height(shown, shape) for shape in shapes]
    width = 2 * MARGIN + NAMES_WIDTH + len(record.works) * (PANEL_WIDTH + PANEL_GAP) - PANEL_GAP
    height = HEAD + sum(heights) + FOOT
    parts = [*head(record, size, threads, width), *foot(height)]
    top = HEAD
    for shape, shape_top in zip(shapes, heights, strict=True):
        parts += row(shape, [group for group in shown if group.shape == shape], top, width)
        top += shape_top
    return document(width, height, parts)


def head(record: Record, size: str, threads: int, width: int) -> list[str]:
    runs = counted(record.rounds, "run")
    about = f"{size} files, {counted(threads, 'thread')}, {runs if record.rounds == 1 else f'median of {runs}'}"
    parts = [
        text(MARGIN, 42, "From CSV to a frame and to Parquet: ingest and its peers", size=21, weight="bold"),
        text(MARGIN, 66, f"MB of CSV a second, longer is better. {about}, from page cache.", colour=FAINT, size=13),
        text(MARGIN, 86, f"{in_words(record.machine)}. {record.date}.", colour=FAINT, size=13),
    ]
    left = width - MARGIN - sum(32 + LETTER_WIDTH * len(name) for _, name in LEGEND)
    for colour, name in LEGEND:
        parts += [rectangle(left, 32, 12, 12, colour), text(left + 18, 42, name)]
        left += 32 + LETTER_WIDTH * len(name)
    for number, work in enumerate(record.works):
        parts.append(text(panel_left(number), HEAD - 24, WORKS[work], size=14, weight="bold"))
    return parts


def foot(height: int) -> list[str]:
    said = (
        "Behind a bar: MB/s, and how many times ingest's time. Each panel has its own scale. chdb is ClickHouse. "
        f"{ONE_THREAD} can use one thread only."
    )
    return [text(MARGIN, height - 20, said, colour=FAINT)]


def shape_height(shown: list[Group], shape: str) -> int:
    engines = max(len(group.cells) for group in shown if group.shape == shape)
    return SHAPE_TITLE + engines * BAR_STEP + SHAPE_GAP


def row(shape: str, of_shape: list[Group], top: int, width: int) -> list[str]:
    """The panels of one shape, side by side, with the engines' names before them."""
    parts = [
        line(MARGIN, top, width - MARGIN, top, RULE),
        text(MARGIN, top + 20, shape, size=13, weight="bold"),
    ]
    for number, cell in enumerate(of_shape[0].cells):
        weight = "bold" if cell.engine == OURS else "normal"
        parts.append(text(MARGIN, baseline(top, number), marked(cell.engine), weight=weight))
    for number, group in enumerate(of_shape):
        parts += panel(group, panel_left(number), top)
    return parts


def panel(group: Group, left: float, top: int) -> list[str]:
    speeds = [group.bytes / cell.seconds for cell in group.cells if cell.reason is None]
    scale = (PANEL_WIDTH - FIGURE_WIDTH) / max(speeds)
    parts = []
    for number, cell in enumerate(group.cells):
        y = baseline(top, number)
        if cell.reason is not None:
            parts.append(text(left, y, fitting(cell.reason), colour=FAINT, style="italic", size=11))
            continue
        length = max(1.0, group.bytes / cell.seconds * scale)
        parts.append(rectangle(left, y - BAR + 2, length, BAR, colour_of(group, cell)))
        weight = "bold" if cell.engine == OURS else "normal"
        parts.append(text(left + length + 6, y, figure(group, cell), weight=weight, size=11))
    return parts


def figure(group: Group, cell: Cell) -> str:
    speed = group.bytes / cell.seconds / 1e6
    return f"{short(speed)} MB/s" if cell.engine == OURS else f"{short(speed)} · {short(group.ratio(cell))}×"


def short(value: float) -> str:
    """Two digits that count, or more before the point."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def colour_of(group: Group, cell: Cell) -> str:
    if cell.engine == OURS:
        return OURS_COLOUR
    return BEST_COLOUR if cell is group.best_peer() else PEER_COLOUR


def fitting(reason: str) -> str:
    """The first part of a reason, cut where the panel ends."""
    reason = reason.partition(";")[0]
    letters = int(PANEL_WIDTH / LETTER_WIDTH)
    return reason if len(reason) <= letters else reason[: letters - 1].rstrip() + "…"


def panel_left(number: int) -> int:
    return MARGIN + NAMES_WIDTH + number * (PANEL_WIDTH + PANEL_GAP)


def baseline(top: int, number: int) -> int:
    return top + SHAPE_TITLE + number * BAR_STEP + BAR
