//! What protects one route: of all policies that are attached to it and its gateways, what a call must satisfy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::Method;
use keydesk_api::foreign::{
    AuthPolicy, ForeignStatus, HTTPRoute, Listener, ParentRef, RoutesFrom, Unevaluated, section,
};
use keydesk_catalog::{Attached, Catalog, Policy, PolicyEnd, missing_entry};
use keydesk_core::NamespacedName;
use kube::ResourceExt as _;

use super::Scope;
use crate::credential::Location;
use crate::route::{HostPattern, Route, intersection};
use crate::snapshot::{Entry, Plans, Protection};

/// A route that some gateway serves, with what protects it.
pub(crate) struct Protected {
    id: NamespacedName,
    route: Arc<HTTPRoute>,
    hosts: Vec<HostPattern>,
    protection: Arc<Protection>,
}

impl Protected {
    pub(crate) fn protection(&self) -> &Arc<Protection> {
        &self.protection
    }

    /// As the table of routes takes it.
    pub(crate) fn entry(&self) -> Route<'_, Arc<Protection>> {
        let rules = self.route.spec.rules.iter();
        Route {
            id: self.id.clone(),
            created: self
                .route
                .creation_timestamp()
                .map_or(Timestamp::MAX, |time| time.0),
            hosts: self.hosts.clone(),
            rules: rules.map(|rule| (rule, Arc::clone(&self.protection))).collect(),
        }
    }
}

/// What protects the route of this name, if there is one and a gateway accepted it. Who may not attach a route to a
/// gateway must not decide, with a route of their own, whose keys are good behind it.
pub(crate) fn protect(catalog: &Catalog, id: &NamespacedName, scope: &Scope) -> Option<Protected> {
    let route = catalog.route(id)?;
    if route.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let hosts = hosts(catalog, id, &route, scope);
    if hosts.is_empty() {
        return None;
    }
    let auth = catalog.auth_policies_of(&route);
    let plans = catalog.plan_policies_of(&route);
    let policy = auth.choose();
    let entries = policy.map(entries).unwrap_or_default();
    let mut products = BTreeSet::new();
    let mut misled = BTreeMap::new();
    for product in catalog.products_on(id) {
        let name = NamespacedName::new(product.namespace().unwrap_or_default(), product.name_any());
        match policy.and_then(|policy| missing_entry(&product, policy)) {
            Some(entry) => {
                misled.insert(name, entry.to_owned());
            }
            None => {
                products.insert(name);
            }
        }
    }
    let protection = Protection {
        route: id.clone(),
        challenges: entries
            .iter()
            .filter_map(|entry| entry.location.challenge(&entry.name).try_into().ok())
            .collect(),
        entries,
        plans: plans.choose().map(|policy| Arc::new(Plans::compile(policy))),
        products,
        misled,
        unsupported: unsupported(catalog, id, &route, &auth, policy),
        enforcement_namespace: catalog.enforcement_namespace().map(Arc::from),
    };
    Some(Protected {
        id: id.clone(),
        route,
        hosts,
        protection: Arc::new(protection),
    })
}

/// The hosts under which gateways serve a route.
pub(crate) fn hosts(
    catalog: &Catalog,
    id: &NamespacedName,
    route: &HTTPRoute,
    scope: &Scope,
) -> Vec<HostPattern> {
    let mut hosts = BTreeSet::new();
    for parent in route.spec.parent_refs.iter().filter(|parent| parent.is_gateway()) {
        let gateway = NamespacedName::new(parent.namespace_or(&id.namespace), parent.name.as_str());
        let in_scope = scope.gateways.is_empty() || scope.gateways.contains(&gateway);
        if !in_scope || !is_accepted(route, parent, &id.namespace) {
            continue;
        }
        let Some(gateway) = catalog.gateway(&gateway) else {
            continue;
        };
        let same = gateway.metadata.namespace.as_deref() == Some(id.namespace.as_str());
        let listeners = gateway
            .spec
            .listeners
            .iter()
            .filter(|listener| is_meant(listener, parent) && admits(listener, parent, same));
        hosts.extend(intersection(
            &route.spec.hostnames,
            listeners.map(|listener| listener.hostname.as_deref()),
        ));
    }
    hosts.into_iter().collect()
}

