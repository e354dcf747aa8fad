//! The plans of a `PlanPolicy`, compiled: whose tier is which, and how much that is.

use std::fmt;
use std::sync::{Arc, Weak};

use keydesk_api::foreign::PlanPolicy;
use keydesk_api::rfc3339;
use keydesk_catalog::limits;
use keydesk_cel::{Identity, Predicate, RequestFacts};
use keydesk_core::Limits;
use kube::ResourceExt as _;
use parking_lot::Mutex;

use super::Holder;
use super::identity::identity;

/// The tiers of a policy, in their order: the first whose predicate holds is a caller's.
pub struct Plans {
    /// The policy and its version, for people.
    pub name: String,
    tiers: Vec<(Result<Predicate, String>, Arc<Tier>)>,
    reads_request: bool,
    /// The tiers that holders have been found to have.
    known: Mutex<Vec<Weak<Found>>>,
}

/// The plan of a holder, and which plans it was found under. All holders of a tier share one.
pub(crate) struct Found {
    plans: Arc<Plans>,
    plan: Plan,
}

/// What a tier allows.
#[derive(Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Its limits; or why nobody can count by them.
    pub limits: Result<Limits, String>,
}

/// The plan of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// A tier.
    Tier(Arc<Tier>),
    /// None that is known, and why: nobody may call without a limit because a policy is mistaken.
    Unresolved(Arc<str>),
}

impl Plans {
    /// Compiles a policy. What cannot be understood is kept as such: it refuses whoever would come to it.
    #[must_use]
    pub fn compile(policy: &PlanPolicy) -> Self {
        let tiers: Vec<_> = policy
            .spec
            .plans
            .iter()
            .map(|plan| {
                let text = plan.predicate.as_deref().filter(|_| !plan.tier.is_empty());
                let predicate = text
                    .ok_or_else(|| "a plan without a tier or a predicate".to_owned())
                    .and_then(|text| Predicate::compile(text).map_err(|error| error.to_string()));
                let tier = Tier {
                    name: plan.tier.clone(),
                    limits: limits(&plan.limits).map_err(|error| error.to_string()),
                };
                (predicate, Arc::new(tier))
            })
            .collect();
        let reads_request = tiers
            .iter()
            .any(|(predicate, _)| predicate.as_ref().is_ok_and(Predicate::reads_request));
        let created_at = policy.creation_timestamp().map(|time| rfc3339(time.0));
        Self {
            name: format!(
                "{}/{} of {}",
                policy.namespace().unwrap_or_default(),
                policy.name_any(),
                created_at.unwrap_or_default()
            ),
            tiers,
            reads_request,
            known: Mutex::default(),
        }
    }

    /// The plan of a holder for a request, which is looked at only if some predicate asks for it.
    pub fn of(self: &Arc<Self>, holder: &Holder, request: impl FnOnce() -> RequestFacts) -> Plan {
        if self.reads_request {
            self.find(&identity(holder), Some(&request()))
        } else {
            self.without_request(holder)
        }
    }

    /// The plan of a holder when there is no request to look at.
    pub fn without_request(self: &Arc<Self>, holder: &Holder) -> Plan {
        let known = holder.plan.load();
        if let Some(known) = known.as_ref()
            && Arc::ptr_eq(&known.plans, self)
        {
            return known.plan.clone();
        }
        let plan = self.find(&identity(holder), None);
        holder.plan.store(Some(self.found(plan.clone())));
        plan
    }

    fn found(self: &Arc<Self>, plan: Plan) -> Arc<Found> {
        let found = |plan| {
            let plans = Arc::clone(self);
            Arc::new(Found { plans, plan })
        };
        match &plan {
            // Why there is none may be another why for each.
            Plan::Unresolved(_) => found(plan),
            Plan::Tier(_) => {
                let mut known = self.known.lock();
                let mut shared = known.iter().filter_map(Weak::upgrade);
                if let Some(shared) = shared.find(|shared| shared.plan == plan) {
                    return shared;
                }
                drop(shared);
                known.retain(|found| found.strong_count() > 0);
                let found = found(plan);
                known.push(Arc::downgrade(&found));
                found
            }
        }
    }

    /// The tiers, for people.
    pub fn tiers(&self) -> impl Iterator<Item = &Tier> {
        self.tiers.iter().map(|(_, tier)| tier.as_ref())
    }

    /// What of the policy can never be somebody's plan, for people.
    pub fn mistakes(&self) -> impl Iterator<Item = String> {
        self.tiers.iter().flat_map(|(predicate, tier)| {
            let predicate = predicate.as_ref().err();
            let limits = tier.limits.as_ref().err();
            let mistakes = predicate.into_iter().chain(limits);
            mistakes.map(|mistake| format!("tier {:?}: {mistake}", tier.name))
        })
    }

    fn find(&self, identity: &Identity, request: Option<&RequestFacts>) -> Plan {
        for (predicate, tier) in &self.tiers {
            let holds = predicate.as_ref().map_err(Clone::clone).and_then(|predicate| {
                predicate
                    .holds(identity, request)
                    .map_err(|error| error.to_string())
            });
            match holds {
                Ok(true) => {
                    return match &tier.limits {
                        Ok(_) => Plan::Tier(Arc::clone(tier)),
                        Err(mistake) => Plan::Unresolved(format!("tier {:?}: {mistake}", tier.name).into()),
                    };
                }
                Ok(false) => {}
                // Whether this one was meant, nobody can say.
                Err(mistake) => {
                    return Plan::Unresolved(
                        format!("the predicate of tier {:?}: {mistake}", tier.name).into(),
                    );
                }
            }
        }
        Plan::Unresolved("no predicate holds".into())
    }
}

impl fmt::Debug for Plans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plans({})", self.name)
    }
}
