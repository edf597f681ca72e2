"""The command line."""

import argparse
from pathlib import Path

import shapes
from engines import ENGINES, INGEST
from job import WORKS
from places import REPOSITORY

ABOUT = """Compares ingest with its peers: the same files, the same work, interleaved, with every answer checked.
benches/peers/README.md tells the method and its bias."""

EXAMPLE = "A small trial: benches/peers/run --shapes taxi --sizes 10MB --runs 1 --record target/peers/trial"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=ABOUT, epilog=EXAMPLE)
    add_choice(parser, "--shapes", shapes.SHAPES)
    parser.add_argument(
        "--sizes",
        type=lambda text: text.split(","),
        default=["500MB"],
        metavar="A,B",
        help=f"bytes as 500MB or 5GB, or {shapes.THREE_ROWS} (default: 500MB)",
    )
    parser.add_argument(
        "--threads",
        type=lambda text: sorted(int(part) for part in text.split(",")),
        default=[1, 2],
        metavar="A,B",
        help="numbers of threads (default: 1,2)",
    )
    add_choice(parser, "--works", list(WORKS))
    add_choice(parser, "--engines", list(ENGINES))
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds of each comparison (default: 5)")
    add_folder(parser, "--folder", "target/peers/work", "where inputs and outputs go until they are removed")
    add_folder(parser, "--record", "benches/record", "where the record goes, under PROCESSOR/DATE")
    parser.add_argument("--render", type=Path, metavar="FOLDER", help="only draw table and picture of a record again")
    options = parser.parse_args()
    # Ours is what the others are compared with.
    options.engines = [name for name in ENGINES if name in options.engines or name == INGEST.name]
    return options


def add_choice(parser: argparse.ArgumentParser, name: str, choices: list[str]) -> None:
    def some(text: str) -> list[str]:
        unknown = set(text.split(",")) - set(choices)
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(choices)}")
        return [choice for choice in choices if choice in text.split(",")]

    parser.add_argument(name, type=some, default=choices, metavar="A,B", help=f"of {', '.join(choices)} (default: all)")


def add_folder(parser: argparse.ArgumentParser, name: str, default: str, what: str) -> None:
    help = f"{what} (default: {default})"
    parser.add_argument(name, type=Path, default=REPOSITORY / default, metavar="FOLDER", help=help)
