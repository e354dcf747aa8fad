//! What the gate says about a call, with the key put where the route's policy wants it.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use keydesk_core::Digest;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use super::{KeyInHand, KeySource, Question};
use crate::credential::Location;
use crate::gate::Gate;
use crate::route::Found;
use crate::snapshot::{Entry, Protection, Snapshot};
use crate::verdict::Verdict;

/// What the gate says about a call.
#[derive(Debug)]
pub struct Foretold {
    /// Its verdict.
    pub verdict: Verdict,
    /// Where the key came from.
    pub source: KeySource,
    /// The digest of the key's value, if there is a key.
    pub digest: Option<Digest>,
}

/// Asks the gate about a call, without counting it. A key beside the call is put where each entry of the policy wants it,
/// one after the other, until one lets it pass; one that the call carries already stays.
pub async fn foretell(gate: &Gate, question: &Question<'_>, now: Timestamp) -> Foretold {
    let snapshot = gate.snapshot();
    let call = question.call();
    let entries = met(&snapshot, question).map_or(&[][..], |protection| &protection.entries);
    let carried = entries.iter().find_map(|entry| {
        let value = entry.location.extract(call.headers, call.query())?;
        Some((entry, Digest::of(value.as_bytes())))
    });
    let as_it_is = |source, digest| async move {
        Foretold {
            verdict: gate.foresee(&question.call(), now).await,
            source,
            digest,
        }
    };
    if let Some((entry, digest)) = carried {
        let entry = entry.name.clone();
        return as_it_is(KeySource::Call { entry }, Some(digest)).await;
    }
    let Some(key) = question.key else {
        let elsewhere = snapshot
            .locations
            .iter()
            .find_map(|location| location.extract(call.headers, call.query()));
        return match elsewhere {
            Some(value) => as_it_is(KeySource::Elsewhere, Some(Digest::of(value.as_bytes()))).await,
            None => as_it_is(KeySource::Nowhere, None).await,
        };
    };
    let digest = Digest::of(key.as_bytes());
    let mut best: Option<Foretold> = None;
    for entry in entries {
        let Some(verdict) = shown(gate, question, entry, key, now).await else {
            continue;
        };
        let foretold = Foretold {
            verdict,
            source: KeySource::Hand {
                entry: entry.name.clone(),
            },
            digest: Some(digest),
        };
        match (&foretold.verdict, &best) {
            (Verdict::Admitted(_), _) => return foretold,
            // That somebody is known there says more than that nobody is.
            (Verdict::Refused(refused), Some(_)) if refused.holder.is_none() => {}
            (Verdict::Refused(_), Some(best)) if is_known(&best.verdict) => {}
            (Verdict::Refused(_), _) => best = Some(foretold),
        }
    }
    match best {
        Some(best) => best,
        None => as_it_is(KeySource::Unplaced, Some(digest)).await,
    }
}

fn is_known(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Admitted(_) => true,
        Verdict::Refused(refused) => refused.holder.is_some(),
    }
}

/// What protects the rule that a call meets, or may meet.
fn met<'a>(snapshot: &'a Snapshot, question: &Question<'_>) -> Option<&'a Arc<Protection>> {
    let call = question.call();
    let found = snapshot
        .routes
        .find(call.host, call.method, call.path(), call.query(), call.headers);
    match found {
        Found::Rule(protection) | Found::Unevaluated(protection) => Some(protection),
        Found::NoRoute | Found::Ambiguous => None,
    }
}

/// The verdict if the key is where `entry` wants it; nothing if it cannot stand there.
async fn shown(
    gate: &Gate,
    question: &Question<'_>,
    entry: &Entry,
    key: &KeyInHand,
    now: Timestamp,
) -> Option<Verdict> {
    let (target, headers) = placed(&entry.location, question, key)?;
    Some(gate.foresee(&question.call_with(&target, &headers), now).await)
}

/// The target and the headers of a call with the key in a place; nothing if it cannot stand there.
fn placed(
    location: &Location,
    question: &Question<'_>,
    key: &KeyInHand,
) -> Option<(Zeroizing<String>, HeaderMap)> {
    let mut headers = question.headers.clone();
    let mut target = Zeroizing::new(question.target.to_owned());
    let header = |before: &[u8], after: &[u8]| {
        let text = Zeroizing::new([before, key.as_bytes(), after].concat());
        let mut value = HeaderValue::from_bytes(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    match location {
        Location::AuthorizationHeader { prefix } => {
            headers.insert(AUTHORIZATION, header(format!("{prefix} ").as_bytes(), b"")?);
        }
        Location::CustomHeader { name } => {
            headers.insert(HeaderName::try_from(name).ok()?, header(b"", b"")?);
        }
        Location::Cookie { name } => {
            // The first of a name counts.
            let others: Vec<_> = headers
                .get_all(COOKIE)
                .iter()
                .map(HeaderValue::as_bytes)
                .collect();
            let others: Vec<u8> = others.iter().flat_map(|other| [b"; ", *other].concat()).collect();
            let cookies = header(format!("{name}=").as_bytes(), &others)?;
            headers.insert(COOKIE, cookies);
        }
        Location::QueryString { name } => {
            let call = question.call();
            let name = percent_encode(name.as_bytes(), NON_ALPHANUMERIC);
            let value = percent_encode(key.as_bytes(), NON_ALPHANUMERIC);
            let between = if call.query().is_empty() { "" } else { "&" };
            target = Zeroizing::new(format!("{}?{name}={value}{between}{}", call.path(), call.query()));
        }
    }
    Some((target, headers))
}
