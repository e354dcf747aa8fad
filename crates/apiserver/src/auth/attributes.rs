//! What a request does, as authorisation sees it.

use crate::auth::Decision;
use crate::caller::User;
use crate::request::{Target, Verb};
use crate::status::Refusal;

/// One action on one thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Attributes {
    /// On objects of some kind.
    Resource(ResourceAttributes),
    /// On a path that is not about objects.
    Path {
        /// The HTTP method in lower case.
        verb: String,
        /// The path.
        path: String,
    },
}

/// One action on objects of one kind.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct ResourceAttributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    /// Empty: the object itself.
    pub(crate) subresource: String,
    /// Empty: cluster scope, or all namespaces.
    pub(crate) namespace: String,
    /// Empty: all names.
    pub(crate) name: String,
}

impl Attributes {
    /// What a request does. `method` is the HTTP method; it counts where there is no `verb`.
    #[must_use]
    pub(crate) fn of(target: &Target, verb: Option<Verb>, method: &str) -> Self {
        let lower = || method.to_ascii_lowercase();
        match target {
            Target::Path(path) => Self::Path {
                verb: lower(),
                path: path.clone(),
            },
            Target::Resource(target) => {
                let name = target.name.clone().unwrap_or_default();
                // A namespace is in itself: who is let into it may be let see it.
                let is_namespace = target.group.is_empty() && target.resource == "namespaces";
                let namespace = if is_namespace {
                    Some(name.clone())
                } else {
                    target.namespace.clone()
                };
                Self::Resource(ResourceAttributes {
                    verb: verb.map_or_else(lower, |verb| verb.as_str().to_owned()),
                    group: target.group.clone(),
                    resource: target.resource.clone(),
                    subresource: target.subresource.clone().unwrap_or_default(),
                    namespace: namespace.unwrap_or_default(),
                    name,
                })
            }
        }
    }

    /// The 403 of a user who may not do this.
    #[must_use]
    pub(crate) fn forbidden(&self, user: &User, decision: &Decision) -> Refusal {
        let name = &user.name;
        let because = match decision.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        match self {
            Self::Path { verb, path } => {
                let why = format!("User {name:?} cannot {verb} path {path:?}{because}");
                Refusal::forbidden("", "", "", &why)
            }
            Self::Resource(resource) => {
                let scope = if resource.namespace.is_empty() {
                    "at the cluster scope".to_owned()
                } else {
                    format!("in the namespace {:?}", resource.namespace)
                };
                let why = format!(
                    "User {name:?} cannot {} resource {:?} in API group {:?} {scope}{because}",
                    resource.verb,
                    resource.combined(),
                    resource.group,
                );
                Refusal::forbidden(&resource.group, &resource.resource, &resource.name, &why)
            }
        }
    }
}

impl ResourceAttributes {
    /// `apikeys`, or `apikeys/status`.
    #[must_use]
    pub(crate) fn combined(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}
