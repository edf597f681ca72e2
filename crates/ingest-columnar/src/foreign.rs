//! Arrow's other types as ours: what files bring that were not made of text.
//!
//! Every value stays what it is. Narrower types widen (`int32` to `int64`, `float32` to `float64`), other layouts of the same
//! values become the one that we use (dictionaries, views, large offsets), and a map is a list of its entries.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType as ArrowType, Field, Fields as ArrowFields, TimeUnit as ArrowUnit, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow::error::ArrowError;
use ingest_infer::{DataType, Member, NESTING_MAX, TimeUnit};

use crate::arrow_type;

/// Digits that a decimal of 128 bits holds.
const DIGITS_MAX: u8 = 38;

/// The type that holds every value of an Arrow type, except bytes that are not UTF-8 and seconds that are too far away to count
/// microseconds to: [`own_array`] tells of those. `None` where there is none: durations, intervals, unions, structs without
/// members or with two of one name, and what lies deeper than [`NESTING_MAX`].
///
/// A time zone is forgotten, the instants stay; decimals of more than 38 digits are texts.
pub fn own_type(foreign: &ArrowType) -> Option<DataType> {
    own_type_at(foreign, 0)
}

fn own_type_at(foreign: &ArrowType, depth: usize) -> Option<DataType> {
    let nested = |field: &Field| own_type_at(field.data_type(), depth + 1).filter(|_| depth < NESTING_MAX);
    Some(match foreign {
        ArrowType::Null => DataType::Null,
        ArrowType::Boolean => DataType::Bool,
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 | ArrowType::Int64 => DataType::Int64,
        ArrowType::UInt8 | ArrowType::UInt16 | ArrowType::UInt32 => DataType::Int64,
        ArrowType::UInt64 => DataType::Decimal128 { precision: 20, scale: 0 },
        ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64 => DataType::Float64,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale) => own_decimal(*precision, *scale),
        ArrowType::Date32 => DataType::Date32,
        ArrowType::Date64 => DataType::Timestamp { unit: TimeUnit::Microsecond, utc: false },
        ArrowType::Time32(unit) | ArrowType::Time64(unit) => DataType::Time64(own_unit(*unit)),
        ArrowType::Timestamp(unit, zone) => DataType::Timestamp { unit: own_unit(*unit), utc: zone.is_some() },
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => DataType::Utf8,
        ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView | ArrowType::FixedSizeBinary(_) => {
            DataType::Utf8
        }
        ArrowType::Dictionary(_, values) => own_type_at(values, depth)?,
        ArrowType::RunEndEncoded(_, values) => own_type_at(values.data_type(), depth)?,
        ArrowType::List(item)
        | ArrowType::LargeList(item)
        | ArrowType::ListView(item)
        | ArrowType::LargeListView(item)
        | ArrowType::FixedSizeList(item, _)
        | ArrowType::Map(item, _) => DataType::List(nested(item)?.into()),
        ArrowType::Struct(fields) => own_struct(fields, nested)?,
        ArrowType::Duration(_) | ArrowType::Interval(_) | ArrowType::Union(..) => return None,
    })
}

fn own_decimal(precision: u8, scale: i8) -> DataType {
    // A scale below 0 stands for zeros before the point, one beyond the precision for zeros behind it.
    let (precision, scale) = match u8::try_from(scale) {
        Ok(scale) => (precision.max(scale), scale),
        Err(_) => (precision.saturating_add(scale.unsigned_abs()), 0),
    };
    if precision > DIGITS_MAX { DataType::Utf8 } else { DataType::Decimal128 { precision, scale } }
}

fn own_unit(unit: ArrowUnit) -> TimeUnit {
    if unit == ArrowUnit::Nanosecond { TimeUnit::Nanosecond } else { TimeUnit::Microsecond }
}

fn own_struct(fields: &ArrowFields, own: impl Fn(&Field) -> Option<DataType>) -> Option<DataType> {
    let mut members: Vec<Member> = Vec::with_capacity(fields.len());
    for field in fields {
        if members.iter().any(|member| *member.name == **field.name()) {
            return None;
        }
        members.push(Member { name: field.name().as_str().into(), data_type: own(field)? });
    }
    (!members.is_empty()).then(|| DataType::Struct(members.into()))
}

