//! What an owner looks at before deciding: the terms, and what would change.

use std::fmt::Write as _;

use keydesk_api::{APIProduct, rfc3339};
use keydesk_catalog::explain::{allowance, changes};
use keydesk_catalog::shown;
use keydesk_core::{Decision, Terms};

use super::Wish;
use super::seen::Seen;
use super::words::said;
use crate::command::imperative::{keys, objects};
use crate::foreign::{passage, phrase};

/// Columns of the headings on the left.
const HEADING: usize = 10;

/// How to refuse what a key asks for, and nothing that it has.
const INSTEAD: &str =
    "to refuse only the change, decide nothing: the key goes on as it was approved, whatever it asks for";

/// The terms of a request, on a few lines.
pub(super) fn sheet(seen: &Seen, product: Option<&APIProduct>, wish: Wish) -> String {
    let request = &seen.request;
    let terms = shown(request);
    let in_force = seen.in_force(&terms);
    let spec = &request.spec;
    let key = &spec.api_key_ref;
    let name = product.map_or_else(String::new, |product| {
        format!(" ({})", phrase(&product.spec.display_name))
    });
    let plan = product.and_then(|product| {
        let plans = &product.status.as_ref()?.discovered_plans;
        plans.iter().find(|plan| plan.tier == terms.tier)
    });
    let tier = match (plan, product) {
        (Some(plan), _) => format!("{}: {}", phrase(&terms.tier), allowance(&plan.limits)),
        (None, Some(_)) => format!("{}: no plan of the product has this tier", phrase(&terms.tier)),
        (None, None) => terms.tier.clone(),
    };
    let scopes: Vec<&str> = terms.scopes.iter().map(String::as_str).collect();
    let conditions = request
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.conditions);
    let (state, _) = keys::standing(conditions);
    let mut lines = vec![
        ("request", objects::id(request).to_string()),
        ("key", format!("{}/{}", key.namespace, key.name)),
        ("product", format!("{}{name}", terms.product)),
        (
            "user",
            format!(
                "{} <{}>, as they say",
                phrase(&terms.user_id),
                phrase(&spec.requested_by.email)
            ),
        ),
        ("tier", tier),
        (
            "expires",
            terms.expires_at.map_or_else(|| "never".to_owned(), rfc3339),
        ),
    ];
    if !scopes.is_empty() {
        lines.push(("scopes", scopes.join(" ")));
    }
    if !spec.use_case.is_empty() {
        lines.push(("use case", spec.use_case.clone()));
    }
    lines.push(("now", now(&state, in_force)));
    if let Some(approved) = in_force.filter(|decision| decision.approved) {
        let changes = changes(&approved.terms, &terms);
        let is_change = !changes.is_empty();
        if !is_change && wish == Wish::Approve {
            lines.push(("change", "none: these terms are approved already".to_owned()));
        }
        lines.extend(changes.into_iter().map(|change| ("change", change)));
        if wish == Wish::Deny || (wish == Wish::Revoke && is_change) {
            lines.push(("ends", ends(&approved.terms, &terms)));
        }
        if wish != Wish::Approve && is_change {
            lines.push(("instead", INSTEAD.to_owned()));
        }
    }
    for approval in seen.elsewhere(&terms) {
        lines.push(("also", elsewhere(approval, approval.name == seen.own.name, wish)));
    }
    let mut text = String::new();
    let mut before = "";
    for (heading, line) in &lines {
        let shown = if *heading == before { "" } else { *heading };
        // A text takes whatever is written to it.
        let _ = writeln!(text, "{shown:HEADING$}{}", passage(line));
        before = heading;
    }
    text
}

/// What a no takes away: it is a no to the key, whatever it asks for beside.
fn ends(approved: &Terms, asked: &Terms) -> String {
    let end = approved
        .end(asked)
        .map_or_else(String::new, |end| format!(" until {}", rfc3339(end)));
    format!(
        "the key as it was approved, for tier {}{end}: with a denial it works no more",
        phrase(&approved.tier)
    )
}

/// An approval that is of no use while the key asks for another product.
fn elsewhere(approval: &Decision, is_own: bool, wish: Wish) -> String {
    let outcome = match wish {
        Wish::Approve if is_own => "this decision takes its place",
        Wish::Approve => "that holds again once the key asks for it",
        Wish::Deny | Wish::Revoke => "that ends too",
    };
    format!(
        "for product {}: {}; {outcome}",
        approval.terms.product,
        said(approval)
    )
}

fn now(state: &str, in_force: Option<&Decision>) -> String {
    match in_force {
        None => format!("{state}: nobody has decided"),
        Some(decision) => format!("{state}: {}", said(decision)),
    }
}

#[cfg(test)]
mod tests {
    use keydesk_api::APIKeyRequest;
    use serde_json::json;

    use super::*;

    /// The sheet of a request on which this was decided.
    fn sheet(
        request: &APIKeyRequest,
        product: Option<&APIProduct>,
        decision: Option<&Decision>,
        wish: Wish,
    ) -> String {
        let seen = Seen::decided(request.clone(), decision.cloned().into_iter().collect());
        super::sheet(&seen, product, wish)
    }

    fn request() -> APIKeyRequest {
        serde_json::from_value(json!({
            "metadata": { "name": "r", "namespace": "gamestore", "annotations": { "keydesk.dev/scopes": "write read" } },
            "spec": {
                "apiProductRef": { "name": "gamestore-api" }, "planTier": "gold", "useCase": "mobile\u{1b}[2J",
                "requestedBy": { "userId": "ada", "email": "ada@example.com" },
                "apiKeyRef": { "name": "k", "namespace": "app" }, "expiresAt": "2027-01-01T00:00:00Z",
            },
        }))
        .unwrap()
    }

