//! Trial parses: csv-core reads a sample under a candidate dialect.

use std::cell::RefCell;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::machine::{Cells, behind_line_end, read_records};
use crate::{Dialect, unescape};

/// The records of a sample as one dialect reads them: all text in one buffer, all positions in another.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    text: Vec<u8>,
    /// Where each field ends in `text`.
    field_ends: Vec<usize>,
    records: Vec<Bounds>,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Index of the first field.
    first_field: usize,
    /// Offsets in the sample.
    start: usize,
    end: usize,
}

/// One record of a [`Trial`].
#[derive(Clone, Copy, Debug)]
pub struct TrialRecord<'a> {
    trial: &'a Trial,
    bounds: Bounds,
    fields: usize,
}

impl Trial {
    /// How many records were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The record at `index`, counted from 0; `None` behind the last. O(1).
    #[must_use]
    pub fn get(&self, index: usize) -> Option<TrialRecord<'_>> {
        let bounds = *self.records.get(index)?;
        let fields_end = self.records.get(index + 1).map_or(self.field_ends.len(), |next| next.first_field);
        Some(TrialRecord { trial: self, bounds, fields: fields_end - bounds.first_field })
    }

    /// The records in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = TrialRecord<'_>> + ExactSizeIterator {
        (0..self.len()).map(|index| self.get(index).expect("the index runs below the length"))
    }

    /// Forgets all but the first `len` records.
    pub fn truncate(&mut self, len: usize) {
        if let Some(bounds) = self.records.get(len) {
            self.field_ends.truncate(bounds.first_field);
            self.text.truncate(self.field_ends.last().copied().unwrap_or(0));
            self.records.truncate(len);
        }
    }
}

impl<'a> TrialRecord<'a> {
    /// How many fields the record has; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields
    }

    /// Never: a record has a field, if an empty one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields == 0
    }

    /// The unescaped text of the field at `index`, counted from 0; `None` behind the last. O(1).
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        if index >= self.fields {
            return None;
        }
        let field = self.bounds.first_field + index;
        let start = if field == 0 { 0 } else { self.trial.field_ends[field - 1] };
        Some(&self.trial.text[start..self.trial.field_ends[field]])
    }

    /// The fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let record = *self;
        (0..self.fields).map(move |index| record.get(index).expect("the index runs below the length"))
    }

    /// Offset in the sample of the record's first byte (a quote, if it begins with one).
    #[must_use]
    pub fn start(&self) -> usize {
        self.bounds.start
    }

    /// Offset in the sample behind what ends the record: LF, CR, both, or the end of the sample.
    #[must_use]
    pub fn end(&self) -> usize {
        self.bounds.end
    }
}

/// Reads up to `records_max` records of `sample` under `dialect`. O(sample).
///
/// Where the delimiter is of several bytes the exact machine reads. Else csv-core does, which skips blank lines, takes an open
/// quote to the end and stray quotes literally, and knows escapes only inside quotes: good for judging a dialect, not for the
/// data. A dialect without delimiter is read with a byte that the sample does not hold.
#[must_use]
pub fn trial_records(sample: &[u8], dialect: &Dialect, records_max: usize) -> Trial {
    if dialect.has_long_delimiter() {
        return trial_by_machine(sample, dialect, records_max);
    }
    let mut reading = Reading::new(sample, dialect);
    let mut records = Vec::new();
    while records.len() < records_max {
        let Some(bounds) = reading.next_record() else { break };
        records.push(bounds);
    }
    reading.into_trial(records)
}

fn trial_by_machine(sample: &[u8], dialect: &Dialect, records_max: usize) -> Trial {
    let mut cells = Cells::default();
    read_records(sample, true, dialect, None, &mut cells);
    let mut trial = Trial::default();
    for (number, record) in cells.records.iter().enumerate().filter(|(_, record)| record.end > record.start) {
        if trial.len() == records_max {
            break;
        }
        let first_field = trial.field_ends.len();
        let (start, end) = (record.start as usize, behind_line_end(sample, record.end as usize));
        trial.records.push(Bounds { first_field, start, end });
        for span in cells.fields(number) {
            unescape(span.of(sample), span.is_quoted(), dialect, &mut trial.text);
            trial.field_ends.push(trial.text.len());
        }
    }
    trial
}

