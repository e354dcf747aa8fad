//! Objects of others decode whatever is in them.

use keydesk_api::foreign::{
    AuthPolicy, Gateway, GatewayClass, HTTPRoute, HTTPRouteMatch, HTTPRouteRule, HTTPRouteSpec, Kuadrant,
    Listener, MatchKind, ParentRef, PathMatch, PlanPolicy, RoutesFrom, RuleMatch, ValueMatch,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).unwrap()
}

#[test]
fn a_route_says_where_it_is_attached_and_whether_it_was_accepted() {
    let route: HTTPRoute = read(json!({
        "spec": {
            "parentRefs": [
                { "name": "gw" },
                { "name": "gw", "namespace": "infra", "kind": "Gateway", "sectionName": "https" },
                { "name": "svc", "group": "", "kind": "Service" },
            ],
            "hostnames": ["api.example.com"],
            "rules": [{ "matches": [] }],
        },
        "status": {
            "parents": [
                { "conditions": [{ "type": "Accepted", "status": "False" }] },
                { "controllerName": "x", "conditions": [{ "type": "Accepted", "status": "True" }] },
            ],
        },
    }));
    let parents = &route.spec.parent_refs;
    assert_eq!(
        parents.iter().map(ParentRef::is_gateway).collect::<Vec<_>>(),
        [true, true, false]
    );
    assert_eq!(
        (parents[0].namespace_or("own"), parents[1].namespace_or("own")),
        ("own", "infra")
    );
    assert!(route.status.unwrap().is_accepted());
}

#[test]
fn odd_objects_decode_to_what_can_be_understood_of_them() {
    let route: HTTPRoute = read(json!({
        "spec": { "parentRefs": [7, { "name": ["gw"] }], "hostnames": "api.example.com" },
        "status": { "parents": [null, { "conditions": { "Accepted": true } }] },
    }));
    assert_eq!((route.spec.parent_refs.len(), route.spec.hostnames.len()), (2, 0));
    assert!(!route.status.unwrap().is_accepted());
    let policy: AuthPolicy = read(json!({ "spec": { "targetRef": "route", "rules": [], "defaults": 1 } }));
    assert!(policy.spec.effective_rules().is_none());
    let gateway: Gateway =
        read(json!({ "spec": { "gatewayClassName": 5 }, "status": { "conditions": [1, "x"] } }));
    assert_eq!(gateway.spec.gateway_class_name, "");
    assert!(!gateway.status.unwrap().is_true("Programmed"));
    let class: GatewayClass = read(json!({ "spec": {} }));
    assert_eq!(class.spec.controller_name, "");
    let _: Kuadrant = read(json!({ "metadata": { "name": "kuadrant" }, "spec": { "observability": {} } }));
}

fn matches(rules: &Value) -> Vec<Vec<RuleMatch>> {
    let route: HTTPRoute = read(json!({ "spec": { "rules": rules } }));
    let written = serde_json::to_value(&route).unwrap();
    assert_eq!(
        read::<HTTPRoute>(written),
        route,
        "what is written is what is read"
    );
    route.spec.rules.into_iter().map(|rule| rule.matches).collect()
}

