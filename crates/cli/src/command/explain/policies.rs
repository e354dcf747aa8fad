//! The route of a product and the policies that may apply to it, as far as the caller may read them.

use std::collections::BTreeSet;

use keydesk_api::APIProduct;
use keydesk_api::foreign::{AuthPolicy, HTTPRoute, PlanPolicy, RateLimitPolicy};
use keydesk_catalog::{Catalog, Object};
use keydesk_catalog::{explain::Part, route_of_product};

use crate::command::imperative::{ClusterClient, Lookup, NamespacedObject, Refusal};

/// Reads them into the catalogue, and notes what may not be read.
pub(super) async fn read(
    client: &ClusterClient,
    product: &APIProduct,
    catalog: &mut Catalog,
    hidden: &mut BTreeSet<Part>,
) -> Result<(), Refusal> {
    let route = match client.lookup::<HTTPRoute>(&route_of_product(product)).await? {
        Lookup::Found(route) => route,
        Lookup::Missing => return Ok(()),
        Lookup::Forbidden => {
            hidden.insert(Part::Route);
            return Ok(());
        }
    };
    let own = route.metadata.namespace.clone().unwrap_or_default();
    let gateways = catalog.gateways_of(&route).into_iter();
    // Every namespace that may have one for the route.
    let namespaces: BTreeSet<String> = gateways.map(|gateway| gateway.namespace).chain([own]).collect();
    for namespace in namespaces {
        let auth = list(client, &namespace, catalog, |policy: AuthPolicy| {
            Object::AuthPolicy(Box::new(policy))
        });
        let mut all = auth.await?;
        let plans = list(client, &namespace, catalog, |policy: PlanPolicy| {
            Object::PlanPolicy(Box::new(policy))
        });
        all &= plans.await?;
        if !all {
            hidden.insert(Part::Policies);
        }
        let limits = list(client, &namespace, catalog, |policy: RateLimitPolicy| {
            Object::RateLimitPolicy(Box::new(policy))
        });
        if !limits.await? {
            hidden.insert(Part::RateLimits);
        }
    }
    catalog.apply(Object::Route(Box::new(route)));
    Ok(())
}

/// Reads the policies of one kind in a namespace. Says whether they could be read.
async fn list<K: NamespacedObject>(
    client: &ClusterClient,
    namespace: &str,
    catalog: &mut Catalog,
    object: impl Fn(K) -> Object,
) -> Result<bool, Refusal> {
    let Lookup::Found(policies) = client.lookup_all::<K>(Some(namespace)).await? else {
        return Ok(false);
    };
    for policy in policies {
        catalog.apply(object(policy));
    }
    Ok(true)
}