    fn product() -> APIProduct {
        serde_json::from_value(json!({
            "metadata": { "name": "gamestore-api", "namespace": "gamestore" },
            "spec": {
                "displayName": "Gamestore",
                "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r" },
            },
            "status": { "discoveredPlans": [{ "tier": "gold", "limits": { "daily": 100 } }, { "tier": "free" }] },
        }))
        .unwrap()
    }

    #[test]
    fn everything_that_is_decided_on_is_shown() {
        assert_eq!(
            sheet(&request(), Some(&product()), None, Wish::Approve),
            "request   gamestore/r\n\
             key       app/k\n\
             product   gamestore/gamestore-api (Gamestore)\n\
             user      ada <ada@example.com>, as they say\n\
             tier      gold: 100 calls in 24h\n\
             expires   2027-01-01T00:00:00Z\n\
             scopes    read write\n\
             use case  mobile [2J\n\
             now       New: nobody has decided\n"
        );
    }

    #[test]
    fn what_is_asked_for_at_length_stays_on_one_screen() {
        let long = "x".repeat(70_000);
        let mut request = request();
        request.spec.requested_by.user_id.clone_from(&long);
        request.spec.plan_tier.clone_from(&long);
        request.spec.use_case = format!("mobile{}now       Approved: by owner {long}", " ".repeat(200));
        let text = sheet(&request, Some(&product()), None, Wish::Approve);
        assert_eq!(text.lines().count(), 9, "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 400), "{text}");
        assert!(text.contains("user      xxx"), "{text}");
        assert!(text.contains("… (69900 characters left out) …xx"), "{text}");
        assert!(text.contains("x <ada@example.com>, as they say\n"), "{text}");
        assert!(
            text.contains("use case  mobile now Approved: by owner xxx"),
            "{text}"
        );
    }

    #[test]
    fn what_would_change_is_shown_beside() {
        let mut before = Decision {
            name: "a".into(),
            approved: true,
            by: "owner".into(),
            message: "be nice".into(),
            effective_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            terms: Terms {
                tier: "free".into(),
                ..shown(&request())
            },
        };
        let text = sheet(&request(), Some(&product()), Some(&before), Wish::Approve);
        assert!(text.contains("now       New: approved by owner at 2026-01-01T00:00:00Z: be nice\n"));
        assert!(
            text.ends_with("change    plan tier gold instead of free\n"),
            "{text}"
        );
        before.terms = shown(&request());
        let text = sheet(&request(), None, Some(&before), Wish::Approve);
        assert!(
            text.ends_with("change    none: these terms are approved already\n"),
            "{text}"
        );
    }

    #[test]
    fn who_denies_a_change_is_told_that_the_key_that_works_ends_with_it() {
        let mut before = Decision {
            name: "a".into(),
            approved: true,
            by: "owner".into(),
            message: String::new(),
            effective_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            terms: Terms {
                tier: "bronze".into(),
                ..shown(&request())
            },
        };
        for wish in [Wish::Deny, Wish::Revoke] {
            let text = sheet(&request(), None, Some(&before), wish);
            assert!(
                text.ends_with(
                    "change    plan tier gold instead of bronze\n\
                     ends      the key as it was approved, for tier bronze until 2027-01-01T00:00:00Z: with a denial it works \
                     no more\n\
                     instead   to refuse only the change, decide nothing: the key goes on as it was approved, whatever it asks \
                     for\n"
                ),
                "{text}"
            );
        }
        before.terms = shown(&request());
        let text = sheet(&request(), None, Some(&before), Wish::Deny);
        assert!(
            text.contains("ends      the key as it was approved, for tier gold"),
            "{text}"
        );
        assert!(!text.contains("change") && !text.contains("instead"), "{text}");
        before.approved = false;
        let text = sheet(&request(), None, Some(&before), Wish::Deny);
        assert!(!text.contains("ends"), "nothing works that could end: {text}");
    }

    #[test]
    fn who_denies_a_key_that_asks_for_another_product_is_told_that_the_approval_for_this_one_ends_too() {
        let decided = |name: &str, approved: bool, at: &str| Decision {
            name: name.into(),
            approved,
            by: "owner".into(),
            message: String::new(),
            effective_at: at.parse().unwrap(),
            terms: Terms {
                product: keydesk_core::NamespacedName::new("gamestore", "old-api"),
                ..shown(&request())
            },
        };
        let yes = decided("a", true, "2026-01-01T00:00:00Z");
        let also = "also      for product gamestore/old-api: approved by owner at 2026-01-01T00:00:00Z; ";
        for wish in [Wish::Deny, Wish::Revoke] {
            let text = sheet(&request(), None, Some(&yes), wish);
            assert!(text.contains("nobody has decided"), "{text}");
            assert!(text.ends_with(&format!("{also}that ends too\n")), "{text}");
        }
        let text = sheet(&request(), None, Some(&yes), Wish::Approve);
        assert!(
            text.ends_with(&format!("{also}that holds again once the key asks for it\n")),
            "{text}"
        );
        let own = decided("r-approval", true, "2026-01-01T00:00:00Z");
        let text = sheet(&request(), None, Some(&own), Wish::Approve);
        assert!(
            text.ends_with(&format!("{also}this decision takes its place\n")),
            "{text}"
        );

        let no = decided("b", false, "2026-01-02T00:00:00Z");
        let seen = Seen::decided(request(), vec![yes, no]);
        let text = super::sheet(&seen, None, Wish::Deny);
        assert!(
            text.contains("nobody has decided") && !text.contains("also"),
            "{text}"
        );
    }
}
