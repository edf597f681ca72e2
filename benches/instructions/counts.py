"""The recorded counts: their file, and how new ones are judged by them."""

from dataclasses import dataclass, field
from pathlib import Path

# A count may rise by so much; repeated runs differ by less than a thousandth of it.
RISE_MAX = 0.05

COLUMNS = ["input", "work", "kernel", "instructions"]

# Input, work, kernel.
Key = tuple[str, str, str]


@dataclass
class Counts:
    """Instructions by what was run, and the versions that they depend on, in a line."""

    versions: str
    instructions: dict[Key, int]

    @classmethod
    def load(cls, path: Path) -> "Counts":
        """Reads what `save` wrote."""
        versions, head, *rows = path.read_text(encoding="utf-8").splitlines()
        if not versions.startswith("# ") or head.split("\t") != COLUMNS:
            raise ValueError(f"{path}: not a file of counts")
        fields = [row.split("\t") for row in rows]
        return cls(versions.removeprefix("# "), {(a, b, c): int(count) for a, b, c, count in fields})

    def save(self, path: Path) -> None:
        """One line a count, in the order in which they were taken."""
        rows = ["\t".join([*key, str(count)]) for key, count in self.instructions.items()]
        path.write_text("\n".join([f"# {self.versions}", "\t".join(COLUMNS), *rows, ""]), encoding="utf-8")


@dataclass
class Verdict:
    """What is to be said of new counts; they pass if nothing is wrong."""

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def judge(recorded: dict[Key, int], counted: dict[Key, int], kernels: list[str]) -> Verdict:
    """Compares counts. Those of kernels that this machine cannot run, which are not in `kernels`, are left out."""
    verdict = Verdict()
    for key, count in counted.items():
        if key not in recorded:
            verdict.wrong.append(f"{named(key)}: {count:,} instructions, and none are recorded")
            continue
        ratio = count / recorded[key]
        said = f"{named(key)}: {count:,} instructions, {recorded[key]:,} are recorded ({ratio - 1:+.1%})"
        if ratio > 1 + RISE_MAX:
            verdict.wrong.append(said)
        elif ratio < 1 - RISE_MAX:
            verdict.notes.append(said)
    gone = [key for key in recorded if key not in counted and key[2] in kernels]
    verdict.wrong += [f"{named(key)}: recorded, and not counted any more" for key in gone]
    return verdict


def named(key: Key) -> str:
    input_name, work, kernel = key
    return f"{input_name}, {work}, {kernel}"
