//! Who a request is from.

use std::collections::BTreeMap;

/// An authenticated caller: travels as a request extension that only in-process code and the authenticator set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// `alice`, `system:serviceaccount:ns:name`.
    pub name: String,
    /// Stable identity, if the authenticator knows one.
    pub uid: String,
    /// Groups, `system:authenticated` included for everybody who authenticated.
    pub groups: Vec<String>,
    /// What the authenticator says beside.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// A user of that name in `system:authenticated` only.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            groups: vec!["system:authenticated".into()],
            ..Self::default()
        }
    }

    /// The same user, in one more group.
    #[must_use]
    pub fn in_group(mut self, group: impl Into<String>) -> Self {
        self.groups.push(group.into());
        self
    }

    /// The `ServiceAccount` of that namespace and name, in the groups that every `ServiceAccount` is in.
    #[must_use]
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self::named(format!("system:serviceaccount:{namespace}:{name}"))
            .in_group("system:serviceaccounts")
            .in_group(format!("system:serviceaccounts:{namespace}"))
    }

    /// Passes every authorisation (`system:masters`).
    #[must_use]
    pub fn admin() -> Self {
        Self::named("kubernetes-admin").in_group("system:masters")
    }
}
