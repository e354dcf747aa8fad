//! `authentication.k8s.io/v1` and `authorization.k8s.io/v1`: what a client asks. Answers (`status`) are the
//! server's, so a status in a request is not read.

use super::message::{Kind, Message, list, map, plain, pointer, text, texts};
use super::meta::{ITEMS, OBJECT_META, SELECTOR_REQUIREMENT};

pub(super) static TOKEN_REVIEW: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&TOKEN_REVIEW_SPEC)),
]);

static TOKEN_REVIEW_SPEC: Message = Message(&[text(1, "token"), texts(2, "audiences")]);

pub(super) static SELF_SUBJECT_REVIEW: Message =
    Message(&[plain(1, "metadata", Kind::Message(&OBJECT_META))]);

/// Of `SubjectAccessReview` and `LocalSubjectAccessReview`.
pub(super) static SUBJECT_ACCESS_REVIEW: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&SUBJECT_ACCESS_REVIEW_SPEC)),
]);

static SUBJECT_ACCESS_REVIEW_SPEC: Message = Message(&[
    pointer(1, "resourceAttributes", Kind::Message(&RESOURCE_ATTRIBUTES)),
    pointer(
        2,
        "nonResourceAttributes",
        Kind::Message(&NON_RESOURCE_ATTRIBUTES),
    ),
    text(3, "user"),
    texts(4, "groups"),
    map(5, "extra", Kind::Wrapper(&ITEMS)),
    text(6, "uid"),
]);

pub(super) static SELF_SUBJECT_ACCESS_REVIEW: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&SELF_SUBJECT_ACCESS_REVIEW_SPEC)),
]);

static SELF_SUBJECT_ACCESS_REVIEW_SPEC: Message = Message(&[
    pointer(1, "resourceAttributes", Kind::Message(&RESOURCE_ATTRIBUTES)),
    pointer(
        2,
        "nonResourceAttributes",
        Kind::Message(&NON_RESOURCE_ATTRIBUTES),
    ),
]);

static RESOURCE_ATTRIBUTES: Message = Message(&[
    text(1, "namespace"),
    text(2, "verb"),
    text(3, "group"),
    text(4, "version"),
    text(5, "resource"),
    text(6, "subresource"),
    text(7, "name"),
    pointer(8, "fieldSelector", Kind::Message(&SELECTOR_ATTRIBUTES)),
    pointer(9, "labelSelector", Kind::Message(&SELECTOR_ATTRIBUTES)),
]);

static SELECTOR_ATTRIBUTES: Message = Message(&[
    text(1, "rawSelector"),
    list(2, "requirements", Kind::Message(&SELECTOR_REQUIREMENT)),
]);

static NON_RESOURCE_ATTRIBUTES: Message = Message(&[text(1, "path"), text(2, "verb")]);

pub(super) static SELF_SUBJECT_RULES_REVIEW: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&SELF_SUBJECT_RULES_REVIEW_SPEC)),
]);

static SELF_SUBJECT_RULES_REVIEW_SPEC: Message = Message(&[text(1, "namespace")]);
