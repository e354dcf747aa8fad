//! Events of `v1` and of `events.k8s.io/v1`.

use super::core::OBJECT_REFERENCE;
use super::message::{Kind, Message, plain, pointer, text};
use super::meta::OBJECT_META;

pub(super) static CORE_EVENT: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "involvedObject", Kind::Message(&OBJECT_REFERENCE)),
    text(3, "reason"),
    text(4, "message"),
    plain(5, "source", Kind::Message(&SOURCE)),
    plain(6, "firstTimestamp", Kind::Time),
    plain(7, "lastTimestamp", Kind::Time),
    plain(8, "count", Kind::Integer),
    text(9, "type"),
    plain(10, "eventTime", Kind::MicroTime),
    pointer(11, "series", Kind::Message(&SERIES)),
    text(12, "action"),
    pointer(13, "related", Kind::Message(&OBJECT_REFERENCE)),
    text(14, "reportingComponent"),
    text(15, "reportingInstance"),
]);

pub(super) static EVENT: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "eventTime", Kind::MicroTime),
    pointer(3, "series", Kind::Message(&SERIES)),
    text(4, "reportingController"),
    text(5, "reportingInstance"),
    text(6, "action"),
    text(7, "reason"),
    plain(8, "regarding", Kind::Message(&OBJECT_REFERENCE)),
    pointer(9, "related", Kind::Message(&OBJECT_REFERENCE)),
    text(10, "note"),
    text(11, "type"),
    plain(12, "deprecatedSource", Kind::Message(&SOURCE)),
    plain(13, "deprecatedFirstTimestamp", Kind::Time),
    plain(14, "deprecatedLastTimestamp", Kind::Time),
    plain(15, "deprecatedCount", Kind::Integer),
]);

static SERIES: Message = Message(&[
    plain(1, "count", Kind::Integer),
    plain(2, "lastObservedTime", Kind::MicroTime),
]);

static SOURCE: Message = Message(&[text(1, "component"), text(2, "host")]);
