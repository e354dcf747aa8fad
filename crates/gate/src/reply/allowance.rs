//! What callers are told of their limits: the `RateLimit` fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers),
//! and those that Limitador's callers know (`spec/gate.md` §3).

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use keydesk_core::Allowance;

use crate::verdict::Counted;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Bytes of a header for the usual two or three limits.
const USUAL: usize = 96;

/// Adds the headers that tell of limits, if there are any.
pub(super) fn tell(counted: &Counted, headers: &mut Vec<(HeaderName, HeaderValue)>) {
    let allowances = counted
        .admission()
        .map(keydesk_core::Admission::allowances)
        .unwrap_or_default();
    // The one that a caller meets first; of several that are used up, the one to wait longest for.
    let Some(tightest) = allowances
        .iter()
        .min_by_key(|allowance| (allowance.remaining, std::cmp::Reverse(allowance.reset)))
    else {
        return;
    };
    let (mut policy, mut left) = (String::with_capacity(USUAL), String::with_capacity(USUAL));
    let mut x_limit = String::with_capacity(USUAL);
    // Writing to a String cannot fail.
    let _ = write!(x_limit, "{}", tightest.limit.max);
    for allowance in allowances {
        let Allowance {
            limit,
            remaining,
            reset,
        } = allowance;
        let separator = if policy.is_empty() { "" } else { ", " };
        let (window, length) = (limit.window, seconds(limit.window.length()));
        let _ = write!(policy, "{separator}\"{window}\";q={};w={length}", limit.max);
        let _ = write!(
            left,
            "{separator}\"{window}\";r={remaining};t={}",
            seconds(*reset)
        );
        let _ = write!(x_limit, ", {};w={length}", limit.max);
    }
    let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    headers.extend([
        (POLICY, text(policy)),
        (LEFT, text(left)),
        (X_LIMIT, text(x_limit)),
        (X_REMAINING, tightest.remaining.into()),
        (X_RESET, seconds(tightest.reset).into()),
    ]);
}

/// Whole seconds, and at least one: who waits that long has waited long enough.
pub(super) fn seconds(time: Duration) -> u64 {
    let started = u64::from(time.subsec_nanos() > 0);
    (time.as_secs() + started).max(1)
}
