//! What each target sees of a catalog: exactly what a controller would gather for it.

use keydesk_api::meta::annotation;
use keydesk_catalog::{Catalog, KeyEdges, PolicyEnd, Target};
use keydesk_core::NamespacedName;

/// Everything that a reconcile of `target` depends on, as text to compare.
pub(crate) fn view(catalog: &Catalog, target: &Target) -> String {
    match target {
        Target::Product(id) => product(catalog, id),
        Target::Key(id) => key(catalog, id),
        Target::Approval(id) => approval(catalog, id),
        Target::EnforcementSecret(id) => enforcement_secret(catalog, id),
        Target::Route(id) => route(catalog, id),
        Target::Kuadrant => format!("{:?}", catalog.enforcement_namespace()),
    }
}

fn product(catalog: &Catalog, id: &NamespacedName) -> String {
    let product = catalog.product(id);
    let route = product.as_ref().and_then(|product| {
        catalog.route(&NamespacedName::new(
            &*id.namespace,
            &*product.spec.target_ref.name,
        ))
    });
    let mut ends = Vec::new();
    if let Some(route) = &route {
        ends.push(PolicyEnd::Route(NamespacedName::new(
            &*id.namespace,
            route.metadata.name.as_deref().unwrap(),
        )));
        ends.extend(catalog.gateways_of(route).into_iter().map(PolicyEnd::Gateway));
    }
    let auth: Vec<_> = ends
        .iter()
        .flat_map(|end| catalog.auth_policies_on(end))
        .collect();
    let plans: Vec<_> = ends
        .iter()
        .flat_map(|end| catalog.plan_policies_on(end))
        .collect();
    format!("{product:?} {route:?} {auth:?} {plans:?}")
}

fn route(catalog: &Catalog, id: &NamespacedName) -> String {
    let route = catalog.route(id);
    let mut ends = vec![PolicyEnd::Route(id.clone())];
    let gateways = route.iter().flat_map(|route| catalog.gateways_of(route));
    let mut listening = Vec::new();
    for gateway in gateways {
        listening.push(catalog.gateway(&gateway).map(|gateway| gateway.spec.clone()));
        ends.push(PolicyEnd::Gateway(gateway));
    }
    let auth: Vec<_> = ends
        .iter()
        .flat_map(|end| catalog.auth_policies_on(end))
        .collect();
    let plans: Vec<_> = ends
        .iter()
        .flat_map(|end| catalog.plan_policies_on(end))
        .collect();
    let limits: Vec<_> = ends
        .iter()
        .flat_map(|end| catalog.rate_limit_policies_on(end))
        .collect();
    let products: Vec<_> = catalog
        .products_on(id)
        .map(|product| {
            let annotations = product.metadata.annotations.as_ref();
            let entry = annotations.and_then(|annotations| annotations.get(annotation::AUTH_ENTRY));
            (product.metadata.name.clone(), entry.cloned())
        })
        .collect();
    format!("{route:?} {listening:?} {auth:?} {plans:?} {limits:?} {products:?}")
}

fn key(catalog: &Catalog, id: &NamespacedName) -> String {
    let requests: Vec<_> = catalog.requests_for(id).collect();
    let name = keydesk_api::meta::enforcement_secret_name(&id.namespace, &id.name);
    let own = catalog.key(id).map(|key| {
        let KeyEdges {
            product,
            secret,
            request,
            enforcement_secret: _,
        } = KeyEdges::of(&key);
        let product = catalog.product(&product);
        let route = product.as_ref().and_then(|product| {
            let spec = &product.spec;
            catalog.route(&NamespacedName::new(
                product.metadata.namespace.as_deref().unwrap(),
                &*spec.target_ref.name,
            ))
        });
        let host = route.and_then(|route| route.spec.hostnames.first().cloned());
        let mode = product.map(|product| product.spec.approval_mode);
        let secret = secret.and_then(|secret| catalog.secret(&secret));
        let shadow = catalog.request(&request);
        let approvals: Vec<_> = catalog.approvals_of(&request).collect();
        let clash = catalog
            .enforcement_namespace()
            .and_then(|namespace| catalog.secret(&NamespacedName::new(namespace, name.as_str())));
        let enforcement: Vec<_> = catalog.enforcement_secrets(&name).collect();
        let namespace = catalog.enforcement_namespace();
        format!("{key:?} {mode:?} {host:?} {secret:?} {shadow:?} {approvals:?} {clash:?} {enforcement:?} {namespace:?}")
    });
    format!("{own:?} {requests:?}")
}

fn approval(catalog: &Catalog, id: &NamespacedName) -> String {
    let Some(approval) = catalog.approval(id) else {
        return String::new();
    };
    let request = NamespacedName::new(&*id.namespace, &*approval.object.spec.api_key_request_ref.name);
    if catalog.derives_request(&request) {
        return "the key's".to_owned();
    }
    format!("{approval:?} {:?}", catalog.request(&request))
}

fn enforcement_secret(catalog: &Catalog, id: &NamespacedName) -> String {
    let Some(secret) = catalog.secret(id).filter(|secret| secret.enforces()) else {
        return String::new();
    };
    if catalog.derives_enforcement_secret(&id.name) {
        return "the key's".to_owned();
    }
    format!("{secret:?} {:?}", catalog.enforcement_namespace())
}
