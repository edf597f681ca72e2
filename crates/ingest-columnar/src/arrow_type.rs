//! Our types as Arrow's, and Arrow's by our names.

use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, Field, TimeUnit as ArrowUnit};
use ingest_infer::{DataType, TimeUnit, member_name};

/// The Arrow type of a column. What lies inside may be null, too.
pub fn arrow_type(data_type: &DataType) -> ArrowType {
    match data_type {
        DataType::Null => ArrowType::Null,
        DataType::Bool => ArrowType::Boolean,
        DataType::Int64 => ArrowType::Int64,
        // A scale is at most 38.
        DataType::Decimal128 { precision, scale } => ArrowType::Decimal128(*precision, scale.cast_signed()),
        DataType::Float64 => ArrowType::Float64,
        DataType::Date32 => ArrowType::Date32,
        DataType::Time64(unit) => ArrowType::Time64(arrow_unit(*unit)),
        DataType::Timestamp { unit, utc } => ArrowType::Timestamp(arrow_unit(*unit), utc.then(|| "UTC".into())),
        DataType::Utf8 => ArrowType::Utf8,
        DataType::Struct(members) => {
            let field = |name: &str, data_type| Field::new(name, arrow_type(data_type), true);
            ArrowType::Struct(members.iter().map(|member| field(&member.name, &member.data_type)).collect())
        }
        DataType::List(item) => ArrowType::new_list(arrow_type(item), true),
    }
}

fn arrow_unit(unit: TimeUnit) -> ArrowUnit {
    match unit {
        TimeUnit::Microsecond => ArrowUnit::Microsecond,
        TimeUnit::Nanosecond => ArrowUnit::Nanosecond,
    }
}

/// The name of a type in reports and schemas: Arrow's in lower case, e.g. `timestamp[us,UTC]`, `list<int64>`.
///
/// Text is `utf8` whether its offsets are of 32 or 64 bits.
pub fn type_name(arrow_type: &ArrowType) -> String {
    match arrow_type {
        ArrowType::Boolean => "bool".to_owned(),
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => "utf8".to_owned(),
        ArrowType::Decimal128(precision, scale) => format!("decimal128({precision},{scale})"),
        ArrowType::Time64(unit) => format!("time64[{}]", unit_name(*unit)),
        ArrowType::Timestamp(unit, None) => format!("timestamp[{}]", unit_name(*unit)),
        ArrowType::Timestamp(unit, Some(zone)) => format!("timestamp[{},{zone}]", unit_name(*unit)),
        ArrowType::List(item) | ArrowType::LargeList(item) => format!("list<{}>", type_name(item.data_type())),
        ArrowType::Struct(fields) => {
            let member =
                |field: &Arc<Field>| format!("{}: {}", member_name(field.name()), type_name(field.data_type()));
            format!("struct<{}>", fields.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string().to_lowercase(),
    }
}

fn unit_name(unit: ArrowUnit) -> &'static str {
    match unit {
        ArrowUnit::Second => "s",
        ArrowUnit::Millisecond => "ms",
        ArrowUnit::Microsecond => "us",
        ArrowUnit::Nanosecond => "ns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrow_types_keep_our_names() {
        for name in [
            "null",
            "bool",
            "int64",
            "decimal128(20,2)",
            "float64",
            "date32",
            "time64[us]",
            "time64[ns]",
            "timestamp[us]",
            "timestamp[ns]",
            "timestamp[us,UTC]",
            "utf8",
            "list<struct<id: int64, \"two words\": list<utf8>>>",
        ] {
            assert_eq!(type_name(&arrow_type(&name.parse().unwrap())), name);
        }
        assert_eq!(type_name(&ArrowType::LargeUtf8), "utf8");
        assert_eq!(type_name(&ArrowType::new_list(ArrowType::Int64, true)), "list<int64>");
        assert_eq!(type_name(&ArrowType::Int32), "int32");
    }
}
