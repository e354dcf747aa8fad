//! Scenarios 125–128: what each role may do, and what it may not.

use std::collections::BTreeSet;

use keydesk_api::rbac::{Manifest, NAMESPACE, all};
use serde_json::Value;

/// Every `verb group/resource` that a role allows.
fn rights(name: &str) -> BTreeSet<String> {
    let manifests = all(NAMESPACE);
    let role = manifests
        .iter()
        .map(|Manifest { object, .. }| object)
        .find(|object| object["metadata"]["name"] == name && object.get("rules").is_some())
        .unwrap_or_else(|| panic!("no role {name}"));
    let words = |rule: &Value, field: &str| -> Vec<String> {
        rule[field]
            .as_array()
            .into_iter()
            .flatten()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    rights.insert(format!("{verb} {group}/{resource}"));
                }
            }
        }
    }
    rights
}

fn check(role: &str, may: &[&str], may_not_touch: &[&str]) {
    let rights = rights(role);
    for right in may {
        assert!(rights.contains(*right), "{role} may {right}");
    }
    for resource in may_not_touch {
        let found: Vec<_> = rights.iter().filter(|right| right.ends_with(resource)).collect();
        assert!(found.is_empty(), "{role} may not {found:?}");
    }
}

#[test]
fn a_consumer_holds_keys_and_secrets_and_nothing_else() {
    check(
        "api-consumer",
        &[
            "create devportal.kuadrant.io/apikeys",
            "patch devportal.kuadrant.io/apikeys",
            "create /secrets",
            "update /secrets",
        ],
        &["/apikeyrequests", "/apikeyapprovals", "/apiproducts", "/status"],
    );
    assert!(!rights("api-consumer").contains("patch /secrets"));
}

#[test]
fn an_owner_decides_and_sees_no_key() {
    check(
        "api-owner",
        &[
            "create devportal.kuadrant.io/apiproducts",
            "patch devportal.kuadrant.io/apikeyapprovals",
            "list devportal.kuadrant.io/apikeyrequests",
            "get kuadrant.io/authpolicies",
        ],
        &["/apikeys", "/secrets", "/status"],
    );
    assert!(!rights("api-owner").contains("update devportal.kuadrant.io/apikeyrequests"));
}

#[test]
fn an_admin_sees_all_but_secrets() {
    check(
        "api-admin",
        &[
            "delete devportal.kuadrant.io/apikeys",
            "patch devportal.kuadrant.io/apikeyapprovals",
        ],
        &["/secrets", "/status"],
    );
}

#[test]
fn a_browser_only_reads() {
    assert!(rights("api-catalog-browser").iter().all(|right| {
        ["get ", "list ", "watch "]
            .iter()
            .any(|verb| right.starts_with(verb))
    }));
    check(
        "api-catalog-browser",
        &["list devportal.kuadrant.io/apiproducts"],
        &["/apikeys", "/secrets"],
    );
}

#[test]
fn the_controller_writes_no_spec_of_a_consumer() {
    let rights = rights("manager-role");
    assert!(rights.contains("update devportal.kuadrant.io/apikeys/status"));
    assert!(rights.contains("update devportal.kuadrant.io/apikeyrequests/finalizers"));
    assert!(rights.contains("update /secrets") && !rights.contains("patch /secrets"));
    for verb in ["create", "update", "patch", "delete"] {
        assert!(
            !rights.contains(&format!("{verb} devportal.kuadrant.io/apikeys")),
            "{verb}"
        );
    }
}

#[test]
fn every_file_and_name_of_upstreams_is_there_once() {
    let manifests = all("system");
    let files: BTreeSet<_> = manifests.iter().map(|manifest| manifest.file.as_str()).collect();
    assert_eq!(files.len(), manifests.len());
    for file in [
        "service_account.yaml",
        "role.yaml",
        "role_binding.yaml",
        "leader_election_role.yaml",
        "leader_election_role_binding.yaml",
        "metrics_auth_role.yaml",
        "metrics_auth_role_binding.yaml",
        "metrics_reader_role.yaml",
    ] {
        assert!(files.contains(file), "{file}");
    }
    for kind in ["apiproduct", "apikey", "apikeyrequest", "apikeyapproval"] {
        for level in ["admin", "editor", "viewer"] {
            let (file, name) = (
                format!("{kind}_{level}_role.yaml"),
                format!("{kind}-{level}-role"),
            );
            assert!(files.contains(file.as_str()), "{file}");
            assert!(
                rights(&name).contains(&format!("get devportal.kuadrant.io/{kind}s/status")),
                "{name}"
            );
        }
    }
}
