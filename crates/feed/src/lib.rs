//! Keeps a catalog in step with a cluster: one watch per kind.
