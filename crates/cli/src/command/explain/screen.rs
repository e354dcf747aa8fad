//! An explanation as one screen of text: from the route to the verdict, in the order in which the gate looks.

use std::fmt::Write as _;

use keydesk_gate::explain::{
    Explanation, KeyFinding, KeySource, Obstacle, Outcome, OwnerFinding, PlanFinding, PolicyFinding,
    RouteFinding, RuleFinding, Stands,
};

use crate::foreign::passage;

/// Rules that are shown where none takes the call.
const MOST_RULES: usize = 8;

/// Columns of the headings on the left.
const HEADING: usize = 10;

/// The screen.
pub(super) fn screen(explanation: &Explanation) -> String {
    let Explanation {
        call,
        route: found,
        policy: protects,
        products: offered,
        key: in_hand,
        plan: planned,
        outcome: decided,
    } = explanation;
    let query = if call.has_query { "?…" } else { "" };
    let call = format!("{} {}{}{query}", call.method, call.host, call.path);
    let is_met = protects.is_some();
    let mut text = String::new();
    section(&mut text, "call", vec![call]);
    section(&mut text, "route", route(found));
    section(
        &mut text,
        "policy",
        protects.as_ref().map(policy).unwrap_or_default(),
    );
    let products = if offered.is_empty() {
        "none: no APIProduct offers this route, so no key can be for it".to_owned()
    } else {
        list(offered, ", ")
    };
    section(
        &mut text,
        "products",
        is_met.then_some(products).into_iter().collect(),
    );
    section(&mut text, "key", key(in_hand));
    let plan = planned.as_ref().map_or_else(
        || vec!["not looked at: it does not come to that".to_owned()],
        plan,
    );
    section(&mut text, "plan", plan);
    section(&mut text, "verdict", verdict(decided, planned.as_ref()));
    text
}

/// Lines under one heading. What others wrote may hold anything: nothing of it reaches the terminal but text, and no more
/// of it than fits on a screen.
fn section(text: &mut String, heading: &str, lines: Vec<String>) {
    let mut heading = heading;
    for line in lines {
        // A text takes whatever is written to it.
        let _ = writeln!(text, "{heading:HEADING$}{}", passage(&line));
        heading = "";
    }
}

fn list<T: ToString>(items: &[T], between: &str) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(between)
}

fn route(route: &RouteFinding) -> Vec<String> {
    match route {
        RouteFinding::Rule { rule } => vec![rule_words(rule)],
        RouteFinding::Doubtful { rule, why } => vec![format!("perhaps {}", rule_words(rule)), why.clone()],
        RouteFinding::Ambiguous { readings } => {
            let mut lines = vec!["ambiguous: gateways read this call in more than one way".to_owned()];
            lines.extend(readings.iter().map(|reading| {
                let rule = reading
                    .rule
                    .as_ref()
                    .map_or_else(|| "no rule".to_owned(), rule_words);
                format!("- as {}: {rule}", reading.reading)
            }));
            lines
        }
        RouteFinding::Malformed { why } => vec![why.clone()],
        RouteFinding::NoHost { unserved } if unserved.is_empty() => {
            vec!["none: no HTTPRoute is for this host".to_owned()]
        }
        RouteFinding::NoHost { unserved } => {
            let mut lines = vec!["none: no gateway serves this host".to_owned()];
            let routes = unserved
                .iter()
                .map(|unserved| format!("- HTTPRoute {}: {}", unserved.route, unserved.why.join("; ")));
            lines.extend(routes);
            lines
        }
        RouteFinding::NoRule { rules } => {
            let mut lines =
                vec!["none: the host is served, but no rule takes this method and path".to_owned()];
            let shown = rules.iter().take(MOST_RULES);
            lines.extend(shown.map(|rule| format!("- {}", rule_words(rule))));
            if rules.len() > MOST_RULES {
                lines.push(format!("- and {} more", rules.len() - MOST_RULES));
            }
            lines
        }
    }
}

fn rule_words(rule: &RuleFinding) -> String {
    let RuleFinding {
        route,
        rule,
        name,
        takes,
    } = rule;
    let name = name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
    format!("HTTPRoute {route}, rule {rule}{name}: {}", takes.join(" or "))
}

