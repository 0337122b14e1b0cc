//! Strict JSON: what two readers could understand differently is refused.
//!
//! `serde_json` does the reading. On top of it: no key twice in an object, a bound on depth, nothing
//! after the value, and errors that say which of these it was.

use super::malformed::{Malformed, MalformedKind, excerpt};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// However large `json_depth_max` is, JSON nested deeper is refused: `serde_json` itself stops at 128,
/// which keeps the stack small, and ours must be the bound that is hit first.
pub const JSON_DEPTH_CEILING: usize = 126;

/// The longest path that a detail shows, in characters.
const PATH_CHARS_MAX: usize = 120;

/// A JSON value that borrows from its payload where it can.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object.
    Object(BTreeMap<Cow<'a, str>, Json<'a>>),
}

impl<'a> Json<'a> {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// Where the bytes are not UTF-8, not exactly one JSON value, nested deeper than `depth_max` (or
    /// [`JSON_DEPTH_CEILING`]), or where an object has the same key twice.
    pub fn parse(bytes: &'a [u8], depth_max: usize) -> Result<Self, Malformed> {
        let text = utf8(bytes)?;
        if text.starts_with('\u{FEFF}') {
            return Err(Malformed::new(MalformedKind::NotJson, "it starts with a byte order mark"));
        }
        let reader = Reader { depth_max: depth_max.min(JSON_DEPTH_CEILING), fault: RefCell::default() };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = Node { reader: &reader, path: &Path::Root, depth: 0 };
        let read = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
        read.map_err(|error| {
            reader.fault.take().unwrap_or_else(|| Malformed::new(MalformedKind::NotJson, error.to_string()))
        })
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(truth) => Json::Boolean(truth),
            Self::Number(number) => Json::Number(number),
            Self::Text(text) => Json::Text(Cow::Owned(text.into_owned())),
            Self::List(items) => Json::List(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(members) => Json::Object(
                members.into_iter().map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect(),
            ),
        }
    }

    /// What a JSON Pointer (RFC 6901), its tokens unescaped, names; `None` where there is nothing.
    pub fn pointer<'t>(&self, tokens: impl IntoIterator<Item = &'t str>) -> Option<&Json<'a>> {
        tokens.into_iter().try_fold(self, |value, token| value.member(token))
    }

    /// A member of an object by key, or of an array by index.
    pub fn member(&self, token: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(members) => members.get(token),
            Self::List(items) => items.get(index(token)?),
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::Text(_) => None,
        }
    }

    /// What it is, for people.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// The payload as text.
///
/// # Errors
/// Where it is not UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|error| {
        Malformed::new(MalformedKind::NotUtf8, format!("byte {} is not valid UTF-8", error.valid_up_to()))
    })
}

/// An array index as RFC 6901 writes it: digits, no leading zero.
pub(super) fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with('0');
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    if plain && digits { token.parse().ok() } else { None }
}

/// What holds for a whole payload. `serde` carries errors as texts; what we found goes in here.
struct Reader {
    depth_max: usize,
    fault: RefCell<Option<Malformed>>,
}

/// Where we are, as a list on the stack; written out only for a detail.
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{}", excerpt(&key.replace('~', "~0").replace('/', "~1"))),
            Self::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// One value to be read: the seed and the visitor in one.
#[derive(Clone, Copy)]
struct Node<'s> {
    reader: &'s Reader,
    path: &'s Path<'s>,
    depth: usize,
}

impl Node<'_> {
    fn refuse<E: Error>(&self, kind: MalformedKind, what: fmt::Arguments<'_>) -> E {
        *self.reader.fault.borrow_mut() = Some(Malformed::new(kind, what.to_string()));
        E::custom("refused")
    }

    /// The depth of what is inside.
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth < self.reader.depth_max {
            return Ok(self.depth + 1);
        }
        let depth_max = self.reader.depth_max;
        Err(self.refuse(MalformedKind::TooDeep, format_args!("nested deeper than {depth_max} levels")))
    }

    fn duplicate<E: Error>(&self, key: &str) -> E {
        let path: String = Path::Key(self.path, key).to_string().chars().take(PATH_CHARS_MAX).collect();
        self.refuse(MalformedKind::DuplicateKey, format_args!("`{path}` is there twice"))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Boolean(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json<'de>, E> {
        Number::from_f64(number).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let depth = self.deeper()?;
        let mut items = Vec::new();
        loop {
            let path = Path::Index(self.path, items.len());
            match access.next_element_seed(Node { reader: self.reader, path: &path, depth })? {
                Some(item) => items.push(item),
                None => return Ok(Json::List(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let depth = self.deeper()?;
        let mut members = BTreeMap::new();
        while let Some(key) = access.next_key_seed(Key)? {
            match members.entry(key) {
                Entry::Occupied(there) => return Err(self.duplicate(there.key())),
                Entry::Vacant(free) => {
                    let path = Path::Key(self.path, free.key());
                    let value = access.next_value_seed(Node { reader: self.reader, path: &path, depth })?;
                    free.insert(value);
                }
            }
        }
        Ok(Json::Object(members))
    }
}

/// A key, unescaped: `"a"` and `"\u0061"` are the same.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