#[test]
fn a_rule_says_which_requests_it_takes() {
    let rules = json!([{
        "name": "items",
        "matches": [{
            "path": { "type": "Exact", "value": "/items" },
            "headers": [{ "name": "X-Version", "value": "2" }],
            "queryParams": [{ "type": "RegularExpression", "name": "id", "value": "[0-9]+" }],
            "method": "GET",
        }],
        "filters": [{ "type": "RequestMirror" }],
        "backendRefs": [{ "name": "items", "port": 80 }],
    }]);
    let value = |kind, name: &str, value: &str| ValueMatch {
        kind,
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let expected = HTTPRouteMatch {
        path: PathMatch::Exact("/items".to_owned()),
        headers: vec![value(MatchKind::Exact, "X-Version", "2")],
        query_params: vec![value(MatchKind::RegularExpression, "id", "[0-9]+")],
        method: Some("GET".to_owned()),
    };
    assert_eq!(matches(&rules), [[RuleMatch::Read(expected)]]);
}

#[test]
fn absent_matches_and_paths_are_for_all_requests() {
    let all = || vec![RuleMatch::all()];
    let route: HTTPRoute = read(json!({ "spec": {} }));
    assert_eq!(route.spec, HTTPRouteSpec::default());
    assert_eq!(route.spec.rules, HTTPRouteRule::for_all());
    for rules in [
        json!(null),
        json!([{}]),
        json!([{ "matches": null }]),
        json!([{ "matches": [] }]),
        json!([{ "matches": [{}] }]),
        json!([{ "matches": [{ "path": null, "headers": null }] }]),
        json!([{ "matches": [{ "path": { "value": "/" } }] }]),
        json!([{ "matches": [{ "path": { "type": "PathPrefix" } }] }]),
    ] {
        assert_eq!(matches(&rules), all(), "{rules}");
    }
    assert!(matches(&json!([])).is_empty(), "no rule is no rule");
}

#[test]
fn a_match_that_cannot_be_understood_keeps_its_place_and_takes_no_other_with_it() {
    let readable = json!({ "path": { "value": "/" } });
    for odd in [
        json!(null),
        json!("/"),
        json!([]),
        json!({ "path": "/" }),
        json!({ "path": { "type": "Glob", "value": "/*" } }),
        json!({ "path": { "value": 5 } }),
        json!({ "path": { "value": "/", "caseSensitive": false } }),
        json!({ "headers": [{ "name": "x" }] }),
        json!({ "headers": [{ "name": "x", "value": "y", "invert": true }] }),
        json!({ "queryParams": {} }),
        json!({ "method": 1 }),
        json!({ "cookies": [{ "name": "x", "value": "y" }] }),
    ] {
        let read = matches(&json!([{ "matches": [readable, odd] }, { "matches": [readable] }]));
        assert_eq!(
            read[0],
            [RuleMatch::all(), vec![RuleMatch::Unreadable]].concat(),
            "{odd}"
        );
        assert_eq!(read[1], RuleMatch::all(), "{odd}");
    }
    for odd in [json!(7), json!([["name"]]), json!([{ "matches": "all" }])] {
        assert_eq!(matches(&odd), [[RuleMatch::Unreadable]], "{odd}");
    }
}

#[test]
fn a_gateway_says_where_it_listens_and_for_whom() {
    let gateway: Gateway = read(json!({
        "spec": {
            "gatewayClassName": "istio",
            "listeners": [
                { "name": "http", "port": 80, "protocol": "HTTP" },
                {
                    "name": "https",
                    "hostname": "*.example.com",
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": { "mode": "Terminate" },
                    "allowedRoutes": { "namespaces": { "from": "All" } },
                },
            ],
        },
    }));
    let expected = [
        Listener {
            name: "http".to_owned(),
            port: 80,
            protocol: "HTTP".to_owned(),
            ..Listener::default()
        },
        Listener {
            name: "https".to_owned(),
            hostname: Some("*.example.com".to_owned()),
            port: 443,
            protocol: "HTTPS".to_owned(),
            routes_from: RoutesFrom::All,
        },
    ];
    assert_eq!(gateway.spec.listeners, expected);
    assert_eq!(read::<Gateway>(serde_json::to_value(&gateway).unwrap()), gateway);
}

#[test]
fn a_listener_that_cannot_be_understood_lets_no_route_in() {
    let gateway: Gateway = read(json!({
        "spec": { "listeners": [7, [], {}, { "name": "a", "hostname": 5 }, { "name": "b", "port": "http" }] },
    }));
    assert_eq!(gateway.spec.listeners, []);
    let from = |allowed: Value| {
        read::<Listener>(json!({ "name": "x", "port": 80, "allowedRoutes": allowed })).routes_from
    };
    for allowed in [
        json!(null),
        json!({}),
        json!({ "namespaces": {} }),
        json!({ "kinds": [] }),
    ] {
        assert_eq!(from(allowed.clone()), RoutesFrom::Same, "{allowed}");
    }
    for odd in [
        json!("All"),
        json!({ "namespaces": [] }),
        json!({ "namespaces": { "from": "Any" } }),
    ] {
        assert_eq!(from(odd.clone()), RoutesFrom::Other, "{odd}");
    }
}

#[test]
fn a_port_that_cannot_be_understood_is_no_listener_s() {
    let port = |port: Value| read::<ParentRef>(json!({ "name": "gw", "port": port })).port;
    assert_eq!(
        [
            port(json!(null)),
            port(json!(443)),
            port(json!("https")),
            port(json!(70_000))
        ],
        [None, Some(443), Some(0), Some(0)]
    );
}

#[test]
fn a_plan_that_cannot_be_understood_does_not_make_a_product_unlimited() {
    let policy: PlanPolicy = read(json!({
        "spec": { "plans": [{ "tier": "gold", "limits": { "daily": "many" } }, 3] },
    }));
    let tiers: Vec<_> = policy.spec.plans.iter().map(|plan| plan.tier.as_str()).collect();
    assert_eq!(
        tiers,
        ["", ""],
        "the plans are still there, but nobody can ask for them"
    );
}

#[test]
fn rules_are_found_wherever_a_policy_has_them() {
    let rules = json!({ "authentication": { "users": { "anonymous": {} } } });
    for spec in [
        json!({ "rules": rules }),
        json!({ "defaults": { "rules": rules, "strategy": "atomic" } }),
        json!({ "overrides": { "rules": rules } }),
        json!({ "overrides": { "rules": rules }, "defaults": { "rules": {} }, "rules": {} }),
    ] {
        let policy: AuthPolicy = read(json!({ "spec": spec }));
        assert_eq!(
            policy.spec.effective_rules().unwrap().authentications().len(),
            1,
            "{spec}"
        );
    }
}
