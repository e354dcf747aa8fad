//! Schemas and patches as the API server uses them, in the words of a real kube-apiserver.

mod check;
mod hostile;
mod laws;
mod patches;
mod rules;
mod validation;
