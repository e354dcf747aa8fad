//! The generic walk: bytes and a table in, JSON out. Bounded in depth; borrows, never trusts a length.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::ProtobufError;
use super::message::{Arity, Kind, Message, plain, text};

/// Deepest nesting of messages; only `CustomResourceDefinition` schemas nest at all.
const MAX_DEPTH: usize = 96;

/// `runtime.Unknown`, opened.
pub(super) struct Envelope<'a> {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) raw: &'a [u8],
    pub(super) content_encoding: String,
}

/// Reads the envelope.
pub(super) fn envelope(bytes: &[u8]) -> Result<Envelope<'_>, ProtobufError> {
    static TYPE_META: Message = Message(&[text(1, "apiVersion"), text(2, "kind")]);
    let mut found = Envelope {
        api_version: String::new(),
        kind: String::new(),
        raw: &[],
        content_encoding: String::new(),
    };
    let mut wire = Wire(bytes);
    let malformed = |problem| Problem::new(problem).error();
    while let Some((number, payload)) = wire.field().map_err(malformed)? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                let meta = message(&TYPE_META, bytes)?;
                let part = |name: &str| {
                    meta.get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                found.api_version = part("apiVersion");
                found.kind = part("kind");
            }
            (2, Payload::Bytes(bytes)) => found.raw = bytes,
            (3, Payload::Bytes(bytes)) => found.content_encoding = utf8(bytes).map_err(Problem::error)?,
            _ => {}
        }
    }
    Ok(found)
}

/// Reads one whole message.
pub(super) fn message(table: &Message, bytes: &[u8]) -> Result<Map<String, Value>, ProtobufError> {
    object(table, bytes, MAX_DEPTH).map_err(Problem::error)
}

fn object(table: &Message, bytes: &[u8], depth: usize) -> Result<Map<String, Value>, Problem> {
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| Problem::new("nested too deeply"))?;
    let mut object = Map::new();
    let mut wire = Wire(bytes);
    while let Some((number, payload)) = wire.field().map_err(Problem::new)? {
        let Some(field) = table.0.iter().find(|field| field.number == number) else {
            continue;
        };
        let inside = |problem: Problem| problem.inside(field.name);
        match field.arity {
            Arity::Plain => {
                if let Some(value) = value(field.kind, payload, depth)
                    .map_err(inside)?
                    .filter(|v| !is_zero(v))
                {
                    object.insert(field.name.to_owned(), value);
                } else {
                    // The last one counts, also when it takes an earlier one back.
                    object.remove(field.name);
                }
            }
            Arity::Pointer => {
                if let Some(value) = value(field.kind, payload, depth).map_err(inside)? {
                    object.insert(field.name.to_owned(), value);
                }
            }
            Arity::List => {
                let value = value(field.kind, payload, depth)
                    .map_err(inside)?
                    .unwrap_or(Value::Null);
                if let Value::Array(list) = object
                    .entry(field.name)
                    .or_insert_with(|| Value::Array(Vec::new()))
                {
                    list.push(value);
                }
            }
            Arity::Map => {
                let (key, value) = entry(field.kind, payload, depth).map_err(inside)?;
                if let Value::Object(map) = object
                    .entry(field.name)
                    .or_insert_with(|| Value::Object(Map::new()))
                {
                    map.insert(key, value);
                }
            }
        }
    }
    Ok(object)
}

/// The value of one occurrence; `None` for a time that is not set.
fn value(kind: Kind, payload: Payload<'_>, depth: usize) -> Result<Option<Value>, Problem> {
    let value = match (kind, payload) {
        (Kind::Text, Payload::Bytes(bytes)) => Value::String(utf8(bytes)?),
        (Kind::Bytes, Payload::Bytes(bytes)) => Value::String(BASE64.encode(bytes)),
        (Kind::Json, Payload::Bytes(bytes)) => {
            serde_json::from_slice(bytes).map_err(|_| Problem::new("not a JSON document"))?
        }
        (Kind::Flag, Payload::Varint(number)) => Value::Bool(number != 0),
        (Kind::Integer, Payload::Varint(number)) => Value::Number(number.cast_signed().into()),
        (Kind::Double, Payload::Fixed64(bits)) => Number::from_f64(f64::from_bits(bits))
            .map(Value::Number)
            .ok_or_else(|| Problem::new("not a finite number"))?,
        (Kind::Time, Payload::Bytes(bytes)) => return time(bytes, depth, "%Y-%m-%dT%H:%M:%SZ"),
        (Kind::MicroTime, Payload::Bytes(bytes)) => return time(bytes, depth, "%Y-%m-%dT%H:%M:%S.%6fZ"),
        (Kind::IntOrString, Payload::Bytes(bytes)) => int_or_string(bytes, depth)?,
        (Kind::Message(table), Payload::Bytes(bytes)) => Value::Object(object(table, bytes, depth)?),
        (Kind::Wrapper(table), Payload::Bytes(bytes)) => wrapped(table, bytes, depth)?,
        _ => return Err(Problem::new("wrong wire type")),
    };
    Ok(Some(value))
}

