//! What a product offers, which policies make it so, and why its keys can or cannot work.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, ProductAspect, ProductReason};
use keydesk_api::foreign::{AuthPolicy, HTTPRoute, HTTPRouteStatus};
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::{ApprovalMode, PublishStatus};
use keydesk_api::{APIProduct, Method};
use keydesk_core::NamespacedName;
use kube::ResourceExt;

use super::key_scene::{Part, key_entry};
use super::step::{Explanation, Step, Who};
use super::words::{allowance, carried};
use crate::edge::route_of_product;
use crate::object::id;
use crate::{Attached, Catalog, Policy};

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
}

/// The route that a product offers.
#[must_use]
pub fn offered_route(product: &APIProduct) -> NamespacedName {
    route_of_product(product)
}

/// Explains a product.
#[must_use]
pub fn explain_product(scene: &ProductScene<'_>) -> Explanation {
    let route = scene.catalog.route(&route_of_product(scene.product));
    let route = route.as_deref();
    let steps = vec![
        offer(scene),
        platform(scene),
        route_step(scene, route),
        policy(scene, route),
        entry(scene),
        plans(scene, route),
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
    if scene.product.metadata.deletion_timestamp.is_some() {
        return Step::bad(topic, format!("{} is being deleted", spec.display_name));
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

fn policy(scene: &ProductScene<'_>, route: Option<&HTTPRoute>) -> Step {
    let topic = "policy";
    let aspect = ProductAspect::AuthPolicyDiscovered;
    let Some(route) = route.filter(|_| !scene.hidden.contains(&Part::Policies)) else {
        return match scene.says(aspect) {
            Some((true, message)) => Step::good(topic, message),
            Some((false, message)) => {
                Step::bad(topic, message).fix(Who::Owner, "attach an AuthPolicy to the route")
            }
            None => Step::unknown(
                topic,
                "which AuthPolicy applies is not known without the route and its policies",
            ),
        };
    };
    let attached = scene.catalog.auth_policies_of(route);
    let Some(chosen) = attached.choose() else {
        return Step::bad(
            topic,
            "no AuthPolicy applies to the route, so nothing protects it and no key is asked for",
        )
        .fix(
            Who::Owner,
            "attach an AuthPolicy with an apiKey entry to the route",
        );
    };
    let words = format!("AuthPolicy {}, {}", id(chosen), why(&attached, chosen));
    if chosen.is_ready() {
        Step::good(topic, words).and_all(beside(&attached, chosen))
    } else {
        Step::bad(
            topic,
            format!("AuthPolicy {} is not accepted or not enforced", id(chosen)),
        )
        .and(why(&attached, chosen))
        .and_all(complaints(chosen))
        .fix(
            Who::Owner,
            "look at the policy's own status; a gateway must take it",
        )
    }
}

/// Why this policy and no other.
fn why<P: Policy>(attached: &Attached<P>, chosen: &P) -> String {
    let on_route = attached
        .to_route
        .iter()
        .any(|policy| id(policy.as_ref()) == id(chosen));
    let others = attached.to_route.len() + attached.to_gateways.iter().map(Vec::len).sum::<usize>() - 1;
    match (on_route, others) {
        (true, 0) => "the only one: it is attached to the route".to_owned(),
        (true, _) => {
            "attached to the route: that comes before a gateway's, whole before a section, in force before \
                      not, the oldest first"
                .to_owned()
        }
        (false, _) if attached.to_route.is_empty() => {
            format!(
                "attached to Gateway {}; the route has none of its own",
                chosen.target().name
            )
        }
        (false, _) => format!(
            "attached to Gateway {}; it overrides the route's own",
            chosen.target().name
        ),
    }
}

/// The policies that do not apply.
fn beside<P: Policy>(attached: &Attached<P>, chosen: &P) -> Vec<String> {
    let all = attached
        .to_route
        .iter()
        .chain(attached.to_gateways.iter().flatten());
    all.filter(|policy| id(policy.as_ref()) != id(chosen))
        .map(|policy| format!("beside it, without effect on keys: {}", id(policy.as_ref())))
        .collect()
}

fn complaints(policy: &AuthPolicy) -> Vec<String> {
    let conditions = policy.status.iter().flat_map(|status| &status.conditions);
    conditions
        .filter(|condition| condition.status != "True")
        .map(|condition| format!("{}: {}: {}", condition.type_, condition.reason, condition.message))
        .collect()
}

fn entry(scene: &ProductScene<'_>) -> Step {
    let topic = "keys";
    let product = scene.product;
    let named = product.annotations().get(annotation::AUTH_ENTRY);
    let scheme = product
        .status
        .as_ref()
        .and_then(|status| status.discovered_auth_scheme.as_ref());
    let Some(scheme) = scheme else {
        return Step::bad(topic, "no authentication scheme is in force")
            .fix(Who::Owner, "see to the AuthPolicy first");
    };
    let all = scheme.authentications();
    let Some(chosen) = key_entry(product) else {
        let names: Vec<_> = all.iter().map(|entry| entry.name.as_str()).collect();
        let words = match named {
            Some(named) => format!("the policy has no apiKey entry {named:?}, which the product names"),
            None => "the policy has no apiKey entry".to_owned(),
        };
        let what = match named {
            Some(_) => format!("mend the annotation {} of the product", annotation::AUTH_ENTRY),
            None => "give the policy an apiKey entry".to_owned(),
        };
        let step = Step::bad(topic, words).fix(Who::Owner, what);
        return if names.is_empty() {
            step
        } else {
            step.and(format!("its entries are {}", names.join(", ")))
        };
    };
    let reason = match named {
        Some(_) => "named by the product",
        None => "the first by priority and name",
    };
    let step = Step::good(
        topic,
        format!(
            "entry {} ({reason}) takes the key in {}",
            chosen.name,
            carried(&chosen.credentials)
        ),
    );
    let others = all.iter().filter(|entry| entry.name != chosen.name);
    step.and_all(others.map(|entry| {
        let what = match entry.method {
            Method::ApiKey(_) => "API keys, but not this product's",
            Method::Jwt { .. } => "jwt",
            Method::Other => "another way",
        };
        format!("entry {} beside it: {what}", entry.name)
    }))
}

fn plans(scene: &ProductScene<'_>, route: Option<&HTTPRoute>) -> Step {
    let topic = "plans";
    let plans = scene
        .product
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.discovered_plans);
    let attached = route
        .filter(|_| !scene.hidden.contains(&Part::Policies))
        .map(|route| scene.catalog.plan_policies_of(route));
    let source = match attached
        .as_ref()
        .and_then(|attached| Some((attached, attached.choose()?)))
    {
        Some((attached, chosen)) => Some(format!("PlanPolicy {}, {}", id(chosen), why(attached, chosen))),
        None => scene
            .says(ProductAspect::PlanPolicyDiscovered)
            .filter(|(holds, _)| *holds)
            .map(|(_, message)| message.to_owned()),
    };
    if plans.is_empty() {
        let words = match source {
            Some(source) => format!("none in {source}"),
            None => "none: no PlanPolicy applies".to_owned(),
        };
        return Step::note(topic, words)
            .and("any tier can be asked for, and none has a limit, as the owner set none")
            .fix(Who::Owner, "to limit calls, attach a PlanPolicy to the route");
    }
    let unlimited = plans
        .iter()
        .any(|plan| crate::limits(&plan.limits).is_ok_and(|limits| limits.is_unlimited()));
    let words = source.unwrap_or_else(|| "discovered earlier".to_owned());
    let step = if unlimited {
        Step::note(topic, words)
    } else {
        Step::good(topic, words)
    };
    step.and_all(
        plans
            .iter()
            .map(|plan| format!("tier {}: {}", plan.tier, allowance(&plan.limits))),
    )
}

fn approval(product: &APIProduct) -> Step {
    let topic = "approval";
    match product.spec.approval_mode {
        ApprovalMode::Manual => Step::good(topic, "manual: the owner decides on each request"),
        ApprovalMode::Automatic => {
            let step = Step::note(
                topic,
                "automatic: every request for a tier that there is is approved",
            );
            match product.annotations().get(annotation::MAX_KEYS_PER_NAMESPACE) {
                Some(most) => step.and(format!("at most {most} keys for each namespace")),
                None => step
                    .and("with no cap: a namespace may have any number of keys, each with limits of its own")
                    .fix(
                        Who::Owner,
                        format!(
                            "to set a cap, annotate the product with {}",
                            annotation::MAX_KEYS_PER_NAMESPACE
                        ),
                    ),
            }
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
            format!("keydesk requests --pending -n {}", name.namespace),
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
    if observed >= product.metadata.generation {
        Step::good(topic, "of the present version of the product")
    } else {
        Step::note(
            topic,
            "of an earlier version of the product, or none: the controller has not looked at this one",
        )
        .fix(Who::Platform, "see that the controller runs")
    }
}
