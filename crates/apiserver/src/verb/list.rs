//! list

use std::sync::Arc;

use super::Call;
use crate::request::{Continue, ListOptions, Match};
use crate::status::Refusal;
use crate::store::{Object, ObjectName, Page};

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

/// How many objects are looked at at once for a page of a selection, at least.
const LOOK: usize = 500;

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
    let page = |after: Option<&ObjectName>, at, limit| {
        let page = api.store.page(&resource.storage, namespace, after, at, limit);
        page.map_err(|_| match after {
            Some(last) => Refusal::expired(CONTINUE_EXPIRED).with_continue(Continue::after(last, 0).encode()),
            None => Refusal::expired(EXPIRED),
        })
    };
    if options.labels.is_empty() && options.fields.is_empty() {
        let Page {
            revision,
            objects,
            more,
            total,
        } = page(after.as_ref(), at, options.limit)?;
        // Behind a page is what was behind the one before, without what is on it: both are of one moment.
        let before = options.resume.as_ref().map_or(total, |resume| resume.remaining);
        let remaining = before
            .filter(|_| more)
            .map(|all| all.saturating_sub(objects.len()));
        let last = objects.last().filter(|_| more);
        return Ok(Listed {
            revision,
            resume: last.map(|last| Continue::after(&last.at, revision).with_remaining(remaining)),
            objects,
            remaining,
        });
    }
    // How many must be looked at for a page of those that are selected is not known. The look goes on until there is one
    // more than wanted, all at the moment of its beginning.
    let at_once = options.limit.map(|limit| limit.max(LOOK));
    let mut look = page(after.as_ref(), at, at_once)?;
    let revision = look.revision;
    let mut objects = Vec::new();
    let more = loop {
        let last = look
            .objects
            .last()
            .map(|last| last.at.clone())
            .filter(|_| look.more);
        let selected = look.objects.into_iter();
        objects.extend(selected.filter(|object| is_selected(call, options, object)));
        if let Some(limit) = options.limit.filter(|limit| objects.len() > *limit) {
            objects.truncate(limit);
            break true;
        }
        let Some(last) = last else {
            break false;
        };
        look = page(Some(&last), Some(revision), at_once)?;
    };
    let last = objects.last().filter(|_| more);
    Ok(Listed {
        revision,
        resume: last.map(|last| Continue::after(&last.at, revision)),
        objects,
        remaining: None,
    })
}

/// Whether the selectors of a list or watch select this object.
pub(super) fn is_selected(call: &Call<'_>, options: &ListOptions, object: &Object) -> bool {
    call.namespace
        .is_none_or(|namespace| namespace == object.at.namespace)
        && options.labels.matches(Some(&object.labels))
        && (options.fields.is_empty() || options.fields.matches(&object.value()))
}
