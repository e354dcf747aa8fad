//! The shape of a table: which number is which JSON field, and how its value is written.

/// One protobuf message, as the JSON object that it stands for.
#[derive(Debug)]
pub(super) struct Message(pub(super) &'static [Field]);

/// One field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// Its name in JSON.
    pub(super) name: &'static str,
    pub(super) arity: Arity,
    pub(super) kind: Kind,
}

/// How often a field occurs, and whether its zero value means something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arity {
    /// A Go value: always on the wire, and its zero is what JSON leaves out.
    Plain,
    /// A Go pointer: on the wire only when set, so a zero is kept.
    Pointer,
    /// Repeated.
    List,
    /// Repeated entries of a string key (1) and a value (2).
    Map,
}

/// What one value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    /// Bytes, base64 in JSON.
    Bytes,
    /// Bytes that hold a JSON document.
    Json,
    Flag,
    Integer,
    Double,
    /// Seconds and nanoseconds, written with whole seconds (`metav1.Time`).
    Time,
    /// Seconds and nanoseconds, written with six digits (`metav1.MicroTime`).
    MicroTime,
    /// Type tag, number, text (`intstr.IntOrString`).
    IntOrString,
    Message(&'static Message),
    /// A message that only wraps: its JSON is that of the first field of the table that is set.
    Wrapper(&'static Message),
}

/// A Go value.
pub(super) const fn plain(number: u32, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        arity: Arity::Plain,
        kind,
    }
}

/// A Go string.
pub(super) const fn text(number: u32, name: &'static str) -> Field {
    plain(number, name, Kind::Text)
}

/// A Go pointer.
pub(super) const fn pointer(number: u32, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        arity: Arity::Pointer,
        kind,
    }
}

/// A repeated field.
pub(super) const fn list(number: u32, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        arity: Arity::List,
        kind,
    }
}

/// Repeated strings.
pub(super) const fn texts(number: u32, name: &'static str) -> Field {
    list(number, name, Kind::Text)
}

/// A map with string keys.
pub(super) const fn map(number: u32, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        arity: Arity::Map,
        kind,
    }
}
