//! A condition over columns of known types.
//!
//! Whatever Arrow keeps as a whole number (decimals, dates and times too) is compared as one of 128 bits: a value of the
//! condition that lies between two of the column's is moved to the nearer bound of its range, so that nothing is rounded.

use std::cmp::Ordering;
use std::ops::{Bound, RangeBounds};

use ingest_columnar::arrow::array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use ingest_columnar::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray};
use ingest_columnar::arrow::buffer::{BooleanBuffer, NullBuffer};
use ingest_columnar::arrow::compute::{and_kleene, not, or_kleene};
use ingest_columnar::arrow::datatypes::{DataType as ArrowType, TimeUnit as ArrowUnit};
use ingest_columnar::arrow::error::ArrowError;
use ingest_infer::{DataType, TimeUnit, value};

use super::{Comparison, Expression, Filter, Literal};
use crate::error::{Code, Error, Result};

/// A [`Filter`] for columns of certain types.
#[derive(Clone, Debug)]
pub(crate) enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    IsNull(usize),
    Bools(usize, Vec<bool>),
    Integers(usize, Values<i128>),
    Floats(usize, Values<f64>),
    Texts(usize, Values<String>),
    Like(usize, Pattern),
    Columns(usize, Comparison, usize),
    /// The column has no value anywhere.
    Null(usize),
}

/// Which values of a column are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Values<V> {
    In(Vec<V>),
    Range(Bound<V>, Bound<V>),
}

impl<V> Values<V> {
    fn of(comparison: Comparison, value: V) -> Values<V> {
        match comparison {
            Comparison::Equal | Comparison::NotEqual => Values::In(vec![value]),
            Comparison::Less => Values::Range(Bound::Unbounded, Bound::Excluded(value)),
            Comparison::LessOrEqual => Values::Range(Bound::Unbounded, Bound::Included(value)),
            Comparison::Greater => Values::Range(Bound::Excluded(value), Bound::Unbounded),
            Comparison::GreaterOrEqual => Values::Range(Bound::Included(value), Bound::Unbounded),
        }
    }

    pub(super) fn holds<B: PartialOrd + ?Sized>(&self, value: &B) -> bool
    where
        V: std::borrow::Borrow<B>,
    {
        match self {
            Values::In(values) => values.iter().any(|wanted| wanted.borrow() == value),
            Values::Range(low, high) => (low.as_ref().map(V::borrow), high.as_ref().map(V::borrow)).contains(value),
        }
    }
}

/// What values of a column are, where values can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Bool,
    Number { scale: u8 },
    Float,
    Date,
    Time(TimeUnit),
    Timestamp(TimeUnit, bool),
    Text,
    Nested,
    Null,
}

impl Class {
    fn of(data_type: &DataType) -> Class {
        match data_type {
            DataType::Null => Class::Null,
            DataType::Bool => Class::Bool,
            DataType::Int64 => Class::Number { scale: 0 },
            DataType::Decimal128 { scale, .. } => Class::Number { scale: *scale },
            DataType::Float64 => Class::Float,
            DataType::Date32 => Class::Date,
            DataType::Time64(unit) => Class::Time(*unit),
            DataType::Timestamp { unit, utc } => Class::Timestamp(*unit, *utc),
            DataType::Utf8 => Class::Text,
            DataType::Struct(_) | DataType::List(_) => Class::Nested,
        }
    }

    /// How its values are written in a condition.
    fn spelling(self) -> &'static str {
        match self {
            Class::Bool => "true or false",
            Class::Number { .. } | Class::Float => "a number, without quotes",
            Class::Date => "a day, as '2020-12-31'",
            Class::Time(_) => "a time of day, as '23:59:59'",
            Class::Timestamp(_, false) => "a day or a time, as '2020-12-31 23:59:59'",
            Class::Timestamp(_, true) => "a time in a zone, as '2020-12-31T23:59:59Z', or a day, which begins in UTC",
            Class::Text => "a text, in single quotes",
            Class::Nested | Class::Null => "nothing but is null",
        }
    }
}

/// The columns of a filter, by name and type.
struct Columns<'f> {
    names: &'f [String],
    types: &'f [DataType],
}

