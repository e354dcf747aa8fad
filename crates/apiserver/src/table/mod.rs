//! Objects as rows: what `kubectl get` prints.
