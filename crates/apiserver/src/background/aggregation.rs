//! ClusterRoles that are made of others are kept so.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Commits;
use super::act::Actor;
use crate::api::{Api, CLUSTER_ROLES};
use crate::auth;
use crate::resource::Part;

pub(super) async fn run(api: Arc<Api>) {
    let mut commits = Commits::of(&api);
    let mut looked_at = 0;
    while commits.next().await {
        let changed = api.store.last_change(&[CLUSTER_ROLES.into()]);
        if changed > looked_at {
            looked_at = changed;
            aggregate(&api).await;
        }
    }
}

async fn aggregate(api: &Api) {
    let actor = Actor::new(api, "clusterrole-aggregation-controller");
    let registry = api.registry();
    let Some(resource) = registry.find_kind("rbac.authorization.k8s.io/v1", "ClusterRole") else {
        return;
    };
    let roles: Vec<Value> = api
        .store
        .all(CLUSTER_ROLES)
        .iter()
        .map(|role| role.value())
        .collect();
    for (name, rules) in auth::aggregated(&roles) {
        if let Some(role) = api.store.get(&resource.key(None, &name)) {
            let with_rules = |old: &Value| {
                let mut new = old.clone();
                new["rules"] = json!(rules);
                Ok(new)
            };
            // A failure is logged; the next change of a role tries again.
            let _ = actor.update(resource, &role, Part::Main, with_rules).await;
        }
    }
}
