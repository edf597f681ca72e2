"""The files are what they are said to be, by Python's own reader: run by .ci/run test."""

import csv
import shutil
import tempfile
import unittest
from pathlib import Path

import files


class Written(unittest.TestCase):
    def rows(self, shape: str, columns: int, size: int) -> list[list[str]]:
        csv.field_size_limit(1 << 30)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.csv"
            written = files.write(shape, columns, size, path)
            self.assertEqual(written, path.stat().st_size)
            self.assertGreaterEqual(written, size)
            with path.open(newline="", encoding="ascii") as file:
                return list(csv.reader(file))

    def test_every_shape_has_whole_rows_of_its_columns(self):
        for shape in files.SHAPES:
            columns = 3 if "long" in shape else 20
            rows = self.rows(shape, columns, 100_000)
            self.assertGreater(len(rows), 1, shape)
            self.assertEqual({len(row) for row in rows}, {columns}, shape)

    def test_the_size_is_reached_and_passed_by_a_row_at_most(self):
        for columns in [1, 50_000]:
            rows = self.rows("decimals", columns, 1_000_000)
            fields = columns * (len(rows) - 1)
            self.assertLess(abs(fields * files.FIELD_BYTES - 1_000_000), 1_000_000 // 2 + columns * files.FIELD_BYTES)

    def test_values_are_of_their_kind(self):
        for shape in ["decimals", "all-quoted"]:
            self.assertTrue(all(1 <= float(value) < 10 for row in self.rows(shape, 3, 10_000)[1:] for value in row))
        self.assertTrue(all(value == "" for row in self.rows("empty", 3, 10_000)[1:] for value in row))
        number, text, _ = self.rows("long-rows-quoted", 3, 1)[1]
        self.assertEqual(number, "1")
        self.assertTrue({"\n", ",", '"'} <= set(text) and len(text) > 9 * files.MB)

    def test_a_split_file_has_the_same_rows_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, pieces = Path(folder) / "t.csv", Path(folder) / "pieces"
            files.write("decimals", 4, 50_000, whole)
            for count in [2, 7, 1_500]:
                written = files.split(whole, count, pieces)
                paths = sorted(pieces.rglob("*.csv"))
                self.assertEqual((len(paths), sum(path.stat().st_size for path in paths)), (count, written))
                texts = [path.read_text(encoding="ascii").split("\n", 1) for path in paths]
                head, body = whole.read_text(encoding="ascii").split("\n", 1)
                self.assertEqual({text[0] for text in texts}, {head})
                self.assertEqual("".join(text[1] for text in texts), body)
                self.assertTrue(all(text[1].endswith("\n") for text in texts))
                shutil.rmtree(pieces)

    def test_the_same_is_written_every_time(self):
        self.assertEqual(self.rows("decimals", 4, 50_000), self.rows("decimals", 4, 50_000))


if __name__ == "__main__":
    unittest.main()
