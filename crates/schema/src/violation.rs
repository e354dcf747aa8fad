//! One thing that is wrong with one field, worded as a kube-apiserver words it.

use std::fmt;

use serde_json::Value;

use crate::quote::{marshalled, quoted};

/// What sort of rule was broken; decides the words before the detail and the cause's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// The value breaks a rule.
    Invalid,
    /// A value is missing.
    Required,
    /// The value is not among the supported ones.
    NotSupported,
    /// The value must be unique and is not.
    Duplicate,
    /// The value has the wrong JSON type.
    TypeInvalid,
    /// The value is longer than allowed; never printed.
    TooLong,
    /// There are more items or properties than allowed.
    TooMany,
    /// There are fewer items than required.
    TooFew,
    /// The text is shorter than required; never printed.
    TooShort,
    /// The value would be fine elsewhere, but may not be set here.
    Forbidden,
    /// Something referred to does not exist.
    NotFound,
    /// The check itself failed, through no fault of the input.
    Internal,
}

impl ViolationKind {
    /// The `reason` of the matching cause in a `metav1.Status`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Invalid => "FieldValueInvalid",
            Self::Required => "FieldValueRequired",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TooFew => "FieldValueTooFew",
            Self::TooShort => "FieldValueTooShort",
            Self::Forbidden => "FieldValueForbidden",
            Self::NotFound => "FieldValueNotFound",
            Self::Internal => "InternalError",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::Required => "Required value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::TooFew => "Too few",
            Self::TooShort => "Too short",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not found",
            Self::Internal => "Internal error",
        }
    }

    fn shows_value(self) -> bool {
        match self {
            Self::Required | Self::Forbidden | Self::TooLong | Self::TooShort | Self::Internal => false,
            Self::Invalid
            | Self::TypeInvalid
            | Self::NotSupported
            | Self::Duplicate
            | Self::TooMany
            | Self::TooFew
            | Self::NotFound => true,
        }
    }
}

/// A broken rule. `Display` prints the whole line (`spec.x: Invalid value: "y": must be z`),
/// [`Violation::body`] the part after the field, which is what a status cause carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// What sort of rule was broken.
    pub kind: ViolationKind,
    /// Path of the field from the object's root, `<nil>` for the object itself.
    pub field: String,
    /// The value found there; printed by the kinds that print values.
    pub value: Option<Value>,
    /// What is wrong and what would be right; may be empty.
    pub detail: String,
}

/// How a kube-apiserver names the root of the object.
const ROOT: &str = "<nil>";

impl Violation {
    /// A violation with every part given. An empty `field` is the object itself.
    #[must_use]
    pub fn new(kind: ViolationKind, field: &str, value: Option<Value>, detail: impl Into<String>) -> Self {
        let field = if field.is_empty() { ROOT } else { field };
        Self {
            kind,
            field: field.to_owned(),
            value,
            detail: detail.into(),
        }
    }

    /// The value breaks a rule.
    #[must_use]
    pub fn invalid(field: &str, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ViolationKind::Invalid, field, Some(value.into()), detail)
    }

    /// A value is missing.
    #[must_use]
    pub fn required(field: &str, detail: impl Into<String>) -> Self {
        Self::new(ViolationKind::Required, field, None, detail)
    }

    /// The value is not one of `supported`.
    #[must_use]
    pub fn not_supported<S: AsRef<str>>(field: &str, value: impl Into<Value>, supported: &[S]) -> Self {
        let listed: Vec<String> = supported.iter().map(|value| quoted(value.as_ref())).collect();
        let detail = if listed.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", listed.join(", "))
        };
        Self::new(ViolationKind::NotSupported, field, Some(value.into()), detail)
    }

    /// The value stands there more than once.
    #[must_use]
    pub fn duplicate(field: &str, value: impl Into<Value>) -> Self {
        Self::new(ViolationKind::Duplicate, field, Some(value.into()), "")
    }

    /// The value has the wrong JSON type.
    #[must_use]
    pub fn type_invalid(field: &str, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ViolationKind::TypeInvalid, field, Some(value.into()), detail)
    }

    /// The text is longer than `max_bytes`.
    #[must_use]
    pub fn too_long(field: &str, max_bytes: u64) -> Self {
        let unit = if max_bytes == 1 { "byte" } else { "bytes" };
        Self::new(
            ViolationKind::TooLong,
            field,
            None,
            format!("may not be more than {max_bytes} {unit}"),
        )
    }

    /// There are `actual` items where at most `max` may be.
    #[must_use]
    pub fn too_many(field: &str, actual: u64, max: u64) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(
            ViolationKind::TooMany,
            field,
            Some(actual.into()),
            format!("must have at most {max} {unit}"),
        )
    }

    /// The field may not be set (or not changed).
    #[must_use]
    pub fn forbidden(field: &str, detail: impl Into<String>) -> Self {
        Self::new(ViolationKind::Forbidden, field, None, detail)
    }

    /// What the value names does not exist.
    #[must_use]
    pub fn not_found(field: &str, value: impl Into<Value>) -> Self {
        Self::new(ViolationKind::NotFound, field, Some(value.into()), "")
    }

    /// The check itself failed.
    #[must_use]
    pub fn internal(field: &str, detail: impl Into<String>) -> Self {
        Self::new(ViolationKind::Internal, field, None, detail)
    }

    /// The message without the field, e.g. `Invalid value: "y": must be z`.
    #[must_use]
    pub fn body(&self) -> String {
        let mut body = self.kind.words().to_owned();
        if let (true, Some(value)) = (self.kind.shows_value(), &self.value) {
            body.push_str(": ");
            match value {
                Value::String(text) => body.push_str(&quoted(text)),
                other => body.push_str(&marshalled(other)),
            }
        }
        if !self.detail.is_empty() {
            body.push_str(": ");
            body.push_str(&self.detail);
        }
        body
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}