/// Whether the parent itself says that it took the route.
pub(crate) fn is_accepted(route: &HTTPRoute, parent: &ParentRef, namespace: &str) -> bool {
    let same = |other: &ParentRef| {
        other.is_gateway()
            && other.name == parent.name
            && other.namespace_or(namespace) == parent.namespace_or(namespace)
            && other.section_name == parent.section_name
            && other.port == parent.port
    };
    let parents = route.status.iter().flat_map(|status| &status.parents);
    parents
        .into_iter()
        .any(|status| same(&status.parent_ref) && status.is_accepted())
}

fn is_meant(listener: &Listener, parent: &ParentRef) -> bool {
    let name = parent.section_name.as_deref();
    name.is_none_or(|name| name == listener.name) && parent.port.is_none_or(|port| listener.port == port)
}

/// Whether a listener takes routes of the route's namespace. Which namespaces a selector means is not known here: the
/// parent's word counts where it can only be about this listener.
fn admits(listener: &Listener, parent: &ParentRef, same_namespace: bool) -> bool {
    match listener.routes_from {
        RoutesFrom::All => true,
        RoutesFrom::Same => same_namespace,
        RoutesFrom::Selector => parent.section_name.is_some(),
        RoutesFrom::Other => false,
    }
}

fn entries(policy: &AuthPolicy) -> Vec<Entry> {
    let entries = policy.evaluated_entries().into_iter();
    entries
        .filter_map(|entry| match entry.method {
            Method::ApiKey(keys) => Some(Entry {
                location: Location::from(&entry.credentials),
                name: entry.name,
                selector: keys.selector,
                all_namespaces: keys.all_namespaces,
            }),
            Method::Jwt { .. } | Method::Other => None,
        })
        .collect()
}

/// What owners demand of callers of a route and nobody here evaluates. Every policy counts that could be in force: that
/// another of the same place is chosen, or that one was not understood and so is not in force, makes no call innocent.
fn unsupported(
    catalog: &Catalog,
    id: &NamespacedName,
    route: &HTTPRoute,
    auth: &Attached<AuthPolicy>,
    chosen: Option<&AuthPolicy>,
) -> BTreeSet<String> {
    let Some(chosen) = chosen else {
        return BTreeSet::from(["no AuthPolicy: nothing says who may call".to_owned()]);
    };
    let mut parts = chosen.unevaluated();
    let counts = |policy: &&Arc<AuthPolicy>| stays(policy.as_ref()) && !is_overridden(policy.status.as_ref());
    let beside = auth.to_route.iter().filter(counts);
    let beside = beside.flat_map(|policy| policy.unevaluated());
    // That keys are no way in by one of them takes nothing from the other.
    parts.extend(beside.filter(|part| *part != Unevaluated::Authentication));
    // What a gateway puts above its routes' own policies holds for all calls through it, and which one a call came
    // through is not known.
    let above = auth.to_gateways.iter().flatten().filter(counts);
    if above
        .filter(|policy| policy.overrides())
        .any(|policy| policy.metadata.uid != chosen.metadata.uid)
    {
        parts.insert(Unevaluated::Overrides);
    }
    let mut beside = BTreeSet::new();
    let plans = catalog.plan_policies_of(route);
    let plans = plans.to_route.iter().chain(plans.to_gateways.iter().flatten());
    beside.extend(
        plans
            .filter(|policy| stays(policy.as_ref()))
            .filter_map(|policy| section(&policy.spec.target_ref)),
    );
    let gateways = catalog.gateways_of(route).into_iter().map(PolicyEnd::Gateway);
    let ends = [PolicyEnd::Route(id.clone())].into_iter().chain(gateways);
    let limits: Vec<_> = ends
        .flat_map(|end| catalog.rate_limit_policies_on(&end).collect::<Vec<_>>())
        .collect();
    if limits
        .iter()
        .any(|policy| !policy.is_of_plans() && policy.metadata.deletion_timestamp.is_none())
    {
        beside.insert(Unevaluated::RateLimitPolicy);
    }
    beside.retain(|part| !chosen.ignores(part));
    parts.extend(beside);
    parts.iter().map(Unevaluated::to_string).collect()
}

fn stays(policy: &impl Policy) -> bool {
    policy.meta().deletion_timestamp.is_none()
}

fn is_overridden(status: Option<&ForeignStatus>) -> bool {
    status.is_some_and(|status| status.says("Enforced", "False", "Overridden"))
}
