"""The gate closes when it should: run by .ci/run instructions."""

import tempfile
import unittest
from pathlib import Path

from counts import Counts, judge

SCAN = ("taxi", "count", "avx2")
PARSE = ("taxi", "schema", "portable")
BOTH = ["avx2", "portable"]


class Judging(unittest.TestCase):
    def test_a_rise_above_five_percent_is_wrong_and_told_with_both_figures(self):
        verdict = judge({SCAN: 1_000_000, PARSE: 100}, {SCAN: 1_050_001, PARSE: 105}, BOTH)
        self.assertEqual(len(verdict.wrong), 1)
        for part in ["taxi, count, avx2", "1,050,001", "1,000,000", "+5.0%"]:
            self.assertIn(part, verdict.wrong[0])
        self.assertEqual(verdict.notes, [])

    def test_what_changes_little_passes_in_silence(self):
        for count in [95, 99, 100, 101, 105]:
            verdict = judge({SCAN: 100}, {SCAN: count}, BOTH)
            self.assertEqual((verdict.wrong, verdict.notes), ([], []), count)

    def test_a_fall_is_a_note(self):
        verdict = judge({SCAN: 1000}, {SCAN: 900}, BOTH)
        self.assertEqual(verdict.wrong, [])
        self.assertIn("-10.0%", verdict.notes[0])

    def test_what_is_not_recorded_is_wrong(self):
        self.assertIn("none are recorded", judge({}, {SCAN: 1}, BOTH).wrong[0])

    def test_what_is_no_longer_counted_is_wrong_unless_the_kernel_cannot_run(self):
        self.assertIn("not counted any more", judge({SCAN: 1}, {}, BOTH).wrong[0])
        self.assertEqual(judge({SCAN: 1}, {}, ["portable"]).wrong, [])


class TheFile(unittest.TestCase):
    def test_what_is_saved_is_loaded(self):
        counts = Counts("rustc 1.2.3", {SCAN: 12, PARSE: 3_000_000_000})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "counts.tsv"
            counts.save(path)
            self.assertEqual(Counts.load(path), counts)
            path.write_text("something else\n\n", encoding="utf-8")
            with self.assertRaises(ValueError):
                Counts.load(path)


if __name__ == "__main__":
    unittest.main()
