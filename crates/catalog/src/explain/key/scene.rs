//! What somebody could read of a key and of what it hangs on.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, KeyAspect, KeyReason};
use keydesk_api::foreign::HTTPRoute;
use keydesk_api::{APIKey, APIKeyRequest, APIProduct, Authentication, Method};
use keydesk_core::{Decision, Flaw, KeyFacts, NamespacedName, ProductFacts, SecretFacts, Terms};

use crate::edge::route_of_product;
use crate::explain::aim::Aim;
use crate::explain::mode::Mode;
use crate::explain::step::Who;
use crate::{
    Bound, Catalog, EnforcementLabels, KeyEdges, Mismatch, Shown, asked, key_authentication, product_facts,
    shown,
};

/// Something that may not be readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The Kuadrant resource.
    Kuadrant,
    /// The product.
    Product,
    /// The key itself.
    Key,
    /// The request that stands for it.
    Request,
    /// The approvals of that request.
    Approvals,
    /// The route of the product.
    Route,
    /// The `AuthPolicy` objects and `PlanPolicy` objects.
    Policies,
    /// The `RateLimitPolicy` objects.
    RateLimits,
}

/// The consumer's Secret, as far as it could be read. Never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSight {
    /// Whoever asks may not read it.
    Hidden,
    /// It is not there.
    Missing,
    /// It has no `api_key` entry.
    WithoutEntry,
    /// The entry has no bytes.
    Empty,
    /// It has a value.
    There {
        /// What is wrong with the value.
        flaws: Vec<Flaw>,
        /// Until when an earlier value is to work beside it, as the Secret says, if it can say so.
        previous_until: Option<Timestamp>,
    },
}

/// Whether something is there, as far as whoever asks may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// They may not.
    Hidden,
    /// No.
    Missing,
    /// Yes.
    There,
}

/// A key, and what could be read around it.
#[derive(Clone, Debug)]
pub struct KeyScene<'a> {
    /// Which key.
    pub id: &'a NamespacedName,
    /// All that could be read.
    pub catalog: &'a Catalog,
    /// What could not.
    pub hidden: &'a BTreeSet<Part>,
    /// The consumer's Secret.
    pub secret: SecretSight,
    /// Other keys of the namespace that name the same Secret, as far as they may be read.
    pub sharing: &'a [String],
    /// The enforcement secret.
    pub enforcement: Sight,
    /// Where commands are to act that whoever asks is told of.
    pub aim: &'a Aim,
}

/// The key as the steps look at it, whether it could be read itself or only the request that stands for it.
pub(super) struct Subject<'a> {
    pub(super) scene: &'a KeyScene<'a>,
    pub(super) key: Option<Arc<APIKey>>,
    pub(super) request_id: NamespacedName,
    pub(super) request: Option<Arc<APIKeyRequest>>,
    pub(super) product: Option<Arc<APIProduct>>,
    pub(super) asked: Terms,
    /// What the controller says.
    pub(super) conditions: Vec<Condition>,
    /// Whether the controller says it of the present version of the key.
    pub(super) is_current: bool,
}

impl<'a> Subject<'a> {
    /// `None` if there is neither the key nor its request.
    pub(super) fn of(scene: &'a KeyScene<'a>) -> Option<Self> {
        let key = scene.catalog.key(scene.id);
        let request = match &key {
            Some(key) => scene.catalog.request(&KeyEdges::of(key).request),
            None => scene.catalog.requests_for(scene.id).next(),
        };
        let (asked, request_id, conditions, is_current) = match (&key, &request) {
            (Some(key), _) => {
                let edges = KeyEdges::of(key);
                let status = key.status.clone().unwrap_or_default();
                let is_current = status.observed_generation >= key.metadata.generation;
                (asked(key, &edges), edges.request, status.conditions, is_current)
            }
            (None, Some(request)) => {
                let status = request.status.clone().unwrap_or_default();
                let id = crate::object::id(request.as_ref());
                (shown(request), id, status.conditions, true)
            }
            (None, None) => return None,
        };
        Some(Self {
            product: scene.catalog.product(&asked.product),
            scene,
            key,
            request_id,
            request,
            asked,
            conditions,
            is_current,
        })
    }

    /// A command of Keydesk's for `who`.
    pub(super) fn keydesk(&self, who: Who, words: impl Display) -> String {
        self.aim(who).keydesk(words)
    }

