//! A small Kubernetes-compatible API server that knows no kind of Keydesk's.