fn entry(kind: Kind, payload: Payload<'_>, depth: usize) -> Result<(String, Value), Problem> {
    let Payload::Bytes(bytes) = payload else {
        return Err(Problem::new("wrong wire type"));
    };
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| Problem::new("nested too deeply"))?;
    let (mut key, mut found) = (String::new(), None);
    let mut wire = Wire(bytes);
    while let Some((number, payload)) = wire.field().map_err(Problem::new)? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => key = utf8(bytes)?,
            (2, payload) => found = value(kind, payload, depth)?,
            _ => {}
        }
    }
    let value = match found {
        Some(value) => value,
        // An absent value is the zero of its type.
        None => value(kind, Payload::Bytes(&[]), depth)?.unwrap_or(Value::Null),
    };
    Ok((key, value))
}

fn wrapped(table: &Message, bytes: &[u8], depth: usize) -> Result<Value, Problem> {
    let mut object = object(table, bytes, depth)?;
    let set = table.0.iter().find_map(|field| object.remove(field.name));
    Ok(
        set.unwrap_or_else(|| match table.0.first().map(|field| field.arity) {
            Some(Arity::List) => Value::Array(Vec::new()),
            _ => Value::Null,
        }),
    )
}

fn time(bytes: &[u8], depth: usize, format: &str) -> Result<Option<Value>, Problem> {
    static TIME: Message = Message(&[
        plain(1, "seconds", Kind::Integer),
        plain(2, "nanos", Kind::Integer),
    ]);
    let parts = object(&TIME, bytes, depth)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let part = |name: &str| parts.get(name).and_then(Value::as_i64).unwrap_or_default();
    let bad = || Problem::new("not a time");
    let nanos = i32::try_from(part("nanos")).map_err(|_| bad())?;
    let time = Timestamp::new(part("seconds"), nanos).map_err(|_| bad())?;
    Ok(Some(Value::String(time.strftime(format).to_string())))
}

fn int_or_string(bytes: &[u8], depth: usize) -> Result<Value, Problem> {
    static INT_OR_STRING: Message = Message(&[
        plain(1, "type", Kind::Integer),
        plain(2, "int", Kind::Integer),
        text(3, "string"),
    ]);
    let mut parts = object(&INT_OR_STRING, bytes, depth)?;
    let is_text = parts.contains_key("type");
    let chosen = parts.remove(if is_text { "string" } else { "int" });
    Ok(chosen.unwrap_or_else(|| if is_text { Value::from("") } else { Value::from(0) }))
}

/// Whether JSON leaves this value of a plain field out. An empty message is kept: so does Go.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Problem> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| Problem::new("invalid UTF-8"))
}

/// What is wrong, with the path collected on the way out.
struct Problem {
    path: Vec<&'static str>,
    what: &'static str,
}

impl Problem {
    fn new(what: &'static str) -> Self {
        Self {
            path: Vec::new(),
            what,
        }
    }

    fn inside(mut self, field: &'static str) -> Self {
        self.path.push(field);
        self
    }

    fn error(mut self) -> ProtobufError {
        self.path.reverse();
        ProtobufError::Malformed {
            field: self.path.join("."),
            problem: self.what,
        }
    }
}

/// One value as it stands on the wire.
#[derive(Clone, Copy)]
enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32,
    Bytes(&'a [u8]),
}

/// The rest of a message.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// The next field, or `None` at the end.
    fn field(&mut self) -> Result<Option<(u32, Payload<'a>)>, &'static str> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3)
            .ok()
            .filter(|number| *number != 0)
            .ok_or("bad field number")?;
        let payload = match key & 7 {
            0 => Payload::Varint(self.varint()?),
            1 => Payload::Fixed64(u64::from_le_bytes(*self.fixed::<8>()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| "length too large")?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or("unexpected end")?;
                self.0 = rest;
                Payload::Bytes(bytes)
            }
            5 => {
                self.fixed::<4>()?;
                Payload::Fixed32
            }
            _ => return Err("unknown wire type"),
        };
        Ok(Some((number, payload)))
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
        let mut value = 0_u64;
        for position in 0..10_u32 {
            let (&byte, rest) = self.0.split_first().ok_or("unexpected end")?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << (position * 7);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("number too large")
    }

    fn fixed<const N: usize>(&mut self) -> Result<&'a [u8; N], &'static str> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or("unexpected end")?;
        self.0 = rest;
        Ok(bytes)
    }
}