fn policy(policy: &PolicyFinding) -> Vec<String> {
    let PolicyFinding {
        auth_policy,
        entries,
        other_ways,
        unsupported,
        waived,
    } = policy;
    let mut lines = vec![match auth_policy {
        Some(policy) => format!("AuthPolicy {policy}"),
        None => "none: nothing says who may call".to_owned(),
    }];
    lines.extend(
        entries
            .iter()
            .map(|entry| format!("{} wants the key in {}", entry.name, entry.expects)),
    );
    let ways = other_ways.iter();
    lines.extend(ways.map(|way| format!("{} ({}) is not evaluated: it lets nobody in", way.name, way.way)));
    if auth_policy.is_some() {
        lines.extend(unsupported.iter().map(|part| {
            let waive = match &part.waived_on {
                Some(policy) => format!(
                    "can be waived with the annotation keydesk.dev/gate-ignore on AuthPolicy {policy}"
                ),
                None => "cannot be waived".to_owned(),
            };
            format!("not supported: {} ({waive})", part.part)
        }));
    }
    if !waived.is_empty() {
        lines.push(format!("waived by its owner: {}", waived.join(", ")));
    }
    lines
}

fn key(key: &KeyFinding) -> Vec<String> {
    let KeyFinding {
        source,
        owners,
        unread,
    } = key;
    let mut lines = vec![match source {
        KeySource::Nowhere => return vec!["none comes with the call".to_owned()],
        KeySource::Call { entry } => format!("in the call, where {entry} wants it"),
        KeySource::Elsewhere => "in the call, but nowhere where this route wants keys".to_owned(),
        KeySource::Hand { entry } => format!("from standard input, put where {entry} wants it"),
        KeySource::Unplaced => "from standard input; there is no place in this call for it".to_owned(),
    }];
    lines.extend(owners.iter().flat_map(owner));
    if owners.is_empty() {
        lines.push(
            "not recognised: no enforcement secret and no APIKey's own Secret is known to carry it"
                .to_owned(),
        );
    }
    if owners.is_empty() && *unread > 0 {
        let secrets = match unread {
            1 => "1 Secret of an APIKey was".to_owned(),
            _ => format!("{unread} Secrets of APIKeys were"),
        };
        lines.push(format!(
            "{secrets} not looked at, for want of the right to, or because there are too many"
        ));
    }
    lines
}

fn owner(owner: &OwnerFinding) -> Vec<String> {
    let OwnerFinding {
        key,
        product,
        user_id,
        tier,
        ends_at,
        stands,
        terms_changed,
        obstacle,
    } = owner;
    let mut facts = vec![match key {
        Some(key) => format!("APIKey {key}"),
        None => "a Secret that is not managed".to_owned(),
    }];
    facts.extend(product.as_ref().map(|product| format!("product {product}")));
    facts.push(format!("user {user_id}"));
    facts.extend(tier.as_ref().map(|tier| format!("tier {tier}")));
    facts.push(ends_at.map_or_else(|| "without end".to_owned(), |end| format!("until {end}")));
    let mut lines = vec![facts.join(", "), standing(stands)];
    if *terms_changed {
        lines.push("it asks for other terms by now; those that were approved hold".to_owned());
    }
    lines.extend(obstacle.iter().flat_map(hindrance));
    lines
}

fn standing(stands: &Stands) -> String {
    match stands {
        Stands::Approved { by, at } => format!("approved by {by} at {at}"),
        Stands::Denied { by, at, message } => format!("denied by {by} at {at}: {message}"),
        Stands::Expired { at } => format!("expired at {at}"),
        Stands::Pending { request } => format!("pending: nobody has decided on APIKeyRequest {request}"),
        Stands::Failed { why } => format!("failed: {why}"),
        Stands::Deleting => "it is being deleted".to_owned(),
        Stands::Unmanaged => "accepted as it is".to_owned(),
    }
}