    /// Where a command for `who` is to act: where whoever asks has asked, if they can read what `who` can. Somebody else has
    /// a kubeconfig and contexts of their own, and may do nothing as who asks.
    pub(super) fn aim(&self, who: Who) -> Aim {
        let read_by = match who {
            Who::Consumer => &[Part::Key][..],
            Who::Owner => &[Part::Request, Part::Approvals],
            Who::Platform => &[Part::Kuadrant],
        };
        if read_by.iter().any(|part| self.hides(*part)) {
            Aim::default()
        } else {
            self.scene.aim.clone()
        }
    }

    pub(super) fn hides(&self, part: Part) -> bool {
        self.scene.hidden.contains(&part)
    }

    /// What the controller says where the key is `aspect`.
    pub(super) fn says(&self, aspect: KeyAspect) -> Option<&Condition> {
        condition::find(&self.conditions, aspect).filter(|condition| condition.status == "True")
    }

    /// What the controller says if the key failed for one of these reasons.
    pub(super) fn failed_for(&self, reasons: &[KeyReason]) -> Option<&str> {
        let failed = self.says(KeyAspect::Failed)?;
        let is_one = reasons.iter().any(|reason| reason.as_str() == failed.reason);
        is_one.then_some(failed.message.as_str())
    }

    /// Who decides on requests for the product, if it could be read.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.product.as_deref().map(Mode::of)
    }

    /// The route of the product, if both could be read.
    pub(super) fn route(&self) -> Option<Arc<HTTPRoute>> {
        self.scene
            .catalog
            .route(&route_of_product(self.product.as_deref()?))
    }

    /// The apiKey entry by which keys of the product are recognised.
    pub(super) fn entry(&self) -> Option<Authentication> {
        key_authentication(self.product.as_deref()?)
    }

    /// Why that entry's selector does not find the enforcement secret of this key.
    pub(super) fn mismatch(&self, entry: &Authentication) -> Option<Mismatch> {
        match &entry.method {
            Method::ApiKey(keys) => {
                EnforcementLabels::of(&keys.selector, &self.asked.product, self.scene.id).mismatch
            }
            Method::Jwt { .. } | Method::Other => None,
        }
    }

    /// The approvals of the request that are to stay.
    pub(super) fn approvals(&self) -> Vec<Arc<crate::Approval>> {
        let approvals = self.scene.catalog.approvals_of(&self.request_id);
        approvals
            .filter(|approval| approval.object.metadata.deletion_timestamp.is_none())
            .collect()
    }

    /// Everything that was decided, with what it is bound to; nothing where that may not be read.
    pub(super) fn decisions(&self, now: Timestamp) -> Option<Vec<Decision>> {
        if self.hides(Part::Approvals) {
            return None;
        }
        let approvals = self.approvals();
        let shown = Shown::by(self.request.as_deref(), &self.asked);
        let bound = shown.bind(&approvals, now);
        Some(bound.iter().map(Bound::decision).collect())
    }

    /// The facts that standing is evaluated from, if they could all be read.
    pub(super) fn facts(&self) -> Option<(KeyFacts, ProductFacts)> {
        self.key.as_ref()?;
        let secret = self.secret_facts()?;
        let product = self.product_facts()?;
        let asked = self.asked.clone();
        Some((KeyFacts { asked, secret }, product))
    }

    /// What is known of the consumer's Secret, if it could be read.
    pub(super) fn secret_facts(&self) -> Option<SecretFacts> {
        let names_one = self
            .key
            .as_deref()
            .is_some_and(|key| KeyEdges::of(key).secret.is_some());
        if !names_one {
            return Some(SecretFacts::Unnamed);
        }
        Some(match &self.scene.secret {
            SecretSight::Hidden => return None,
            SecretSight::Missing => SecretFacts::Missing,
            SecretSight::WithoutEntry => SecretFacts::WithoutEntry,
            SecretSight::Empty => SecretFacts::Empty,
            // Only the controller knows the values of others.
            SecretSight::There { .. } if self.failed_for(&[KeyReason::SecretAPIKeyDuplicate]).is_some() => {
                SecretFacts::Duplicate
            }
            SecretSight::There { .. } => SecretFacts::Usable,
        })
    }

    fn product_facts(&self) -> Option<ProductFacts> {
        if self.hides(Part::Kuadrant) || self.hides(Part::Product) {
            return None;
        }
        let has_kuadrant = self.scene.catalog.enforcement_namespace().is_some();
        Some(product_facts(has_kuadrant, self.product.as_deref()))
    }
}
