//! Who is calling, as expressions see it: `auth.identity`.

use std::fmt;

use kube_cel::cel::context::Context;
use serde_json::Value;

use crate::functions::functions;
use crate::size::Size;
use crate::value::{boxed, map};

/// What of a Secret's metadata expressions may read; as Authorino shows it (`spec/gate.md` §1).
const METADATA: [&str; 6] = [
    "name",
    "namespace",
    "uid",
    "labels",
    "annotations",
    "creationTimestamp",
];

/// A Secret that stands for a caller, converted once for any number of evaluations. It is `Send` and `Sync`,
/// and a few kilobytes large: made for an evaluation, not kept for each key.
pub struct Identity {
    pub(crate) context: Context<'static>,
    pub(crate) size: Size,
}

impl Identity {
    /// Takes `metadata` (`name`, `namespace`, `uid`, `labels`, `annotations`, `creationTimestamp`) and `type` of a
    /// Secret in JSON. All else, its data above all, is left out, and a field that is null is absent.
    #[must_use]
    pub fn new(secret: &Value) -> Self {
        let metadata = taken(&secret["metadata"], &METADATA);
        let own = taken(secret, &["type"]);
        let size = Size::holding(METADATA.len(), metadata.iter().chain(&own).map(size_of_field));
        let identity = own.into_iter().map(|(name, field)| (name, boxed(field))).chain([(
            "metadata",
            map(metadata.into_iter().map(|(name, field)| (name, boxed(field)))),
        )]);
        let auth = map([("identity", map(identity))].into_iter());
        let mut context = functions().new_inner_scope();
        if let Context::Child { variables, .. } = &mut context {
            variables.insert("auth".to_owned(), auth);
        }
        Self {
            context,
            size: size.then(WRAPPED),
        }
    }
}

/// What `auth`, `identity` and `metadata` add: three maps and two names.
const WRAPPED: Size = Size {
    items: 0,
    weight: 5,
    ..Size::SCALAR
};

fn size_of_field((name, field): &(&str, &Value)) -> Size {
    Size::of_text(name.len() as u64).and(Size::of(field))
}

/// These fields of an object, as far as they are there.
fn taken<'a>(object: &'a Value, fields: &[&'static str]) -> Vec<(&'static str, &'a Value)> {
    fields
        .iter()
        .filter_map(|name| Some((*name, object.get(name)?)))
        .filter(|(_, field)| !field.is_null())
        .collect()
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
