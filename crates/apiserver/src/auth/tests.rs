//! What roles and bindings amount to, as stories about a few people.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, Attributes, Policy, Tokens, answer_review, bootstrap_objects, check_escalation};
use crate::caller::User;
use crate::request::{Target, Verb};

fn role(namespace: &str, name: &str, rules: &Value) -> Value {
    let kind = if namespace.is_empty() {
        "ClusterRole"
    } else {
        "Role"
    };
    json!({"kind": kind, "metadata": {"namespace": namespace, "name": name}, "rules": rules})
}

fn binding(namespace: &str, name: &str, role: (&str, &str), subject: &Value) -> Value {
    let kind = if namespace.is_empty() {
        "ClusterRoleBinding"
    } else {
        "RoleBinding"
    };
    json!({
        "kind": kind, "metadata": {"namespace": namespace, "name": name},
        "roleRef": {"kind": role.0, "name": role.1}, "subjects": [subject],
    })
}

fn person(name: &str) -> Value {
    json!({"kind": "User", "name": name})
}

/// `ada` may read secrets of `a`, one config map, status of anything, and paths under `/x/`.
fn policy() -> Policy {
    let mut objects = bootstrap_objects();
    objects.extend([
        role(
            "a",
            "reader",
            &json!([
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]},
                {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["*"]},
                {"apiGroups": ["*"], "resources": ["*/status"], "verbs": ["update"]},
            ]),
        ),
        role("", "x", &json!([{"nonResourceURLs": ["/x/*"], "verbs": ["get"]}])),
        binding("a", "ada-reads", ("Role", "reader"), &person("ada")),
        binding("", "ada-x", ("ClusterRole", "x"), &person("ada")),
        binding("b", "eve-lost", ("Role", "nosuch"), &person("eve")),
        binding(
            "b",
            "robots",
            ("ClusterRole", "view"),
            &json!({"kind": "ServiceAccount", "name": "bot"}),
        ),
        binding(
            "c",
            "devs",
            ("ClusterRole", "rbac-writer"),
            &json!({"kind": "Group", "name": "developers"}),
        ),
        role(
            "",
            "rbac-writer",
            &json!([
                {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"],
                    "verbs": ["create", "update"]},
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
            ]),
        ),
        binding(
            "a",
            "lead-writes",
            ("ClusterRole", "rbac-writer"),
            &person("lead"),
        ),
    ]);
    Policy::new(&objects)
}

fn decide(user: &User, method: &str, url: &str) -> String {
    let target = Target::parse(url).unwrap();
    let named = matches!(&target, Target::Resource(resource) if resource.name.is_some());
    let verb = Verb::of(&method.parse().unwrap(), named, false);
    let action = Attributes::of(&target, verb, method);
    let decision = policy().decide(user, &action);
    if decision.allowed {
        decision.reason
    } else {
        action.forbidden(user, &decision).message().to_owned()
    }
}

const ADA_READS: &str = "RBAC: allowed by RoleBinding \"ada-reads/a\" of Role \"reader\" to User \"ada\"";

#[test]
fn a_role_permits_what_it_lists_where_it_is_bound() {
    let ada = User::named("ada");
    assert_eq!(decide(&ada, "GET", "/api/v1/namespaces/a/secrets/s"), ADA_READS);
    assert_eq!(
        decide(&ada, "DELETE", "/api/v1/namespaces/a/configmaps/one"),
        ADA_READS
    );
    assert_eq!(
        decide(&ada, "PUT", "/apis/x.io/v1/namespaces/a/bees/b/status"),
        ADA_READS
    );
    assert_eq!(
        decide(&ada, "GET", "/x/y"),
        "RBAC: allowed by ClusterRoleBinding \"ada-x\" of ClusterRole \"x\" to User \"ada\""
    );
    assert_eq!(
        decide(&ada, "GET", "/version"),
        "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group \
         \"system:authenticated\""
    );
}