impl Filter {
    /// What the condition means where its columns ([`Filter::columns`], in that order) have these types.
    ///
    /// # Errors
    /// A column is compared with what its values are not.
    pub(crate) fn bind(&self, types: &[DataType]) -> Result<Predicate> {
        bind(&self.expression, &Columns { names: &self.columns, types })
    }
}

fn bind(expression: &Expression, columns: &Columns<'_>) -> Result<Predicate> {
    let all = |parts: &[Expression]| parts.iter().map(|part| bind(part, columns)).collect::<Result<Vec<_>>>();
    Ok(match expression {
        Expression::And(parts) => Predicate::And(all(parts)?),
        Expression::Or(parts) => Predicate::Or(all(parts)?),
        Expression::Not(part) => Predicate::Not(bind(part, columns)?.into()),
        Expression::IsNull(name) => Predicate::IsNull(columns.find(name).0),
        Expression::Column(name) => match columns.find(name) {
            (index, Class::Bool) => Predicate::Bools(index, vec![true]),
            (index, Class::Null) => Predicate::Null(index),
            (index, _) => return Err(columns.wrong(index, "it is no condition by itself: compare it with a value")),
        },
        Expression::Like(name, pattern) => match columns.find(name) {
            (index, Class::Text) => Predicate::Like(index, Pattern::of(pattern)),
            (index, Class::Null) => Predicate::Null(index),
            (index, _) => return Err(columns.wrong(index, "like looks into texts alone")),
        },
        Expression::In(name, values) => {
            let tests = values.iter().map(|value| columns.test(name, Comparison::Equal, value));
            any_of(tests.collect::<Result<Vec<_>>>()?)
        }
        Expression::Compare(name, comparison, value) => columns.test(name, *comparison, value)?,
        Expression::CompareColumns(left, comparison, right) => columns.pair(left, *comparison, right)?,
    })
}

/// Tests of one column for single values, as one: they are all of one kind.
fn any_of(tests: Vec<Predicate>) -> Predicate {
    let mut parts: Vec<Predicate> = Vec::new();
    for test in tests {
        match (parts.last_mut(), test) {
            (Some(Predicate::Integers(_, Values::In(all))), Predicate::Integers(_, Values::In(more))) => {
                all.extend(more);
            }
            (Some(Predicate::Floats(_, Values::In(all))), Predicate::Floats(_, Values::In(more))) => all.extend(more),
            (Some(Predicate::Texts(_, Values::In(all))), Predicate::Texts(_, Values::In(more))) => all.extend(more),
            (Some(Predicate::Bools(_, all)), Predicate::Bools(_, more)) => all.extend(more),
            (Some(Predicate::Null(_)), Predicate::Null(_)) => {}
            (_, test) => parts.push(test),
        }
    }
    if parts.len() == 1 { parts.remove(0) } else { Predicate::Or(parts) }
}

