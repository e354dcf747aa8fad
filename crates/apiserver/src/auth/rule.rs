//! One rule of a role: what it permits, and whether it covers another.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::attributes::{Attributes, ResourceAttributes};

/// `PolicyRule`: permits every combination of its lists.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Rule {
    pub(super) verbs: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Empty: every name.
    pub(super) names: Vec<String>,
    /// Paths; a rule has either these or resources.
    pub(super) paths: Vec<String>,
}

impl Rule {
    /// The rules of a role.
    pub(super) fn of_role(role: &Value) -> Vec<Self> {
        role.get("rules")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(Self::read)
            .collect()
    }

    fn read(rule: &Value) -> Self {
        let list = |field: &str| -> Vec<String> {
            let values = rule.get(field).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            verbs: list("verbs"),
            groups: list("apiGroups"),
            resources: list("resources"),
            names: list("resourceNames"),
            paths: list("nonResourceURLs"),
        }
    }

    /// Whether it permits an action.
    pub(super) fn permits(&self, action: &Attributes) -> bool {
        match action {
            Attributes::Resource(action) => {
                has(&self.verbs, &action.verb)
                    && has(&self.groups, &action.group)
                    && self.permits_object(action)
            }
            Attributes::Path { verb, path } => {
                has(&self.verbs, verb) && self.paths.iter().any(|pattern| covers_path(pattern, path))
            }
        }
    }

    fn permits_object(&self, action: &ResourceAttributes) -> bool {
        let combined = action.combined();
        self.resources
            .iter()
            .any(|resource| covers_resource(resource, &combined))
            && (self.names.is_empty() || self.names.contains(&action.name))
    }

    /// Whether everything that `other` permits is permitted by this.
    fn covers(&self, other: &Self) -> bool {
        let names = self.names.is_empty()
            || (!other.names.is_empty() && other.names.iter().all(|name| self.names.contains(name)));
        let all =
            |theirs: &[String], is_covered: &dyn Fn(&str) -> bool| theirs.iter().all(|one| is_covered(one));
        all(&other.verbs, &|verb| has(&self.verbs, verb))
            && all(&other.groups, &|group| has(&self.groups, group))
            && all(&other.resources, &|resource| {
                self.resources.iter().any(|own| covers_resource(own, resource))
            })
            && all(&other.paths, &|path| {
                self.paths.iter().any(|own| covers_path(own, path))
            })
            && names
    }

    /// The smallest rules that together permit the same.
    fn broken_down(&self) -> Vec<Self> {
        let mut parts = Vec::new();
        for verb in &self.verbs {
            for path in &self.paths {
                parts.push(Self {
                    verbs: vec![verb.clone()],
                    paths: vec![path.clone()],
                    ..Self::default()
                });
            }
            for group in &self.groups {
                for resource in &self.resources {
                    let part = Self {
                        verbs: vec![verb.clone()],
                        groups: vec![group.clone()],
                        resources: vec![resource.clone()],
                        ..Self::default()
                    };
                    if self.names.is_empty() {
                        parts.push(part);
                    } else {
                        parts.extend(self.names.iter().map(|name| Self {
                            names: vec![name.clone()],
                            ..part.clone()
                        }));
                    }
                }
            }
        }
        parts
    }

    /// As it stands in a review's answer.
    pub(super) fn to_value(&self) -> Value {
        if !self.paths.is_empty() {
            return json!({"verbs": self.verbs, "nonResourceURLs": self.paths});
        }
        let mut rule = json!({"verbs": self.verbs, "apiGroups": self.groups, "resources": self.resources});
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// What of `wanted` no rule of `held` covers, merged by what it is about and ordered by its text.
pub(super) fn uncovered(held: &[Rule], wanted: &[Rule]) -> Vec<Rule> {
    let missing = wanted
        .iter()
        .flat_map(Rule::broken_down)
        .filter(|part| !held.iter().any(|rule| rule.covers(part)));
    let mut merged: BTreeMap<Rule, Vec<String>> = BTreeMap::new();
    for part in missing {
        let about = Rule {
            verbs: Vec::new(),
            ..part.clone()
        };
        let verbs = merged.entry(about).or_default();
        verbs.extend(
            part.verbs
                .into_iter()
                .filter(|verb| !verbs.contains(verb))
                .collect::<Vec<_>>(),
        );
    }
    let mut rules: Vec<Rule> = merged
        .into_iter()
        .map(|(about, verbs)| Rule { verbs, ..about })
        .collect();
    rules.sort_by_cached_key(ToString::to_string);
    rules
}

/// As a real server prints it: `{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            ("APIGroups", &self.groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.paths),
            ("ResourceNames", &self.names),
            ("Verbs", &self.verbs),
        ];
        let parts: Vec<String> = lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| format!("{name}:{}", quoted(list)))
            .collect();
        write!(f, "{{{}}}", parts.join(", "))
    }
}

/// A list of strings as Go's `%q` prints it.
pub(super) fn quoted(list: &[String]) -> String {
    let items: Vec<String> = list.iter().map(|item| format!("{item:?}")).collect();
    format!("[{}]", items.join(" "))
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|own| own == "*" || own == wanted)
}

/// `secrets`, `secrets/status`, `*`, `*/status`.
fn covers_resource(pattern: &str, resource: &str) -> bool {
    pattern == "*"
        || pattern == resource
        || pattern.strip_prefix("*/").is_some_and(|own| {
            resource
                .split_once('/')
                .is_some_and(|(_, subresource)| subresource == own)
        })
}

/// `/healthz`, `/api/*`, `*`.
fn covers_path(pattern: &str, path: &str) -> bool {
    pattern == path
        || pattern
            .strip_suffix('*')
            .is_some_and(|prefix| path.starts_with(prefix))
}
