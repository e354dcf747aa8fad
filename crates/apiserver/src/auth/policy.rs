//! Everything that roles and bindings say, indexed by whom they are about.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::MASTERS;
use super::attributes::Attributes;
use super::rule::Rule;
use crate::caller::User;

/// Whether an action is allowed, and by what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decision {
    /// Whether it is.
    pub(crate) allowed: bool,
    /// By which binding, or which role was missing; may be empty.
    pub(crate) reason: String,
}

/// All roles and bindings at one moment.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    roles: HashMap<RoleKey, Vec<Rule>>,
    /// By the binding's namespace; empty for cluster-wide bindings.
    bindings: HashMap<String, HashMap<Subject, Vec<Arc<Binding>>>>,
}

/// A role by namespace (empty: a `ClusterRole`) and name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct RoleKey {
    pub(super) namespace: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Subject {
    User(String),
    Group(String),
    ServiceAccount { namespace: String, name: String },
}

#[derive(Debug, Eq, PartialEq)]
struct Binding {
    namespace: String,
    name: String,
    role: RoleKey,
}

/// The rules that hold for a user, and the roles that bindings name in vain.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) rules: Vec<Rule>,
    pub(super) errors: Vec<String>,
}

impl Policy {
    /// The policy of these objects: `Role`, `ClusterRole`, `RoleBinding`, `ClusterRoleBinding`, in any order.
    #[must_use]
    pub(crate) fn new<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut policy = Self::default();
        let mut bindings: BTreeMap<(String, String), &Value> = BTreeMap::new();
        for object in objects {
            let text = |pointer: &str| {
                object
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let (namespace, name) = (
                text("/metadata/namespace").to_owned(),
                text("/metadata/name").to_owned(),
            );
            match text("/kind") {
                "Role" | "ClusterRole" => {
                    policy
                        .roles
                        .insert(RoleKey { namespace, name }, Rule::of_role(object));
                }
                "RoleBinding" | "ClusterRoleBinding" => {
                    bindings.insert((namespace, name), object);
                }
                _ => {}
            }
        }
        // In order of their names: the same objects always give the same reasons.
        for ((namespace, name), object) in bindings {
            let role = role_of(object, &namespace);
            let binding = Arc::new(Binding {
                namespace: namespace.clone(),
                name,
                role,
            });
            let by_subject = policy.bindings.entry(namespace.clone()).or_default();
            for subject in subjects_of(object, &namespace) {
                let list = by_subject.entry(subject).or_default();
                if !list.contains(&binding) {
                    list.push(Arc::clone(&binding));
                }
            }
        }
        policy
    }

    /// Whether a user may do this.
    #[must_use]
    pub(crate) fn decide(&self, user: &User, action: &Attributes) -> Decision {
        if user.groups.iter().any(|group| group == MASTERS) {
            return Decision {
                allowed: true,
                reason: String::new(),
            };
        }
        let namespace = match action {
            Attributes::Resource(resource) => resource.namespace.as_str(),
            Attributes::Path { .. } => "",
        };
        let mut errors = Vec::new();
        for (binding, subject) in self.bindings_of(user, namespace) {
            match self.roles.get(&binding.role) {
                Some(rules) if rules.iter().any(|rule| rule.permits(action)) => {
                    return Decision {
                        allowed: true,
                        reason: format!("RBAC: allowed by {}", binding.to(&subject)),
                    };
                }
                Some(_) => {}
                None => errors.push(binding.role.missing()),
            }
        }
        Decision {
            allowed: false,
            reason: said(errors).map_or_else(String::new, |said| format!("RBAC: {said}")),
        }
    }

    /// Every rule that holds for a user in a namespace, cluster-wide ones first.
    pub(super) fn held(&self, user: &User, namespace: &str) -> Held {
        let mut held = Held::default();
        for (binding, _) in self.bindings_of(user, namespace) {
            match self.roles.get(&binding.role) {
                Some(rules) => held.rules.extend(rules.iter().cloned()),
                None => held.errors.push(binding.role.missing()),
            }
        }
        held
    }

