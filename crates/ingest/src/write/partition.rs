//! Rows into folders by the values of some columns.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use ingest_columnar::arrow::compute::{interleave, partition, take};
use ingest_columnar::arrow::datatypes::DataType as ArrowType;
use ingest_columnar::arrow::util::display::FormatOptions;
use ingest_columnar::{ColumnType, Counts};
use ingest_infer::DataType;
use ingest_parquet::WriteOptions as ParquetOptions;

use super::parts::Parts;
use crate::csv::{self, named_by_offset};
use crate::error::{Code, Error, Result};
use crate::folders::folder_name;
use crate::groups::{Group, GroupQueue, VALUE_BYTES};
use crate::options::Options;
use crate::parallel::try_map;
use crate::pipeline::{Chunk, Consumer, Run, lock};
use crate::plan::{Plan, unknown_column};
use crate::region::{ParsedColumn, Scratch};
use crate::settle::KeptColumn;

/// Rows held for all folders together, bytes in memory; a twelfth of a given limit.
const HELD_BYTES: u64 = 128 << 20;

/// Rows of a folder that lie beside each other, on average, from which on they are written from where they lie.
const PIECE_ROWS: usize = 64;

/// Folders that nobody wants to have: who asks for more has named a column of identifiers.
const FOLDERS_MAX: usize = 10_000;

/// The positions of the columns that name folders.
///
/// # Errors
/// There is no such column, it is a struct or a list, or no other column is left.
pub(super) fn keys(plan: &Plan, kinds: &[ColumnType], names: &[String]) -> Result<Vec<usize>> {
    let position = |name: &String| {
        let found = plan.names().position(|known| known == name);
        found.ok_or_else(|| unknown_column("--partition-by", name, plan.names()))
    };
    let mut keys = Vec::with_capacity(names.len());
    for name in names {
        let key = position(name)?;
        let kind = &kinds[key].data_type;
        if keys.contains(&key) {
            return Err(Error::new(Code::Usage, format!("--partition-by names the column {name:?} twice")));
        }
        if matches!(kind, DataType::Struct(_) | DataType::List(_)) {
            let message = format!("--partition-by: the column {name:?} is of type {kind}, which names no folder");
            return Err(Error::new(Code::Usage, message).hint("name columns of single values"));
        }
        keys.push(key);
    }
    if keys.len() == kinds.len() {
        let message = "--partition-by names all columns; none is left for the files";
        return Err(Error::new(Code::Usage, message).hint("leave one out"));
    }
    Ok(keys)
}

/// Cuts the rows of each folder into groups.
///
/// Chunks are held whole, their rows folder by folder: thousands of folders would make thousands of tiny arrays of each. What is
/// not yet written of them is gathered once much of them is.
/// As with [`Grouper`](crate::groups::Grouper), where a group ends depends on the input and the options alone.
pub(super) struct Partitioner {
    keys: Vec<usize>,
    /// The columns that the files hold.
    others: Vec<usize>,
    group_bytes: u64,
    held_bytes_max: u64,
    open: Mutex<Open>,
    groups: GroupQueue<Parts>,
}

#[derive(Default)]
struct Open {
    /// By the text of its keys, see [`push_key`].
    numbers: HashMap<Box<[u8]>, u32>,
    folders: Vec<Folder>,
    chunks: Vec<HeldChunk>,
    held_bytes: u64,
}

struct Folder {
    name: Arc<str>,
    /// Bytes of the values that are held for it.
    bytes: u64,
}

/// Rows of any folders, folder by folder.
struct HeldChunk {
    /// Those that are not written, by number of their folder.
    pieces: Vec<(u32, Range<usize>)>,
    /// The columns that the files hold.
    columns: Vec<ArrayRef>,
    /// Bytes of all values, those of written rows too.
    bytes: u64,
}

/// Rows of one folder: ranges of rows of chunks, in their order.
type Pieces = Vec<(usize, Range<usize>)>;

