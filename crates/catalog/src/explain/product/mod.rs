//! What a product offers, which policies make it so, and why its keys can or cannot work.

mod policies;

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::APIProduct;
use keydesk_api::condition::{self, ProductAspect, ProductReason};
use keydesk_api::foreign::{HTTPRoute, HTTPRouteStatus};
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::PublishStatus;

use super::aim::Aim;
use super::deletion::deletion;
use super::gate;
use super::key::Part;
use super::mode::{Mode, mend_cap};
use super::step::{Explanation, Step, Who};
use crate::Catalog;
use crate::edge::route_of_product;
use crate::object::id;

/// A product, and what could be read around it.
#[derive(Clone, Debug)]
pub struct ProductScene<'a> {
    /// The product.
    pub product: &'a APIProduct,
    /// All that could be read.
    pub catalog: &'a Catalog,
    /// What could not.
    pub hidden: &'a BTreeSet<Part>,
    /// Requests for the product that wait, if they may be counted.
    pub waiting: Option<usize>,
    /// Where commands are to act that whoever asks is told of.
    pub aim: &'a Aim,
}

/// Explains a product.
#[must_use]
pub fn explain_product(scene: &ProductScene<'_>) -> Explanation {
    let route = scene.catalog.route(&route_of_product(scene.product));
    let route = route.as_deref();
    let policy = policies::policy(scene, route);
    let entry = policies::entry(scene, &policy);
    let steps = vec![
        offer(scene),
        platform(scene),
        route_step(scene, route),
        policy,
        entry,
        policies::plans(scene, route),
        limits(scene, route),
        approval(scene.product),
        openapi(scene),
        oidc(scene),
        requests(scene),
        status(scene),
    ];
    let obstacle = Explanation::first_obstacle(&steps).map(str::to_owned);
    Explanation {
        subject: format!("APIProduct {}", id(scene.product)),
        works: obstacle.is_none(),
        verdict: match obstacle {
            None => "works: keys of this product can be used".to_owned(),
            Some(obstacle) => format!("does not work: {obstacle}"),
        },
        steps,
    }
}

impl ProductScene<'_> {
    fn conditions(&self) -> &[Condition] {
        let status = self.product.status.as_ref();
        status.map_or(&[][..], |status| &status.conditions)
    }

    /// What the controller says of an aspect, and whether it holds.
    fn says(&self, aspect: ProductAspect) -> Option<(bool, &str)> {
        let found = condition::find(self.conditions(), aspect)?;
        Some((found.status == "True", found.message.as_str()))
    }
}

fn offer(scene: &ProductScene<'_>) -> Step {
    let topic = "product";
    let spec = &scene.product.spec;
    let edit = |object| scene.aim.kubectl(format_args!("edit apiproduct {object}"));
    if let Some(step) = deletion(topic, scene.product, &spec.display_name, Who::Owner, edit) {
        return step;
    }
    match spec.publish_status {
        PublishStatus::Published => Step::good(topic, format!("{}, published", spec.display_name)),
        PublishStatus::Draft => Step::note(
            topic,
            format!("{}, a draft: not offered in catalogues", spec.display_name),
        )
        .fix(Who::Owner, "to offer it, set spec.publishStatus to Published"),
    }
}

fn platform(scene: &ProductScene<'_>) -> Step {
    let topic = "platform";
    if scene.hidden.contains(&Part::Kuadrant) {
        return Step::unknown(
            topic,
            "you may not list Kuadrant resources: the platform team may",
        );
    }
    match scene.catalog.kuadrant() {
        Some(kuadrant) => Step::good(topic, format!("Kuadrant {kuadrant}")),
        None => Step::bad(topic, "there is no Kuadrant in the cluster").fix(
            Who::Platform,
            "create a Kuadrant resource: its namespace is where enforcement secrets go",
        ),
    }
}

