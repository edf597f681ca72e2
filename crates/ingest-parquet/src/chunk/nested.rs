//! Columns within structs and lists: their values, and the levels that say where in a row each one stands.
//!
//! Source: S. Melnik et al., Dremel: Interactive Analysis of Web-Scale Datasets, VLDB 2010, section 4.1; with a level for each
//! place that may be null, as the format's three-level lists have it.

use std::ops::Range;

use ingest_columnar::arrow::array::{Array, ArrayRef, AsArray, UInt32Array, new_empty_array};
use ingest_columnar::arrow::buffer::BooleanBuffer;
use ingest_columnar::arrow::compute::{concat, take};
use ingest_columnar::arrow::datatypes::DataType;
use ingest_columnar::arrow::error::ArrowError;

use super::hybrid::write_codes;
use crate::error::ParquetError;

/// A column that holds values, somewhere within a column of the table.
pub(crate) struct Leaf {
    pub(crate) kind: DataType,
    /// The values without the nulls between them: one array.
    pub(crate) values: Vec<ArrayRef>,
    pub(crate) levels: Levels,
}

/// How much of the way from the row to each place is there (definition), and which list goes on there (repetition; 0: a new row).
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Levels {
    definition: Vec<u32>,
    repetition: Vec<u32>,
    definition_max: u32,
    repetition_max: u32,
}

impl Levels {
    /// Values and nulls.
    pub(super) fn places(&self) -> usize {
        self.definition.len()
    }

    /// Which places have values; `None`: all.
    pub(super) fn validity(&self) -> Option<BooleanBuffer> {
        let has_value = |place: usize| self.definition[place] == self.definition_max;
        let all = (0..self.places()).all(has_value);
        (!all).then(|| BooleanBuffer::collect_bool(self.places(), has_value))
    }

    pub(super) fn begins_row(&self, place: usize) -> bool {
        self.repetition[place] == 0
    }

    pub(super) fn rows_in(&self, page: &Range<usize>) -> usize {
        self.repetition[page.clone()].iter().filter(|level| **level == 0).count()
    }

