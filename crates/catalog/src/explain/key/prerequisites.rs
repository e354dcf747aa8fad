//! What must be there before anybody decides, in the order in which failures are looked at.

use keydesk_api::condition::KeyReason;
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::PublishStatus;
use keydesk_core::Terms;
use kube::ResourceExt as _;

use super::scene::{Part, Subject};
use crate::explain::gate;
use crate::explain::mode::Mode;
use crate::explain::step::{Step, Who};
use crate::explain::words::{SELECT, carried, end, mend_entry};

pub(super) fn asked(subject: &Subject<'_>) -> Step {
    let terms = &subject.asked;
    let bytes = terms.bytes();
    if bytes > Terms::MOST_BYTES {
        let words = format!(
            "tier, user and scopes are {bytes} bytes long together, and can be {} at most",
            Terms::MOST_BYTES
        );
        return Step::bad("asks for", words).fix(
            Who::Consumer,
            "ask for less: spec.planTier, spec.requestedBy.userId, annotation keydesk.dev/scopes",
        );
    }
    let mut words = format!(
        "tier {} of {}, for user {}, until {}",
        terms.tier,
        terms.product,
        terms.user_id,
        end(terms.expires_at)
    );
    if !terms.scopes.is_empty() {
        let scopes: Vec<&str> = terms.scopes.iter().map(String::as_str).collect();
        words = format!("{words}, scopes {}", scopes.join(" "));
    }
    let step = Step::good("asks for", words);
    if subject.hides(Part::Key) {
        step.and("you may not read the APIKey: this is what its request shows")
    } else {
        step
    }
}

pub(super) fn platform(subject: &Subject<'_>) -> Step {
    let topic = "platform";
    let install = "create a Kuadrant resource: its namespace is where enforcement secrets go";
    if subject.hides(Part::Kuadrant) {
        return match subject.failed_for(&[KeyReason::KuadrantNotFound]) {
            Some(message) => Step::bad(topic, message).fix(Who::Platform, install),
            None => Step::unknown(
                topic,
                "you may not list Kuadrant resources; the controller complains of none missing",
            ),
        };
    }
    match subject.scene.catalog.kuadrant() {
        Some(kuadrant) => Step::good(topic, format!("Kuadrant {kuadrant}")),
        None => Step::bad(topic, "there is no Kuadrant in the cluster").fix(Who::Platform, install),
    }
}

pub(super) fn product(subject: &Subject<'_>) -> Step {
    let topic = "product";
    let id = &subject.asked.product;
    let choose = || {
        let products = subject.keydesk(Who::Consumer, "products -A");
        format!("name a product that is there in spec.apiProductRef; see {products}")
    };
    if subject.hides(Part::Product) {
        let reasons = [KeyReason::APIProductNotFound, KeyReason::APIProductDeleting];
        return match subject.failed_for(&reasons) {
            Some(message) => Step::bad(topic, message).fix(Who::Consumer, choose()),
            None => Step::unknown(topic, format!("you may not read APIProduct {id}: ask its owner")),
        };
    }
    let Some(product) = &subject.product else {
        return Step::bad(topic, format!("APIProduct {id} does not exist")).fix(Who::Consumer, choose());
    };
    if product.metadata.deletion_timestamp.is_some() {
        return Step::bad(topic, format!("APIProduct {id} is being deleted")).fix(Who::Consumer, choose());
    }
    let mode = match Mode::of(product) {
        Mode::Automatic(_) => "approves by itself",
        Mode::Garbled(_) => "approves nothing by itself: its cap is no whole number",
        Mode::Manual => "its owner decides",
    };
    let step = Step::good(topic, format!("{id} ({}), {mode}", product.spec.display_name));
    match product.spec.publish_status {
        PublishStatus::Published => step,
        PublishStatus::Draft => step.and("a draft: not offered in catalogues, but keys work"),
    }
}

/// Whether the policies of the product's route are enforced.
pub(super) fn enforced(subject: &Subject<'_>) -> Step {
    let catalog = subject.scene.catalog;
    let route = subject.route();
    let route = route.as_deref();
    let unenforced = route.map(|route| {
        let auth = gate::unenforced_auth(catalog, route).into_iter();
        auth.chain(gate::unenforced_limits(catalog, route)).collect()
    });
    let product = subject.keydesk(
        Who::Owner,
        format_args!("explain product {}", subject.asked.product),
    );
    let mend = format!("see to that policy: {product}");
    let unenforced = unenforced.unwrap_or_default();
    gate::enforced(subject.scene.hidden, route, unenforced, &mend, subject.scene.aim)
}

pub(super) fn scheme(subject: &Subject<'_>) -> Step {
    let topic = "scheme";
    let reasons = [KeyReason::AuthSchemeNotFound, KeyReason::APIKeyAuthSchemeNotFound];
    let id = &subject.asked.product;
    let mend = format!(
        "see what is wrong with its AuthPolicy: {}",
        subject.keydesk(Who::Owner, format_args!("explain product {id}"))
    );
    let Some(product) = &subject.product else {
        return match subject.failed_for(&reasons) {
            Some(message) => Step::bad(topic, message).fix(Who::Owner, mend),
            None => Step::unknown(topic, "how callers authenticate is not known without the product"),
        };
    };
    let scheme = product
        .status
        .as_ref()
        .and_then(|status| status.discovered_auth_scheme.as_ref());
    match (scheme, subject.entry()) {
        (None, _) => {
            Step::bad(topic, format!("{id} has no authentication scheme in force")).fix(Who::Owner, mend)
        }
        (Some(_), None) => {
            let named = product.annotations().get(annotation::AUTH_ENTRY);
            let (words, mend) = named.map_or_else(
                || {
                    let words = format!("the authentication scheme of {id} takes no API keys");
                    (words, mend)
                },
                |named| {
                    let words = format!(
                        "the AuthPolicy of {id} has no apiKey entry {named:?}, which the product names"
                    );
                    (words, mend_entry())
                },
            );
            Step::bad(topic, words).fix(Who::Owner, mend)
        }
        (Some(_), Some(entry)) => {
            if let Some(mismatch) = subject.mismatch(&entry) {
                let words = format!(
                    "the selector of entry {} does not find this key's Secret: {mismatch}",
                    entry.name
                );
                return Step::bad(topic, words).fix(Who::Owner, SELECT);
            }
            let place = carried(&entry.credentials);
            Step::good(topic, format!("entry {} takes the key in {place}", entry.name))
        }
    }
}
