"""The right answer for a file, and how far an engine's answer may differ from it."""

import json
from dataclasses import dataclass, field

BITS_64 = 0xFFFF_FFFF_FFFF_FFFF

# The share of a text in its column's sum is its FNV-1a hash plus its length: benches/src/expected.rs.
FNV_BASIS = 0xCBF2_9CE4_8422_2325
FNV_PRIME = 0x0000_0100_0000_01B3

DAY_MICROSECONDS = 86_400_000_000

# More names than this do not fit a cell.
NAMES_SHOWN = 2


@dataclass
class Column:
    """What a column holds; `empties` are texts of no letters, which an answer of ours counts among the values."""

    name: str
    type: str
    rows: int
    nulls: int
    checksum: int
    empties: int = 0


@dataclass
class Finding:
    """How an engine's answer differs from the right one; nothing does if all is empty."""

    types: dict[str, str] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.types or self.values)

    def reason(self) -> str:
        if self.values:
            return "wrong values: " + "; ".join(self.values[:NAMES_SHOWN])
        return f"reads {some_of(list(self.types))} as {' and '.join(sorted(set(self.types.values())))}"


class Expected:
    """The answer that `shapes --expect` wrote."""

    def __init__(self, path: str):
        with open(path, encoding="utf-8") as file:
            answer = json.load(file)
        self.rows: int = answer["rows"]
        self.bytes: int = answer["bytes"]
        self.columns = {
            column["name"]: Column(column["name"], column["type"], self.rows, column["nulls"], column["checksum"])
            for column in answer["columns"]
        }

    def names(self, texts: bool) -> list[str]:
        """All columns, or all but those of text, whose sums take longest."""
        return [name for name, column in self.columns.items() if texts or column.type != "utf8"]

    def compare(self, found: list[Column], names: list[str]) -> Finding:
        """Compares what was found in the columns `names`."""
        finding = Finding()
        if [column.name for column in found] != names:
            finding.values.append(f"{len(found)} columns, or other names, not the {len(names)} expected")
            return finding
        for column in found:
            self.compare_column(column, self.columns[column.name], finding)
        return finding

    def compare_rows(self, rows: int) -> Finding:
        """All that can be compared where no column is at hand."""
        return Finding() if rows == self.rows else Finding(values=[f"{rows} rows, not {self.rows}"])

    def compare_column(self, found: Column, right: Column, finding: Finding) -> None:
        if found.rows != right.rows:
            finding.values.append(f"{found.rows} rows in {found.name}, not {right.rows}")
        elif right.type == "null":
            # Nothing to tell a type by: any will do.
            if found.nulls + found.empties != right.rows:
                finding.values.append(f"values in {found.name}, which has none")
        elif right.type == "utf8" and found.type == "utf8":
            self.compare_text(found, right, finding)
        elif right.type == "date32" and found.type == "timestamp[us]":
            note(finding, "keeps dates as timestamps")
            compare_sums(found, right, right.checksum * DAY_MICROSECONDS & BITS_64, finding)
        elif found.type != right.type:
            finding.types[found.name] = found.type
        else:
            compare_sums(found, right, right.checksum, finding)

    def compare_text(self, found: Column, right: Column, finding: Finding) -> None:
        """Some engines take an empty text for a null, or the other way round: as much work, so either is let pass."""
        if found.nulls != right.nulls:
            note(finding, "takes empty text for null" if found.nulls > right.nulls else "takes null for empty text")
        empties = found.nulls + found.empties - right.nulls
        without_empties = (right.checksum - empties * FNV_BASIS) & BITS_64
        if empties < 0 or found.checksum != without_empties:
            finding.values.append(f"the texts of {found.name} differ")


def compare_sums(found: Column, right: Column, checksum: int, finding: Finding) -> None:
    if found.nulls != right.nulls:
        finding.values.append(f"{found.nulls} nulls in {found.name}, not {right.nulls}")
    elif found.checksum != checksum:
        finding.values.append(f"the values of {found.name} differ")


def note(finding: Finding, text: str) -> None:
    if text not in finding.notes:
        finding.notes.append(text)


def some_of(names: list[str]) -> str:
    """As many names as fit a line of a table."""
    if len(names) <= NAMES_SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:NAMES_SHOWN])} and {len(names) - NAMES_SHOWN} more"
