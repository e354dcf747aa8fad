//! Who holds a value: a Secret with it, and by what right the value is accepted.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_api::rfc3339;
use keydesk_cel::Identity;
use keydesk_core::{Digest, NamespacedName};
use keydesk_quota::{Scope, Subject};
use serde_json::{Map, Value, json};

use super::{Approved, Carrier, Plan, Plans};

/// Somebody whose value opens doors.
pub struct Holder {
    /// The Secret that carries the value.
    pub carrier: Arc<Carrier>,
    /// By what right.
    pub grant: Grant,
    /// The plan that was found the last time, under these very plans.
    plan: ArcSwapOption<(Arc<Plans>, Plan)>,
}

/// By what right a value is accepted.
pub enum Grant {
    /// An `APIKey` of it is approved.
    Approved(Approved),
    /// The operator accepts Secrets that Keydesk does not manage, and this is one, with Kuadrant's annotations.
    Unmanaged,
}

impl Holder {
    /// A holder whose plan nobody has asked for yet.
    #[must_use]
    pub fn new(carrier: Arc<Carrier>, grant: Grant) -> Self {
        Self {
            carrier,
            grant,
            plan: ArcSwapOption::empty(),
        }
    }

    /// The digest of the value.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.carrier.digest
    }

    /// Namespace and name of its Secret.
    #[must_use]
    pub fn secret(&self) -> (&str, &str) {
        (self.carrier.namespace(), self.carrier.name())
    }

    /// The `APIKey` behind it, unless nobody manages it.
    #[must_use]
    pub fn approved(&self) -> Option<&Approved> {
        match &self.grant {
            Grant::Approved(approved) => Some(approved),
            Grant::Unmanaged => None,
        }
    }

    /// What callers and APIs may know it by.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.approved().map_or_else(|| self.carrier.uid(), Approved::uid)
    }

    /// When it ends, if ever.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        match &self.grant {
            Grant::Approved(approved) => approved.ends_at(),
            // Nobody else sees to it: Authorino does not read it either (`spec/gate.md` §0).
            Grant::Unmanaged => self.annotation(annotation::EXPIRES_AT).map(|text| {
                // A time that cannot be read has passed.
                text.parse().unwrap_or(Timestamp::MIN)
            }),
        }
    }

    /// Who uses it, as an API may want to tell its callers apart.
    #[must_use]
    pub fn consumer(&self) -> (&str, &str) {
        match &self.grant {
            Grant::Approved(approved) => (approved.namespace(), approved.user_id()),
            Grant::Unmanaged => {
                let (namespace, name) = self.secret();
                (namespace, self.annotation(annotation::USER_ID).unwrap_or(name))
            }
        }
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        let annotations = self.carrier.annotations()?;
        annotations.get(name).map(String::as_str)
    }

    /// Under what name its calls are counted.
    #[must_use]
    pub fn subject(&self, scope: Scope, route: &NamespacedName, tier: &str) -> Subject {
        match scope {
            Scope::Key => Subject::key(self.key_id()),
            Scope::Consumer => {
                let (namespace, user_id) = self.consumer();
                let product = self.approved().map_or(route, Approved::product);
                Subject::consumer(product, namespace, user_id)
            }
            Scope::Tier => Subject::tier(route, tier),
        }
    }

    /// Its plan under `plans`, found once for each of them.
    pub(crate) fn plan_under(&self, plans: &Arc<Plans>, find: impl FnOnce(&Identity) -> Plan) -> Plan {
        let known = self.plan.load();
        if let Some(known) = known.as_ref()
            && Arc::ptr_eq(&known.0, plans)
        {
            return known.1.clone();
        }
        let plan = find(&self.identity());
        self.plan.store(Some(Arc::new((Arc::clone(plans), plan.clone()))));
        plan
    }

    /// What predicates may know about it: its Secret's metadata as Authorino shows it. What was approved stands in the
    /// place of what somebody may have written into the Secret since.
    pub(crate) fn identity(&self) -> Identity {
        let annotations: Map<String, Value> = match &self.grant {
            Grant::Approved(approved) => {
                let ends_at = approved.ends_at().map(rfc3339);
                [
                    (annotation::PLAN_ID, Some(approved.entitlement.tier.clone())),
                    (annotation::USER_ID, Some(approved.user_id().to_owned())),
                    (annotation::EXPIRES_AT, ends_at),
                ]
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
                .collect()
            }
            Grant::Unmanaged => {
                let annotations = self.carrier.annotations().into_iter().flatten();
                annotations
                    .map(|(name, value)| (name.clone(), value.as_str().into()))
                    .collect()
            }
        };
        let carrier = &*self.carrier;
        let labels: Map<String, Value> = carrier
            .labels()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        Identity::new(&json!({
            "metadata": {
                "name": carrier.name(),
                "namespace": carrier.namespace(),
                "uid": carrier.uid(),
                "labels": labels,
                "annotations": annotations,
                "creationTimestamp": carrier.created_at().map(rfc3339),
            },
            "type": "Opaque",
        }))
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (namespace, name) = self.secret();
        write!(f, "Holder({namespace}/{name})")
    }
}