/// The values of an array as `own`, which [`own_type`] gave for its type. O(values).
///
/// # Errors
/// A value has no place in that type.
pub fn own_array(array: &ArrayRef, own: &DataType) -> Result<ArrayRef, ArrowError> {
    let target = arrow_type(own);
    if *array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), own) {
        (ArrowType::Null, _) => Ok(new_null_array(&target, array.len())),
        (ArrowType::Dictionary(_, values), _) => own_array(&cast(array, values)?, own),
        (ArrowType::RunEndEncoded(_, values), _) => own_array(&cast(array, values.data_type())?, own),
        (ArrowType::Struct(_), DataType::Struct(members)) => own_members(array.as_struct(), members, &target),
        (ArrowType::Map(..), DataType::List(item)) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            own_items(map.offsets().clone(), map.nulls(), &entries, item, &target)
        }
        (ArrowType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            own_items(list.offsets().clone(), list.nulls(), list.values(), item, &target)
        }
        (
            ArrowType::LargeList(item)
            | ArrowType::ListView(item)
            | ArrowType::LargeListView(item)
            | ArrowType::FixedSizeList(item, _),
            DataType::List(_),
        ) => own_array(&cast(array, &ArrowType::List(Arc::clone(item)))?, own),
        (ArrowType::Timestamp(_, Some(zone)), DataType::Timestamp { unit, .. }) => {
            let zoned = cast(array, &with_zone(&target, zone))?;
            // The instants do not change with the name of the zone.
            Ok(match unit {
                TimeUnit::Microsecond => {
                    Arc::new(zoned.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC"))
                }
                TimeUnit::Nanosecond => {
                    Arc::new(zoned.as_primitive::<TimestampNanosecondType>().clone().with_timezone("UTC"))
                }
            })
        }
        (ArrowType::FixedSizeBinary(_), DataType::Utf8) => own_array(&cast(array, &ArrowType::Binary)?, own),
        _ => cast(array, &target),
    }
}

fn with_zone(target: &ArrowType, zone: &Arc<str>) -> ArrowType {
    match target {
        ArrowType::Timestamp(unit, _) => ArrowType::Timestamp(*unit, Some(Arc::clone(zone))),
        other => other.clone(),
    }
}

fn own_members(array: &StructArray, members: &[Member], target: &ArrowType) -> Result<ArrayRef, ArrowError> {
    let ArrowType::Struct(fields) = target else { unreachable!("a struct's Arrow type is a struct") };
    let columns = array.columns().iter().zip(members);
    let columns =
        columns.map(|(column, member)| own_array(column, &member.data_type)).collect::<Result<Vec<_>, _>>()?;
    let made = StructArray::try_new_with_length(fields.clone(), columns, array.nulls().cloned(), array.len())?;
    Ok(Arc::new(made))
}

fn own_items(
    offsets: arrow::buffer::OffsetBuffer<i32>,
    nulls: Option<&arrow::buffer::NullBuffer>,
    items: &ArrayRef,
    item: &DataType,
    target: &ArrowType,
) -> Result<ArrayRef, ArrowError> {
    let ArrowType::List(field) = target else { unreachable!("a list's Arrow type is a list") };
    let items = own_array(items, item)?;
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, items, nulls.cloned())?))
}

/// A cast that fails rather than make a value null.
fn cast(array: &ArrayRef, target: &ArrowType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, target, &CastOptions { safe: false, ..CastOptions::default() })
}

#[cfg(test)]
mod tests {
    use arrow::array::*;
    use arrow::buffer::NullBuffer;
    use arrow::datatypes::{Int8Type, Int32Type, i256};

    use super::*;
    use crate::type_name;

    /// The array as our own, with its type by name.
    fn own(array: impl Array + 'static) -> (String, ArrayRef) {
        let array: ArrayRef = Arc::new(array);
        let data_type = own_type(array.data_type()).unwrap();
        let made = own_array(&array, &data_type).unwrap();
        assert_eq!(made.data_type(), &arrow_type(&data_type));
        (type_name(made.data_type()), made)
    }

    fn shown(array: impl Array + 'static) -> (String, Vec<String>) {
        let (name, array) = own(array);
        let cells = (0..array.len()).map(|row| {
            if array.is_null(row) {
                return "-".to_owned();
            }
            arrow::util::display::array_value_to_string(&array, row).unwrap()
        });
        (name, cells.collect())
    }