impl Columns<'_> {
    fn find(&self, name: &str) -> (usize, Class) {
        let index = self.names.iter().position(|known| known == name).expect("a filter knows the columns it names");
        (index, Class::of(&self.types[index]))
    }

    #[cold]
    fn wrong(&self, index: usize, reason: &str) -> Error {
        let (name, data_type) = (&self.names[index], &self.types[index]);
        let message = format!("--where: the column {name:?} is {data_type}; {reason}");
        Error::new(Code::Usage, message).hint(format!("--type {name}=TYPE reads it as another type"))
    }

    fn test(&self, name: &str, comparison: Comparison, literal: &Literal) -> Result<Predicate> {
        let (index, class) = self.find(name);
        let refused = || self.wrong(index, &format!("it is compared with {}, not with {literal}", class.spelling()));
        let test = match (class, literal) {
            (Class::Null, _) => return Ok(Predicate::Null(index)),
            (Class::Number { scale }, Literal::Number(number)) => {
                Predicate::Integers(index, numbers(number, scale, comparison).ok_or_else(refused)?)
            }
            (Class::Float, Literal::Number(number)) => {
                let value = number.parse().map_err(|_| refused())?;
                Predicate::Floats(index, Values::of(comparison, value))
            }
            (Class::Bool, &Literal::Bool(value)) if matches!(comparison, Comparison::Equal | Comparison::NotEqual) => {
                Predicate::Bools(index, vec![value])
            }
            (Class::Text, Literal::Text(text)) => Predicate::Texts(index, Values::of(comparison, text.clone())),
            (_, Literal::Text(text)) => {
                let moment = moment(class, text.as_bytes()).ok_or_else(refused)?;
                Predicate::Integers(index, Values::of(comparison, moment.into()))
            }
            (Class::Bool, Literal::Bool(_)) => {
                return Err(self.wrong(index, "true and false have no order; = and <> compare them"));
            }
            _ => return Err(refused()),
        };
        Ok(if comparison == Comparison::NotEqual { Predicate::Not(test.into()) } else { test })
    }

    fn pair(&self, left: &str, comparison: Comparison, right: &str) -> Result<Predicate> {
        let ((left, class), (right, other)) = (self.find(left), self.find(right));
        let is_number = |class| matches!(class, Class::Number { .. } | Class::Float);
        if class == Class::Null || other == Class::Null {
            return Ok(Predicate::Null(if class == Class::Null { left } else { right }));
        }
        if class == Class::Nested || !(class == other || is_number(class) && is_number(other)) {
            let (name, data_type) = (&self.names[right], &self.types[right]);
            return Err(self.wrong(left, &format!("it is not compared with {name:?}, which is {data_type}")));
        }
        Ok(Predicate::Columns(left, comparison, right))
    }
}

/// A day or a time as a column keeps it. A day alone is its midnight.
fn moment(class: Class, text: &[u8]) -> Option<i64> {
    if let Some(seconds) = text.strip_prefix(b"@") {
        return since_1970(class, std::str::from_utf8(seconds).ok()?.parse().ok()?);
    }
    match class {
        Class::Date => value::date32(text).map(i64::from),
        Class::Time(unit) => value::time64(text, unit),
        Class::Timestamp(unit, false) => value::timestamp(text, unit, false),
        Class::Timestamp(unit, true) => {
            let day = || value::date32(text).and_then(|_| value::timestamp(text, unit, false));
            value::timestamp(text, unit, true).or_else(day)
        }
        _ => None,
    }
}

/// So many seconds since 1970, in UTC or in a column without a zone: what a clock says, and so the same text for both. Among days
/// the first midnight that is not before.
fn since_1970(class: Class, seconds: i64) -> Option<i64> {
    const DAY_SECONDS: i64 = 24 * 60 * 60;
    match class {
        Class::Date => Some(seconds.div_euclid(DAY_SECONDS) + i64::from(seconds.rem_euclid(DAY_SECONDS) > 0)),
        Class::Timestamp(TimeUnit::Microsecond, _) => seconds.checked_mul(1_000_000),
        Class::Timestamp(TimeUnit::Nanosecond, _) => seconds.checked_mul(1_000_000_000),
        _ => None,
    }
}

/// Which whole numbers, the column's values times 10^`scale`, are wanted. `None` for a number beyond 38 digits.
fn numbers(text: &str, scale: u8, comparison: Comparison) -> Option<Values<i128>> {
    let (number, is_exact) = scaled(text, i32::from(scale))?;
    if is_exact {
        return Some(Values::of(comparison, number));
    }
    // It lies between `number` and the next.
    Some(match comparison {
        Comparison::Equal | Comparison::NotEqual => Values::In(Vec::new()),
        Comparison::Less | Comparison::LessOrEqual => Values::of(Comparison::LessOrEqual, number),
        Comparison::Greater | Comparison::GreaterOrEqual => Values::of(Comparison::Greater, number),
    })
}

