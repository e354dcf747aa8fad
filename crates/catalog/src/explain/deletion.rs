//! What is being deleted, and what holds it.

use keydesk_api::rfc3339;
use kube::{Resource, ResourceExt as _};

use super::step::{Step, Who};
use crate::object::id;

/// Says of an object that is being deleted since when it is, and who lets it go. Nothing of Keydesk's holds anything: the
/// finalizers are others'. `words` is how it begins, and `edit` the command by which `who` changes the object.
pub(super) fn deletion<K: Resource>(
    topic: &'static str,
    object: &K,
    words: &str,
    who: Who,
    edit: impl FnOnce(String) -> String,
) -> Option<Step> {
    let since = rfc3339(object.meta().deletion_timestamp.as_ref()?.0);
    let step = Step::bad(topic, format!("{words} is being deleted since {since}"));
    let finalizers = object.finalizers();
    let hold = match finalizers {
        [] => return Some(step),
        [_] => "a finalizer holds it",
        _ => "finalizers hold it",
    };
    let id = id(object);
    let edit = edit(format!("{} -n {}", id.name, id.namespace));
    Some(step.and(format!("{hold}: {}", finalizers.join(", "))).fix(
        who,
        format!("whoever set a finalizer takes it off once they are done; where nobody does: {edit}"),
    ))
}