/// A parse under way. The buffers are longer than what is filled, so that growing them costs linear time in all.
struct Reading<'a> {
    sample: &'a [u8],
    comment: Option<u8>,
    reader: LentReader,
    position: usize,
    text: Vec<u8>,
    text_len: usize,
    field_ends: Vec<usize>,
    fields_len: usize,
}

impl<'a> Reading<'a> {
    fn new(sample: &'a [u8], dialect: &Dialect) -> Self {
        let delimiter = dialect.delimiter_byte().unwrap_or_else(|| absent_byte(sample));
        let reader = LentReader::of((delimiter, dialect.quote, dialect.escape));
        let (text, field_ends) = (vec![0; 4096], vec![0; 256]);
        Reading { sample, comment: dialect.comment, reader, position: 0, text, text_len: 0, field_ends, fields_len: 0 }
    }

    fn next_record(&mut self) -> Option<Bounds> {
        let start = skip_to_record(self.sample, self.position, self.comment);
        self.position = start;
        let (base, first_field) = (self.text_len, self.fields_len);
        while !self.read_on()? {}
        // csv-core counts from the start of the record.
        self.field_ends[first_field..self.fields_len].iter_mut().for_each(|end| *end += base);
        // It stops behind CR, the LF of the pair unread.
        let (before, after) = self.sample.split_at(self.position);
        self.position += usize::from(before.ends_with(b"\r") && after.starts_with(b"\n"));
        Some(Bounds { first_field, start, end: self.position })
    }

    /// Reads until the record ends (true) or a buffer is full (false); `None` at the end of the sample.
    fn read_on(&mut self) -> Option<bool> {
        let (output, ends) = (&mut self.text[self.text_len..], &mut self.field_ends[self.fields_len..]);
        let (result, read, written, ended) =
            self.reader.reader.read_record(&self.sample[self.position..], output, ends);
        self.position += read;
        self.text_len += written;
        self.fields_len += ended;
        match result {
            ReadRecordResult::Record => return Some(true),
            ReadRecordResult::End => return None,
            // The next call has no input left, which tells csv-core that this is the end.
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
            ReadRecordResult::OutputEndsFull => self.field_ends.resize(self.field_ends.len() * 2, 0),
        }
        Some(false)
    }

    fn into_trial(mut self, records: Vec<Bounds>) -> Trial {
        self.reader.give_back();
        self.text.truncate(self.text_len);
        self.field_ends.truncate(self.fields_len);
        Trial { text: self.text, field_ends: self.field_ends, records }
    }
}

/// Delimiter, quote and escape.
type Signs = (u8, Option<u8>, Option<u8>);

/// Readers that a thread keeps: a sample is read under a dozen dialects.
const READERS_MAX: usize = 32;

thread_local! {
    /// Making one takes as long as reading some kilobytes; a clone of one does not know its delimiter.
    static READERS: RefCell<Vec<LentReader>> = const { RefCell::new(Vec::new()) };
}

/// csv-core's reader for these signs, to be given back.
struct LentReader {
    signs: Signs,
    reader: Reader,
}

impl LentReader {
    /// One at the start of a text.
    fn of(signs: Signs) -> LentReader {
        let kept = READERS.with_borrow_mut(|readers| {
            let at = readers.iter().position(|lent| lent.signs == signs)?;
            Some(readers.swap_remove(at))
        });
        if let Some(mut lent) = kept {
            lent.reader.reset();
            return lent;
        }
        let (delimiter, quote, escape) = signs;
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).quoting(quote.is_some()).quote(quote.unwrap_or(b'"')).escape(escape);
        LentReader { signs, reader: builder.build() }
    }

    fn give_back(self) {
        READERS.with_borrow_mut(|readers| {
            readers.truncate(READERS_MAX - 1);
            readers.push(self);
        });
    }
}

/// A byte that `sample` does not hold: one that UTF-8 never uses if possible. A sample of all 256 bytes is no text, and
/// any answer does.
fn absent_byte(sample: &[u8]) -> u8 {
    let mut seen = [false; 256];
    for &byte in sample {
        seen[usize::from(byte)] = true;
    }
    (0..=u8::MAX).rev().find(|&byte| !seen[usize::from(byte)]).unwrap_or(u8::MAX)
}

