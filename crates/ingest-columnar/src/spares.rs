//! Memory that goes from columns that are done with to new ones.
//!
//! Memory fresh from the system is cleared page by page when it is first written, which costs more than parsing into it. The
//! simple version leaves it to the allocator, which soon gives large pieces back to the system.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::Buffer;
use arrow::datatypes::ArrowNativeType;

/// Memory of columns that are done with. Holds what it was given until it is taken or dropped.
#[derive(Debug, Default)]
pub struct Spares {
    /// By the alignment that the memory was taken with, of eight, four and one bytes, and by how many values it holds.
    eights: BTreeMap<usize, Vec<Vec<u64>>>,
    fours: BTreeMap<usize, Vec<Vec<u32>>>,
    ones: BTreeMap<usize, Vec<Vec<u8>>>,
}

impl Spares {
    /// Takes the memory of a column's values, if nobody else holds them.
    pub fn give(&mut self, array: ArrayRef) {
        let data = array.to_data();
        drop(array);
        let buffers = data.buffers().to_vec();
        drop(data);
        for buffer in buffers {
            let left = keep(&mut self.eights, buffer).and_then(|left| keep(&mut self.fours, left));
            // What is shared or of another make stays what it is.
            let _ = left.and_then(|left| keep(&mut self.ones, left));
        }
    }

    /// An empty list with room for so many values, from what was given or fresh.
    pub(crate) fn take<T: ArrowNativeType>(&mut self, values: usize) -> Vec<T> {
        let values = size_class(values);
        let spare = match align_of::<T>() {
            8 => find(&mut self.eights, values),
            4 => find(&mut self.fours, values),
            1 => find(&mut self.ones, values),
            _ => None,
        };
        spare.and_then(|spare| spare.into_vec().ok()).unwrap_or_else(|| Vec::with_capacity(values))
    }
}

/// Puts a buffer away, or gives it back if it is not a list of such values that nobody else holds.
fn keep<T: ArrowNativeType>(spares: &mut BTreeMap<usize, Vec<Vec<T>>>, buffer: Buffer) -> Option<Buffer> {
    match buffer.into_vec::<T>() {
        Ok(mut list) => {
            list.clear();
            if list.capacity() > 0 {
                spares.entry(list.capacity()).or_default().push(list);
            }
            None
        }
        Err(buffer) => Some(buffer),
    }
}

/// The smallest spare with room for so many values, unless it is far too large.
fn find<T: ArrowNativeType>(spares: &mut BTreeMap<usize, Vec<Vec<T>>>, values: usize) -> Option<Buffer> {
    let (&capacity, lists) = spares.range_mut(values..=values.saturating_mul(2)).next()?;
    let list = lists.pop();
    if lists.is_empty() {
        spares.remove(&capacity);
    }
    list.map(Buffer::from_vec)
}

/// Rounds up by at most an eighth, so that lists of about one size can take each other's place.
fn size_class(values: usize) -> usize {
    let step = (values.next_power_of_two() / 16).max(1);
    values.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;

    fn place<T>(list: &[T]) -> usize {
        list.as_ptr().addr()
    }

    #[test]
    fn memory_goes_to_values_of_the_same_width() {
        let mut spares = Spares::default();
        let list = spares.take::<i64>(1000);
        let (at, capacity) = (place(&list), list.capacity());
        spares.give(Arc::new(Int64Array::from(list)));
        let (narrow, few) = (spares.take::<i32>(1000), spares.take::<f64>(400));
        assert!(place(&narrow) != at && place(&few) != at);
        let again = spares.take::<f64>(990);
        assert_eq!((place(&again), again.capacity(), again.len()), (at, capacity, 0));
        let more = spares.take::<f64>(990);
        assert!(place(&more) != at, "it is given once");
    }

    #[test]
    fn shared_values_stay_as_they_are() {
        let mut spares = Spares::default();
        let numbers = Arc::new(Float64Array::from(vec![1.5; 100]));
        spares.give(numbers.clone());
        spares.give(Arc::new(StringArray::from(vec!["a", "b"])));
        let list = spares.take::<f64>(100);
        assert!(place(&list) != place(numbers.values()));
        assert_eq!(numbers.value(99), 1.5);
    }

    #[test]
    fn rooms_are_a_little_larger_than_wanted() {
        for values in (0..5000).chain([1 << 20, (1 << 20) + 1]) {
            let room = size_class(values);
            assert!(room >= values && room <= values + values / 8 + 1, "{values}: {room}");
        }
    }
}
