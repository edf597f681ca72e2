//! A schema as a `CREATE TABLE` statement.

use std::path::Path;

use ingest::{ColumnReport, DataType, Report, TimeUnit};

/// The statement for a table named after the first source. Every name is quoted as the SQL standard has it.
pub(crate) fn create_table(report: &Report) -> String {
    let name = table_name(report.sources.first().map_or("", String::as_str));
    let columns: Vec<_> = report.columns.iter().map(column).collect();
    format!("CREATE TABLE {} (\n{}\n);", identifier(&name), columns.join(",\n"))
}

fn column(column: &ColumnReport) -> String {
    format!("  {} {}", identifier(&column.name), sql_type(&column.data_type))
}

/// The file's name up to its first point; `data` where there is none, as for a pipe.
fn table_name(source: &str) -> String {
    let file = Path::new(source).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match file.split('.').next().unwrap_or_default() {
        "" | "<stdin>" => "data".to_owned(),
        stem => stem.to_owned(),
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The type in words that PostgreSQL and DuckDB both know. A column without values is text, as in Parquet.
fn sql_type(data_type: &str) -> String {
    match data_type.parse() {
        Ok(DataType::Bool) => "BOOLEAN".to_owned(),
        Ok(DataType::Int64) => "BIGINT".to_owned(),
        Ok(DataType::Decimal128 { precision, scale }) => format!("DECIMAL({precision},{scale})"),
        Ok(DataType::Float64) => "DOUBLE PRECISION".to_owned(),
        Ok(DataType::Date32) => "DATE".to_owned(),
        Ok(DataType::Time64(_)) => "TIME".to_owned(),
        Ok(DataType::Timestamp { utc: true, .. }) => "TIMESTAMP WITH TIME ZONE".to_owned(),
        Ok(DataType::Timestamp { unit: TimeUnit::Nanosecond, .. }) => "TIMESTAMP(9)".to_owned(),
        Ok(DataType::Timestamp { .. }) => "TIMESTAMP".to_owned(),
        Ok(DataType::Struct(_) | DataType::List(_)) => "JSON".to_owned(),
        Ok(DataType::Null | DataType::Utf8) | Err(_) => "TEXT".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_types_translated() {
        let column = |name: &str, kind: &str| ColumnReport {
            name: name.into(),
            data_type: kind.into(),
            date_orders: Vec::new(),
            json_texts: Vec::new(),
            nulls: 0,
            errors: 0,
        };
        let report = Report {
            sources: vec!["dir/my orders.csv.gz".into()],
            columns: vec![
                column("id", "int64"),
                column("say \"hi\"", "decimal128(9,2)"),
                column("t", "timestamp[us,UTC]"),
            ],
            ..Report::default()
        };
        let expected = "CREATE TABLE \"my orders\" (\n  \"id\" BIGINT,\n  \"say \"\"hi\"\"\" DECIMAL(9,2),\n  \"t\" TIMESTAMP WITH TIME ZONE\n);";
        assert_eq!(create_table(&report), expected);
    }

    #[test]
    fn a_pipe_is_a_table_named_data() {
        assert_eq!(table_name("<stdin>"), "data");
        assert_eq!(table_name(""), "data");
        assert_eq!(table_name(".hidden"), "data");
        assert_eq!(table_name("a/b.csv"), "b");
    }
}
