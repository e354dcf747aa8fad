//! Which rule a call meets, or why none.

use std::sync::Arc;

use keydesk_api::foreign::{HTTPRoute, HTTPRouteMatch, MatchKind, PathMatch, RuleMatch, ValueMatch};
use keydesk_catalog::Catalog;
use keydesk_core::NamespacedName;
use kube::ResourceExt as _;

use super::{Known, Question, ReadingFinding, RouteFinding, RuleFinding, UnservedRoute};
use crate::index::{hosts, is_accepted};
use crate::route::{Found, HostPattern, Malformed, Met, Reading, intersection, serves};
use crate::snapshot::Protection;

type MetRule<'a> = Met<'a, Arc<Protection>>;

/// The rule that a call meets, with what protects it.
pub(super) fn find<'a>(
    known: Known<'a>,
    question: &Question<'_>,
) -> (RouteFinding, Option<&'a Arc<Protection>>) {
    let call = question.call();
    let table = &known.snapshot.routes;
    let readings = table.readings(call.host, call.method, call.path(), call.query(), call.headers);
    let readings = match readings {
        Ok(readings) => readings,
        Err(malformed) => {
            return (
                RouteFinding::Malformed {
                    why: words(malformed),
                },
                None,
            );
        }
    };
    let met = readings.first().and_then(|reading| reading.met.clone());
    let found = table.find(call.host, call.method, call.path(), call.query(), call.headers);
    match (found, met) {
        (Found::Rule(protection), Some(met)) => {
            let rule = rule(known.catalog, &met);
            (RouteFinding::Rule { rule }, Some(protection))
        }
        (Found::Unevaluated(protection), Some(met)) => {
            let why = met.doubt.map(|why| why.to_string()).unwrap_or_default();
            let rule = rule(known.catalog, &met);
            (RouteFinding::Doubtful { rule, why }, Some(protection))
        }
        (Found::Ambiguous, _) => (ambiguous(known.catalog, &readings), None),
        (Found::Rule(_) | Found::Unevaluated(_) | Found::NoRoute, _) => (none(known, question.host), None),
    }
}

fn words(malformed: Malformed) -> String {
    match malformed {
        Malformed::Host => "the host is not a name or an address, with a port or without, such as api.example.com",
        Malformed::Path => {
            "the path does not begin with a slash, has an escape or a character that none may have, or is too long \
             to be read in every way"
        }
        Malformed::Query => "the query is too long to be read in every way",
    }
    .to_owned()
}

fn rule(catalog: &Catalog, met: &MetRule<'_>) -> RuleFinding {
    describe(catalog, &met.known.route, met.position)
}

fn describe(catalog: &Catalog, route: &NamespacedName, position: usize) -> RuleFinding {
    let object = catalog.route(route);
    let rule = object
        .as_deref()
        .and_then(|object| object.spec.rules.get(position));
    RuleFinding {
        route: route.clone(),
        rule: position + 1,
        name: rule.and_then(|rule| rule.name.clone()),
        takes: rule.map_or_else(Vec::new, |rule| rule.matches.iter().map(takes).collect()),
    }
}

fn takes(written: &RuleMatch) -> String {
    let RuleMatch::Read(written) = written else {
        return "a match that is not understood".to_owned();
    };
    let HTTPRouteMatch {
        path,
        headers,
        query_params,
        method,
    } = written;
    let path = match path {
        PathMatch::Exact(path) => format!("path {path}"),
        PathMatch::PathPrefix(path) => format!("paths under {path}"),
        PathMatch::RegularExpression(text) => format!("paths like {text}"),
    };
    let values = |kind: &str, values: &[ValueMatch]| {
        let values = values.iter().map(|value| {
            let sign = match value.kind {
                MatchKind::Exact => "=",
                MatchKind::RegularExpression => "~",
            };
            format!("{kind} {}{sign}{}", value.name, value.value)
        });
        values.collect::<Vec<_>>()
    };
    let mut parts = vec![method.clone().unwrap_or_else(|| "any method".to_owned()), path];
    parts.extend(values("header", headers));
    parts.extend(values("parameter", query_params));
    parts.join(", ")
}

