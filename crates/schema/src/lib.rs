//! Kubernetes structural schemas and patches as pure functions on JSON values.
