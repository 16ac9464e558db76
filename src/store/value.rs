//! What stands in a row: the few types that every kind of store has.

use std::borrow::Cow;

use crate::measure::Moment;
use crate::store::StoreError;

/// As many values as the widest row of figures has, so that they are taken apart without asking for memory.
pub const ROW: usize = 40;

/// One value of a row, or of a statement's parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number; a moment or a span in milliseconds.
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// Text, JSON included.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// The same, holding on to nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(number),
            Self::Flag(flag) => Value::Flag(flag),
            Self::Text(text) => Value::Text(text.into_owned().into()),
            Self::Bytes(bytes) => Value::Bytes(bytes.into_owned().into()),
        }
    }
}

macro_rules! from {
    ($($type:ty => $value:ident: $make:expr),+ $(,)?) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from($value: $type) -> Self {
                $make
            }
        }
    )+};
}

from! {
    i64 => number: Value::Int(number),
    u32 => number: Value::Int(number.into()),
    u16 => number: Value::Int(number.into()),
    bool => flag: Value::Flag(flag),
    Moment => at: Value::Int(at.0),
    &'a str => text: Value::Text(text.into()),
    &'a String => text: Value::Text(text.as_str().into()),
    String => text: Value::Text(text.into()),
    &'a [u8] => bytes: Value::Bytes(bytes.into()),
    Vec<u8> => bytes: Value::Bytes(bytes.into()),
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// One row of an answer. A value of another type than asked for is damage, named with its place.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r>(pub &'r [Value<'r>]);

impl<'r> Row<'r> {
    /// The number at this place, from 0.
    pub fn int(&self, at: usize) -> Result<i64, StoreError> {
        self.maybe_int(at)?.ok_or_else(|| self.damaged(at))
    }

    /// The number at this place, where there is one.
    pub fn maybe_int(&self, at: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(at) {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            _ => Err(self.damaged(at)),
        }
    }

    /// The number at this place, in the range of its type.
    pub fn small<T: TryFrom<i64>>(&self, at: usize) -> Result<T, StoreError> {
        T::try_from(self.int(at)?).map_err(|_| self.damaged(at))
    }

    /// Yes or no; SQLite keeps it as a number.
    pub fn flag(&self, at: usize) -> Result<bool, StoreError> {
        match self.0.get(at) {
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(Value::Int(number @ (0 | 1))) => Ok(*number == 1),
            _ => Err(self.damaged(at)),
        }
    }

    /// The text at this place.
    pub fn text(&self, at: usize) -> Result<&'r str, StoreError> {
        self.maybe_text(at)?.ok_or_else(|| self.damaged(at))
    }

    /// The text at this place, where there is one.
    pub fn maybe_text(&self, at: usize) -> Result<Option<&'r str>, StoreError> {
        match self.0.get(at) {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            _ => Err(self.damaged(at)),
        }
    }

    /// The bytes at this place.
    pub fn bytes(&self, at: usize) -> Result<&'r [u8], StoreError> {
        match self.0.get(at) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(self.damaged(at)),
        }
    }

    fn damaged(&self, at: usize) -> StoreError {
        let kind = match self.0.get(at) {
            None => "no value",
            Some(Value::Null) => "nothing",
            Some(Value::Int(_)) => "a number",
            Some(Value::Flag(_)) => "yes or no",
            Some(Value::Text(_)) => "text",
            Some(Value::Bytes(_)) => "bytes",
        };
        StoreError::Damaged { what: format!("a row with {kind} in column {}", at + 1) }
    }
}
