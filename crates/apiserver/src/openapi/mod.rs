//! What the server tells about its kinds: OpenAPI v3 documents.
//!
//! Schemas of the built-in kinds were recorded from a real server (`recorded/`); those of custom kinds come from
//! their definitions. Paths are generated for both alike.

mod recorded;

pub(crate) use self::recorded::built_in_schema;
