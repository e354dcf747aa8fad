//! A verdict in the words of HTTP, the same whichever protocol asked: what the caller is told, and what goes on to the
//! API behind.

mod allowance;
mod identity;
mod problem;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use keydesk_core::Denial;

use crate::call::Call;
use crate::credential::Removal;
use crate::headers::Headers;
use crate::verdict::{Admitted, Counted, Refused, Verdict};

pub(crate) use identity::{FOR_CALLERS, IDENTITY, moment};
pub(crate) use problem::{Problem, request_id};

/// What is answered.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The call goes on.
    Pass(Pass),
    /// The call ends here.
    Refuse(Refusal),
}

/// What goes with a call that goes on.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Headers for the API behind. Whatever the caller sent under these names, and under [`IDENTITY`], must not arrive.
    pub(crate) upstream: Vec<(HeaderName, HeaderValue)>,
    /// Headers of the caller's that imitate those, and must not arrive either.
    pub(crate) imitations: Vec<String>,
    /// How the key is taken out of the call.
    pub(crate) removal: Removal,
    /// Headers for the caller.
    pub(crate) caller: Vec<(HeaderName, HeaderValue)>,
}

/// What a caller is told whose call ends here.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers, but for those of the body.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub(crate) problem: Problem,
}

/// Puts a verdict on a call into words.
pub(crate) fn reply<H: Headers + ?Sized>(verdict: &Verdict, call: &Call<'_, H>) -> Reply {
    match verdict {
        Verdict::Admitted(admitted) => Reply::Pass(pass(admitted, call)),
        Verdict::Refused(refused) => Reply::Refuse(refuse(refused, request_id(call.headers))),
    }
}

fn pass<H: Headers + ?Sized>(admitted: &Admitted, call: &Call<'_, H>) -> Pass {
    let Admitted {
        holder,
        protection,
        entry,
        counted,
    } = admitted;
    let removal = protection.entries.get(*entry).map_or(Removal::Nothing, |entry| {
        entry.location.removal(call.headers, call.query())
    });
    let mut caller = identity::for_caller(holder);
    allowance::tell(counted, &mut caller);
    Pass {
        upstream: identity::for_api(holder, counted.tier()),
        imitations: identity::imitations(call.headers),
        removal,
        caller,
    }
}

/// Puts a refusal into words; `id` tells this answer from others.
pub(crate) fn refuse(refused: &Refused, id: String) -> Refusal {
    let Refused {
        denial,
        because: _,
        holder,
        protection,
        counted,
    } = refused;
    let mut headers = holder.as_deref().map(identity::for_caller).unwrap_or_default();
    if let Some(counted) = counted {
        allowance::tell(counted, &mut headers);
        headers.extend(retry_after(counted));
    }
    let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::FORBIDDEN);
    if status == StatusCode::UNAUTHORIZED
        && let Some(protection) = protection
    {
        let challenges = protection.challenges.iter().cloned();
        headers.extend(challenges.map(|challenge| (WWW_AUTHENTICATE, challenge)));
    }
    if *denial == Denial::Unavailable {
        headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
    }
    Refusal {
        status,
        headers,
        problem: Problem::new(*denial, id),
    }
}

fn retry_after(counted: &Counted) -> Option<(HeaderName, HeaderValue)> {
    let refusal = counted.admission()?.refusal()?;
    Some((RETRY_AFTER, allowance::seconds(refusal.retry_after).into()))
}
