//! The type that the facts decide.

use super::{Flags, Kinds, Summary};
use crate::value::EXACT_WHOLE_MAX;
use crate::{DataType, DateOrder, Member, NESTING_MAX, TimeUnit};

/// The most digits that a decimal128 holds.
const DECIMAL_DIGITS_MAX: u8 = 38;

/// Digits of a fraction that microseconds hold.
const MICROSECOND_DIGITS: u8 = 6;

/// What a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The type of the column.
    pub data_type: DataType,
    /// For dates like `31/12/2020`, the order that the column settled; then [`data_type`](Self::data_type) is `date32`
    /// and its values are read by [`ordered_date`](crate::value::ordered_date).
    pub date_order: Option<DateOrder>,
    /// Whether all values are dates like `01/02/2020` and could be read either way, so that the column stays text.
    pub ambiguous_dates: bool,
    /// Whether the column is text because objects or arrays stand beside other values: then each value is its JSON text, and
    /// strings keep their quotes.
    pub json_text: bool,
    /// The decisions for the fields of a struct, or for the items of a list.
    pub children: Vec<Decision>,
}

impl From<DataType> for Decision {
    fn from(data_type: DataType) -> Self {
        Decision { data_type, date_order: None, ambiguous_dates: false, json_text: false, children: Vec::new() }
    }
}

impl Summary {
    /// The type of a column whose fields are all in this summary. O(1), or O(keys) where there are objects.
    ///
    /// Every field that is not null converts under that type with [`Form::Inferred`](crate::Form::Inferred).
    #[must_use]
    pub fn decide(&self) -> Decision {
        self.decide_at(0)
    }

    /// The same within so many structs and lists.
    fn decide_at(&self, depth: usize) -> Decision {
        let values = self.kinds.values();
        if self.kinds.is_empty() {
            DataType::Null.into()
        } else if self.has_nested() {
            self.nested_decision(depth)
        } else if values.is_empty() || self.is_text() {
            DataType::Utf8.into()
        } else if values.has_any(Kinds::NUMBERS) {
            self.number_type().into()
        } else if values.has_any(Kinds::ORDERED_DATE) {
            self.ordered_date_decision()
        } else {
            self.plain_type(values).into()
        }
    }

    /// Whether nothing that joins later can make the column anything but text: a text was seen, or kinds that no other
    /// type holds together. (Text for now only, which this does not include: nothing but null words, quoted empties or
    /// infinities, or dates whose order is open.) O(1).
    #[must_use]
    pub fn is_text(&self) -> bool {
        let values = self.kinds.values();
        if values.is_empty() {
            return false;
        }
        if self.has_nested() {
            return self.is_json_text();
        }
        if values.is_within(Kinds::NUMBERS) {
            return self.is_beyond_numbers();
        }
        if values.is_within(Kinds::NAIVE_MOMENTS) || values.is_within(Kinds::ZONED) {
            return self.is_beyond_timestamps();
        }
        if values.is_within(Kinds::ORDERED_DATE) {
            return self.flags.separators() > 1
                || (self.flags.contains(Flags::NOT_DAY_FIRST) && self.flags.contains(Flags::NOT_MONTH_FIRST));
        }
        !(values.is_within(Kinds::BOOL) || values.is_within(Kinds::TIME))
    }

    /// Whether a whole number is too large for float64 to hold it for sure.
    fn has_wide_whole(&self) -> bool {
        self.whole_max > u128::from(EXACT_WHOLE_MAX)
    }

    fn is_beyond_numbers(&self) -> bool {
        // A wide whole number needs decimal128, which has no exponents, and 38 digits for all.
        self.has_wide_whole() && (self.kinds.has_any(Kinds::FLOAT_ONLY) || self.decimal_digits() > DECIMAL_DIGITS_MAX)
    }

    fn decimal_digits(&self) -> u8 {
        self.digits_before.saturating_add(self.digits_after)
    }

    fn is_beyond_timestamps(&self) -> bool {
        let outside =
            self.flags.contains(Flags::DATE_OUTSIDE_NANOS) || self.flags.contains(Flags::TIMESTAMP_OUTSIDE_NANOS);
        self.time_unit() == TimeUnit::Nanosecond && outside
    }

    fn time_unit(&self) -> TimeUnit {
        if self.fraction_digits > MICROSECOND_DIGITS { TimeUnit::Nanosecond } else { TimeUnit::Microsecond }
    }

    fn number_type(&self) -> DataType {
        let values = self.kinds.values();
        if values.is_within(Kinds::INFINITY) {
            // No digit vouches for a number: these may be words.
            DataType::Utf8
        } else if values.is_within(Kinds::INT) {
            DataType::Int64
        } else if values.has_any(Kinds::BIG_WHOLE) || self.has_wide_whole() {
            DataType::Decimal128 { precision: self.decimal_digits(), scale: self.digits_after }
        } else {
            DataType::Float64
        }
    }

    fn nested_decision(&self, depth: usize) -> Decision {
        let json_text = Decision { json_text: true, ..DataType::Utf8.into() };
        // Without nested facts it is JSON text; a struct without fields is no type that files can hold.
        let has_type = depth < NESTING_MAX && !self.is_json_text();
        let Some(nested) = self.nested.as_deref().filter(|_| has_type) else { return json_text };
        if self.kinds.has_any(Kinds::ARRAY) {
            let item = nested.items.decide_at(depth + 1);
            return Decision { children: vec![item.clone()], ..DataType::List(item.data_type.into()).into() };
        }
        if nested.members.is_empty() {
            return json_text;
        }
        let children: Vec<Decision> = nested.members.values().map(|member| member.decide_at(depth + 1)).collect();
        let member =
            |(name, child): (&str, &Decision)| Member { name: name.into(), data_type: child.data_type.clone() };
        let members = nested.members.keys().map(AsRef::as_ref).zip(&children).map(member).collect();
        Decision { children, ..DataType::Struct(members).into() }
    }

    fn ordered_date_decision(&self) -> Decision {
        let order = match (self.flags.contains(Flags::NOT_DAY_FIRST), self.flags.contains(Flags::NOT_MONTH_FIRST)) {
            (true, _) => DateOrder::MonthFirst,
            (false, true) => DateOrder::DayFirst,
            (false, false) => return Decision { ambiguous_dates: true, ..DataType::Utf8.into() },
        };
        Decision { date_order: Some(order), ..DataType::Date32.into() }
    }

    /// The type of booleans, dates, times or timestamps that go together.
    fn plain_type(&self, values: Kinds) -> DataType {
        let unit = self.time_unit();
        if values.has_any(Kinds::BOOL) {
            DataType::Bool
        } else if values.has_any(Kinds::TIME) {
            DataType::Time64(unit)
        } else if values.is_within(Kinds::DATE) {
            DataType::Date32
        } else {
            DataType::Timestamp { unit, utc: values.has_any(Kinds::ZONED) }
        }
    }
}
