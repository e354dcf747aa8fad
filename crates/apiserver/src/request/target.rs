//! URL → what it names.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::status::Refusal;

/// What a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Objects of some kind.
    Resource(ResourceTarget),
    /// Anything else, e.g. `/version`: the path.
    Path(String),
}

/// Objects of one kind: one of them, those of a namespace, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceTarget {
    /// `""` for the core group.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// Plural, as in the URL.
    pub resource: String,
    /// `status`.
    pub subresource: Option<String>,
    /// `None`: cluster scope, or all namespaces.
    pub namespace: Option<String>,
    /// `None`: the collection.
    pub name: Option<String>,
}

/// What is to be done, in RBAC's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the RBAC verb of that name")]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    /// `get`, `deletecollection`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }

    /// Whether it may change something.
    #[must_use]
    pub fn writes(self) -> bool {
        match self {
            Self::Get | Self::List | Self::Watch => false,
            Self::Create | Self::Update | Self::Patch | Self::Delete | Self::DeleteCollection => true,
        }
    }

    /// The verb of a method on one object (`named`) or on a collection; `None`: no such thing.
    #[must_use]
    pub fn of(method: &Method, named: bool, watch: bool) -> Option<Self> {
        Some(match (method.as_str(), named) {
            ("GET" | "HEAD", _) if watch => Self::Watch,
            ("GET" | "HEAD", true) => Self::Get,
            ("GET" | "HEAD", false) => Self::List,
            ("POST", _) => Self::Create,
            ("PUT", true) => Self::Update,
            ("PATCH", true) => Self::Patch,
            ("DELETE", true) => Self::Delete,
            ("DELETE", false) => Self::DeleteCollection,
            _ => return None,
        })
    }
}

impl Target {
    /// Reads a URL's path.
    ///
    /// # Errors
    /// 400 if a segment is not UTF-8 once its percent signs are decoded.
    pub fn parse(path: &str) -> Result<Self, Refusal> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let (group, version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return Ok(Self::Path(path.to_owned())),
        };
        let (namespace, resource, name, subresource) = match rest {
            // A namespace itself, not something in it.
            ["namespaces"] => (None, "namespaces", None, None),
            ["namespaces", name] => (None, "namespaces", Some(*name), None),
            ["namespaces", name, sub @ ("status" | "finalize")] => {
                (None, "namespaces", Some(*name), Some(*sub))
            }
            ["namespaces", namespace, resource] => (Some(*namespace), *resource, None, None),
            ["namespaces", namespace, resource, name] => (Some(*namespace), *resource, Some(*name), None),
            ["namespaces", namespace, resource, name, sub] => {
                (Some(*namespace), *resource, Some(*name), Some(*sub))
            }
            [resource] => (None, *resource, None, None),
            [resource, name] => (None, *resource, Some(*name), None),
            [resource, name, sub] => (None, *resource, Some(*name), Some(*sub)),
            _ => return Ok(Self::Path(path.to_owned())),
        };
        Ok(Self::Resource(ResourceTarget {
            group: decode(group)?,
            version: decode(version)?,
            resource: decode(resource)?,
            subresource: subresource.map(decode).transpose()?,
            namespace: namespace.map(decode).transpose()?,
            name: name.map(decode).transpose()?,
        }))
    }
}

fn decode(segment: &str) -> Result<String, Refusal> {
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Refusal::bad_request("the request path is not valid UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &str) -> String {
        match Target::parse(path) {
            Ok(Target::Resource(target)) => {
                let ResourceTarget {
                    group,
                    version,
                    resource,
                    subresource,
                    namespace,
                    name,
                } = target;
                let or = |part: Option<String>| part.unwrap_or_else(|| "-".into());
                format!(
                    "{group}|{version}|{}|{resource}|{}|{}",
                    or(namespace),
                    or(name),
                    or(subresource)
                )
            }
            Ok(Target::Path(path)) => path,
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn a_url_names_objects_of_a_kind_or_is_just_a_path() {
        for (path, expected) in [
            ("/api/v1/secrets", "|v1|-|secrets|-|-"),
            ("/api/v1/namespaces", "|v1|-|namespaces|-|-"),
            ("/api/v1/namespaces/a", "|v1|-|namespaces|a|-"),
            ("/api/v1/namespaces/a/finalize", "|v1|-|namespaces|a|finalize"),
            ("/api/v1/namespaces/a/secrets", "|v1|a|secrets|-|-"),
            (
                "/apis/x.io/v1/namespaces/a/bees/b/status",
                "x.io|v1|a|bees|b|status",
            ),
            ("/apis/x.io/v1/bees/b", "x.io|v1|-|bees|b|-"),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aview",
                "rbac.authorization.k8s.io|v1|-|clusterroles|system:view|-",
            ),
            ("/apis/x.io/v1", "/apis/x.io/v1"),
            ("/version", "/version"),
            ("/api/v1/namespaces/a/b/c/d/e", "/api/v1/namespaces/a/b/c/d/e"),
            ("/api/v1/secrets/%ff", "the request path is not valid UTF-8"),
        ] {
            assert_eq!(resource(path), expected, "{path}");
        }
    }
}
