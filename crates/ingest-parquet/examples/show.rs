//! Shows the schema and the first rows of a Parquet file: `cargo run --example show -- FILE [ROWS]`.

#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use std::error::Error;
use std::fs::File;

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::arrow::util::display::{ArrayFormatter, FormatOptions};
use ingest_columnar::type_name;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a Parquet file")?;
    let rows: usize = arguments.next().map_or(Ok(5), |rows| rows.parse())?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?;
    println!("{path}: {} rows", reader.metadata().file_metadata().num_rows());
    for field in reader.schema().fields() {
        println!("  {}: {}", field.name(), type_name(field.data_type()));
    }
    for batch in reader.with_limit(rows).build()? {
        print_rows(&batch?)?;
    }
    Ok(())
}

fn print_rows(batch: &RecordBatch) -> Result<(), Box<dyn Error>> {
    let options = FormatOptions::new().with_null("null");
    for row in 0..batch.num_rows() {
        let cells =
            batch.columns().iter().map(|column| Ok(ArrayFormatter::try_new(column, &options)?.value(row).to_string()));
        println!("{}", cells.collect::<Result<Vec<_>, Box<dyn Error>>>()?.join(" | "));
    }
    Ok(())
}