/// A decimal number times 10^`scale`, rounded down, and whether that is exact. Beyond what 128 bits hold, the last number they
/// hold, which no column does: columns have 38 digits.
fn scaled(text: &str, scale: i32) -> Option<(i128, bool)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let is_negative = mantissa.starts_with('-');
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = whole.chars().chain(part.chars()).filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some((0, true));
    }
    // So many of the digits stand before the point.
    let before = i64::from(exponent) + i64::from(scale) + digits.len() as i64 - part.len() as i64;
    let (kept, rest) = digits.split_at(before.clamp(0, digits.len() as i64) as usize);
    let is_exact = rest.bytes().all(|digit| digit == b'0');
    let zeros = (before - kept.len() as i64).max(0);
    let power = u32::try_from(zeros).ok().and_then(|zeros| 10_i128.checked_pow(zeros));
    let size = if kept.is_empty() { Some(0) } else { kept.parse::<i128>().ok() };
    let size = power.and_then(|power| size?.checked_mul(power));
    Some(match (size, is_negative) {
        (Some(size), false) => (size, is_exact),
        (Some(size), true) => (-size - i128::from(!is_exact), is_exact),
        (None, false) => (i128::MAX, true),
        (None, true) => (i128::MIN, true),
    })
}

impl Predicate {
    /// Which rows are wanted: true; false and null are not. `columns`: those of the filter, in its order.
    pub(crate) fn rows(&self, columns: &[ArrayRef]) -> BooleanBuffer {
        let answers = self.answers(columns);
        match answers.nulls() {
            None => answers.values().clone(),
            Some(nulls) => answers.values() & nulls.inner(),
        }
    }

    /// For each row whether the condition is true, false, or neither.
    fn answers(&self, columns: &[ArrayRef]) -> BooleanArray {
        type Join = fn(&BooleanArray, &BooleanArray) -> std::result::Result<BooleanArray, ArrowError>;
        const SAME: &str = "columns of a batch have as many rows";
        let joined = |parts: &[Predicate], join: Join| {
            let mut parts = parts.iter().map(|part| part.answers(columns));
            let first = parts.next().expect("a condition has parts");
            parts.fold(first, |joined, part| join(&joined, &part).expect(SAME))
        };
        match self {
            Predicate::And(parts) => joined(parts, and_kleene),
            Predicate::Or(parts) => joined(parts, or_kleene),
            Predicate::Not(part) => not(&part.answers(columns)).expect(SAME),
            Predicate::IsNull(index) => {
                let column = &columns[*index];
                let nulls = column.logical_nulls();
                BooleanArray::from_iter(
                    (0..column.len()).map(|row| Some(nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)))),
                )
            }
            Predicate::Null(index) => BooleanArray::new_null(columns[*index].len()),
            Predicate::Bools(index, wanted) => {
                let column = columns[*index].as_boolean();
                answers(column, |row| wanted.contains(&column.value(row)))
            }
            Predicate::Integers(index, wanted) => {
                let column = Integers::of(&columns[*index]);
                answers(&columns[*index], |row| wanted.holds(&column.value(row)))
            }
            Predicate::Floats(index, wanted) => {
                let column = columns[*index].as_primitive::<Float64Type>();
                answers(column, |row| wanted.holds(&column.value(row)))
            }
            Predicate::Texts(index, wanted) => {
                let column = columns[*index].as_string::<i32>();
                answers(column, |row| wanted.holds(column.value(row)))
            }
            Predicate::Like(index, pattern) => {
                let column = columns[*index].as_string::<i32>();
                answers(column, |row| pattern.matches(column.value(row)))
            }
            Predicate::Columns(left, comparison, right) => pair(&columns[*left], *comparison, &columns[*right]),
        }
    }
}

/// An answer for each row, null where the column is.
fn answers(column: &dyn Array, answer: impl FnMut(usize) -> bool) -> BooleanArray {
    BooleanArray::new(BooleanBuffer::collect_bool(column.len(), answer), column.nulls().cloned())
}

