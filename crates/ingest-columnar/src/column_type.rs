//! What a column is to be.

use ingest_infer::{DataType, DateOrder, Decision, Form, Member};

/// What a column is to be, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnType {
    /// The type of its values.
    pub data_type: DataType,
    /// For a date column written like `31/12/2020`: which number comes first. `None` reads `2020-12-31`.
    pub date_order: Option<DateOrder>,
    /// Whether the type is settled: a misfit is then a bad value, else it means that the type must widen.
    pub given: bool,
    /// Which spellings of numbers it takes: `+5` and `007` only where the user named the type.
    pub form: Form,
    /// For a text column: whether each value is its JSON text, so that strings keep their quotes.
    pub json_text: bool,
    /// What the fields of a struct are, or the items of a list.
    pub children: Vec<ColumnType>,
}

impl ColumnType {
    /// A type that inference proposes.
    pub fn inferred(data_type: DataType) -> Self {
        Self::of(data_type, false, Form::Inferred)
    }

    /// A type that the user asked for.
    pub fn given(data_type: DataType) -> Self {
        Self::of(data_type, true, Form::Given)
    }

    fn of(data_type: DataType, given: bool, form: Form) -> Self {
        let child = |data_type: &DataType| Self::of(data_type.clone(), given, form);
        let children = match &data_type {
            DataType::Struct(members) => members.iter().map(|Member { data_type, .. }| child(data_type)).collect(),
            DataType::List(item) => vec![child(item)],
            _ => Vec::new(),
        };
        ColumnType { data_type, date_order: None, given, form, json_text: false, children }
    }

    /// Of the dates in it, one after the other, which number comes first; nothing where the year does in all of them.
    pub fn date_orders(&self) -> Vec<Option<DateOrder>> {
        let mut orders = Vec::new();
        self.add_date_orders(&mut orders);
        if orders.iter().any(Option::is_some) { orders } else { Vec::new() }
    }

    fn add_date_orders(&self, orders: &mut Vec<Option<DateOrder>>) {
        orders.extend((self.data_type == DataType::Date32).then_some(self.date_order));
        self.children.iter().for_each(|child| child.add_date_orders(orders));
    }

    /// This type with these orders of its dates, as [`ColumnType::date_orders`] lists them; dates beyond the list keep theirs.
    #[must_use]
    pub fn with_date_orders(mut self, orders: &[Option<DateOrder>]) -> Self {
        self.take_date_orders(&mut orders.iter().copied());
        self
    }

    fn take_date_orders(&mut self, orders: &mut impl Iterator<Item = Option<DateOrder>>) {
        if self.data_type == DataType::Date32 {
            self.date_order = orders.next().unwrap_or(self.date_order);
        }
        self.children.iter_mut().for_each(|child| child.take_date_orders(orders));
    }

    /// Of the texts in it, one after the other, which are the JSON text of each value; nothing where none is.
    pub fn json_texts(&self) -> Vec<bool> {
        let mut texts = Vec::new();
        self.add_json_texts(&mut texts);
        if texts.contains(&true) { texts } else { Vec::new() }
    }

    fn add_json_texts(&self, texts: &mut Vec<bool>) {
        texts.extend((self.data_type == DataType::Utf8).then_some(self.json_text));
        self.children.iter().for_each(|child| child.add_json_texts(texts));
    }

    /// This type with these of its texts as JSON text, as [`ColumnType::json_texts`] lists them; those beyond the list are plain.
    #[must_use]
    pub fn with_json_texts(mut self, texts: &[bool]) -> Self {
        self.take_json_texts(&mut texts.iter().copied());
        self
    }

    fn take_json_texts(&mut self, texts: &mut impl Iterator<Item = bool>) {
        if self.data_type == DataType::Utf8 {
            self.json_text = texts.next().unwrap_or(false);
        }
        self.children.iter_mut().for_each(|child| child.take_json_texts(texts));
    }

    /// This type with text in place of what had no value yet.
    #[must_use]
    pub fn with_text_for_null(self) -> Self {
        let children: Vec<_> = self.children.into_iter().map(Self::with_text_for_null).collect();
        let mut kinds = children.iter().map(|child| &child.data_type);
        let data_type = match self.data_type {
            DataType::Null => DataType::Utf8,
            DataType::Struct(members) => {
                let filled = |(member, data_type): (&Member, &DataType)| Member {
                    name: member.name.clone(),
                    data_type: data_type.clone(),
                };
                DataType::Struct(members.iter().zip(kinds).map(filled).collect())
            }
            DataType::List(item) => DataType::List(kinds.next().map_or(item, |kind| kind.clone().into())),
            plain => plain,
        };
        ColumnType { data_type, children, ..self }
    }

    /// This type, settled: whatever does not fit from now on is a bad value.
    #[must_use]
    pub fn settled(self) -> Self {
        let children = self.children.into_iter().map(Self::settled).collect();
        ColumnType { given: true, children, ..self }
    }
}

impl From<Decision> for ColumnType {
    fn from(decision: Decision) -> Self {
        let Decision { data_type, date_order, json_text, children, .. } = decision;
        let children = children.into_iter().map(ColumnType::from).collect();
        ColumnType { data_type, date_order, given: false, form: Form::Inferred, json_text, children }
    }
}
