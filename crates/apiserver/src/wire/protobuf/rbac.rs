//! `rbac.authorization.k8s.io/v1`.

use super::message::{Kind, Message, list, plain, pointer, text, texts};
use super::meta::{LABEL_SELECTOR, OBJECT_META};

pub(super) static ROLE: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    list(2, "rules", Kind::Message(&POLICY_RULE)),
]);

pub(super) static CLUSTER_ROLE: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    list(2, "rules", Kind::Message(&POLICY_RULE)),
    pointer(3, "aggregationRule", Kind::Message(&AGGREGATION_RULE)),
]);

/// Of `RoleBinding` and `ClusterRoleBinding`.
pub(super) static BINDING: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    list(2, "subjects", Kind::Message(&SUBJECT)),
    plain(3, "roleRef", Kind::Message(&ROLE_REF)),
]);

static POLICY_RULE: Message = Message(&[
    texts(1, "verbs"),
    texts(2, "apiGroups"),
    texts(3, "resources"),
    texts(4, "resourceNames"),
    texts(5, "nonResourceURLs"),
]);

static AGGREGATION_RULE: Message =
    Message(&[list(1, "clusterRoleSelectors", Kind::Message(&LABEL_SELECTOR))]);

static SUBJECT: Message = Message(&[
    text(1, "kind"),
    text(2, "apiGroup"),
    text(3, "name"),
    text(4, "namespace"),
]);

static ROLE_REF: Message = Message(&[text(1, "apiGroup"), text(2, "kind"), text(3, "name")]);