impl Partitioner {
    pub(super) fn new(
        keys: Vec<usize>,
        others: Vec<usize>,
        parts: Parts,
        group_bytes: u64,
        parquet: ParquetOptions,
        options: &Options,
    ) -> Self {
        let held_bytes_max = options.memory_limit.map_or(HELD_BYTES, |limit| HELD_BYTES.min(limit / 12));
        let groups = GroupQueue::new(parts, parquet, false);
        Partitioner { keys, others, group_bytes, held_bytes_max, open: Mutex::default(), groups }
    }

    pub(super) fn into_parts(self) -> Parts {
        self.groups.into_parts().0
    }

    /// The number of the folder of each row of a chunk.
    fn folders_of(&self, run: &Run<'_>, open: &mut Open, columns: &[ParsedColumn], rows: usize) -> Result<Vec<u32>> {
        let keys: Vec<ArrayRef> = self.keys.iter().map(|&key| named_by_offset(&columns[key].column.array)).collect();
        let options = FormatOptions::new();
        let texts = keys.iter().map(|key| csv::Cells::new(key, &options)).collect::<Result<Vec<_>>>()?;
        let (mut memory, mut key) = (Vec::new(), Vec::new());
        let mut folders = Vec::with_capacity(rows);
        for range in runs(&keys, rows)? {
            key.clear();
            texts.iter().for_each(|cells| push_key(cells.text(range.start, &mut memory), &mut key));
            let number = match open.numbers.get(&key[..]) {
                Some(number) => *number,
                None => {
                    let names = self.keys.iter().zip(&texts).map(|(&position, cells)| {
                        let text = cells.text(range.start, &mut memory);
                        let text = text.map(|text| std::str::from_utf8(text).expect("values are written as text"));
                        folder_name(run.plan.name(position), text)
                    });
                    open.new_folder(key.as_slice().into(), names.collect::<Vec<_>>().join("/"))?
                }
            };
            folders.resize(range.end, number);
        }
        Ok(folders)
    }

    /// Adds the rows of a chunk to their folders.
    fn hold(&self, run: &Run<'_>, open: &mut Open, chunk: &Chunk, kinds: &[ColumnType]) -> Result<()> {
        let (columns, rows) = (&chunk.parsed.columns, chunk.parsed.rows);
        if columns.iter().zip(kinds).any(|(column, kind)| column.kind != *kind) {
            return Err(Error::source_changed(run.inputs[chunk.place.input].source.name()));
        }
        let folders = self.folders_of(run, open, columns, rows)?;
        let mut bytes = vec![size_of::<u32>() as u64; rows];
        self.others.iter().for_each(|&position| add_value_bytes(&columns[position].column.array, &mut bytes));
        for (&number, &bytes) in folders.iter().zip(&bytes) {
            open.folders[number as usize].bytes += bytes;
        }
        let bytes = bytes.iter().sum();
        open.held_bytes += bytes;
        // Stable: the rows of a folder keep their order.
        let mut order: Vec<u32> = (0..rows as u32).collect();
        order.sort_by_key(|&row| folders[row as usize]);
        let mut pieces: Vec<(u32, Range<usize>)> = Vec::new();
        for (at, &row) in order.iter().enumerate() {
            let number = folders[row as usize];
            match pieces.last_mut().filter(|(last, _)| *last == number) {
                Some((_, range)) => range.end = at + 1,
                None => pieces.push((number, at..at + 1)),
            }
        }
        let order = (pieces.len() > 1).then(|| UInt32Array::from(order));
        let sorted = |&position: &usize| {
            let array = &columns[position].column.array;
            order.as_ref().map_or_else(|| Ok(array.clone()), |order| take(array, order, None).map_err(Error::encode))
        };
        let columns = self.others.iter().map(sorted).collect::<Result<_>>()?;
        open.chunks.push(HeldChunk { pieces, columns, bytes });
        Ok(())
    }

