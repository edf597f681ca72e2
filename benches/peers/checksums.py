"""Sums over Arrow columns, as benches/src/expected.rs defines them. Needs PyArrow and NumPy: for children only."""

import itertools
from collections.abc import Iterable

import numpy
import pyarrow
import pyarrow.compute as compute
from pyarrow import types

from expected import BITS_64, FNV_BASIS, FNV_PRIME, Column

# Texts are hashed position by position, all texts of a block at once: a block has to stay in the cache.
BLOCK_BYTES = 2 << 20


class Tally:
    """One column, added up batch by batch."""

    def __init__(self, name: str, data_type: pyarrow.DataType):
        self.column = Column(name, type_name(data_type), 0, 0, 0)

    def add(self, array: pyarrow.Array | pyarrow.ChunkedArray) -> None:
        for chunk in array.chunks if isinstance(array, pyarrow.ChunkedArray) else [array]:
            self.column.rows += len(chunk)
            self.column.nulls += chunk.null_count
            self.column.checksum = (self.column.checksum + self.checksum(chunk)) & BITS_64

    def checksum(self, array: pyarrow.Array) -> int:
        match self.column.type:
            case "utf8":
                checksum, empties = text_checksum(array)
                self.column.empties += empties
                return checksum
            case "float64":
                return wrapping_sum(compute.fill_null(array, 0.0).to_numpy(zero_copy_only=False))
            case "timestamp[us]":
                array = array.cast(pyarrow.timestamp("us", tz=array.type.tz)).cast(pyarrow.int64())
            case "date32":
                array = array.cast(pyarrow.int32()).cast(pyarrow.int64())
            case "bool" | "int64":
                array = array.cast(pyarrow.int64())
            case _:
                # A type that was not expected: that will be said, whatever its values.
                return 0
        return wrapping_sum(compute.fill_null(array, 0).to_numpy(zero_copy_only=False))


def tally(name: str, data_type: pyarrow.DataType, arrays: Iterable[pyarrow.Array]) -> Column:
    of_column = Tally(name, data_type)
    for array in arrays:
        of_column.add(array)
    return of_column.column


def type_name(data_type: pyarrow.DataType) -> str:
    """The name that the expected answer has for it; whole numbers of all widths are alike."""
    if types.is_dictionary(data_type):
        return type_name(data_type.value_type)
    if types.is_integer(data_type):
        return "int64"
    if types.is_float64(data_type):
        return "float64"
    if types.is_timestamp(data_type):
        return "timestamp[us]"
    if types.is_date32(data_type):
        return "date32"
    if types.is_string(data_type) or types.is_large_string(data_type) or types.is_string_view(data_type):
        return "utf8"
    return str(data_type)


def wrapping_sum(values: numpy.ndarray) -> int:
    """The sum of the values' 64-bit patterns."""
    return int(numpy.ascontiguousarray(values).view(numpy.uint64).sum(dtype=numpy.uint64))


def text_checksum(array: pyarrow.Array) -> tuple[int, int]:
    """The sum over all texts that have letters, and the number of those that have none."""
    array = array.cast(pyarrow.large_string())
    _, offsets, data = array.buffers()
    ends = numpy.frombuffer(offsets, numpy.int64)[array.offset : array.offset + len(array) + 1]
    starts, lengths = ends[:-1], numpy.diff(ends)
    valid = numpy.asarray(compute.is_valid(array))
    empties = int(numpy.count_nonzero(valid & (lengths == 0)))
    texts = valid & (lengths > 0)
    starts, lengths = starts[texts], lengths[texts]
    letters = numpy.frombuffer(data, numpy.uint8) if data else numpy.empty(0, numpy.uint8)
    blocks = numpy.searchsorted(numpy.cumsum(lengths), numpy.arange(0, lengths.sum(), BLOCK_BYTES))
    bounds = [*numpy.unique(blocks), len(lengths)]
    with numpy.errstate(over="ignore"):
        sums = [hash_block(letters, starts[a:b], lengths[a:b]) for a, b in itertools.pairwise(bounds)]
    return (sum(sums) + int(lengths.sum())) & BITS_64, empties


def hash_block(letters: numpy.ndarray, starts: numpy.ndarray, lengths: numpy.ndarray) -> int:
    """The sum of the texts' FNV-1a hashes. The longest come first, so that those still going on are always in front."""
    order = numpy.argsort(-lengths, kind="stable")
    starts, lengths = starts[order], lengths[order]
    hashes = numpy.full(len(starts), FNV_BASIS, numpy.uint64)
    going = len(starts)
    for position in range(int(lengths[0]) if len(lengths) else 0):
        while lengths[going - 1] <= position:
            going -= 1
        hashes[:going] ^= letters[starts[:going] + position]
        hashes[:going] *= numpy.uint64(FNV_PRIME)
    return int(hashes.sum(dtype=numpy.uint64))