/// A column whose values are kept as whole numbers.
pub(super) enum Integers<'a> {
    Narrow(&'a [i32]),
    Usual(&'a [i64]),
    Wide(&'a [i128]),
}

impl<'a> Integers<'a> {
    pub(super) fn of(column: &'a ArrayRef) -> Integers<'a> {
        fn values<T: ArrowPrimitiveType>(column: &ArrayRef) -> &[T::Native] {
            column.as_primitive::<T>().values()
        }
        match column.data_type() {
            ArrowType::Date32 => Integers::Narrow(values::<Date32Type>(column)),
            ArrowType::Decimal128(..) => Integers::Wide(values::<Decimal128Type>(column)),
            ArrowType::Time64(ArrowUnit::Microsecond) => Integers::Usual(values::<Time64MicrosecondType>(column)),
            ArrowType::Time64(_) => Integers::Usual(values::<Time64NanosecondType>(column)),
            ArrowType::Timestamp(ArrowUnit::Microsecond, _) => {
                Integers::Usual(values::<TimestampMicrosecondType>(column))
            }
            ArrowType::Timestamp(..) => Integers::Usual(values::<TimestampNanosecondType>(column)),
            _ => Integers::Usual(values::<Int64Type>(column)),
        }
    }

    pub(super) fn value(&self, row: usize) -> i128 {
        match self {
            Integers::Narrow(values) => values[row].into(),
            Integers::Usual(values) => values[row].into(),
            Integers::Wide(values) => values[row],
        }
    }
}

/// Two columns, row by row. Numbers are compared exactly, but for floats, beside which all are floats.
fn pair(left: &ArrayRef, comparison: Comparison, right: &ArrayRef) -> BooleanArray {
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    let order: Box<dyn Fn(usize) -> Option<Ordering>> = match (left.data_type(), right.data_type()) {
        (ArrowType::Utf8, _) => {
            let (left, right) = (left.as_string::<i32>(), right.as_string::<i32>());
            Box::new(|row| Some(left.value(row).cmp(right.value(row))))
        }
        (ArrowType::Boolean, _) => {
            let (left, right) = (left.as_boolean(), right.as_boolean());
            Box::new(|row| Some(left.value(row).cmp(&right.value(row))))
        }
        (ArrowType::Float64, _) | (_, ArrowType::Float64) => {
            let (left, right) = (floats(left), floats(right));
            Box::new(move |row| left(row).partial_cmp(&right(row)))
        }
        (left_type, right_type) => {
            let (more, less) = (scale_of(left_type), scale_of(right_type));
            let (left, right) = (Integers::of(left), Integers::of(right));
            Box::new(move |row| Some(compare_scaled(left.value(row), more, right.value(row), less)))
        }
    };
    let holds = |order: Option<Ordering>| match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    };
    BooleanArray::new(BooleanBuffer::collect_bool(left.len(), |row| holds(order(row))), nulls)
}

fn scale_of(data_type: &ArrowType) -> u32 {
    if let ArrowType::Decimal128(_, scale) = data_type { u32::from(scale.unsigned_abs()) } else { 0 }
}

fn floats(column: &ArrayRef) -> Box<dyn Fn(usize) -> f64 + '_> {
    if *column.data_type() == ArrowType::Float64 {
        let column = column.as_primitive::<Float64Type>();
        return Box::new(|row| column.value(row));
    }
    let (scale, values) = (scale_of(column.data_type()), Integers::of(column));
    Box::new(move |row| values.value(row) as f64 / 10_f64.powi(scale.cast_signed()))
}

/// Compares `left / 10^left_scale` with the same of the right.
fn compare_scaled(left: i128, left_scale: u32, right: i128, right_scale: u32) -> Ordering {
    if left_scale > right_scale {
        return compare_scaled(right, right_scale, left, left_scale).reverse();
    }
    match 10_i128.checked_pow(right_scale - left_scale).and_then(|power| left.checked_mul(power)) {
        Some(left) => left.cmp(&right),
        // It is beyond all that the right can be.
        None => left.cmp(&0),
    }
}

/// A pattern of `like`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// The pieces between `%`.
    pieces: Vec<Vec<char>>,
}

impl Pattern {
    fn of(pattern: &str) -> Pattern {
        Pattern { pieces: pattern.split('%').map(|piece| piece.chars().collect()).collect() }
    }

