"""The picture of a record: seconds against bytes, the cost of a byte against columns and files; all axes by powers of ten."""

import math
from collections.abc import Callable

from cells import WORKS, of_axis, per_byte
from machine import in_words
from markdown import counted
from svg import FAINT, RULE, curve, document, dot, line, text

# All in pixels.
MARGIN = 28
HEAD = 148
FOOT = 40
PANEL_WIDTH = 430
PANEL_HEIGHT = 320
PANEL_GAP = 90
SCALE_WIDTH = 46
TICK_HEIGHT = 20

COLOURS = {"count": "#5b8c5a", "frame": "#0f62ac", "parquet_snappy": "#c2701c", "parquet_zstd": "#8a3b8f"}

# Room behind the last digit of a scale, as a factor.
AIR = 1.3


class Panel:
    """A pair of logarithmic axes, and where a point lies between them."""

    def __init__(self, number: int, points: list[tuple[float, float]]):
        self.left = MARGIN + SCALE_WIDTH + number * (PANEL_WIDTH + PANEL_GAP)
        self.x_least, self.x_most = ends(x for x, _ in points)
        self.y_least, self.y_most = ends(y for _, y in points)

    def place(self, x: float, y: float) -> tuple[float, float]:
        right = share(x, self.x_least, self.x_most) * PANEL_WIDTH
        up = share(y, self.y_least, self.y_most) * PANEL_HEIGHT
        return self.left + right, HEAD + PANEL_HEIGHT - up

    def axes(self, title: str, x_said: Callable[[float], str], y_said: Callable[[float], str]) -> list[str]:
        parts = [text(self.left - SCALE_WIDTH, HEAD - 18, title, size=14, weight="bold")]
        for value in powers(self.y_least, self.y_most):
            _, y = self.place(self.x_least, value)
            parts += [line(self.left, round(y), self.left + PANEL_WIDTH, round(y), RULE)]
            parts += [text(self.left - SCALE_WIDTH, y + 4, y_said(value), colour=FAINT, size=11)]
        for value in powers(self.x_least, self.x_most):
            x, _ = self.place(value, self.y_least)
            parts += [line(round(x), HEAD, round(x), HEAD + PANEL_HEIGHT, RULE)]
            parts += [text(x - 8, HEAD + PANEL_HEIGHT + TICK_HEIGHT, x_said(value), colour=FAINT, size=11)]
        return parts

    def lines(self, series: dict[str, list[tuple[float, float]]]) -> list[str]:
        parts = []
        for work, points in series.items():
            placed = [self.place(x, y) for x, y in points]
            parts += [curve(placed, COLOURS[work]), *(dot(x, y, COLOURS[work]) for x, y in placed)]
        return parts


def render(record: dict) -> str:
    """Draws the axes of a record that have an order."""
    panels = [against_bytes(record), cost_against(record, "columns", 1)]
    # Records of before there was that axis do not have it.
    if of_axis(record, "files"):
        panels.append(cost_against(record, "files", 2))
    width = 2 * MARGIN + len(panels) * (SCALE_WIDTH + PANEL_WIDTH) + (len(panels) - 1) * (PANEL_GAP - SCALE_WIDTH)
    height = HEAD + PANEL_HEIGHT + TICK_HEIGHT + FOOT
    parts = [*head(record, width), *(part for panel in panels for part in panel)]
    said = "Dashed: as many times the seconds as the bytes. A flat line beside it: columns, or files, cost what their bytes cost."
    return document(width, height, [*parts, text(MARGIN, height - 14, said, colour=FAINT)])


def head(record: dict, width: int) -> list[str]:
    about = f"{counted(record['threads'], 'thread')}, median of {counted(record['runs'], 'run')}, from page cache."
    parts = [
        text(MARGIN, 42, "What ingest takes for more bytes, columns and files", size=21, weight="bold"),
        text(MARGIN, 66, f"Tables of decimals, {about}", colour=FAINT, size=13),
        text(MARGIN, 86, f"{in_words(record['machine'])}. {record['date']}.", colour=FAINT, size=13),
    ]
    left = width - MARGIN - 84 * len(WORKS)
    for work, name in WORKS.items():
        parts += [dot(left, 38, COLOURS[work]), text(left + 10, 42, name)]
        left += 84
    return parts


def against_bytes(record: dict) -> list[str]:
    cells = of_axis(record, "bytes")
    series = {work: [(cell["bytes"], cell["seconds"][work]) for cell in cells] for work in WORKS}
    panel = Panel(0, [point for points in series.values() for point in points])
    x, y = series["frame"][-1]
    first = series["frame"][0][0]
    guide = curve([panel.place(first, max(panel.y_least, y * first / x)), panel.place(x, y)], FAINT, dashes="4 4")
    return [*panel.axes("Seconds by MB", lambda value: f"{value / 1e6:g}", lambda value: f"{value:g} s"), guide, *panel.lines(series)]


def cost_against(record: dict, axis: str, number: int) -> list[str]:
    cells = of_axis(record, axis)
    series = {work: [(cell[axis], per_byte(cell, work)) for cell in cells] for work in WORKS}
    panel = Panel(number, [point for points in series.values() for point in points])
    title = f"Nanoseconds of processor time a byte by {axis}, {cells[0]['bytes'] / 1e6:.0f} MB"
    return [*panel.axes(title, lambda value: f"{value:,.0f}", lambda value: f"{value:g} ns"), *panel.lines(series)]


def ends(values) -> tuple[float, float]:
    """From the power of ten below the least value to a little beyond the most."""
    values = list(values)
    return 10 ** math.floor(math.log10(min(values))), max(values) * AIR


def powers(least: float, most: float) -> list[float]:
    """The powers of ten from `least`, which is one, to `most`."""
    return [least * 10**number for number in range(math.floor(math.log10(most / least)) + 1)]


def share(value: float, least: float, most: float) -> float:
    return math.log(value / least) / math.log(most / least)
