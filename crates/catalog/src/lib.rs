//! The cluster as one in-memory index: objects in, affected references out.