    /// Has what is held for some folders encoded.
    fn close(&self, run: &Run<'_>, open: &mut Open, closing: &[bool], kinds: &[ColumnType]) -> Result<()> {
        let gone = open.pieces(|number| closing[number]);
        let rows: usize = gone.values().map(rows_of).sum();
        let is_scattered = rows < PIECE_ROWS * gone.values().map(Vec::len).sum::<usize>();
        let gathered = is_scattered.then(|| self.gather(run, &open.chunks, &gone)).transpose()?;
        let mut at = 0;
        for (&number, pieces) in &gone {
            let folder = &mut open.folders[number as usize];
            open.held_bytes -= std::mem::take(&mut folder.bytes);
            let count = rows_of(pieces);
            let columns = self.others.iter().enumerate().map(|(slot, &position)| {
                let arrays: Vec<ArrayRef> = match &gathered {
                    Some(gathered) => vec![gathered[slot].slice(at, count)],
                    None => pieces
                        .iter()
                        .map(|(chunk, rows)| open.chunks[*chunk].columns[slot].slice(rows.start, rows.len()))
                        .collect(),
                };
                let kind = &kinds[position];
                let settled = |array| KeptColumn {
                    kind: kind.clone(),
                    array: Some(array),
                    counts: Counts::default(),
                    blank: false,
                };
                (position, arrays.into_iter().map(settled).collect())
            });
            self.groups
                .push(Group { folder: folder.name.clone(), places: Vec::new(), columns: columns.collect() }, kinds);
            at += count;
        }
        open.chunks.iter_mut().for_each(|chunk| chunk.pieces.retain(|(number, _)| !closing[*number as usize]));
        open.chunks.retain(|chunk| !chunk.pieces.is_empty());
        let allocated: u64 = open.chunks.iter().map(|chunk| chunk.bytes).sum();
        if allocated > open.held_bytes + open.held_bytes / 2 {
            self.compact(run, open)?;
        }
        Ok(())
    }

    /// Makes one chunk of all that are held.
    fn compact(&self, run: &Run<'_>, open: &mut Open) -> Result<()> {
        let stay = open.pieces(|_| true);
        let columns = self.gather(run, &open.chunks, &stay)?;
        let mut at = 0;
        let pieces = stay.iter().map(|(&number, pieces)| {
            let start = at;
            at += rows_of(pieces);
            (number, start..at)
        });
        open.chunks = vec![HeldChunk { pieces: pieces.collect(), columns, bytes: open.held_bytes }];
        Ok(())
    }

    /// The rows of some folders behind one another, column by column.
    fn gather(&self, run: &Run<'_>, chunks: &[HeldChunk], folders: &BTreeMap<u32, Pieces>) -> Result<Vec<ArrayRef>> {
        let row = |(chunk, rows): &(usize, Range<usize>)| {
            let chunk = *chunk;
            rows.clone().map(move |row| (chunk, row))
        };
        let places: Vec<(usize, usize)> = folders.values().flatten().flat_map(row).collect();
        let slots = (0..self.others.len()).collect();
        try_map(
            run.threads,
            slots,
            || (),
            |(), slot: usize| {
                let arrays: Vec<&dyn Array> = chunks.iter().map(|chunk| chunk.columns[slot].as_ref()).collect();
                interleave(&arrays, &places).map_err(Error::encode)
            },
        )
    }
}

fn rows_of(pieces: &Pieces) -> usize {
    pieces.iter().map(|(_, rows)| rows.len()).sum()
}

impl Open {
    fn new_folder(&mut self, key: Box<[u8]>, name: String) -> Result<u32> {
        let number = self.folders.len();
        if number == FOLDERS_MAX {
            let message = format!("--partition-by would make more than {FOLDERS_MAX} folders");
            return Err(
                Error::new(Code::Usage, message).hint("name columns with fewer values, as a date instead of a time")
            );
        }
        self.folders.push(Folder { name: name.into(), bytes: 0 });
        self.numbers.insert(key, number as u32);
        Ok(number as u32)
    }

    /// What is held for some folders.
    fn pieces(&self, is_wanted: impl Fn(usize) -> bool) -> BTreeMap<u32, Pieces> {
        let mut found: BTreeMap<u32, Pieces> = BTreeMap::new();
        for (chunk, held) in self.chunks.iter().enumerate() {
            for (number, rows) in held.pieces.iter().filter(|(number, _)| is_wanted(*number as usize)) {
                found.entry(*number).or_default().push((chunk, rows.clone()));
            }
        }
        found
    }

