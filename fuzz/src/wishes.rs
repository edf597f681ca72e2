//! Options of the fuzzer's choice.

use arbitrary::Arbitrary;
use ingest::{DataType, Infer, MaxErrors, OnError, Options, QuoteMode, Ragged, SchemaColumn, TimeUnit};

use crate::Drawn;

/// What is asked of a read, in few bytes.
#[derive(Arbitrary, Debug)]
pub struct Wishes {
    dialect: Option<Drawn>,
    quoting: Quotes,
    header: Option<bool>,
    skip: Option<u8>,
    limit: Option<u8>,
    types: Vec<(u8, Type)>,
    schema: Option<Vec<Type>>,
    columns: Option<Vec<u8>>,
    infer: Inference,
    nulls: Option<Vec<u8>>,
    policy: Policy,
    max_errors: Option<u8>,
    field_bytes: Option<u8>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Quotes {
    Strict,
    Lenient,
    None,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Inference {
    All,
    None,
    First(u8),
}

/// What is made of bad values, and of ragged records.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Policy {
    Fail,
    Null,
    Reject,
    RejectRagged,
    Pad,
    Truncate,
    RejectAndTruncate,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Type {
    Bool,
    Int,
    Float,
    Decimal(u8, u8),
    Date,
    Time(bool),
    Timestamp(bool, bool),
    Text,
    Null,
}

impl Type {
    fn data_type(self) -> DataType {
        let unit = |nanoseconds| if nanoseconds { TimeUnit::Nanosecond } else { TimeUnit::Microsecond };
        match self {
            Type::Bool => DataType::Bool,
            Type::Int => DataType::Int64,
            Type::Float => DataType::Float64,
            Type::Decimal(precision, scale) => {
                let precision = precision % 38 + 1;
                DataType::Decimal128 { precision, scale: scale % (precision + 1) }
            }
            Type::Date => DataType::Date32,
            Type::Time(nanoseconds) => DataType::Time64(unit(nanoseconds)),
            Type::Timestamp(nanoseconds, utc) => DataType::Timestamp { unit: unit(nanoseconds), utc },
            Type::Text => DataType::Utf8,
            Type::Null => DataType::Null,
        }
    }
}

const NULL_WORDS: [&str; 8] = ["NA", "", "0", "-1", "x", "1.5", "NULL", "2020-01-02"];

/// The names that grids have with and without a header.
fn name(number: u8) -> String {
    let column = number % 6;
    if number < 128 { format!("c{column}") } else { format!("column_{}", column + 1) }
}

impl Wishes {
    /// The options that are wished for.
    pub fn options(&self) -> Options {
        let (on_error, ragged) = self.policies();
        let dialect = self.dialect.map(|drawn| drawn.0);
        Options {
            delimiter: dialect.map(|dialect| dialect.delimiter),
            quote: dialect.map(|dialect| dialect.quote),
            escape: dialect.map(|dialect| dialect.escape),
            comment: dialect.map(|dialect| dialect.comment),
            quoting: self.quoting(),
            header: self.header,
            skip: self.skip.map(|lines| usize::from(lines % 4)),
            limit: self.limit.map(u64::from),
            types: self.types.iter().map(|(column, kind)| (name(*column), kind.data_type())).collect(),
            schema: self.schema(),
            columns: self.columns.as_ref().map(|columns| columns.iter().copied().map(name).collect()),
            infer: self.infer(),
            null_values: self.null_words(),
            on_error,
            ragged,
            max_errors: self.max_errors.map(|count| MaxErrors::Count(count.into())),
            max_field_bytes: self.field_bytes.map_or(ingest::MAX_FIELD_BYTES, |bytes| u64::from(bytes) + 1),
            ..Options::default()
        }
    }

    fn policies(&self) -> (OnError, Option<Ragged>) {
        match self.policy {
            Policy::Fail => (OnError::Fail, None),
            Policy::Null => (OnError::Null, Some(Ragged::Fail)),
            Policy::Reject => (OnError::Reject, None),
            Policy::RejectRagged => (OnError::Fail, Some(Ragged::Reject)),
            Policy::Pad => (OnError::Null, Some(Ragged::Pad)),
            Policy::Truncate => (OnError::Fail, Some(Ragged::Truncate)),
            Policy::RejectAndTruncate => (OnError::Reject, Some(Ragged::Truncate)),
        }
    }

    fn quoting(&self) -> QuoteMode {
        match self.quoting {
            Quotes::Strict => QuoteMode::Strict,
            Quotes::Lenient => QuoteMode::Lenient,
            Quotes::None => QuoteMode::None,
        }
    }

    fn infer(&self) -> Infer {
        match self.infer {
            Inference::All => Infer::All,
            Inference::None => Infer::None,
            Inference::First(rows) => Infer::First(u64::from(rows) + 1),
        }
    }

    fn schema(&self) -> Option<Vec<SchemaColumn>> {
        let named = |(number, kind): (u8, &Type)| SchemaColumn::from((name(number), kind.data_type()));
        self.schema.as_ref().map(|types| (0..6).zip(types).map(named).collect())
    }

    fn null_words(&self) -> Option<Vec<String>> {
        let word = |number: &u8| NULL_WORDS[usize::from(*number) % NULL_WORDS.len()].to_owned();
        self.nulls.as_ref().map(|words| words.iter().take(4).map(word).collect())
    }
}