    fn told(name: &str, cells: &[&str]) -> (String, Vec<String>) {
        (name.to_owned(), cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(shown(Int8Array::from(vec![Some(-128), None])), told("int64", &["-128", "-"]));
        assert_eq!(shown(UInt32Array::from(vec![u32::MAX])), told("int64", &["4294967295"]));
        assert_eq!(shown(UInt64Array::from(vec![u64::MAX])), told("decimal128(20,0)", &["18446744073709551615"]));
        assert_eq!(shown(Float32Array::from(vec![0.1])), told("float64", &["0.10000000149011612"]));
        let decimal =
            |precision, scale| Decimal128Array::from(vec![123]).with_precision_and_scale(precision, scale).unwrap();
        assert_eq!(shown(decimal(5, 2)), told("decimal128(5,2)", &["1.23"]));
        assert_eq!(shown(decimal(5, -2)), told("decimal128(7,0)", &["12300"]));
        assert_eq!(
            shown(Decimal64Array::from(vec![123]).with_precision_and_scale(5, 2).unwrap()),
            told("decimal128(5,2)", &["1.23"])
        );
        let wide = Decimal256Array::from(vec![i256::from_i128(10).pow_wrapping(40)]);
        assert_eq!(shown(wide.with_precision_and_scale(50, 2).unwrap()).0, "utf8");
        let wide = Decimal256Array::from(vec![i256::from_i128(-5)]).with_precision_and_scale(50, 2).unwrap();
        assert_eq!(shown(wide), told("utf8", &["-0.05"]));
    }

    #[test]
    fn times_keep_their_instants() {
        assert_eq!(shown(Time32SecondArray::from(vec![61])), told("time64[us]", &["00:01:01"]));
        assert_eq!(shown(Date64Array::from(vec![86_400_000])), told("timestamp[us]", &["1970-01-02T00:00:00"]));
        let zoned = TimestampMillisecondArray::from(vec![1500]).with_timezone("Europe/Paris");
        let (name, array) = own(zoned);
        assert_eq!(name, "timestamp[us,UTC]");
        assert_eq!(array.as_primitive::<TimestampMicrosecondType>().value(0), 1_500_000);
        let far: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX / 1000]));
        let data_type = own_type(far.data_type()).unwrap();
        assert!(own_array(&far, &data_type).is_err(), "no microseconds count so far");
    }

    #[test]
    fn texts_are_texts_however_they_lie() {
        let texts = [Some("a"), None, Some("")];
        assert_eq!(shown(LargeStringArray::from(texts.to_vec())), told("utf8", &["a", "-", ""]));
        assert_eq!(shown(StringViewArray::from(texts.to_vec())), told("utf8", &["a", "-", ""]));
        assert_eq!(shown(BinaryArray::from(vec![b"\xc3\xa9".as_ref()])), told("utf8", &["é"]));
        assert_eq!(shown(FixedSizeBinaryArray::try_from_iter([b"ab"].into_iter()).unwrap()), told("utf8", &["ab"]));
        let dictionary: DictionaryArray<Int8Type> = [Some("x"), None, Some("x")].into_iter().collect();
        assert_eq!(shown(dictionary), told("utf8", &["x", "-", "x"]));
        let runs: RunArray<Int32Type> = ["x", "x", "y"].into_iter().collect();
        assert_eq!(shown(runs), told("utf8", &["x", "x", "y"]));
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"\xff".as_ref()]));
        assert!(own_array(&bytes, &DataType::Utf8).is_err());
    }

    #[test]
    fn what_is_nested_is_converted_inside() {
        let items = [Some(vec![Some(1), None]), None, Some(vec![])];
        let lists = LargeListArray::from_iter_primitive::<Int32Type, _, _>(items.clone());
        assert_eq!(shown(lists), told("list<int64>", &["[1, ]", "-", "[]"]));
        let lists = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None], 2);
        assert_eq!(shown(lists), told("list<int64>", &["[1, ]", "-"]));
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        map.keys().append_value("k");
        map.values().append_value(7);
        map.append(true).unwrap();
        map.append(false).unwrap();
        let (name, maps) = own(map.finish());
        assert_eq!((name.as_str(), maps.null_count()), ("list<struct<key: utf8, value: int64>>", 1));
        let member: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        let fields: ArrowFields = vec![Field::new("n", ArrowType::Int32, false)].into();
        let structs = StructArray::new(fields, vec![member], Some(NullBuffer::from(vec![true, false])));
        let (name, structs) = own(structs);
        assert_eq!((name.as_str(), structs.null_count()), ("struct<n: int64>", 1));
    }

    #[test]
    fn what_has_no_place_is_told() {
        for foreign in [
            ArrowType::Duration(ArrowUnit::Second),
            ArrowType::Interval(arrow::datatypes::IntervalUnit::DayTime),
            ArrowType::Struct(ArrowFields::empty()),
            ArrowType::new_list(ArrowType::Duration(ArrowUnit::Second), true),
        ] {
            assert_eq!(own_type(&foreign), None, "{foreign}");
        }
        let deep = |depth| (0..depth).fold(ArrowType::Int64, |inner, _| ArrowType::new_list(inner, true));
        assert!(own_type(&deep(NESTING_MAX)).is_some() && own_type(&deep(NESTING_MAX + 1)).is_none());
    }
}