    /// Which folders are to be written at the end of a chunk, if any: those that are full, and the largest where too much is held,
    /// until a quarter less is.
    fn closing(&self, group_bytes: u64, held_bytes_max: u64) -> Option<Vec<bool>> {
        let mut closing: Vec<bool> = self.folders.iter().map(|folder| folder.bytes >= group_bytes).collect();
        if self.held_bytes > held_bytes_max {
            let mut rest = self.held_bytes;
            let mut largest: Vec<usize> = (0..self.folders.len()).collect();
            // Stable: of equals the first.
            largest.sort_by_key(|&number| std::cmp::Reverse(self.folders[number].bytes));
            for number in largest {
                if rest <= held_bytes_max / 4 * 3 && !closing[number] {
                    break;
                }
                closing[number] = true;
                rest -= self.folders[number].bytes;
            }
        }
        closing.contains(&true).then_some(closing)
    }
}

/// Appends the text of a key, so that no two lists of keys are the same bytes.
fn push_key(text: Option<&[u8]>, key: &mut Vec<u8>) {
    let length = text.map_or(u64::MAX, |text| text.len() as u64);
    key.extend_from_slice(&length.to_le_bytes());
    key.extend_from_slice(text.unwrap_or_default());
}

/// Runs of rows that agree in all of the columns.
fn runs(columns: &[ArrayRef], rows: usize) -> Result<Vec<Range<usize>>> {
    let varying: Vec<ArrayRef> =
        columns.iter().filter(|column| *column.data_type() != ArrowType::Null).cloned().collect();
    if varying.is_empty() {
        return Ok(std::iter::once(0..rows).collect());
    }
    Ok(partition(&varying).map_err(Error::encode)?.ranges())
}

/// Adds the bytes that each value takes in memory, about: the same wherever the text was cut.
fn add_value_bytes(array: &ArrayRef, bytes: &mut [u64]) {
    bytes.iter_mut().for_each(|bytes| *bytes += VALUE_BYTES);
    match array.data_type() {
        ArrowType::Utf8 => {
            let offsets = array.as_string::<i32>().offsets();
            bytes.iter_mut().zip(offsets.lengths()).for_each(|(bytes, length)| *bytes += length as u64);
        }
        ArrowType::Struct(_) => {
            array.as_struct().columns().iter().for_each(|column| add_value_bytes(column, bytes));
        }
        ArrowType::List(_) => {
            let list = array.as_list::<i32>();
            let mut inside = vec![0; list.values().len()];
            add_value_bytes(list.values(), &mut inside);
            for (bytes, range) in bytes.iter_mut().zip(list.offsets().windows(2)) {
                *bytes += inside[range[0] as usize..range[1] as usize].iter().sum::<u64>();
            }
        }
        _ => {}
    }
}

impl Consumer for Partitioner {
    fn consume(&self, run: &Run<'_>, chunk: Chunk) -> Result<()> {
        let kinds = run.kinds.expect("types are settled before rows are sorted into folders");
        let mut open = lock(&self.open);
        let open = &mut *open;
        if chunk.parsed.rows > 0 {
            self.hold(run, open, &chunk, kinds)?;
        }
        let is_cut = chunk.place.cut;
        for (position, column) in chunk.parsed.columns.into_iter().enumerate() {
            run.give_back(position, [column.column.array]);
        }
        let closing = is_cut.then(|| open.closing(self.group_bytes, self.held_bytes_max)).flatten();
        closing.map_or(Ok(()), |closing| self.close(run, open, &closing, kinds))
    }

    fn end(&self, run: &Run<'_>) -> Result<()> {
        let Some(kinds) = run.kinds else { return Ok(()) };
        let mut open = lock(&self.open);
        let all = vec![true; open.folders.len()];
        self.close(run, &mut open, &all, kinds)
    }

    fn help(&self, run: &Run<'_>, scratch: &mut Scratch) -> Result<bool> {
        self.groups.help(run, scratch)
    }

    fn is_crowded(&self, run: &Run<'_>) -> bool {
        self.groups.is_crowded(run)
    }

    fn is_idle(&self) -> bool {
        self.groups.is_idle()
    }
}
