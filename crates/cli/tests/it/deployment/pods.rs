//! What is run, with which arguments and which rights on its node.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use serde_json::{Value, json};

use super::{APPLICABLE, only, rendered};
use crate::KEYDESK;

/// The templates of all pods in these objects.
pub(super) fn templates(objects: &[Value]) -> Vec<&Value> {
    objects
        .iter()
        .filter_map(|object| object.pointer("/spec/template"))
        .collect()
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|word| word.as_str().unwrap())
        .collect()
}

/// Whether the program, called by the name of this container's command, takes its arguments. `--help` at their end keeps it
/// from doing anything.
fn takes(container: &Value, further: &[&str]) -> Result<(), String> {
    let command = words(&container["command"]);
    let [program, first @ ..] = command.as_slice() else {
        return Err("no command".to_owned());
    };
    let output = Command::new(KEYDESK)
        .arg0(program)
        .args(first)
        .args(words(&container["args"]))
        .args(further)
        .arg("--help")
        .output()
        .unwrap();
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn s130_the_controller_is_deployed_as_upstreams_is() {
    let objects = rendered("config/default");
    let namespace = "developer-portal-controller-system";
    let name = "developer-portal-controller-controller-manager";
    only(&objects, "Namespace", namespace);
    let deployment = only(&objects, "Deployment", name);
    let labels = json!({
        "app.kubernetes.io/name": "developer-portal-controller",
        "control-plane": "controller-manager",
    });
    assert_eq!(deployment["metadata"]["namespace"], namespace);
    assert_eq!(deployment["spec"]["replicas"], 1);
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], labels);
    let template = &deployment["spec"]["template"];
    assert_eq!(template["metadata"]["labels"], labels);
    assert_eq!(template["spec"]["serviceAccountName"], name);
    assert_eq!(template["spec"]["terminationGracePeriodSeconds"], 10);

    let [container] = template["spec"]["containers"].as_array().unwrap().as_slice() else {
        panic!("one container");
    };
    let probe = |path: &str, delay: u8, period: u8| {
        json!({
            "httpGet": { "path": path, "port": 8081 },
            "initialDelaySeconds": delay,
            "periodSeconds": period,
        })
    };
    for (field, expected) in [
        ("name", json!("manager")),
        ("command", json!(["/manager"])),
        (
            "args",
            json!([
                "--metrics-bind-address=:8443",
                "--leader-elect",
                "--health-probe-bind-address=:8081"
            ]),
        ),
        (
            "env",
            json!([{ "name": "OPENAPI_SPEC_MAX_SIZE", "value": "512000" }]),
        ),
        (
            "resources",
            json!({
                "limits": { "cpu": "500m", "memory": "128Mi" },
                "requests": { "cpu": "10m", "memory": "64Mi" },
            }),
        ),
        ("livenessProbe", probe("/healthz", 15, 20)),
        ("readinessProbe", probe("/readyz", 5, 10)),
    ] {
        assert_eq!(container[field], expected, "{field}");
    }

    let service = only(
        &objects,
        "Service",
        "developer-portal-controller-controller-manager-metrics-service",
    );
    assert_eq!(service["spec"]["selector"], labels);
    assert_eq!(
        service["spec"]["ports"],
        json!([{ "name": "https", "port": 8443, "protocol": "TCP", "targetPort": 8443 }])
    );
}

#[test]
fn the_program_takes_every_argument_of_every_pod() {
    for folder in APPLICABLE {
        for template in templates(&rendered(folder)) {
            for container in template["spec"]["containers"].as_array().unwrap() {
                assert_eq!(takes(container, &[]), Ok(()), "{folder}");
                let refused = takes(container, &["--no-such-flag"]).unwrap_err();
                assert!(refused.contains("--no-such-flag"), "{folder}: {refused}");
            }
        }
    }
}

#[test]
fn every_port_that_a_probe_asks_is_one_that_the_arguments_open() {
    for folder in APPLICABLE {
        for template in templates(&rendered(folder)) {
            for container in template["spec"]["containers"].as_array().unwrap() {
                let arguments = words(&container["args"]);
                for port in container["ports"].as_array().unwrap() {
                    let number = format!(":{}", port["containerPort"]);
                    assert!(
                        arguments.iter().any(|argument| argument.ends_with(&number)),
                        "{folder}: nothing listens on {number}"
                    );
                }
            }
        }
    }
}

#[test]
fn pods_keep_to_the_restricted_standard() {
    for folder in APPLICABLE {
        for template in templates(&rendered(folder)) {
            let pod = &template["spec"];
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{folder}");
            assert_eq!(pod["securityContext"]["runAsUser"], 65532, "{folder}");
            assert_eq!(
                pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
                "{folder}"
            );
            for container in pod["containers"].as_array().unwrap() {
                let expected = json!({
                    "allowPrivilegeEscalation": false,
                    "capabilities": { "drop": ["ALL"] },
                    "readOnlyRootFilesystem": true,
                });
                assert_eq!(container["securityContext"], expected, "{folder}");
            }
        }
    }
}

#[test]
fn a_gate_is_asked_nothing_before_it_knows_the_cluster_and_stays_when_the_cluster_is_gone() {
    let objects = rendered("config/gate");
    let pod = &only(&objects, "StatefulSet", "keydesk-gate")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["startupProbe"]["httpGet"]["path"], "/readyz");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/livez");
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
    // By default it goes on for five seconds, and drains for ten.
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(grace > 5 + 10, "{grace} s are too short for an orderly end");
    let directory = words(&container["args"])
        .into_iter()
        .find_map(|argument| argument.strip_prefix("--data-dir="))
        .unwrap();
    let mounted = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    assert!(
        directory
            .strip_prefix(mounted)
            .is_some_and(|rest| rest.starts_with('/')),
        "{directory} is below {mounted}, where a file system may have a lost+found"
    );
}
