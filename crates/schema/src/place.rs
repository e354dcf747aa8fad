//! Where in an object a check or a reader is.

use std::borrow::Cow;
use std::fmt;

/// The way from an object's root to one of its values. Each step lives on the stack of the function
/// that takes it, so that nothing is allocated while nothing is wrong.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The object itself; prints as nothing.
    Root,
    /// A field: `.name`.
    Field(&'a Place<'a>, &'a str),
    /// A key of a map: `[name]`.
    Key(&'a Place<'a>, &'a str),
    /// An item of a list: `[0]`.
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    pub(crate) fn key(&'a self, name: &'a str) -> Self {
        Self::Key(self, name)
    }

    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// This place as a field path, below the path `prefix` if there is one.
    pub(crate) fn below(&self, prefix: &str) -> String {
        let path = self.to_string();
        if prefix.is_empty() || path.is_empty() || path.starts_with('[') {
            return format!("{prefix}{path}");
        }
        format!("{prefix}.{path}")
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(&shown(name)),
            Self::Field(parent, name) => write!(f, "{parent}.{}", shown(name)),
            Self::Key(parent, name) => write!(f, "{parent}[{}]", shown(name)),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Bytes of one name that a path shows: more than any label's key has.
const MAX_NAME: usize = 320;

/// A path is told once for each fault below it: a name of a megabyte must not be told a thousand times.
fn shown(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("{}…", &name[..name.floor_char_boundary(MAX_NAME)]))
}