/// One reading for each rule that the call may meet.
fn ambiguous(catalog: &Catalog, readings: &[Reading<'_, Arc<Protection>>]) -> RouteFinding {
    let mut differing: Vec<ReadingFinding> = Vec::new();
    for reading in readings {
        let rule = reading.met.as_ref().map(|met| rule(catalog, met));
        if differing.iter().any(|other| other.rule == rule) {
            continue;
        }
        let mut words = reading.path.clone();
        if let Some(query) = reading.query {
            words = format!("{words}, {query}");
        }
        if reading.dotted {
            words = format!("{words}, the host with the dot at its end");
        }
        differing.push(ReadingFinding { reading: words, rule });
    }
    RouteFinding::Ambiguous { readings: differing }
}

fn none(known: Known<'_>, host: &str) -> RouteFinding {
    let Known { catalog, scope, .. } = known;
    let mut rules = Vec::new();
    let mut unserved = Vec::new();
    let mut is_served = false;
    for route in catalog
        .routes()
        .filter(|route| route.metadata.deletion_timestamp.is_none())
    {
        let id = NamespacedName::new(route.namespace().unwrap_or_default(), route.name_any());
        let served = hosts(catalog, &id, route, scope);
        if served.iter().any(|pattern| serves(pattern, host)) {
            is_served = true;
            rules.extend((0..route.spec.rules.len()).map(|position| describe(catalog, &id, position)));
        } else if is_for(route, host) {
            unserved.push(UnservedRoute {
                why: obstacles(catalog, &id, route, &served),
                route: id,
            });
        }
    }
    if is_served {
        RouteFinding::NoRule { rules }
    } else {
        RouteFinding::NoHost { unserved }
    }
}

/// Whether a route names this host itself. One that names none is for whatever its gateways are for.
fn is_for(route: &HTTPRoute, host: &str) -> bool {
    let own = intersection(&route.spec.hostnames, [None]);
    !route.spec.hostnames.is_empty() && own.iter().any(|pattern| serves(pattern, host))
}

/// Why no gateway serves a route under a host, for each of its parents.
fn obstacles(
    catalog: &Catalog,
    id: &NamespacedName,
    route: &HTTPRoute,
    served: &[HostPattern],
) -> Vec<String> {
    let parents = &route.spec.parent_refs;
    if parents.is_empty() {
        return vec!["it names no Gateway in parentRefs".to_owned()];
    }
    let obstacle = |parent: &keydesk_api::foreign::ParentRef| {
        let gateway = NamespacedName::new(parent.namespace_or(&id.namespace), parent.name.as_str());
        if !parent.is_gateway() {
            return format!("its parent {gateway} is no Gateway");
        }
        if catalog.gateway(&gateway).is_none() {
            return format!("there is no Gateway {gateway}");
        }
        if !is_accepted(route, parent, &id.namespace) {
            let words = refusal(route, &gateway, &id.namespace);
            return words.map_or_else(
                || {
                    format!(
                        "Gateway {gateway} has not said that it accepts it: does a controller run for it?"
                    )
                },
                |words| format!("Gateway {gateway} does not accept it: {words}"),
            );
        }
        if served.is_empty() {
            format!("no listener of Gateway {gateway} takes routes of this namespace and host")
        } else {
            format!("no listener of Gateway {gateway} is for this host")
        }
    };
    parents.iter().map(obstacle).collect()
}

/// What a gateway says against a route.
fn refusal(route: &HTTPRoute, gateway: &NamespacedName, own: &str) -> Option<String> {
    let parents = &route.status.as_ref()?.parents;
    let of_gateway = parents.iter().filter(|parent| {
        parent.parent_ref.name == gateway.name && parent.parent_ref.namespace_or(own) == gateway.namespace
    });
    let mut conditions = of_gateway.flat_map(|parent| &parent.conditions);
    let refusal =
        conditions.find(|condition| condition.type_ == "Accepted" && condition.status == "False")?;
    Some(format!("{}: {}", refusal.reason, refusal.message))
}
