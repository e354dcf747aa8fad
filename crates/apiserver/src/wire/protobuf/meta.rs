//! `k8s.io/apimachinery/pkg/apis/meta/v1`.

use super::message::{Kind, Message, list, map, plain, pointer, text, texts};

pub(super) static OBJECT_META: Message = Message(&[
    text(1, "name"),
    text(2, "generateName"),
    text(3, "namespace"),
    text(4, "selfLink"),
    text(5, "uid"),
    text(6, "resourceVersion"),
    plain(7, "generation", Kind::Integer),
    plain(8, "creationTimestamp", Kind::Time),
    pointer(9, "deletionTimestamp", Kind::Time),
    pointer(10, "deletionGracePeriodSeconds", Kind::Integer),
    map(11, "labels", Kind::Text),
    map(12, "annotations", Kind::Text),
    list(13, "ownerReferences", Kind::Message(&OWNER_REFERENCE)),
    texts(14, "finalizers"),
    list(17, "managedFields", Kind::Message(&MANAGED_FIELDS)),
]);

static OWNER_REFERENCE: Message = Message(&[
    text(1, "kind"),
    text(3, "name"),
    text(4, "uid"),
    text(5, "apiVersion"),
    pointer(6, "controller", Kind::Flag),
    pointer(7, "blockOwnerDeletion", Kind::Flag),
]);

static MANAGED_FIELDS: Message = Message(&[
    text(1, "manager"),
    text(2, "operation"),
    text(3, "apiVersion"),
    pointer(4, "time", Kind::Time),
    text(6, "fieldsType"),
    pointer(7, "fieldsV1", Kind::Wrapper(&RAW)),
    text(8, "subresource"),
]);

/// A JSON document in a message of its own.
pub(super) static RAW: Message = Message(&[pointer(1, "raw", Kind::Json)]);

/// Strings in a message of their own (`ExtraValue`).
pub(super) static ITEMS: Message = Message(&[texts(1, "items")]);

pub(super) static LABEL_SELECTOR: Message = Message(&[
    map(1, "matchLabels", Kind::Text),
    list(2, "matchExpressions", Kind::Message(&SELECTOR_REQUIREMENT)),
]);

/// Of label and of field selectors.
pub(super) static SELECTOR_REQUIREMENT: Message =
    Message(&[text(1, "key"), text(2, "operator"), texts(3, "values")]);

pub(super) static CONDITION: Message = Message(&[
    text(1, "type"),
    text(2, "status"),
    plain(3, "observedGeneration", Kind::Integer),
    plain(4, "lastTransitionTime", Kind::Time),
    text(5, "reason"),
    text(6, "message"),
]);

pub(super) static DELETE_OPTIONS: Message = Message(&[
    pointer(1, "gracePeriodSeconds", Kind::Integer),
    pointer(2, "preconditions", Kind::Message(&PRECONDITIONS)),
    pointer(3, "orphanDependents", Kind::Flag),
    pointer(4, "propagationPolicy", Kind::Text),
    texts(5, "dryRun"),
    pointer(6, "ignoreStoreReadErrorWithClusterBreakingPotential", Kind::Flag),
]);

static PRECONDITIONS: Message = Message(&[
    pointer(1, "uid", Kind::Text),
    pointer(2, "resourceVersion", Kind::Text),
]);
