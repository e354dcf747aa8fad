//! `coordination.k8s.io/v1`.

use super::message::{Kind, Message, plain, pointer};
use super::meta::OBJECT_META;

pub(super) static LEASE: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&LEASE_SPEC)),
]);

static LEASE_SPEC: Message = Message(&[
    pointer(1, "holderIdentity", Kind::Text),
    pointer(2, "leaseDurationSeconds", Kind::Integer),
    pointer(3, "acquireTime", Kind::MicroTime),
    pointer(4, "renewTime", Kind::MicroTime),
    pointer(5, "leaseTransitions", Kind::Integer),
    pointer(6, "strategy", Kind::Text),
    pointer(7, "preferredHolder", Kind::Text),
]);