    /// Whether a text is as the pattern says: each piece is taken where it first fits. O(text × pattern).
    fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        let fits = |piece: &[char], at: usize| {
            letters.len() >= at + piece.len()
                && piece.iter().zip(&letters[at..]).all(|(&wanted, &letter)| wanted == '_' || wanted == letter)
        };
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            // Without % the one piece is all of it.
            let piece = &self.pieces[0];
            return letters.len() == piece.len() && fits(piece, 0);
        };
        if !fits(first, 0) {
            return false;
        }
        let mut at = first.len();
        for piece in middle {
            let Some(found) = (at..=letters.len()).find(|&at| fits(piece, at)) else { return false };
            at = found + piece.len();
        }
        letters.len() >= at + last.len() && fits(last, letters.len() - last.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_a_column_cannot_hold_moves_to_a_bound() {
        for (text, scale, expected) in [
            ("3", 0, (3, true)),
            ("3.0", 0, (3, true)),
            ("3.5", 0, (3, false)),
            ("-3.5", 0, (-4, false)),
            ("-0.5", 0, (-1, false)),
            ("0.5", 0, (0, false)),
            ("0.05", 2, (5, true)),
            ("-0.055", 2, (-6, false)),
            ("1e3", 2, (100_000, true)),
            ("1.25e-1", 3, (125, true)),
            (".5", 1, (5, true)),
            ("000", 4, (0, true)),
            ("1e-999", 38, (0, false)),
            ("1e40", 0, (i128::MAX, true)),
            ("-1e999999", 0, (i128::MIN, true)),
            ("99999999999999999999999999999999999999", 0, (10_i128.pow(38) - 1, true)),
        ] {
            assert_eq!(scaled(text, scale), Some(expected), "{text} at {scale}");
        }
        assert_eq!(scaled("1e99999999999", 0), None);
    }

    /// However many values a list has, it is one test: nothing nests.
    #[test]
    fn a_list_is_one_test() {
        let list = |value: &str| format!("x in ({})", vec![value; 100_000].join(","));
        for (value, data_type) in [
            ("1", DataType::Int64),
            ("1.5", DataType::Int64),
            ("1", DataType::Float64),
            ("'a'", DataType::Utf8),
            ("true", DataType::Bool),
            ("1", DataType::Null),
        ] {
            let predicate = list(value).parse::<Filter>().unwrap().bind(std::slice::from_ref(&data_type)).unwrap();
            assert!(!matches!(predicate, Predicate::Or(_)), "{value} in a column of {data_type}");
        }
    }

    #[test]
    fn seconds_since_1970_are_times_with_a_zone_and_without() {
        let utc = |unit| Class::Timestamp(unit, true);
        let naive = |unit| Class::Timestamp(unit, false);
        for class in [utc, naive] {
            assert_eq!(moment(class(TimeUnit::Microsecond), b"@1704067200"), Some(1_704_067_200_000_000));
            assert_eq!(moment(class(TimeUnit::Nanosecond), b"@-1"), Some(-1_000_000_000));
            assert_eq!(moment(class(TimeUnit::Nanosecond), b"@9223372036854775807"), None);
            assert_eq!(moment(class(TimeUnit::Microsecond), b"@1.5"), None);
        }
        // Days: the midnight itself, else the next one.
        let days = [(b"@86400".as_slice(), 1), (b"@86401", 2), (b"@-1", 0), (b"@-86400", -1)];
        for (text, day) in days {
            assert_eq!(moment(Class::Date, text), Some(day));
        }
    }

    #[test]
    fn scales_differ() {
        assert_eq!(compare_scaled(3, 0, 300, 2), Ordering::Equal);
        assert_eq!(compare_scaled(301, 2, 3, 0), Ordering::Greater);
        assert_eq!(compare_scaled(10_i128.pow(37), 0, 1, 38), Ordering::Greater);
        assert_eq!(compare_scaled(-10_i128.pow(37), 0, 1, 38), Ordering::Less);
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a%", "a", true),
            ("%c", "abc", true),
            ("%b%", "abc", true),
            ("%b%", "ac", false),
            ("a_c", "añc", true),
            ("a%a", "a", false),
            ("%ab%ab", "abab", true),
            ("%ab%ab", "ab", false),
            ("%", "", true),
            ("", "", true),
            ("", "x", false),
            ("_%_", "x", false),
            ("A%", "abc", false),
        ] {
            assert_eq!(Pattern::of(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
