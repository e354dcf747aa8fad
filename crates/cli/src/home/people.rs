//! The people of the kubeconfig, as `NAMES.md` lists them.

use keydesk_apiserver::User;

/// Somebody with a context in the kubeconfig.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    /// Name of the user and of the context.
    pub(crate) name: &'static str,
    /// The one group that says what they may do.
    pub(crate) group: &'static str,
    /// The context's namespace.
    pub(crate) namespace: Option<&'static str>,
    /// For the list that a person reads.
    pub(crate) may: &'static str,
}

/// The one who may do everything; always there, and the current context.
pub(crate) const ADMIN: Person = person("admin", "system:masters", None, "everything");

/// Everybody else; with `--demo` only.
pub(crate) const DEMO: [Person; 7] = [
    person(
        "platform",
        "platform",
        None,
        "see and decide everything, but read no Secret",
    ),
    person(
        "owner",
        "api-owners",
        Some("gamestore"),
        "own the products in gamestore and toystore",
    ),
    person(
        "other-owner",
        "api-owners",
        Some("bookstore"),
        "own the products in bookstore",
    ),
    person(
        "consumer",
        "developers",
        Some("consumer-app"),
        "browse, and hold keys in consumer-app",
    ),
    person(
        "other-consumer",
        "developers",
        Some("other-app"),
        "browse, and hold keys in other-app",
    ),
    person(
        "guest",
        "developers",
        Some("guest"),
        "browse, and hold keys in guest",
    ),
    person("tom", "developers", Some("tom"), "browse, and hold keys in tom"),
];

const fn person(
    name: &'static str,
    group: &'static str,
    namespace: Option<&'static str>,
    may: &'static str,
) -> Person {
    Person {
        name,
        group,
        namespace,
        may,
    }
}

impl Person {
    /// As the API server knows them.
    pub(crate) fn user(&self) -> User {
        User::named(self.name).in_group(self.group)
    }
}
