//! The decision: a function of a snapshot, a call and the time, up to the counters.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_core::{Denial, Digest, NamespacedName};

use crate::call::Call;
use crate::headers::Headers;
use crate::route::Found;
use crate::snapshot::{Holder, Plan, Plans, Protection, Snapshot, Tier};
use crate::verdict::Refused;

/// A caller who is known and has a plan: what is left is to count.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) holder: Arc<Holder>,
    pub(crate) protection: Arc<Protection>,
    pub(crate) entry: usize,
    /// Nothing where there are no plans.
    pub(crate) tier: Option<Arc<Tier>>,
}

/// Whether a call on a route may pass, as far as it can be said without counting.
///
/// # Errors
/// The refusal, if not.
pub(crate) fn judge<H: Headers + ?Sized>(
    snapshot: &Snapshot,
    call: &Call<'_, H>,
    now: Timestamp,
) -> Result<Known, Refused> {
    let protection = protection(snapshot, call)?;
    let mut presented = false;
    for (number, entry) in protection.entries.iter().enumerate() {
        let Some(value) = entry.location.extract(call.headers, call.query()) else {
            continue;
        };
        presented = true;
        let digest = Digest::of(value.as_bytes());
        let holder = first(
            snapshot
                .holders
                .find(&digest)
                .filter(|holder| protection.admits(entry, holder)),
        );
        if let Some(holder) = holder {
            return planned(holder, protection, number, now, |plans, holder| {
                plans.of(holder, || call.facts())
            });
        }
    }
    let denial = if presented {
        Denial::InvalidKey
    } else {
        Denial::CredentialMissing
    };
    Err(Refused {
        protection: Some(Arc::clone(protection)),
        ..Refused::new(denial)
    })
}

/// Whether a value is a key of a product, and of whom. Wherever a call would carry it: it is in hand.
///
/// # Errors
/// The refusal, if not.
pub(crate) fn recognise(
    snapshot: &Snapshot,
    product: &NamespacedName,
    value: &[u8],
    now: Timestamp,
) -> Result<Known, Refused> {
    let Some(protection) = snapshot.products.get(product) else {
        // Whether there is such a product is not for everybody to know.
        return Err(Refused::new(Denial::InvalidKey));
    };
    supported(protection)?;
    let digest = Digest::of(value);
    for (number, entry) in protection.entries.iter().enumerate() {
        let of_product = |holder: &&Arc<Holder>| {
            holder.product().is_none_or(|own| own == product) && protection.admits(entry, holder)
        };
        if let Some(holder) = first(snapshot.holders.find(&digest).filter(of_product)) {
            return planned(holder, protection, number, now, |plans, holder| {
                plans.without_request(holder)
            });
        }
    }
    Err(Refused {
        protection: Some(Arc::clone(protection)),
        ..Refused::new(Denial::InvalidKey)
    })
}

fn protection<'a, H: Headers + ?Sized>(
    snapshot: &'a Snapshot,
    call: &Call<'_, H>,
) -> Result<&'a Arc<Protection>, Refused> {
    let found = snapshot
        .routes
        .find(call.host, call.method, call.path(), call.query(), call.headers);
    match found {
        Found::Rule(protection) => supported(protection).map(|()| protection),
        Found::Unevaluated(protection) => Err(Refused {
            because: Some("a match of the route's rule cannot be evaluated".into()),
            protection: Some(Arc::clone(protection)),
            ..Refused::new(Denial::PolicyNotSupported)
        }),
        Found::NoRoute => Err(Refused::new(Denial::NoRoute)),
        Found::Ambiguous => Err(Refused {
            because: Some("host or path is malformed, or may be read in more than one way".into()),
            ..Refused::new(Denial::BadRequest)
        }),
    }
}

fn supported(protection: &Arc<Protection>) -> Result<(), Refused> {
    if protection.unsupported.is_empty() {
        return Ok(());
    }
    let parts: Vec<_> = protection.unsupported.iter().map(String::as_str).collect();
    Err(Refused {
        because: Some(parts.join(", ").into()),
        protection: Some(Arc::clone(protection)),
        ..Refused::new(Denial::PolicyNotSupported)
    })
}

/// Of several who hold one value, always the same one.
fn first<'a>(holders: impl Iterator<Item = &'a Arc<Holder>>) -> Option<&'a Arc<Holder>> {
    // There is hardly ever a second one, and only then names are asked for: they may have to be derived.
    holders.min_by(|a, b| a.secret().cmp(&b.secret()))
}

pub(crate) fn planned(
    holder: &Arc<Holder>,
    protection: &Arc<Protection>,
    entry: usize,
    now: Timestamp,
    plan: impl FnOnce(&Arc<Plans>, &Holder) -> Plan,
) -> Result<Known, Refused> {
    let refused = |denial, because| Refused {
        because,
        holder: Some(Arc::clone(holder)),
        protection: Some(Arc::clone(protection)),
        ..Refused::new(denial)
    };
    if holder.ends_at().is_some_and(|end| end <= now) {
        return Err(refused(Denial::KeyExpired, None));
    }
    let tier = match &protection.plans {
        None => None,
        Some(plans) => match plan(plans, holder) {
            Plan::Tier(tier) => Some(tier),
            Plan::Unresolved(why) => return Err(refused(Denial::PlanUnresolved, Some(why))),
        },
    };
    Ok(Known {
        holder: Arc::clone(holder),
        protection: Arc::clone(protection),
        entry,
        tier,
    })
}