    /// Appends the levels of a page, each kind with its length before it as a data page of the first version wants it; a
    /// kind that knows but one level is left out.
    pub(super) fn write(&self, page: &Range<usize>, out: &mut Vec<u8>) {
        let kinds = [(self.repetition_max, &self.repetition), (self.definition_max, &self.definition)];
        for (most, levels) in kinds.into_iter().filter(|(most, _)| *most > 0) {
            let length_at = out.len();
            out.extend_from_slice(&[0; 4]);
            write_codes(u32::BITS - most.leading_zeros(), &levels[page.clone()], out);
            let length = (out.len() - length_at - 4) as u32;
            out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// Whether a type holds others.
pub(crate) fn is_nested(kind: &DataType) -> bool {
    matches!(kind, DataType::Struct(_) | DataType::List(_))
}

/// How many columns of values a column of this type is in a file.
pub(crate) fn leaf_count(kind: &DataType) -> usize {
    match kind {
        DataType::Struct(fields) => fields.iter().map(|field| leaf_count(field.data_type())).sum(),
        DataType::List(item) => leaf_count(item.data_type()),
        _ => 1,
    }
}

/// The columns of values within a column, in the order of its fields. O(places × depth).
pub(crate) fn leaves(kind: &DataType, arrays: &[ArrayRef]) -> Result<Vec<Leaf>, ParquetError> {
    let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let array = if arrays.is_empty() { new_empty_array(kind) } else { concat(&arrays).map_err(refused)? };
    let rows = (0..array.len() as u32).map(|row| Place { definition: 0, repetition: 0, value: Some(row) }).collect();
    let mut leaves = Vec::with_capacity(leaf_count(kind));
    descend(array, Places { places: rows, definition_max: 0, repetition_max: 0 }, &mut leaves)?;
    Ok(leaves)
}

/// A place for a value of the array in hand: which one it is, if the way leads so far.
#[derive(Clone, Copy)]
struct Place {
    definition: u32,
    repetition: u32,
    value: Option<u32>,
}

/// All places for values of the array in hand.
struct Places {
    places: Vec<Place>,
    definition_max: u32,
    repetition_max: u32,
}

impl Places {
    /// One level on: whether there is a value at all.
    fn defined(mut self, array: &dyn Array) -> Self {
        self.definition_max += 1;
        for place in &mut self.places {
            place.value =
                place.value.filter(|&value| array.data_type() != &DataType::Null && array.is_valid(value as usize));
            place.definition += u32::from(place.value.is_some());
        }
        self
    }

    /// One level on: into the items of lists that end at `ends`.
    fn repeated(&self, ends: &[i32]) -> Places {
        let (definition_max, repetition_max) = (self.definition_max + 1, self.repetition_max + 1);
        let mut places = Vec::with_capacity(self.places.len());
        for place in &self.places {
            let items = place.value.map_or(0..0, |list| ends[list as usize] as u32..ends[list as usize + 1] as u32);
            if items.is_empty() {
                places.push(Place { value: None, ..*place });
            }
            for item in items.clone() {
                let repetition = if item == items.start { place.repetition } else { repetition_max };
                places.push(Place { definition: place.definition + 1, repetition, value: Some(item) });
            }
        }
        Places { places, definition_max, repetition_max }
    }

    fn levels(&self) -> Levels {
        Levels {
            definition: self.places.iter().map(|place| place.definition).collect(),
            repetition: self.places.iter().map(|place| place.repetition).collect(),
            definition_max: self.definition_max,
            repetition_max: self.repetition_max,
        }
    }
}

fn descend(array: ArrayRef, places: Places, leaves: &mut Vec<Leaf>) -> Result<(), ParquetError> {
    let places = places.defined(&array);
    match array.data_type() {
        DataType::Struct(_) => {
            array.as_struct().columns().iter().try_for_each(|child| {
                descend(child.clone(), Places { places: places.places.clone(), ..places }, leaves)
            })
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            descend(list.values().clone(), places.repeated(list.value_offsets()), leaves)
        }
        kind => {
            let values = UInt32Array::from_iter_values(places.places.iter().filter_map(|place| place.value));
            let taken = take(&array, &values, None).map_err(refused)?;
            leaves.push(Leaf { kind: kind.clone(), values: vec![taken], levels: places.levels() });
            Ok(())
        }
    }
}

/// Values of one column together are more than an array holds.
fn refused(error: ArrowError) -> ParquetError {
    ParquetError::encode(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ingest_columnar::arrow::array::{Int64Array, ListArray, StructArray};
    use ingest_columnar::arrow::buffer::NullBuffer;
    use ingest_columnar::arrow::datatypes::{Field, Int64Type};

    use super::*;

    fn levels(leaf: &Leaf) -> (Vec<u32>, Vec<u32>, Vec<i64>) {
        let values = leaf.values[0].as_primitive::<Int64Type>().values().to_vec();
        (leaf.definition(), leaf.levels.repetition.clone(), values)
    }

    impl Leaf {
        fn definition(&self) -> Vec<u32> {
            self.levels.definition.clone()
        }
    }

    /// The four cases of a list: null, empty, a null item, items; over two arrays, one of them cut out of a larger one.
    #[test]
    fn lists_have_their_levels() {
        let rows = [None, Some(vec![]), Some(vec![None]), Some(vec![Some(1), Some(2)]), Some(vec![Some(3)])];
        let array = ListArray::from_iter_primitive::<Int64Type, _, _>(rows);
        let arrays: Vec<ArrayRef> = vec![Arc::new(array.slice(0, 3)), Arc::new(array.slice(3, 2))];
        let leaves = leaves(array.data_type(), &arrays).unwrap();
        assert_eq!(levels(&leaves[0]), (vec![0, 1, 2, 3, 3, 3], vec![0, 0, 0, 0, 1, 0], vec![1, 2, 3]));
        assert_eq!((leaves[0].levels.definition_max, leaves[0].levels.repetition_max), (3, 1));
        assert_eq!(leaves[0].levels.rows_in(&(0..6)), 5);
        assert!(!leaves[0].levels.begins_row(4) && leaves[0].levels.begins_row(5));
    }

    #[test]
    fn a_struct_is_null_or_its_fields_are() {
        let a = Int64Array::from(vec![Some(1), None, Some(3)]);
        let fields = vec![Field::new("a", DataType::Int64, true)].into();
        let array = StructArray::new(fields, vec![Arc::new(a)], Some(NullBuffer::from(vec![true, true, false])));
        let leaves = leaves(array.data_type(), &[Arc::new(array.clone())]).unwrap();
        assert_eq!(levels(&leaves[0]), (vec![2, 1, 0], vec![0, 0, 0], vec![1]));
        assert_eq!(leaf_count(array.data_type()), 1);
    }
}
