//! Objects of JSON as structs.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::StructArray;
use arrow::datatypes::{DataType as ArrowType, Fields as ArrowFields};
use ingest_infer::{Member, Summary};
use ingest_parse::{Span, json};
use ingest_simd::Validity;

use super::rows::{column, null_buffer};
use crate::{Column, ColumnBuilder, ColumnType, Fields, Rules, Spares, arrow_type, builder_for};

/// A column for each member: an object becomes a row of all of them, null where it has no such key. Of a key that comes again
/// the last value counts. A key that no member has is a misfit.
pub(crate) struct Structs {
    fields: ArrowFields,
    members: Vec<Making>,
    numbers: HashMap<Box<[u8]>, usize>,
    /// The member that stood at each place of an object lately.
    places: Vec<usize>,
    validity: Validity,
    asked: bool,
    any: bool,
    /// The members seen so far, in the order in which they came.
    order: Vec<usize>,
    doubled_keys: u64,
    unescaped: Vec<u8>,
}

/// A member in the making.
struct Making {
    name: Arc<str>,
    builder: Box<dyn ColumnBuilder>,
    /// Its values among the fields of the current call.
    spans: Vec<Span>,
    seen: bool,
}

impl Structs {
    pub(crate) fn new(column_type: &ColumnType, members: &[Member], rows: usize, spares: &mut Spares) -> Self {
        let ArrowType::Struct(fields) = arrow_type(&column_type.data_type) else {
            unreachable!("the builder of structs is made for a struct")
        };
        let numbers = members.iter().enumerate();
        let numbers = numbers.map(|(number, member)| (member.name.as_bytes().into(), number)).collect();
        let making = |(member, kind): (&Member, &ColumnType)| Making {
            name: Arc::clone(&member.name),
            builder: builder_for(kind, rows, spares),
            spans: Vec::new(),
            seen: false,
        };
        Structs {
            fields,
            members: members.iter().zip(&column_type.children).map(making).collect(),
            numbers,
            places: vec![0; members.len()],
            validity: Validity::with_capacity(rows),
            asked: !column_type.given,
            any: false,
            order: Vec::new(),
            doubled_keys: 0,
            unescaped: Vec::new(),
        }
    }

    /// Takes one object apart, as row `row` of the current call; `false` if a key is unknown, or it is no object.
    fn take_apart(&mut self, text: &[u8], object: Span, row: usize) -> bool {
        let mut place = 0;
        let mut known = true;
        let mut doubled = 0;
        let end = object.end();
        let Structs { members, numbers, places, order, .. } = self;
        let is_object = json::each_member(&text[..end], object.start(), |key, value| {
            let guess = places.get(place).copied().filter(|&number| members[number].name.as_bytes() == key);
            match guess.or_else(|| numbers.get(key).copied()) {
                Some(number) => {
                    let member = &mut members[number];
                    // What an object lacks has the empty span at 0, where no value is.
                    doubled += u64::from(std::mem::replace(&mut member.spans[row], value) != Span::default());
                    if !std::mem::replace(&mut member.seen, true) {
                        order.push(number);
                    }
                    if let Some(at) = places.get_mut(place) {
                        *at = number;
                    }
                }
                None => known = false,
            }
            place += 1;
        });
        self.doubled_keys += if is_object && known { doubled } else { 0 };
        is_object && known
    }
}

impl ColumnBuilder for Structs {
    fn append(&mut self, fields: &Fields<'_>, rules: &Rules<'_>, misfits: &mut Vec<u32>) {
        let (first, before) = (self.validity.len(), misfits.len());
        self.validity.push_nulls(fields.spans.len());
        for member in &mut self.members {
            member.spans.clear();
            member.spans.resize(fields.spans.len(), Span::default());
        }
        for (row, &span) in fields.spans.iter().enumerate() {
            if span.is_null_text() || rules.nulls.contains(fields.text(span, &mut self.unescaped)) {
                continue;
            }
            if fields.is_nested(span, rules) && self.take_apart(fields.block.bytes(), span, row) {
                self.validity.set(first + row);
                self.any = true;
            } else {
                self.members.iter_mut().for_each(|member| member.spans[row] = Span::default());
                // A block has fewer fields than bytes, and those are below 2^31.
                misfits.push(row as u32);
            }
        }
        for member in &mut self.members {
            member.builder.append(&Fields::of_json(fields.block, &member.spans), rules, misfits);
        }
        sort_from(misfits, before);
    }

    fn len(&self) -> usize {
        self.validity.len()
    }

    fn finish(&mut self) -> Column {
        let rows = self.validity.len();
        let mut columns: Vec<Column> = self.members.iter_mut().map(|member| member.builder.finish()).collect();
        let mut summary = Summary::default();
        if self.asked {
            let seen = self.order.iter().map(|&number| {
                let summary = std::mem::take(&mut columns[number].summary);
                ((*self.members[number].name).into(), summary)
            });
            summary = Summary::of_objects(self.any, seen);
        }
        self.any = false;
        self.order.clear();
        self.members.iter_mut().for_each(|member| member.seen = false);
        let inside: u64 = columns.iter().map(|column| column.counts.doubled_keys).sum();
        let arrays = columns.into_iter().map(|column| column.array).collect();
        let nulls = null_buffer(std::mem::take(&mut self.validity));
        let array = StructArray::try_new_with_length(self.fields.clone(), arrays, nulls, rows);
        let array = array.expect("a builder of its type for each member, all of so many rows");
        let mut column = column(Arc::new(array), summary);
        column.counts.doubled_keys = inside + std::mem::take(&mut self.doubled_keys);
        column
    }
}

/// Puts the misfits of one call in order, each row once: several builders have told theirs.
pub(super) fn sort_from(misfits: &mut Vec<u32>, from: usize) {
    let mut told = misfits.split_off(from);
    told.sort_unstable();
    told.dedup();
    misfits.append(&mut told);
}
