//! Every name that one manifest gives for another is the name of one.

use keydesk_testkit::manifests;
use serde_json::Value;

use super::pods::templates;
use super::{APPLICABLE, only, rendered};

fn is_within(selector: &Value, labels: &Value) -> bool {
    let selector = selector.as_object().unwrap();
    !selector.is_empty() && selector.iter().all(|(name, value)| labels[name] == *value)
}

/// The objects of this kind, or of these kinds.
fn of<'a>(objects: &'a [Value], kinds: &'a [&str]) -> impl Iterator<Item = &'a Value> {
    objects
        .iter()
        .filter(move |object| kinds.iter().any(|kind| object["kind"] == *kind))
}

#[test]
fn every_binding_binds_a_role_that_exists_to_an_account_that_exists() {
    for folder in APPLICABLE {
        let objects = rendered(folder);
        for binding in of(&objects, &["RoleBinding", "ClusterRoleBinding"]) {
            let role = &binding["roleRef"];
            let name = role["name"].as_str().unwrap();
            let role = only(&objects, role["kind"].as_str().unwrap(), name);
            if role["kind"] == "Role" {
                assert_eq!(
                    role["metadata"]["namespace"], binding["metadata"]["namespace"],
                    "{folder}: {name}"
                );
            }
            for subject in binding["subjects"].as_array().unwrap() {
                let account = only(&objects, "ServiceAccount", subject["name"].as_str().unwrap());
                assert_eq!(
                    account["metadata"]["namespace"], subject["namespace"],
                    "{folder}: {name}"
                );
            }
        }
    }
}

#[test]
fn every_pod_has_its_account_and_every_selector_its_pods() {
    for folder in APPLICABLE {
        let objects = rendered(folder);
        let templates = templates(&objects);
        for template in &templates {
            let account = template["spec"]["serviceAccountName"].as_str().unwrap();
            only(&objects, "ServiceAccount", account);
        }
        for owner in of(
            &objects,
            &[
                "Deployment",
                "StatefulSet",
                "Service",
                "PodDisruptionBudget",
                "NetworkPolicy",
            ],
        ) {
            let spec = &owner["spec"];
            let selector = ["/selector/matchLabels", "/podSelector/matchLabels", "/selector"]
                .iter()
                .find_map(|pointer| spec.pointer(pointer))
                .unwrap();
            let selected: Vec<_> = templates
                .iter()
                .filter(|template| is_within(selector, &template["metadata"]["labels"]))
                .collect();
            assert!(!selected.is_empty(), "{folder}: nothing is {selector}");
            if let Some(service) = spec["serviceName"].as_str() {
                assert_eq!(only(&objects, "Service", service)["spec"]["clusterIP"], "None");
            }
            for port in ports(owner) {
                let declared = selected.iter().any(|template| {
                    let containers = template["spec"]["containers"].as_array().unwrap().iter();
                    containers
                        .flat_map(|container| container["ports"].as_array().unwrap())
                        .any(|declared| declared["name"] == port || declared["containerPort"] == port)
                });
                assert!(declared, "{folder}: no pod has the port {port}");
            }
        }
    }
}

/// The ports of pods that a Service or a policy for networks names.
fn ports(owner: &Value) -> Vec<Value> {
    let elements = |list: &'static str, of: &'_ Value| of[list].as_array().cloned().unwrap_or_default();
    let of_a_service = elements("ports", &owner["spec"])
        .into_iter()
        .map(|port| port["targetPort"].clone());
    let of_a_policy = elements("ingress", &owner["spec"])
        .into_iter()
        .flat_map(|rule| elements("ports", &rule))
        .map(|port| port["port"].clone());
    of_a_service.chain(of_a_policy).collect()
}

#[test]
fn every_optional_folder_selects_the_pods_of_the_controller() {
    let objects = rendered("config/default");
    let labels = &templates(&objects)[0]["metadata"]["labels"];
    for (folder, kind, pointer) in [
        (
            "config/network-policy",
            "NetworkPolicy",
            "/spec/podSelector/matchLabels",
        ),
        (
            "config/prometheus",
            "ServiceMonitor",
            "/spec/selector/matchLabels",
        ),
    ] {
        let optional = rendered(folder);
        let found = of(&optional, &[kind])
            .next()
            .unwrap()
            .pointer(pointer)
            .unwrap()
            .clone();
        assert!(is_within(&found, labels), "{folder}: {found}");
    }
}

#[test]
fn every_rule_on_what_people_write_is_bound_and_refuses() {
    let objects = rendered("config/admission");
    let policies: Vec<_> = of(&objects, &["ValidatingAdmissionPolicy"]).collect();
    assert_eq!(policies.len(), 3);
    for policy in policies {
        let name = policy["metadata"]["name"].as_str().unwrap();
        let binding = of(&objects, &["ValidatingAdmissionPolicyBinding"])
            .find(|binding| binding["spec"]["policyName"] == name)
            .unwrap();
        assert_eq!(binding["spec"]["validationActions"], serde_json::json!(["Deny"]));
        let resource = &policy["spec"]["matchConstraints"]["resourceRules"][0]["resources"][0];
        let crds = manifests::folder("config/crd/bases");
        assert!(
            crds.iter().any(|crd| crd["spec"]["names"]["plural"] == *resource),
            "{resource}"
        );
    }
}