fn hindrance(obstacle: &Obstacle) -> Vec<String> {
    let (words, controller_says) = match obstacle {
        Obstacle::EnforcementMissing {
            secret,
            controller_says,
        } => (
            format!("not in force: enforcement secret {secret} is missing or empty"),
            controller_says.as_ref(),
        ),
        Obstacle::EnforcementDiffers {
            secret,
            controller_says,
        } => (
            format!("not in force: enforcement secret {secret} carries another value"),
            controller_says.as_ref(),
        ),
        Obstacle::OtherProduct => ("not good here: it is for another product".to_owned(), None),
        Obstacle::NoSuchEntry { entry } => (
            format!(
                "not good here: its product names apiKey entry {entry:?}, and the AuthPolicy has none of that name"
            ),
            None,
        ),
        Obstacle::NotSelected { secret } => (
            format!("not good here: no entry of the AuthPolicy selects the labels of Secret {secret}"),
            None,
        ),
        Obstacle::OtherPlace { entry, expects } => {
            (format!("not good there: {entry} wants it in {expects}"), None)
        }
    };
    let controller_says = controller_says.map(|words| format!("the controller says {words}"));
    [words].into_iter().chain(controller_says).collect()
}

fn plan(plan: &PlanFinding) -> Vec<String> {
    let PlanFinding {
        plan_policy,
        tier,
        predicate,
        limits,
        unresolved,
        mistakes,
    } = plan;
    let Some(plan_policy) = plan_policy else {
        return vec!["no PlanPolicy: unlimited, because the owner set no limit".to_owned()];
    };
    let mut lines = vec![match tier {
        Some(tier) => format!("PlanPolicy {plan_policy}: tier {tier}"),
        None => format!("PlanPolicy {plan_policy}: no tier"),
    }];
    lines.extend(predicate.as_ref().map(|predicate| format!("because {predicate}")));
    lines.extend(unresolved.as_ref().map(|why| format!("because {why}")));
    if tier.is_some() {
        lines.push(if limits.is_empty() {
            "unlimited, because the owner set no limit for the tier".to_owned()
        } else {
            let limits: Vec<_> = limits
                .iter()
                .map(|limit| format!("{} in {}", limit.limit, limit.window))
                .collect();
            format!(
                "limits: {}; what is left of them is not known here, but to the gate",
                limits.join(", ")
            )
        });
    }
    lines.extend(mistakes.iter().map(|mistake| format!("mistaken: {mistake}")));
    lines
}

fn verdict(outcome: &Outcome, plan: Option<&PlanFinding>) -> Vec<String> {
    let Outcome {
        passes,
        status,
        code,
        told,
        because,
        turn,
    } = outcome;
    let is_limited = plan.is_some_and(|plan| !plan.limits.is_empty());
    let unless = if *passes && is_limited {
        ", unless a limit is used up"
    } else {
        ""
    };
    let mut lines = vec![format!("{status} {code}: {told}{unless}")];
    lines.extend(because.as_ref().map(|because| format!("because: {because}")));
    lines.extend(turn.as_ref().map(|turn| format!("to do: {turn}")));
    lines
}

#[cfg(test)]
mod tests {
    use keydesk_gate::explain::CallFinding;

    use super::*;

    #[test]
    fn what_others_wrote_cannot_move_the_cursor() {
        let stands = Stands::Denied {
            by: "eve".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            message: "no\u{1b}[2J\n200 pass".to_owned(),
        };
        let mut text = String::new();
        section(&mut text, "key", vec![standing(&stands)]);
        assert_eq!(
            text,
            "key       denied by eve at 1970-01-01T00:00:00Z: no [2J 200 pass\n"
        );
    }

    #[test]
    fn it_ends_with_the_verdict_and_leaves_out_what_it_did_not_come_to() {
        let explanation = Explanation {
            call: CallFinding {
                method: "GET".to_owned(),
                host: "api.example.com".to_owned(),
                path: "/a".to_owned(),
                has_query: true,
            },
            route: RouteFinding::NoHost { unserved: Vec::new() },
            policy: None,
            products: Vec::new(),
            key: KeyFinding {
                source: KeySource::Nowhere,
                owners: Vec::new(),
                unread: 0,
            },
            plan: None,
            outcome: Outcome {
                passes: false,
                status: 404,
                code: "no_route",
                told: "no API is served".to_owned(),
                because: None,
                turn: Some("the caller: check the host".to_owned()),
            },
        };
        let lines = [
            "call      GET api.example.com/a?…",
            "route     none: no HTTPRoute is for this host",
            "key       none comes with the call",
            "plan      not looked at: it does not come to that",
            "verdict   404 no_route: no API is served",
            "          to do: the caller: check the host",
        ];
        assert_eq!(
            screen(&explanation),
            lines.map(|line| format!("{line}\n")).concat()
        );
    }
}
