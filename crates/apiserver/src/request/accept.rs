//! In which form the client wants its answer.

use http::{HeaderMap, header};

use super::Query;
use crate::status::Refusal;
use crate::table::Include;

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The objects.
    Full,
    /// Their metadata only.
    Partial,
    /// Rows for people.
    Table(Include),
}

/// The form of an answer, and its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) form: Form,
    pub(crate) yaml: bool,
    /// Whether the client can unpack.
    pub(crate) gzip: bool,
}

const SERVED: [&str; 3] = [
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];

impl Accepted {
    /// The first thing in `Accept` that can be had. Protobuf cannot: clients name JSON beside it.
    ///
    /// # Errors
    /// 406 if there is none; 400 for a wrong `includeObject`.
    pub(crate) fn read(headers: &HeaderMap, query: &Query) -> Result<Self, Refusal> {
        let gzip = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("gzip"));
        let accept: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|range| !range.is_empty())
            .collect();
        let plain = Self {
            form: Form::Full,
            yaml: false,
            gzip,
        };
        let include = || Include::parse(query.text("includeObject").unwrap_or_default());
        if accept.is_empty() {
            return Ok(plain);
        }
        for range in accept {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let parameter = |name: &str| {
                let mut found = range.split(';').filter_map(|part| part.trim().split_once('='));
                found.find(|(key, _)| *key == name).map(|(_, value)| value)
            };
            let yaml = match media {
                "application/json" | "application/*" | "*/*" => false,
                "application/yaml" => true,
                _ => continue,
            };
            let form = match (parameter("as"), parameter("g"), parameter("v")) {
                (None, ..) => Form::Full,
                (Some("Table"), Some("meta.k8s.io"), Some("v1")) => Form::Table(include()?),
                (
                    Some("PartialObjectMetadata" | "PartialObjectMetadataList"),
                    Some("meta.k8s.io"),
                    Some("v1"),
                ) => Form::Partial,
                _ => continue,
            };
            return Ok(Self { form, yaml, ..plain });
        }
        Err(Refusal::not_acceptable(&SERVED))
    }
}
