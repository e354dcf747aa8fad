//! `apiextensions.k8s.io/v1`.

use super::message::{Kind, Message, list, map, plain, pointer, text, texts};
use super::meta::{OBJECT_META, RAW};

pub(super) static CUSTOM_RESOURCE_DEFINITION: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&SPEC)),
    plain(3, "status", Kind::Message(&STATUS)),
]);

static SPEC: Message = Message(&[
    text(1, "group"),
    plain(3, "names", Kind::Message(&NAMES)),
    text(4, "scope"),
    list(7, "versions", Kind::Message(&VERSION)),
    pointer(9, "conversion", Kind::Message(&CONVERSION)),
    plain(10, "preserveUnknownFields", Kind::Flag),
]);

static NAMES: Message = Message(&[
    text(1, "plural"),
    text(2, "singular"),
    texts(3, "shortNames"),
    text(4, "kind"),
    text(5, "listKind"),
    texts(6, "categories"),
]);

static VERSION: Message = Message(&[
    text(1, "name"),
    // Required in JSON, so their zero is kept.
    pointer(2, "served", Kind::Flag),
    pointer(3, "storage", Kind::Flag),
    pointer(4, "schema", Kind::Message(&VALIDATION)),
    pointer(5, "subresources", Kind::Message(&SUBRESOURCES)),
    list(6, "additionalPrinterColumns", Kind::Message(&COLUMN)),
    plain(7, "deprecated", Kind::Flag),
    pointer(8, "deprecationWarning", Kind::Text),
    list(9, "selectableFields", Kind::Message(&SELECTABLE_FIELD)),
]);

static SELECTABLE_FIELD: Message = Message(&[text(1, "jsonPath")]);

static COLUMN: Message = Message(&[
    text(1, "name"),
    text(2, "type"),
    text(3, "format"),
    text(4, "description"),
    plain(5, "priority", Kind::Integer),
    text(6, "jsonPath"),
]);

static SUBRESOURCES: Message = Message(&[
    pointer(1, "status", Kind::Message(&Message(&[]))),
    pointer(2, "scale", Kind::Message(&SCALE)),
]);

static SCALE: Message = Message(&[
    text(1, "specReplicasPath"),
    text(2, "statusReplicasPath"),
    pointer(3, "labelSelectorPath", Kind::Text),
]);

static CONVERSION: Message = Message(&[
    text(1, "strategy"),
    pointer(2, "webhook", Kind::Message(&WEBHOOK_CONVERSION)),
]);

static WEBHOOK_CONVERSION: Message = Message(&[
    pointer(2, "clientConfig", Kind::Message(&CLIENT_CONFIG)),
    texts(3, "conversionReviewVersions"),
]);

static CLIENT_CONFIG: Message = Message(&[
    pointer(1, "service", Kind::Message(&SERVICE_REFERENCE)),
    plain(2, "caBundle", Kind::Bytes),
    pointer(3, "url", Kind::Text),
]);

static SERVICE_REFERENCE: Message = Message(&[
    text(1, "namespace"),
    text(2, "name"),
    pointer(3, "path", Kind::Text),
    pointer(4, "port", Kind::Integer),
]);

static STATUS: Message = Message(&[
    list(1, "conditions", Kind::Message(&CONDITION)),
    plain(2, "acceptedNames", Kind::Message(&NAMES)),
    texts(3, "storedVersions"),
    plain(4, "observedGeneration", Kind::Integer),
]);

static CONDITION: Message = Message(&[
    text(1, "type"),
    text(2, "status"),
    plain(3, "lastTransitionTime", Kind::Time),
    text(4, "reason"),
    text(5, "message"),
    plain(6, "observedGeneration", Kind::Integer),
]);

static VALIDATION: Message = Message(&[pointer(1, "openAPIV3Schema", Kind::Message(&SCHEMA))]);

static SCHEMA: Message = Message(&[
    text(1, "id"),
    text(2, "$schema"),
    pointer(3, "$ref", Kind::Text),
    text(4, "description"),
    text(5, "type"),
    text(6, "format"),
    text(7, "title"),
    pointer(8, "default", Kind::Wrapper(&RAW)),
    pointer(9, "maximum", Kind::Double),
    plain(10, "exclusiveMaximum", Kind::Flag),
    pointer(11, "minimum", Kind::Double),
    plain(12, "exclusiveMinimum", Kind::Flag),
    pointer(13, "maxLength", Kind::Integer),
    pointer(14, "minLength", Kind::Integer),
    text(15, "pattern"),
    pointer(16, "maxItems", Kind::Integer),
    pointer(17, "minItems", Kind::Integer),
    plain(18, "uniqueItems", Kind::Flag),
    pointer(19, "multipleOf", Kind::Double),
    list(20, "enum", Kind::Wrapper(&RAW)),
    pointer(21, "maxProperties", Kind::Integer),
    pointer(22, "minProperties", Kind::Integer),
    texts(23, "required"),
    pointer(24, "items", Kind::Wrapper(&SCHEMA_OR_ARRAY)),
    list(25, "allOf", Kind::Message(&SCHEMA)),
    list(26, "oneOf", Kind::Message(&SCHEMA)),
    list(27, "anyOf", Kind::Message(&SCHEMA)),
    pointer(28, "not", Kind::Message(&SCHEMA)),
    map(29, "properties", Kind::Message(&SCHEMA)),
    pointer(30, "additionalProperties", Kind::Wrapper(&SCHEMA_OR_BOOL)),
    map(31, "patternProperties", Kind::Message(&SCHEMA)),
    map(32, "dependencies", Kind::Wrapper(&SCHEMA_OR_TEXTS)),
    pointer(33, "additionalItems", Kind::Wrapper(&SCHEMA_OR_BOOL)),
    map(34, "definitions", Kind::Message(&SCHEMA)),
    pointer(35, "externalDocs", Kind::Message(&EXTERNAL_DOCS)),
    pointer(36, "example", Kind::Wrapper(&RAW)),
    plain(37, "nullable", Kind::Flag),
    pointer(38, "x-kubernetes-preserve-unknown-fields", Kind::Flag),
    plain(39, "x-kubernetes-embedded-resource", Kind::Flag),
    plain(40, "x-kubernetes-int-or-string", Kind::Flag),
    texts(41, "x-kubernetes-list-map-keys"),
    pointer(42, "x-kubernetes-list-type", Kind::Text),
    pointer(43, "x-kubernetes-map-type", Kind::Text),
    list(44, "x-kubernetes-validations", Kind::Message(&VALIDATION_RULE)),
]);

static SCHEMA_OR_ARRAY: Message = Message(&[
    pointer(1, "schema", Kind::Message(&SCHEMA)),
    list(2, "schemas", Kind::Message(&SCHEMA)),
]);

static SCHEMA_OR_TEXTS: Message =
    Message(&[pointer(1, "schema", Kind::Message(&SCHEMA)), texts(2, "property")]);

/// The schema first: Go writes `allows` beside it.
static SCHEMA_OR_BOOL: Message = Message(&[
    pointer(2, "schema", Kind::Message(&SCHEMA)),
    pointer(1, "allows", Kind::Flag),
]);

static EXTERNAL_DOCS: Message = Message(&[text(1, "description"), text(2, "url")]);

static VALIDATION_RULE: Message = Message(&[
    text(1, "rule"),
    text(2, "message"),
    text(3, "messageExpression"),
    pointer(4, "reason", Kind::Text),
    text(5, "fieldPath"),
    pointer(6, "optionalOldSelf", Kind::Flag),
]);
