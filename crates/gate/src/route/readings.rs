//! What each way to read a call comes to: for people who ask why a call was refused. Nothing is decided here.

use super::candidate::{Asked, QueryReading, Unevaluated};
use super::host::{CallHost, HostPattern};
use super::path::{MOST_BYTES, Readings, readings};
use super::table::{RouteTable, Selected};
use crate::headers::Headers;

/// One way in which a gateway may read a call, and what it meets then.
#[derive(Clone, Debug)]
pub(crate) struct Reading<'a, T> {
    /// The path, as it is read.
    pub(crate) path: String,
    /// Which value of a parameter counts, in words; nothing where there is only one way.
    pub(crate) query: Option<&'static str>,
    /// Whether the dot at the end of the host is part of its name.
    pub(crate) dotted: bool,
    /// The rule, if any.
    pub(crate) met: Option<Met<'a, T>>,
}

/// A rule that a call meets.
#[derive(Clone, Debug)]
pub(crate) struct Met<'a, T> {
    /// What is known of it.
    pub(crate) known: &'a T,
    /// Its place in its route, from 0.
    pub(crate) position: usize,
    /// What of it cannot be evaluated, if it is met perhaps.
    pub(crate) doubt: Option<Unevaluated>,
}

/// What of a call cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The host.
    Host,
    /// The path, or it is too long to be read in every way.
    Path,
    /// The query: it is too long to be read in every way.
    Query,
}

impl<T> RouteTable<T> {
    /// Every way to read a call, with what it meets.
    pub(crate) fn readings<H: Headers + ?Sized>(
        &self,
        host: &str,
        method: &str,
        path: &str,
        query: &str,
        headers: &H,
    ) -> Result<Vec<Reading<'_, T>>, Malformed> {
        let host = CallHost::parse(host).ok_or(Malformed::Host)?;
        let paths = readings(path).ok_or(Malformed::Path)?;
        let query_readings = QueryReading::of(if self.reads_query { query } else { "" });
        let several = query_readings.len() > 1;
        if several && query.len() > MOST_BYTES && matches!(paths, Readings::Several(_)) {
            return Err(Malformed::Query);
        }
        let mut all = Vec::new();
        for path in paths.iter() {
            for query_reading in query_readings {
                let asked = Asked {
                    method,
                    headers,
                    query,
                    query_reading: *query_reading,
                };
                let mut push = |host: &str, dotted| {
                    all.push(Reading {
                        path: path.to_owned(),
                        query: several.then(|| words(*query_reading)),
                        dotted,
                        met: self.met(self.select(host, path, &asked)),
                    });
                };
                push(host.name(), false);
                if let Some(dotted) = host.dotted() {
                    push(dotted, true);
                }
            }
        }
        Ok(all)
    }

    fn met(&self, selected: Selected) -> Option<Met<'_, T>> {
        let (rule, in_doubt) = match selected {
            Selected::Nothing => return None,
            Selected::Rule(rule) => (&self.rules[rule], false),
            Selected::Unevaluated(rule) => (&self.rules[rule], true),
        };
        Some(Met {
            known: &rule.known,
            position: rule.position,
            doubt: rule.unevaluated.filter(|_| in_doubt),
        })
    }
}

fn words(reading: QueryReading) -> &'static str {
    match reading {
        QueryReading::First => "the first value of a parameter, as written",
        QueryReading::Last => "the last value of a parameter, as written",
        QueryReading::FirstDecoded => "the first value of a parameter, decoded",
        QueryReading::LastDecoded => "the last value of a parameter, decoded",
    }
}

/// Whether a host that a call names is one of the pattern's.
pub(crate) fn serves(pattern: &HostPattern, authority: &str) -> bool {
    let host = CallHost::parse(authority);
    host.is_some_and(|host| HostPattern::Exact(host.name().into()).and(pattern).is_some())
}
