//! Definition levels of a column without nesting: one bit a row.

use std::ops::Range;

use ingest_columnar::arrow::buffer::BooleanBuffer;

use super::hybrid::write_run;

/// Appends the definition levels of some rows, with their length before them as a data page of the first version wants it.
///
/// One bit a row, lowest first, is what the format's bit-packed runs hold, and what Arrow keeps: the bitmap is the run. Rows
/// that are all valid, or all null, are one repeated value. O(rows / 8).
pub(super) fn write_levels(validity: Option<&BooleanBuffer>, rows: Range<usize>, out: &mut Vec<u8>) {
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let bits = validity.map(|validity| validity.slice(rows.start, rows.len()));
    let valid = bits.as_ref().map_or(rows.len(), BooleanBuffer::count_set_bits);
    match bits {
        Some(bits) if valid != 0 && valid != rows.len() => {
            write_run((rows.len().div_ceil(8) as u64) << 1 | 1, out);
            append_bits(&bits, out);
        }
        _ => {
            write_run((rows.len() as u64) << 1, out);
            out.push(u8::from(valid != 0));
        }
    }
    let length = (out.len() - length_at - 4) as u32;
    out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends a bitmap, lowest bits first, what is left of the last byte zero.
pub(super) fn append_bits(bits: &BooleanBuffer, out: &mut Vec<u8>) {
    let packed = bits.sliced();
    out.extend_from_slice(&packed.as_slice()[..bits.len().div_ceil(8)]);
    if let (Some(last), used @ 1..) = (out.last_mut(), bits.len() % 8) {
        *last &= (1 << used) - 1;
    }
}
