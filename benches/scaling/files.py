"""The files: written by rule, the same bytes every time, and quick to write."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

# Written at a time, about.
PIECE_BYTES = 4 << 20

MB = 1_000_000

# A decimal of five digits, as `4.7302`, and what follows it.
FIELD_BYTES = 7

# What a table of many files has in each of its folders.
FILES_A_FOLDER = 1_000

# A cell of a row that is 10 MB long.
LONG_TEXT_BYTES = 10 * MB

# Any byte to a digit, and to a letter or blank.
DIGITS = bytes(ord("0") + value % 10 for value in range(256))
FIRST_DIGITS = bytes(ord("1") + value % 9 for value in range(256))
LETTERS = bytes(ord("abcdefghijklmnopqrstuvwxyz      "[value % 32]) for value in range(256))


def header(columns: int, quote: str = "") -> bytes:
    return (",".join(f"{quote}c{number}{quote}" for number in range(1, columns + 1)) + "\n").encode()


def decimals(columns: int, source: random.Random) -> Iterator[bytes]:
    """Rows of decimals, a piece at a time."""
    fields = max(1, PIECE_BYTES // FIELD_BYTES // columns) * columns
    while True:
        text = bytearray(source.randbytes(fields * FIELD_BYTES).translate(DIGITS))
        text[::FIELD_BYTES] = source.randbytes(fields).translate(FIRST_DIGITS)
        text[1::FIELD_BYTES] = b"." * fields
        text[FIELD_BYTES - 1 :: FIELD_BYTES] = (b"," * (columns - 1) + b"\n") * (fields // columns)
        yield bytes(text)


def quoted_decimals(columns: int, source: random.Random) -> Iterator[bytes]:
    for piece in decimals(columns, source):
        yield b'"' + piece[:-1].replace(b",", b'","').replace(b"\n", b'"\n"') + b'"\n'


def nothing(columns: int, _: random.Random) -> Iterator[bytes]:
    """Rows of empty fields."""
    row = b"," * (columns - 1) + b"\n"
    while True:
        yield row * max(1, PIECE_BYTES // len(row))


def long_texts(_: int, source: random.Random) -> Iterator[bytes]:
    """A number, a text of 10 MB, a decimal."""
    number = 0
    while True:
        number += 1
        yield b"%d,%b,0.5\n" % (number, source.randbytes(LONG_TEXT_BYTES).translate(LETTERS))


def long_quoted_texts(columns: int, source: random.Random) -> Iterator[bytes]:
    """The same with line ends, commas and doubled quotes in the text."""
    for row in long_texts(columns, source):
        number, text, decimal = row.split(b",")
        yield b'%b,"%b",%b' % (number, text.replace(b" a", b",\n").replace(b" e", b'""'), decimal)


SHAPES: dict[str, Callable[[int, random.Random], Iterator[bytes]]] = {
    "decimals": decimals,
    "all-quoted": quoted_decimals,
    "empty": nothing,
    "long-rows": long_texts,
    "long-rows-quoted": long_quoted_texts,
}


def write(shape: str, columns: int, size: int, path: Path) -> int:
    """Writes whole rows of a shape, about `size` bytes and one row at least; returns how many bytes."""
    head = header(columns, '"' if shape == "all-quoted" else "")
    with path.open("wb") as out:
        out.write(head)
        for piece in SHAPES[shape](columns, random.Random(1)):
            # Pieces are whole rows: the last is cut where one ends.
            left = max(1, size - out.tell())
            whole = piece if len(piece) <= left or "long" in shape else piece[: piece.index(b"\n", left - 1) + 1]
            out.write(whole)
            if out.tell() >= size:
                return out.tell()
    raise AssertionError("rows never end")


def split(path: Path, count: int, folder: Path) -> int:
    """Writes the rows of a file to `count` files of about the same size, each under its header; returns how many bytes."""
    head, body = path.read_bytes().split(b"\n", 1)
    start = written = 0
    for number in range(count):
        end = len(body) if number == count - 1 else body.index(b"\n", len(body) * (number + 1) // count - 1) + 1
        piece = folder / f"{number // FILES_A_FOLDER:03}" / f"{number:06}.csv"
        piece.parent.mkdir(parents=True, exist_ok=True)
        written += piece.write_bytes(head + b"\n" + body[start:end])
        start = end
    return written