fn route_step(scene: &ProductScene<'_>, route: Option<&HTTPRoute>) -> Step {
    let topic = "route";
    let name = route_of_product(scene.product);
    let attach = "attach the route to a Gateway that takes it, and look at the route's own status";
    if scene.hidden.contains(&Part::Route) {
        return match scene.says(ProductAspect::Ready) {
            Some((true, message)) => Step::good(topic, message).and("you may not read the route itself"),
            Some((false, message)) => Step::bad(topic, message).fix(Who::Owner, attach),
            None => Step::unknown(topic, format!("you may not read HTTPRoute {name}")),
        };
    }
    let Some(route) = route else {
        return Step::bad(topic, format!("HTTPRoute {name} does not exist"))
            .fix(Who::Owner, "create it, or name another in spec.targetRef");
    };
    let hosts = if route.spec.hostnames.is_empty() {
        "all hosts of its gateways".to_owned()
    } else {
        route.spec.hostnames.join(", ")
    };
    if route.status.as_ref().is_some_and(HTTPRouteStatus::is_accepted) {
        Step::good(topic, format!("HTTPRoute {name}, for {hosts}"))
    } else {
        Step::bad(topic, format!("HTTPRoute {name} is accepted by no gateway"))
            .and(format!("it is for {hosts}"))
            .fix(Who::Owner, attach)
    }
}

fn limits(scene: &ProductScene<'_>, route: Option<&HTTPRoute>) -> Step {
    let unenforced = route.map(|route| gate::unenforced_limits(scene.catalog, route));
    let mend = "mend that policy or take it off the route";
    gate::enforced(
        scene.hidden,
        route,
        unenforced.unwrap_or_default(),
        mend,
        scene.aim,
    )
}

fn approval(product: &APIProduct) -> Step {
    let topic = "approval";
    let automatic = || {
        Step::note(
            topic,
            "automatic: every request for a tier that there is is approved",
        )
    };
    match Mode::of(product) {
        Mode::Manual => Step::good(topic, "manual: the owner decides on each request"),
        Mode::Automatic(Some(most)) => automatic().and(format!("at most {most} keys for each namespace")),
        Mode::Automatic(None) => automatic()
            .and("with no cap: a namespace may have any number of keys, each with limits of its own")
            .fix(
                Who::Owner,
                format!(
                    "to set a cap, annotate the product with {}",
                    annotation::MAX_KEYS_PER_NAMESPACE
                ),
            ),
        Mode::Garbled(text) => {
            let words = format!(
                "automatic, but no key is approved by itself: annotation {} is {text:?}, which is no whole number",
                annotation::MAX_KEYS_PER_NAMESPACE
            );
            Step::note(topic, words).fix(Who::Owner, mend_cap())
        }
    }
}

fn openapi(scene: &ProductScene<'_>) -> Step {
    let topic = "openapi";
    let documentation = scene.product.spec.documentation.as_ref();
    let url = documentation.and_then(|documentation| documentation.openapi_spec_url.as_deref());
    match (url, scene.says(ProductAspect::OpenAPISpecReady)) {
        (None, _) => Step::good(topic, "no document is named"),
        (Some(url), Some((true, _))) => Step::good(topic, format!("fetched from {url}")),
        (Some(_), Some((false, message))) => {
            Step::note(topic, message).fix(Who::Owner, "keys work without it; see to the document")
        }
        (Some(url), None) => Step::note(topic, format!("{url} is yet to be fetched")),
    }
}

fn oidc(scene: &ProductScene<'_>) -> Step {
    let topic = "oidc";
    let Some(found) = condition::find(scene.conditions(), ProductAspect::OIDCDiscovered) else {
        return Step::unknown(topic, "the controller has not looked yet");
    };
    if found.reason == ProductReason::DiscoveryFailed.as_str() {
        return Step::note(topic, found.message.clone()).fix(
            Who::Owner,
            "keys work without it; see to the issuer in the AuthPolicy",
        );
    }
    Step::good(topic, found.message.clone())
}

fn requests(scene: &ProductScene<'_>) -> Step {
    let topic = "requests";
    let name = id(scene.product);
    match scene.waiting {
        None => Step::unknown(
            topic,
            format!(
                "you may not list requests in namespace {}: its owner may",
                name.namespace
            ),
        ),
        Some(0) => Step::good(topic, "none wait"),
        Some(waiting) => Step::note(topic, format!("{waiting} wait for a decision")).fix(
            Who::Owner,
            scene
                .aim
                .keydesk(format_args!("requests --pending -n {}", name.namespace)),
        ),
    }
}

fn status(scene: &ProductScene<'_>) -> Step {
    let topic = "status";
    let product = scene.product;
    let observed = product
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    if product.metadata.deletion_timestamp.is_some() {
        Step::good(
            topic,
            "of before its deletion: the controller is done with a product that is being deleted",
        )
    } else if observed >= product.metadata.generation {
        Step::good(topic, "of the present version of the product")
    } else {
        Step::note(
            topic,
            "of an earlier version of the product, or none: the controller has not looked at this one",
        )
        .fix(Who::Platform, "see that the controller runs")
    }
}
