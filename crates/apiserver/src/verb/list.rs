//! list

use std::sync::Arc;

use super::Call;
use crate::request::{Continue, ListOptions, Match};
use crate::status::Refusal;
use crate::store::Object;

/// A page of objects.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) revision: u64,
    pub(crate) objects: Vec<Arc<Object>>,
    /// Where the next page begins, if there is one.
    pub(crate) resume: Option<Continue>,
    /// How many are behind this page, where that is known.
    pub(crate) remaining: Option<usize>,
}

const EXPIRED: &str = "The resourceVersion for the provided list is too old.";
const CONTINUE_EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list \
     without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
     results. Continuing with the provided token results in an inconsistent list - objects that were created, \
     modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// Objects as they all were at one moment.
///
/// # Errors
/// 410 if that moment is forgotten, 504 if it has not come yet.
pub(crate) fn list(call: &Call<'_>, options: &ListOptions) -> Result<Listed, Refusal> {
    let Call {
        api,
        resource,
        namespace,
        ..
    } = *call;
    let current = api.store.revision();
    // Whoever makes up a token may ask for the future too.
    let asked = options
        .resume
        .as_ref()
        .map_or(options.revision, |resume| Some(resume.rv));
    if let Some(asked) = asked.filter(|asked| *asked > current) {
        return Err(Refusal::too_large_resource_version(asked, current));
    }
    let at = match &options.resume {
        Some(resume) if resume.rv > 0 => Some(resume.rv),
        Some(_) => None,
        None => options.revision.filter(|_| options.exactness == Match::Exact),
    };
    let after = options.resume.as_ref().map(Continue::last);
    let unselective = options.labels.is_empty() && options.fields.is_empty();
    // With a selector it is not known how many must be looked at for a page.
    let limit = options.limit.filter(|_| unselective);
    let page = api
        .store
        .page(&resource.storage, namespace, after.as_ref(), at, limit)
        .map_err(|_| match &after {
            Some(last) => Refusal::expired(CONTINUE_EXPIRED).with_continue(Continue::after(last, 0).encode()),
            None => Refusal::expired(EXPIRED),
        })?;
    let mut objects = page.objects;
    let mut more = page.remaining > 0;
    if !unselective {
        objects.retain(|object| is_selected(call, options, object));
        if let Some(limit) = options.limit {
            more = objects.len() > limit;
            objects.truncate(limit);
        }
    }
    let last = objects.last().filter(|_| more);
    let resume = last.map(|last| Continue::after(&last.at, page.revision));
    let remaining = (unselective && more).then_some(page.remaining);
    Ok(Listed {
        revision: page.revision,
        objects,
        resume,
        remaining,
    })
}

/// Whether the selectors of a list or watch select this object.
pub(super) fn is_selected(call: &Call<'_>, options: &ListOptions, object: &Object) -> bool {
    call.namespace
        .is_none_or(|namespace| namespace == object.at.namespace)
        && options.labels.matches(Some(&object.labels))
        && (options.fields.is_empty() || options.fields.matches(&object.value()))
}