#[test]
fn whatever_no_role_permits_is_refused_in_the_real_words() {
    let ada = User::named("ada");
    assert_eq!(
        decide(
            &ada,
            "GET",
            "/apis/devportal.kuadrant.io/v1alpha1/namespaces/other-app/apikeys/x"
        ),
        "apikeys.devportal.kuadrant.io \"x\" is forbidden: User \"ada\" cannot get resource \"apikeys\" in API group \
         \"devportal.kuadrant.io\" in the namespace \"other-app\""
    );
    assert_eq!(
        decide(&ada, "GET", "/api/v1/namespaces"),
        "namespaces is forbidden: User \"ada\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope"
    );
    assert_eq!(
        decide(&ada, "GET", "/api/v1/namespaces/x"),
        "namespaces \"x\" is forbidden: User \"ada\" cannot get resource \"namespaces\" in API group \"\" in the \
         namespace \"x\""
    );
    assert_eq!(
        decide(&ada, "GET", "/metrics"),
        "forbidden: User \"ada\" cannot get path \"/metrics\""
    );
    assert!(decide(&ada, "GET", "/api/v1/secrets").contains("at the cluster scope"));
    assert!(decide(&ada, "GET", "/api/v1/namespaces/a/configmaps/two").contains("cannot get"));
    assert!(decide(&ada, "PUT", "/api/v1/namespaces/a/secrets/s").contains("cannot update"));
}

#[test]
fn a_binding_to_a_missing_role_says_so() {
    assert_eq!(
        decide(&User::named("eve"), "GET", "/api/v1/namespaces/b/secrets/s"),
        "secrets \"s\" is forbidden: User \"eve\" cannot get resource \"secrets\" in API group \"\" in the namespace \
         \"b\": RBAC: role.rbac.authorization.k8s.io \"nosuch\" not found"
    );
}

#[test]
fn groups_and_service_accounts_are_subjects() {
    let dev = User::named("dev").in_group("developers");
    assert_eq!(
        decide(&dev, "GET", "/api/v1/namespaces/c/secrets/s"),
        "RBAC: allowed by RoleBinding \"devs/c\" of ClusterRole \"rbac-writer\" to Group \"developers\""
    );
    let bot = User::service_account("b", "bot");
    let objects = [
        role(
            "",
            "view",
            &json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]),
        ),
        binding(
            "b",
            "robots",
            ("ClusterRole", "view"),
            &json!({"kind": "ServiceAccount", "name": "bot"}),
        ),
    ];
    let action = Attributes::of(
        &Target::parse("/api/v1/namespaces/b/secrets/s").unwrap(),
        Some(Verb::Get),
        "GET",
    );
    let decision = Policy::new(&objects).decide(&bot, &action);
    let expect =
        "RBAC: allowed by RoleBinding \"robots/b\" of ClusterRole \"view\" to ServiceAccount \"bot/b\"";
    assert_eq!((decision.allowed, decision.reason.as_str()), (true, expect));
    assert!(
        !Policy::new(&objects)
            .decide(&User::service_account("c", "bot"), &action)
            .allowed
    );
}

#[test]
fn masters_pass_everything() {
    assert_eq!(
        decide(&User::admin(), "DELETE", "/api/v1/namespaces/a/secrets"),
        ""
    );
}

#[test]
fn nobody_grants_what_they_do_not_hold() {
    let lead = User::named("lead");
    let wider = role(
        "a",
        "wider",
        &json!([
            {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list"]},
            {"apiGroups": ["x"], "resources": ["y"], "resourceNames": ["n"], "verbs": ["get"]},
        ]),
    );
    let refusal = check_escalation(&policy(), &lead, &wider, None).unwrap_err();
    assert_eq!(
        refusal.message(),
        "roles.rbac.authorization.k8s.io \"wider\" is forbidden: user \"lead\" (groups=[\"system:authenticated\"]) is \
         attempting to grant RBAC permissions not currently held:\n\
         {APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"get\" \"list\"]}\n\
         {APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"list\"]}\n\
         {APIGroups:[\"x\"], Resources:[\"y\"], ResourceNames:[\"n\"], Verbs:[\"get\"]}"
    );
    let same = role(
        "a",
        "same",
        &json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]),
    );
    assert!(check_escalation(&policy(), &lead, &same, None).is_ok());
    assert!(
        check_escalation(&policy(), &lead, &wider, Some(&wider)).is_ok(),
        "metadata may change"
    );
    assert!(check_escalation(&policy(), &User::admin(), &wider, None).is_ok());
}

#[test]
fn nobody_binds_a_role_that_gives_more_than_they_hold() {
    let lead = User::named("lead");
    let bind = |role| binding("a", "new", role, &person("lead"));
    assert!(check_escalation(&policy(), &lead, &bind(("ClusterRole", "cluster-admin")), None).is_err());
    assert!(check_escalation(&policy(), &lead, &bind(("ClusterRole", "rbac-writer")), None).is_ok());
    let refusal = check_escalation(&policy(), &lead, &bind(("Role", "nosuch")), None).unwrap_err();
    assert_eq!(
        refusal.message(),
        "roles.rbac.authorization.k8s.io \"nosuch\" not found"
    );
}

