//! The rules of an `HTTPRoute`: which requests each of them takes.
//!
//! Which rule a request meets says which policy it meets. So decoding, which elsewhere leaves out what it does not
//! understand, keeps a place for it here: a match that was left out, or half read, would take other requests than the
//! gateway's. Filters, timeouts and backends are not read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::tolerant;

/// Some of a route's requests, and what is done with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HTTPRouteRule {
    /// The name by which a policy can target the rule.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What its requests look like: as at least one of these.
    #[serde(default = "RuleMatch::all", deserialize_with = "matches")]
    pub matches: Vec<RuleMatch>,
}

impl HTTPRouteRule {
    /// The rules of a route that has none: one for all requests.
    #[must_use]
    pub fn for_all() -> Vec<Self> {
        vec![Self {
            name: None,
            matches: RuleMatch::all(),
        }]
    }

    /// A rule of which nothing is known.
    fn unreadable() -> Self {
        Self {
            name: None,
            matches: vec![RuleMatch::Unreadable],
        }
    }
}

/// One way to be a request of a rule, as far as it can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleMatch {
    /// Understood in full.
    Read(HTTPRouteMatch),
    /// Of another form than we know, or with a field that we do not know: any request may match.
    Unreadable,
}

impl RuleMatch {
    /// The matches of a rule that has none: one for all requests.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![Self::Read(HTTPRouteMatch::default())]
    }
}

impl Serialize for RuleMatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Read(read) => read.serialize(serializer),
            Self::Unreadable => serializer.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for RuleMatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            // Of a list serde would take the elements for the fields.
            Value::Array(_) => Self::Unreadable,
            read => serde_json::from_value(read).map_or(Self::Unreadable, Self::Read),
        })
    }
}

/// What a request must look like: all of this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HTTPRouteMatch {
    /// The path, without the query.
    #[serde(default, deserialize_with = "or_absent")]
    pub path: PathMatch,
    /// Headers. Of several entries for one name only the first counts.
    #[serde(
        default,
        deserialize_with = "or_absent",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub headers: Vec<ValueMatch>,
    /// Parameters of the query. Of several entries for one name only the first counts.
    #[serde(
        default,
        deserialize_with = "or_absent",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub query_params: Vec<ValueMatch>,
    /// The method; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// What the path of a request must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", from = "WrittenPath")]
pub enum PathMatch {
    /// This path.
    Exact(String),
    /// A path that begins with these segments.
    PathPrefix(String),
    /// A path that this expression matches from end to end.
    RegularExpression(String),
}

impl Default for PathMatch {
    fn default() -> Self {
        Self::PathPrefix("/".to_owned())
    }
}

/// A path as it is written, where both fields may be absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPath {
    #[serde(rename = "type")]
    kind: Option<PathKind>,
    value: Option<String>,
}

#[derive(Deserialize)]
enum PathKind {
    Exact,
    PathPrefix,
    RegularExpression,
}

impl From<WrittenPath> for PathMatch {
    fn from(written: WrittenPath) -> Self {
        let value = written.value.unwrap_or_else(|| "/".to_owned());
        match written.kind {
            Some(PathKind::Exact) => Self::Exact(value),
            None | Some(PathKind::PathPrefix) => Self::PathPrefix(value),
            Some(PathKind::RegularExpression) => Self::RegularExpression(value),
        }
    }
}

/// What a header or a parameter of the query must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueMatch {
    /// How it is compared.
    #[serde(rename = "type", default, deserialize_with = "or_absent")]
    pub kind: MatchKind,
    /// Name of the header (in any case) or the parameter (in this case).
    pub name: String,
    /// The value, or the expression that must match it from end to end.
    pub value: String,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchKind {
    /// Byte by byte.
    #[default]
    Exact,
    /// With a regular expression.
    RegularExpression,
}

/// The rules, of which each that cannot be understood is still one.
pub(super) fn rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HTTPRouteRule>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => HTTPRouteRule::for_all(),
        Value::Array(rules) => rules.into_iter().map(rule).collect(),
        _ => vec![HTTPRouteRule::unreadable()],
    })
}

fn rule(written: Value) -> HTTPRouteRule {
    Some(written)
        .filter(Value::is_object)
        .and_then(|rule| serde_json::from_value(rule).ok())
        .unwrap_or_else(HTTPRouteRule::unreadable)
}

/// The matches, of which each that cannot be understood is still one. An empty list is as good as an absent one.
fn matches<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RuleMatch>, D::Error> {
    let matches = match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        matches @ Value::Array(_) => {
            serde_json::from_value(matches).unwrap_or_else(|_| vec![RuleMatch::Unreadable])
        }
        _ => vec![RuleMatch::Unreadable],
    };
    Ok(if matches.is_empty() {
        RuleMatch::all()
    } else {
        matches
    })
}

/// Null is as good as absent; any other form that is not expected is an error.
fn or_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
