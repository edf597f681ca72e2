//! Memory is bounded, and what does not fit the bound is an error that names the option. How much a whole conversion takes
//! is measured where it is a process of its own (`ingest-cli/tests/memory.rs`).

use std::io::Read;

use ingest::{Code, Options, Sources, WriteOptions, read};

use crate::plain;
use crate::settings::{Input, Setting};

/// A table with one field of so many bytes in its second record.
fn with_field(bytes: usize, quoted: bool) -> Vec<u8> {
    let field = vec![b'x'; bytes];
    let quote: &[u8] = if quoted { b"\"" } else { b"" };
    [b"a,b\n1,x\n2,", quote, &field, quote, b"\n3,y\n"].concat()
}

#[test]
fn a_field_over_its_limit_is_an_error_that_names_the_option() {
    for quoted in [false, true] {
        let input = Input::new(with_field(5001, quoted));
        let options = Options { max_field_bytes: 5000, ..plain() };
        for (number, chunk_bytes) in [7, 64, 1000, 4999, 5001, 5014, 1 << 20].into_iter().enumerate() {
            let setting = Setting::numbered(number, chunk_bytes);
            let error = setting.reader(&input, &options).collect().unwrap_err();
            let position = error.position().unwrap();
            assert_eq!(
                (error.code(), position.line, position.record),
                (Code::FieldTooLong, 3, 2),
                "{setting:?}: {error}"
            );
            assert!(error.way_out().unwrap().contains("--max-field-bytes"), "{error}");
        }
    }
}

#[test]
fn a_field_of_just_its_limit_is_read() {
    for quoted in [false, true] {
        let input = Input::new(with_field(5000, quoted));
        let options = Options { max_field_bytes: 5000, ..plain() };
        for (number, chunk_bytes) in [7, 64, 1000, 4999, 5001, 5011, 5012, 1 << 20].into_iter().enumerate() {
            let setting = Setting::numbered(number, chunk_bytes);
            let rows = setting.reader(&input, &options).collect().map(|frame| frame.num_rows());
            assert_eq!(rows.map_err(|error| error.to_string()), Ok(3), "{setting:?}");
        }
    }
}

/// The limit ends the reading: an endless field is not waited for.
#[test]
fn an_endless_field_is_given_up() {
    let endless = b"a,b\n1,\"".chain(std::io::repeat(b'x').take(1 << 30));
    let options = Options { max_field_bytes: 1 << 20, ..plain() };
    let error = read(Sources::reader("endless", endless)).unwrap().options(options).collect().unwrap_err();
    assert_eq!(error.code(), Code::FieldTooLong, "{error}");
    assert_eq!(error.position().map(|position| (position.source.as_str(), position.line)), Some(("endless", 2)));
}

#[test]
fn a_record_beyond_the_budget_is_an_error_that_names_the_option() {
    let row = vec![vec![b'x'; 1 << 20]; 40].join(&b',');
    let names = (0..40).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let text = [names.as_bytes(), b"\n", &row, b"\n"].concat();
    let options = Options { memory_limit: Some(128 << 20), ..plain() };
    let error = read(text.clone()).unwrap().options(options).collect().unwrap_err();
    assert_eq!(error.code(), Code::MemoryLimit, "{error}");
    assert!(error.way_out().unwrap().contains("--memory-limit"), "{error}");
    assert_eq!(read(text).unwrap().options(plain()).collect().unwrap().num_rows(), 1);
}

#[test]
fn a_budget_too_narrow_to_work_in_is_an_error_that_names_the_option() {
    let options = Options { memory_limit: Some(1 << 20), ..plain() };
    let error = read(b"a,b\n1,2\n".to_vec()).unwrap().options(options).collect().unwrap_err();
    assert_eq!(error.code(), Code::MemoryLimit, "{error}");
    assert!(error.way_out().unwrap().contains("--memory-limit"), "{error}");
}

/// 20,000 columns under 128 MiB: an error that names the option, or the right answer; nothing else.
#[test]
fn a_budget_too_narrow_for_the_width_says_so() {
    let width = 20_000;
    let names = (0..width).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let row = vec!["1234.5"; width].join(",");
    let text = names + &format!("\n{row}").repeat(40);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.parquet");
    let options = Options { memory_limit: Some(128 << 20), ..plain() };
    match read(text.into_bytes()).unwrap().options(options).write(&out, &WriteOptions::default()) {
        Ok(report) => assert_eq!((report.rows_out, report.columns.len()), (40, width)),
        Err(error) => {
            assert_eq!(error.code(), Code::MemoryLimit, "{error}");
            assert!(error.way_out().unwrap().contains("--memory-limit"), "{error}");
            assert!(!out.exists());
        }
    }
}