/// Where the next record begins: behind line ends and comment lines. csv-core would have comments end at LF alone.
fn skip_to_record(sample: &[u8], mut position: usize, comment: Option<u8>) -> usize {
    while let Some(&byte) = sample.get(position) {
        if byte == b'\n' || byte == b'\r' {
            position += 1;
        } else if comment == Some(byte) {
            let is_break = |&byte: &u8| byte == b'\n' || byte == b'\r';
            position += sample[position..].iter().position(is_break).unwrap_or(sample.len() - position);
        } else {
            break;
        }
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use proptest::prelude::*;

    fn table(trial: &Trial) -> Vec<Vec<Vec<u8>>> {
        trial.iter().map(|record| record.iter().map(<[u8]>::to_vec).collect()).collect()
    }

    #[test]
    fn records_fields_and_offsets() {
        let sample = b"# c\na,\"b\nb\"\r\n\r\n,\n\"q\",2";
        let dialect = Dialect { comment: Some(b'#'), ..Dialect::default() };
        let trial = trial_records(sample, &dialect, 10);
        assert_eq!(table(&trial), [[&b"a"[..], b"b\nb"], [b"", b""], [b"q", b"2"]]);
        let offsets: Vec<_> = trial.iter().map(|record| (record.start(), record.end())).collect();
        assert_eq!(offsets, [(4, 13), (15, 17), (17, 22)]);
        assert_eq!(trial_records(sample, &dialect, 2).len(), 2);
        assert_eq!(table(&trial_records(b"#c\ra,b\r#d\r\nc,d\r#e", &dialect, 10)), [[b"a", b"b"], [b"c", b"d"]]);
    }

    #[test]
    fn without_delimiter_or_quote() {
        let dialect = Dialect { delimiter: None, quote: None, ..Dialect::default() };
        assert_eq!(table(&trial_records(b"a,\"b\n\xff;c", &dialect, 10)), [[&b"a,\"b"[..]], [b"\xff;c"]]);
        assert!(trial_records(b"", &dialect, 10).is_empty());
        assert!(trial_records(b"\n\r\n", &dialect, 10).is_empty());
    }

    #[test]
    fn the_last_records_can_be_dropped() {
        let mut trial = trial_records(b"a,b\nc,d\ne,f", &Dialect::default(), 10);
        trial.truncate(3);
        assert_eq!(trial.len(), 3);
        trial.truncate(1);
        assert_eq!(table(&trial), [[b"a", b"b"]]);
        assert!(trial.get(1).is_none());
        trial.truncate(0);
        trial.truncate(0);
        assert!(trial.is_empty());
    }

    #[test]
    fn buffers_grow_with_the_record() {
        let row = [vec![b'x'; 10_000], vec![b','; 3_000]].concat();
        let trial = trial_records(&[row.clone(), b"\n".to_vec(), row].concat(), &Dialect::default(), 10);
        let shapes: Vec<_> = trial.iter().map(|record| (record.len(), record.get(0).map(<[u8]>::len))).collect();
        assert_eq!(shapes, [(3_001, Some(10_000)); 2]);
    }

    proptest! {
        #[test]
        fn as_the_reference_reads_well_formed_text(
            rows in prop::collection::vec(prop::collection::vec("[a-c ,\"\n]{0,6}", 2..4), 0..6),
            newline in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        ) {
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let lines: Vec<_> = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
            let sample = lines.join(newline);
            let expected: Vec<Vec<Vec<u8>>> = reference::read_all(sample.as_bytes(), &Dialect::default(), None)
                .into_iter().map(|record| record.fields.into_iter().map(|field| field.text).collect()).collect();
            prop_assert_eq!(table(&trial_records(sample.as_bytes(), &Dialect::default(), 100)), expected);
        }

        #[test]
        fn never_panics(sample in prop::collection::vec(prop::sample::select(b"a,\"\\\r\n#".to_vec()), 0..60), max in 0usize..5) {
            let dialect = Dialect { comment: Some(b'#'), escape: Some(b'\\'), ..Dialect::default() };
            let trial = trial_records(&sample, &dialect, max);
            prop_assert!(trial.len() <= max);
            for record in trial.iter() {
                prop_assert!(record.start() <= record.end() && record.end() <= sample.len() && !record.is_empty());
            }
        }
    }
}