    /// The rules of a role.
    pub(super) fn role(&self, role: &RoleKey) -> Option<&[Rule]> {
        self.roles.get(role).map(Vec::as_slice)
    }

    /// The bindings that are about a user, each once: cluster-wide, then of the namespace.
    fn bindings_of<'a>(&'a self, user: &'a User, namespace: &str) -> Vec<(&'a Binding, Subject)> {
        let mut subjects = vec![Subject::User(user.name.clone())];
        if let Some((namespace, name)) = user
            .name
            .strip_prefix("system:serviceaccount:")
            .and_then(|rest| rest.split_once(':'))
        {
            subjects.push(Subject::ServiceAccount {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            });
        }
        subjects.extend(user.groups.iter().cloned().map(Subject::Group));
        let mut found: Vec<(&Binding, Subject)> = Vec::new();
        let scopes = if namespace.is_empty() {
            vec![""]
        } else {
            vec!["", namespace]
        };
        for by_subject in scopes.into_iter().filter_map(|scope| self.bindings.get(scope)) {
            let start = found.len();
            for subject in &subjects {
                for binding in by_subject.get(subject).into_iter().flatten() {
                    if !found[start..].iter().any(|(known, _)| *known == binding.as_ref()) {
                        found.push((binding, subject.clone()));
                    }
                }
            }
            found[start..].sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        }
        found
    }
}

impl Binding {
    /// `RoleBinding "b/ns" of Role "r" to User "u"`.
    fn to(&self, subject: &Subject) -> String {
        let Self {
            namespace,
            name,
            role,
        } = self;
        let binding = if namespace.is_empty() {
            format!("ClusterRoleBinding {name:?}")
        } else {
            format!("RoleBinding {:?}", format!("{name}/{namespace}"))
        };
        let subject = match subject {
            Subject::User(name) => format!("User {name:?}"),
            Subject::Group(name) => format!("Group {name:?}"),
            Subject::ServiceAccount { namespace, name } => {
                format!("ServiceAccount {:?}", format!("{name}/{namespace}"))
            }
        };
        let kind = if role.namespace.is_empty() {
            "ClusterRole"
        } else {
            "Role"
        };
        format!("{binding} of {kind} {:?} to {subject}", role.name)
    }
}

impl RoleKey {
    /// What a real server says of a role that a binding names in vain.
    fn missing(&self) -> String {
        let kind = if self.namespace.is_empty() {
            "clusterrole"
        } else {
            "role"
        };
        format!("{kind}.rbac.authorization.k8s.io {:?} not found", self.name)
    }
}

/// Several errors as one text; nothing if there are none.
pub(super) fn said(mut errors: Vec<String>) -> Option<String> {
    let mut seen = Vec::new();
    errors.retain(|error| {
        let is_new = !seen.contains(error);
        seen.push(error.clone());
        is_new
    });
    match errors.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(format!("[{}]", many.join(", "))),
    }
}

/// The role that a binding in that namespace (empty: cluster-wide) names.
pub(super) fn role_of(binding: &Value, namespace: &str) -> RoleKey {
    let text = |pointer: &str| {
        binding
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let is_namespaced = text("/roleRef/kind") == "Role";
    RoleKey {
        namespace: if is_namespaced {
            namespace.to_owned()
        } else {
            String::new()
        },
        name: text("/roleRef/name").to_owned(),
    }
}

fn subjects_of(binding: &Value, namespace: &str) -> Vec<Subject> {
    let subjects = binding
        .get("subjects")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    subjects
        .filter_map(|subject| {
            let text = |field: &str| subject.get(field).and_then(Value::as_str).unwrap_or_default();
            let name = text("name").to_owned();
            Some(match text("kind") {
                "User" => Subject::User(name),
                "Group" => Subject::Group(name),
                "ServiceAccount" => {
                    let own = text("namespace");
                    let namespace = if own.is_empty() { namespace } else { own };
                    Subject::ServiceAccount {
                        namespace: namespace.to_owned(),
                        name,
                    }
                }
                _ => return None,
            })
        })
        .collect()
}
