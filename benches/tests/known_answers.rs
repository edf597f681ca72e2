//! The expected answers, against a plain re-read of the text by a reader that is not ours.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use ingest_benches::{Expected, Shape, generate, text_checksum};

const BYTES: u64 = 200_000;

fn made(shape: Shape, bytes: u64, seed: u64) -> (Vec<u8>, Expected) {
    let mut text = Vec::new();
    let expected = generate(shape, bytes, seed, &mut text).unwrap();
    (text, expected)
}

/// All records, one at a time, by csv-core.
fn records(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader: Reader = ReaderBuilder::new().delimiter(delimiter).build();
    let (mut fields, mut ends) = (vec![0; 1 << 20], vec![0; 1_000]);
    let mut input = text;
    let mut records = Vec::new();
    loop {
        let (result, read, _, count) = reader.read_record(input, &mut fields, &mut ends);
        input = &input[read..];
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::Record => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let cut = |(start, end): (usize, usize)| String::from_utf8(fields[start..end].to_vec()).unwrap();
                records.push(starts.zip(ends[..count].iter().copied()).map(cut).collect());
            }
            ReadRecordResult::End => return records,
            other => panic!("{other:?}"),
        }
    }
}

/// Days since 1970 by counting whole years and months.
fn days(date: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| date[range].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let year_days = |year| 365 + i64::from(leap(year));
    let years: i64 = (1970..year).map(year_days).sum::<i64>() - (year..1970).map(year_days).sum::<i64>();
    let months = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years + months[..month as usize - 1].iter().sum::<i64>() + day - 1
}

/// What a value of this type adds to its column's checksum.
fn share(data_type: &str, text: &str) -> u64 {
    match data_type {
        "int64" => text.parse::<i64>().unwrap() as u64,
        "float64" => text.parse::<f64>().unwrap().to_bits(),
        "bool" => u64::from(text.parse::<bool>().unwrap()),
        "date32" => days(text) as u64,
        "timestamp[us]" => {
            let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
            let seconds = days(&text[..10]) * 86_400 + part(11..13) * 3_600 + part(14..16) * 60 + part(17..19);
            (seconds * 1_000_000) as u64
        }
        "utf8" => text_checksum(text.as_bytes()),
        other => panic!("no type {other}"),
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    for shape in Shape::ALL {
        assert_eq!(made(shape, BYTES, 1), made(shape, BYTES, 1), "{shape}");
        assert_ne!(made(shape, BYTES, 1).0, made(shape, BYTES, 2).0, "{shape}");
    }
}

#[test]
fn the_size_is_reached() {
    for shape in Shape::ALL {
        for bytes in [0, 1, 5_000, BYTES, 1_000_000] {
            let (text, expected) = made(shape, bytes, 1);
            assert_eq!(text.len() as u64, expected.bytes);
            assert!(expected.bytes.abs_diff(bytes) < 10_000, "{shape}: {} of {bytes}", expected.bytes);
            assert!(expected.rows > 0);
        }
    }
}

#[test]
fn the_answers_are_right() {
    for shape in Shape::ALL.into_iter().filter(|shape| shape.is_delimited()) {
        let (text, expected) = made(shape, BYTES, 3);
        let mut records = records(&text, if shape == Shape::Tsv { b'\t' } else { b',' });
        let header = records.remove(0);
        let names: Vec<&str> = expected.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(header, names, "{shape}");
        let width = names.len();
        assert_eq!(records.iter().filter(|record| record.len() < width).count() as u64, expected.short_rows, "{shape}");
        assert_eq!(records.iter().filter(|record| record.len() > width).count() as u64, expected.long_rows, "{shape}");
        records.retain(|record| record.len() == width);
        assert_eq!(records.len() as u64, expected.rows, "{shape}");
        for (index, column) in expected.columns.iter().enumerate() {
            // csv-core cannot tell `""` from nothing; where all is quoted, an empty text is a text.
            let text_of_none = shape == Shape::QuoteAll && column.data_type == "utf8";
            let values = records.iter().map(|record| record[index].as_str());
            let present: Vec<&str> = values.filter(|text| text_of_none || !text.is_empty()).collect();
            assert_eq!((records.len() - present.len()) as u64, column.nulls, "{shape}.{}", column.name);
            let sum = present.iter().map(|text| share(&column.data_type, text)).fold(0_u64, u64::wrapping_add);
            assert_eq!(sum, column.checksum, "{shape}.{}", column.name);
        }
    }
}

#[test]
fn the_answers_of_json_are_right() {
    let (text, expected) = made(Shape::Ndjson, BYTES, 3);
    let records: Vec<serde_json::Map<String, serde_json::Value>> =
        text.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(records.len() as u64, expected.rows);
    for column in &expected.columns {
        let text = |record: &serde_json::Map<String, serde_json::Value>| match &record[&column.name] {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let present: Vec<String> = records.iter().filter_map(text).collect();
        assert_eq!((records.len() - present.len()) as u64, column.nulls, "{}", column.name);
        let sum = present.iter().map(|text| share(&column.data_type, text)).fold(0_u64, u64::wrapping_add);
        assert_eq!(sum, column.checksum, "{}", column.name);
    }
}

#[test]
fn the_shapes_have_what_their_names_promise() {
    let (text, taxi) = made(Shape::Taxi, 1_000_000, 1);
    assert_eq!(taxi.columns.len(), 18);
    let row_bytes = text.len() as u64 / taxi.rows;
    assert!((85..115).contains(&row_bytes), "{row_bytes} bytes a row");

    let (text, remarks) = made(Shape::Text, 1_000_000, 1);
    let quoted = text.windows(2).filter(|pair| pair == b",\"").count() as u64;
    assert!((27..33).contains(&(quoted * 100 / remarks.rows)));

    let (_, ragged) = made(Shape::Ragged, 1_000_000, 1);
    for count in [ragged.short_rows, ragged.long_rows] {
        assert!((8..12).contains(&(count * 1_000 / ragged.rows)), "{count} of {}", ragged.rows);
    }

    let (_, empty) = made(Shape::MostlyEmpty, 1_000_000, 1);
    let nulls: u64 = empty.columns.iter().map(|column| column.nulls).sum();
    assert_eq!((nulls * 1_000 / (empty.rows * 60) + 5) / 10, 95);

    let (text, late) = made(Shape::LateSurprise, 100_000, 1);
    assert_eq!(late.columns[4].data_type, "utf8");
    assert_eq!(text.windows(7).filter(|word| word == b"unknown").count(), 1);
    assert!(text[text.len() - 60..].windows(7).any(|word| word == b"unknown"));
}
