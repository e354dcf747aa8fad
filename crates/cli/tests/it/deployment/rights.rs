//! What the overlay takes from the controller, and where it gives it back.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{only, rendered};

const READ: [&str; 3] = ["get", "list", "watch"];

/// What a role allows on Secrets.
fn on_secrets(role: &Value) -> BTreeSet<&str> {
    let rules = role["rules"].as_array().unwrap().iter();
    rules
        .filter(|rule| {
            let resources = rule["resources"].as_array().into_iter().flatten();
            resources
                .into_iter()
                .any(|resource| resource == "secrets" || resource == "*")
        })
        .flat_map(|rule| rule["verbs"].as_array().unwrap())
        .map(|verb| verb.as_str().unwrap())
        .collect()
}

#[test]
fn s129_narrowed_the_controller_writes_secrets_in_the_kuadrant_namespace_alone() {
    let (wide, narrow) = (
        rendered("config/default"),
        rendered("config/overlays/narrow-secrets"),
    );
    let role = "developer-portal-controller-manager-role";
    let (before, after) = (
        only(&wide, "ClusterRole", role),
        only(&narrow, "ClusterRole", role),
    );
    assert_eq!(on_secrets(after), BTreeSet::from(READ));
    let writes: BTreeSet<_> = on_secrets(before)
        .difference(&BTreeSet::from(READ))
        .copied()
        .collect();
    assert!(
        writes.contains("create") && writes.contains("delete"),
        "{writes:?}"
    );

    let local = only(&narrow, "Role", "developer-portal-controller-enforcement-secrets");
    assert_eq!(local["metadata"]["namespace"], "kuadrant-system");
    assert!(on_secrets(local).is_superset(&writes), "{writes:?}");

    // The rest is as it was.
    let others = |role: &Value| -> Vec<Value> {
        let rules = role["rules"].as_array().unwrap().iter();
        rules
            .filter(|rule| rule["resources"] != serde_json::json!(["secrets"]))
            .cloned()
            .collect()
    };
    assert_eq!(others(before), others(after));
    assert_eq!(narrow.len(), wide.len() + 2);
}
