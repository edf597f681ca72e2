//! Stray quotes: what tells that a quote does not mean what it stands for, so that no neighbour suffers.

use ingest_simd::Span;

use super::{Cells, Machine, RawRecord, is_break};
use crate::{Dialect, Quoting};

/// So many delimiters in the lines below a quote are no chance.
const DELIMITERS_MIN: usize = 3;

impl Machine<'_> {
    /// Joins the fields of a line that lenient quoting took apart at a stray quote, so that it has too many: some that follow one
    /// another, of which the first begins with a quote and the last ends with one, but not both do both, as two fields that are
    /// wrapped would. Where there is one such place, joining gives the right number, and nothing else does. Asks nothing beyond
    /// the line, so the answer is the same wherever the text is cut. O(line).
    pub(super) fn mend(&mut self, end: usize, first: usize) {
        let (Some(columns), Some(quote)) = (self.columns, self.dialect.quote) else { return };
        let surplus = (self.cells.spans.len() - first).saturating_sub(columns);
        let may_be = self.irregular && self.dialect.quoting == Quoting::Lenient && columns > 1 && surplus > 0;
        if !may_be || self.break_from(self.record).is_some_and(|line_end| line_end < end) {
            return;
        }
        let begin = |span: &Span| span.start() - usize::from(span.is_quoted());
        let end = |span: &Span| span.end() + usize::from(span.is_quoted());
        let opens = |span: &Span| self.text[begin(span)..end(span)].starts_with(&[quote]);
        let closes = |span: &Span| self.text[begin(span)..end(span)].ends_with(&[quote]);
        let whole = |spans: &[Span]| {
            let (one, last) = (&spans[0], &spans[spans.len() - 1]);
            let is_broken = opens(one) && closes(last) && !(closes(one) && opens(last));
            is_broken.then(|| Span::quoted(begin(one) as u32 + 1, end(last) as u32 - 1, true))
        };
        let fields = &self.cells.spans[first..];
        let mut wholes =
            fields.windows(surplus + 1).map(whole).enumerate().filter_map(|(at, whole)| Some((at, whole?)));
        if let (Some((at, whole)), None) = (wholes.next(), wholes.next()) {
            let at = first + at;
            self.cells.spans.splice(at..=at + surplus, [whole]);
        }
    }

    /// Whether it is to be asked if the quote at `start` swallows records up to the next one, at `next`, which does not close it:
    /// once for a record, so that all answers together cost no more than O(n).
    #[cold]
    pub(super) fn may_swallow_records(&mut self, start: usize, next: usize) -> bool {
        let is_table = self.columns.is_some_and(|columns| columns > 1);
        let goes_over_lines = self.text[start..next].iter().any(|&byte| is_break(byte));
        is_table && goes_over_lines && !std::mem::replace(&mut self.was_asked, true)
    }

    /// Whether the quote at `start` is a stray one: once it is text, all lines up to the one of the next quote, which ends at
    /// `until`, are records of the right number of fields. The first may have more, as what the quote wrapped may hold
    /// delimiters. The parts of a text that goes on over lines have fewer, or so many by chance: unless the next quote begins a
    /// field, few delimiters are not enough. Of one column nothing can be told.
    ///
    /// Nothing behind `until` is asked, so the answer is the same wherever the text is cut.
    #[cold]
    pub(super) fn swallows_records(&self, start: usize, next: usize, until: usize) -> bool {
        let (Some(columns), Some(line_end)) = (self.columns, self.break_from(start)) else { return false };
        let dialect = Dialect { quoting: Quoting::Lenient, ..*self.dialect };
        let mut cells = Cells::default();
        Machine::new(&self.text[..until], true, &dialect, &mut cells, self.record).run();
        let is_first = |record: &RawRecord| record.end as usize == line_end && cells.fields(0).len() >= columns;
        let is_row = |number: usize| {
            let record = &cells.records[number];
            record.start == record.end || cells.fields(number).len() == columns
        };
        let is_table = cells.records.first().is_some_and(is_first) && (1..cells.records.len()).all(is_row);
        let quoted = |span: &Span| span.is_quoted() && span.start() == next + 1;
        let begins_field = cells.spans.iter().any(|span| span.start() == next || quoted(span));
        is_table && (begins_field || (cells.records.len() - 1) * (columns - 1) >= DELIMITERS_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LENIENT, STRICT};
    use super::super::{FaultKind, read_records};
    use super::*;

    #[test]
    fn lines_that_are_records_are_not_swallowed() {
        let faults = |text: &str, columns| {
            let mut cells = Cells::default();
            read_records(text.as_bytes(), true, &STRICT, Some(columns), &mut cells);
            let kept: Vec<_> = (0..cells.records.len()).map(|record| cells.fields(record).len()).collect();
            (cells.records.iter().map(|record| record.fault).collect::<Vec<_>>(), kept)
        };
        let swallowing = |at, next| Some(FaultKind::SwallowingQuote { at, next });
        assert_eq!(
            faults("1,\"a\n2,b\n\n3,c\"x\n4,d\n", 2),
            (vec![swallowing(2, 13), None, None, None, None], vec![1, 2, 1, 2, 2])
        );
        assert_eq!(faults("1,\"a, b\n2,\"c\"", 2), (vec![swallowing(2, 10), None], vec![1, 2]));
        let whole = |at, fields| (vec![Some(FaultKind::TextAfterQuote { at })], vec![fields]);
        assert_eq!(faults("1,\"a\n2\"x,3", 3), whole(7, 3), "their lines are too short");
        assert_eq!(faults("1,\"a\n2,b\"x", 3), whole(9, 2));
        assert_eq!(faults("1,\"a, b\n2,3\"x", 2), whole(12, 2), "by chance");
        assert_eq!(faults("1,\"a, b\n2,\"x", 2).1, [1, 1], "a field begins there");
        assert_eq!(faults("\"a\nb\"x", 1), whole(5, 1), "of one column nothing can be told");
    }

    #[test]
    fn lenient_quoting_keeps_a_cell_with_delimiters_whole() {
        let read = |line: &str, columns| {
            let records = crate::reference::read_all(line.as_bytes(), &LENIENT, Some(columns));
            let text = |field: &crate::reference::Field| String::from_utf8_lossy(&field.text).into_owned();
            records.iter().map(|record| record.fields.iter().map(text).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        for (line, cell) in [
            ("1,\"Doe\", J\",x\n", "Doe\", J"),
            ("1,\"\"Doe, J\",x\n", "\"Doe, J"),
            ("1,\"Doe, J\"\",x\n", "Doe, J\""),
            ("1,\"D\"oe, \"\"J\"\"\",x", "D\"oe, \"J\""),
            ("1,\"5\" disk\", J\",x", "5\" disk\", J"),
        ] {
            assert_eq!(read(line, 3), [["1", cell, "x"]], "{line}");
        }
        assert_eq!(read("1,\"Doe\" a, J\",x\n", 4), [["1", "\"Doe\" a", " J\"", "x"]], "they fit as text");
        for (line, columns) in [
            ("1,\"Doe\"a, J\",x\n", 2),
            ("\"a\"b,c\",\"d\"e,f\"", 3),
            ("1,\"a\",\"b\",5\" x", 3),
            ("\"5\" disk\",\"x\",1,2", 3),
            ("1,\"a\"b,\"c\nd\"\n", 2),
        ] {
            assert_eq!(read(line, columns)[0].len(), line.split(',').count(), "{line}");
        }
    }
}
