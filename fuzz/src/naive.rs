//! The kernels' twins: a byte at a time, a field at a time, nothing clever.

use ingest_simd::{ChunkScan, Hypothesis, RECORD_END, Structure};

/// Twin of [`ingest_simd::scan_chunk`].
pub fn scan(text: &[u8], previous: Option<u8>, structure: &Structure) -> ChunkScan {
    let (outside, line_breaks) = scan_from(text, previous, structure, false);
    let (inside, _) = scan_from(text, previous, structure, true);
    ChunkScan { outside, inside, line_breaks }
}

fn is_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn scan_from(text: &[u8], previous: Option<u8>, structure: &Structure, starts_inside: bool) -> (Hypothesis, u64) {
    let Some(&first) = text.first() else {
        return (Hypothesis { ends_inside: starts_inside, ..Hypothesis::default() }, 0);
    };
    let mut side = Hypothesis::default();
    let (mut inside, mut lines) = (starts_inside, 0);
    // The CR before the chunk was left to it.
    let cr_ended = previous == Some(b'\r') && first != b'\n';
    if cr_ended {
        lines += 1;
        if !inside {
            side.record_ends = 1;
            side.last_record_end = Some(0);
        }
    }
    let mut begins_line = !inside && (cr_ended || matches!(previous, None | Some(b'\n')));
    for (at, &byte) in text.iter().enumerate() {
        let before = if at == 0 { previous } else { Some(text[at - 1]) };
        side.irregular |= is_irregular(before, byte, inside, structure);
        if Some(byte) == structure.quote {
            inside = !inside;
            begins_line = false;
            continue;
        }
        side.blank_lines += u64::from(is_break(byte) && begins_line && !inside);
        let ends = byte == b'\n' || (byte == b'\r' && text.get(at + 1).is_some_and(|&next| next != b'\n'));
        lines += u64::from(ends);
        if ends && !inside {
            side.record_ends += 1;
            side.last_record_end = Some(at + 1);
        }
        begins_line = ends && !inside;
    }
    side.ends_inside = inside;
    (side, lines)
}

/// Whether a quote opens where no field begins, or something other than structure follows a closing one.
fn is_irregular(before: Option<u8>, byte: u8, inside: bool, structure: &Structure) -> bool {
    let is_structure = |byte: u8| is_break(byte) || Some(byte) == structure.delimiter || Some(byte) == structure.quote;
    let opens = Some(byte) == structure.quote && !inside;
    let after_quote = before.is_some() && before == structure.quote && !inside;
    (opens && !before.is_none_or(is_structure)) || (after_quote && !is_structure(byte))
}

/// Twin of [`ingest_simd::index_fields`].
pub fn index(text: &[u8], next: Option<u8>, structure: &Structure) -> Vec<u32> {
    let (mut inside, mut open, mut ends) = (false, false, Vec::new());
    for (at, &byte) in text.iter().enumerate() {
        let after = text.get(at + 1).copied().or(next);
        let entry = u32::try_from(at).expect("fuzzed texts are short");
        open = true;
        if Some(byte) == structure.quote {
            inside = !inside;
        } else if !inside && Some(byte) == structure.delimiter {
            ends.push(entry);
        } else if !inside && (byte == b'\n' || (byte == b'\r' && after != Some(b'\n'))) {
            ends.push(entry | RECORD_END);
            open = false;
        }
    }
    if open && next.is_none() {
        ends.push(u32::try_from(text.len()).expect("fuzzed texts are short") | RECORD_END);
    }
    ends
}

/// What [`ingest_simd::copy_texts`] makes of a field: of two quotes one.
pub fn text(raw: &[u8], quote: Option<u8>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = raw;
    while let [byte, after @ ..] = rest {
        text.push(*byte);
        rest = if Some(*byte) == quote && after.first() == quote.as_ref() { &after[1..] } else { after };
    }
    text
}

/// The largest number that [`ingest_simd::parse_floats`] takes without its point.
const MANTISSA_MAX: u64 = 1 << 53;

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What [`ingest_simd::parse_ints`] makes of a field that is not empty.
pub fn int(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= 16)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = text == "0" || (!digits.is_empty() && !digits.starts_with('0'));
    if canonical && all_digits(digits) { text.parse().ok() } else { None }
}

/// The digits before the point of a plain number, and those after it.
fn parts(text: &[u8]) -> Option<(bool, String, String)> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= 16)?;
    let (negative, plain) = text.strip_prefix('-').map_or((false, text), |plain| (true, plain));
    let (before, after) = plain.split_once('.').unwrap_or((plain, ""));
    let digits = format!("{before}{after}");
    let mantissa = digits.parse::<u64>().ok().filter(|mantissa| all_digits(&digits) && *mantissa <= MANTISSA_MAX)?;
    let padded = before.len() > 1 && before.starts_with('0');
    (!padded && !(negative && mantissa == 0)).then(|| (negative, before.to_owned(), after.to_owned()))
}

/// What [`ingest_simd::parse_floats`] makes of a field that is not empty, as its bits.
pub fn float_bits(text: &[u8]) -> Option<u64> {
    parts(text)?;
    std::str::from_utf8(text).ok()?.parse::<f64>().ok().map(f64::to_bits)
}

/// What [`ingest_simd::parse_decimals`] makes of a field that is not empty, for a precision and scale.
pub fn decimal_of((precision, scale): (u8, u8)) -> impl Fn(&[u8]) -> Option<i64> {
    move |text| {
        let (negative, before, after) = parts(text)?;
        let zeros = usize::from(scale).checked_sub(after.len())?;
        // Sixteen digits and 39 zeros would not fit 128 bits.
        let digits = format!("{before}{after}{}", "0".repeat(zeros));
        let significant = digits.trim_start_matches('0');
        if significant.len() > usize::from(precision.min(18)) {
            return None;
        }
        let magnitude: i64 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
        Some(if negative { -magnitude } else { magnitude })
    }
}