fn ask(user: &User, kind: &str, spec: &Value) -> Result<Value, String> {
    let tokens = Tokens::new([("ada-token", User::named("ada"))]);
    let policy = policy();
    let now: Timestamp = "2026-11-22T02:46:04Z".parse().unwrap();
    let asked = Asked {
        user,
        namespace: Some("a"),
        policy: &policy,
        tokens: &tokens,
        now,
    };
    let review = json!({"kind": kind, "metadata": {}, "spec": spec});
    let answer = answer_review(&review, &asked).map_err(|refusal| refusal.message().to_owned())?;
    Ok(answer["status"].clone())
}

#[test]
fn reviews_answer_as_the_policy_decides() {
    let ada = User::named("ada");
    let secrets = json!({"resourceAttributes": {"verb": "get", "resource": "secrets", "namespace": "a"}});
    let allowed = json!({"allowed": true, "reason": ADA_READS});
    assert_eq!(
        ask(&ada, "SelfSubjectAccessReview", &secrets),
        Ok(allowed.clone())
    );
    let mut about = secrets.clone();
    about["user"] = "ada".into();
    assert_eq!(
        ask(&User::admin(), "SubjectAccessReview", &about),
        Ok(allowed.clone())
    );
    assert_eq!(
        ask(&User::admin(), "LocalSubjectAccessReview", &about),
        Ok(allowed)
    );
    let version = json!({"nonResourceAttributes": {"verb": "get", "path": "/version"}, "user": "x"});
    assert_eq!(
        ask(&ada, "SubjectAccessReview", &version),
        Ok(json!({"allowed": false}))
    );
    assert_eq!(
        ask(&ada, "SelfSubjectReview", &json!({})),
        Ok(json!({"userInfo": {"username": "ada", "groups": ["system:authenticated"]}}))
    );
}

#[test]
fn tokens_are_reviewed() {
    let admin = User::admin();
    let good = ask(&admin, "TokenReview", &json!({"token": "ada-token"})).unwrap();
    assert_eq!(
        (&good["authenticated"], &good["user"]["username"]),
        (&json!(true), &json!("ada"))
    );
    let bad = json!({"user": {}, "error": "invalid bearer token"});
    assert_eq!(
        ask(&admin, "TokenReview", &json!({"token": "x"})),
        Ok(bad.clone())
    );
    assert_eq!(
        ask(
            &admin,
            "TokenReview",
            &json!({"token": "ada-token", "audiences": ["other"]})
        ),
        Ok(bad)
    );
}

#[test]
fn rules_of_a_namespace_are_listed() {
    let status = ask(
        &User::named("ada"),
        "SelfSubjectRulesReview",
        &json!({"namespace": "a"}),
    )
    .unwrap();
    let rules = status["resourceRules"].as_array().unwrap();
    assert!(rules.contains(&json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]})));
    let paths = status["nonResourceRules"].as_array().unwrap();
    assert!(paths.contains(&json!({"verbs": ["get"], "nonResourceURLs": ["/x/*"]})));
    let lost = ask(
        &User::named("eve"),
        "SelfSubjectRulesReview",
        &json!({"namespace": "b"}),
    )
    .unwrap();
    assert_eq!(
        lost["evaluationError"],
        "role.rbac.authorization.k8s.io \"nosuch\" not found"
    );
}

#[test]
fn questions_that_make_no_sense_are_refused_in_the_real_words() {
    let check = |kind: &str, spec: Value, expect: &str| {
        assert_eq!(ask(&User::admin(), kind, &spec), Err(expect.to_owned()), "{kind}");
    };
    check(
        "SelfSubjectAccessReview",
        json!({}),
        ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of \
         nonResourceAttributes or resourceAttributes must be specified",
    );
    check(
        "SubjectAccessReview",
        json!({"resourceAttributes": {}}),
        ".authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at least one of user or group must be \
         specified",
    );
    check(
        "LocalSubjectAccessReview",
        json!({"user": "ada", "nonResourceAttributes": {"verb": "get", "path": "/version"}}),
        ".authorization.k8s.io \"\" is invalid: spec.nonResourceAttributes: Invalid value: \
         {\"Path\":\"/version\",\"Verb\":\"get\"}: disallowed on this kind of request",
    );
    check(
        "TokenReview",
        json!({}),
        "token is required for TokenReview in authentication",
    );
    check("SelfSubjectRulesReview", json!({}), "no namespace on request");
}
