//! The schemas of everything served, as `OpenAPI` v3 documents.
