//! The call at hand, as expressions see it: `request`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kube_cel::cel::ExecutionError;
use kube_cel::cel::common::traits::{Container, Indexer, Iterable};
use kube_cel::cel::common::types::{ANY_TYPE, CelMap, CelMapKey, CelString, Type};
use kube_cel::cel::common::value::Val;

use crate::size::Size;

/// The first line of a request, in the names of Authorino's well-known attributes.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    /// As sent: `GET`.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The host as sent, with its port if there is one.
    pub host: &'a str,
    /// The path with its query, as the proxy reports it.
    pub path: &'a str,
}

/// A request, converted once for any number of evaluations; a clone shares it.
///
/// There are `request.method`, `scheme`, `host`, `path` (with the query), `url_path` (without; not decoded), `query`
/// (without `?`) and `headers` (a map, names in lower case, values of repeated ones joined with a comma, as Envoy
/// joins them). A part that is empty is absent, as with Authorino. `time`, `id`, `protocol`, `size`, `referer`,
/// `user_agent` and bodies are not there. `request` alone is no value: a predicate can only select from it.
#[derive(Clone)]
pub struct RequestFacts {
    pub(crate) map: SharedMap,
    pub(crate) size: Size,
}

impl RequestFacts {
    /// Converts a request.
    pub fn new<'a>(line: &RequestLine<'_>, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (url_path, query) = line.path.split_once('?').unwrap_or((line.path, ""));
        let mut joined = HashMap::<String, String>::new();
        for (name, value) in headers {
            joined
                .entry(name.to_ascii_lowercase())
                .and_modify(|present| {
                    present.push(',');
                    present.push_str(value);
                })
                .or_insert_with(|| value.to_owned());
        }
        let mut fields = Fields::default();
        for (name, text) in [
            ("method", line.method),
            ("scheme", line.scheme),
            ("host", line.host),
            ("path", line.path),
            ("url_path", url_path),
            ("query", query),
        ] {
            if !text.is_empty() {
                fields.add_text(name.to_owned(), text.to_owned());
            }
        }
        if !joined.is_empty() {
            let mut headers = Fields::default();
            for (name, value) in joined {
                headers.add_text(name, value);
            }
            fields.sizes.push(headers.size());
            fields
                .map
                .insert("headers".into(), Box::new(CelMap::from(headers.map)));
        }
        Self {
            size: fields.size(),
            map: SharedMap(Arc::new(CelMap::from(fields.map))),
        }
    }
}

impl fmt::Debug for RequestFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestFacts").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Fields {
    map: HashMap<CelMapKey, Box<dyn Val>>,
    sizes: Vec<Size>,
}

impl Fields {
    fn add_text(&mut self, name: String, text: String) {
        self.sizes.push(Size::of_text(name.len() as u64));
        self.sizes.push(Size::of_text(text.len() as u64));
        self.map.insert(name.into(), Box::new(CelString::from(text)));
    }

    fn size(&self) -> Size {
        Size::holding(self.map.len(), self.sizes.iter().copied())
    }
}

/// A map that a context can hold without a copy of its own: the engine would copy every header for every predicate.
/// It can be selected from and looped over, and must not get anywhere else: the engine cannot make a value of it.
#[derive(Clone)]
pub(crate) struct SharedMap(Arc<CelMap>);

impl Val for SharedMap {
    /// Not the type of maps: the engine takes those to be its own.
    fn get_type(&self) -> Type<'_> {
        ANY_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        self.0.as_container()
    }

    fn as_indexer(&self) -> Option<&dyn Indexer> {
        self.0.as_indexer()
    }

    fn into_indexer(self: Box<Self>) -> Option<Box<dyn Indexer>> {
        Some(self)
    }

    fn as_iterable(&self) -> Option<&dyn Iterable> {
        self.0.as_iterable()
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.0.equals(other.0.as_ref()))
    }

    fn clone_as_boxed(&self) -> Box<dyn Val> {
        Box::new(self.clone())
    }
}

impl Indexer for SharedMap {
    fn get<'a>(&'a self, index: &dyn Val) -> Result<Cow<'a, dyn Val>, ExecutionError> {
        self.0.get(index)
    }

    fn steal(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val>, ExecutionError> {
        self.0.get(index).map(Cow::into_owned)
    }
}

/// Without the headers, which hold credentials.
impl fmt::Debug for SharedMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("request")
    }
}
