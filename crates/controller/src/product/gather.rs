//! Taking in what concerns one product. Documents are fetched in the background; here only their outcome is looked at.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::APIProduct;
use keydesk_api::foreign::{AuthPolicy, HTTPRoute, PlanPolicy};
use keydesk_catalog::{Attached, Catalog, route_of_product};
use keydesk_core::NamespacedName;

use super::discovery::{self, Document, Wish, Wishes};
use crate::context::Context;
use crate::fetch::{Holding, Purpose, Wanted, oidc::token_endpoint};

/// A product and what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) product: Arc<APIProduct>,
    pub(crate) route: Option<Arc<HTTPRoute>>,
    pub(crate) plan_policies: Attached<PlanPolicy>,
    pub(crate) auth_policies: Attached<AuthPolicy>,
    /// The API document, if the product names one.
    pub(crate) openapi: Document,
    /// What the OpenID provider says about itself, if there is one.
    pub(crate) oidc: Document,
    /// Largest API document that is taken.
    pub(crate) max_size: u64,
}

/// `None` if the product is gone or on its way out.
pub(super) fn gather(context: &Context, id: &NamespacedName, now: Timestamp) -> Option<Seen> {
    let max_size = context.settings.openapi_spec_max_size;
    let mut seen = known(&context.catalog.read(), id, max_size)?;
    let Wishes { openapi, oidc } = discovery::wishes(&seen, now);
    let documents = &context.documents;
    seen.openapi = openapi.settle(
        || documents.forget_openapi(id),
        // Its text is not in the catalog; its time is.
        |wanted, holding| documents.keep(id, wanted, holding, |_, at| at == holding.since),
        |wanted| documents.look(id, wanted),
    );
    let discovery = seen
        .product
        .status
        .as_ref()
        .and_then(|status| status.oidc_discovery.as_ref());
    let holds = |wanted: &Wanted, document: &str| {
        let Purpose::Oidc { issuer } = &wanted.purpose else {
            return false;
        };
        token_endpoint(issuer, document)
            .is_ok_and(|endpoint| discovery.is_some_and(|discovery| discovery.token_endpoint == endpoint))
    };
    let oidc = match oidc {
        // Discovered, then for a while without a policy in force: the status no longer says from whom it is.
        Wish::Fetch(wanted) if discovery.is_some() && documents.holds(id, &wanted) => {
            let holding = Holding {
                since: now,
                is_stale: false,
            };
            Wish::Keep(wanted, holding)
        }
        oidc => oidc,
    };
    seen.oidc = oidc.settle(
        || documents.forget_oidc(id),
        |wanted, holding| documents.keep(id, wanted, holding, |document, _| holds(wanted, document)),
        |wanted| documents.look(id, wanted),
    );
    Some(seen)
}

/// Stops fetching for a product that is gone.
pub(super) fn forget(context: &Context, id: &NamespacedName) {
    context.documents.forget_openapi(id);
    context.documents.forget_oidc(id);
    context.stored_schemes.lock().remove(id);
}

fn known(catalog: &Catalog, id: &NamespacedName, max_size: u64) -> Option<Seen> {
    let product = catalog
        .product(id)
        .filter(|product| product.metadata.deletion_timestamp.is_none())?;
    let route = catalog.route(&route_of_product(&product));
    Some(Seen {
        plan_policies: route
            .as_deref()
            .map(|route| catalog.plan_policies_of(route))
            .unwrap_or_default(),
        auth_policies: route
            .as_deref()
            .map(|route| catalog.auth_policies_of(route))
            .unwrap_or_default(),
        openapi: Document::None,
        oidc: Document::None,
        product,
        route,
        max_size,
    })
}
