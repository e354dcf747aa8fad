//! K. What can be switched on beside `config/default`: fewer rights on Secrets, and rules on what people write.

use http::Method;
use keydesk_testkit::fixtures::{
    CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, approval, but, key, key_secret, kuadrant,
    product,
};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::{Address, CONTROLLER_NAMESPACE, Person, World, kinds, manifests, wait};
use serde_json::{Value, json};

use crate::stage::{Stage, decision_on, enforcement_at, request_at, secret_at, settings};

const JSON: &str = "application/json";

/// Gives the controller of this stage the rights of `config/overlays/narrow-secrets`, and no others.
async fn narrow(stage: &Stage) {
    let mut role = stage
        .get(&Address::new(kinds::CLUSTER_ROLE, "", "manager-role"))
        .await;
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"] == json!(["secrets"]) {
            rule["verbs"] = json!(["get", "list", "watch"]);
        }
    }
    stage.admin.replace(&role).await.unwrap();
    for object in manifests::folder("config/overlays/narrow-secrets") {
        let object = match object["kind"].as_str() {
            Some("Role") => object,
            // Tests call the account by its name before kustomize.
            Some("RoleBinding") => {
                let account = json!([{
                    "kind": "ServiceAccount",
                    "name": "controller-manager",
                    "namespace": CONTROLLER_NAMESPACE,
                }]);
                but(object, &json!({ "subjects": account }))
            }
            _ => continue,
        };
        stage.admin.put(&object).await.unwrap();
    }
}

#[tokio::test]
async fn s129_with_the_right_to_write_secrets_in_one_namespace_all_is_enforced() {
    let mut stage = Stage::quiet().await;
    narrow(&stage).await;
    let controller = stage.world.controller();
    for (namespace, may) in [
        (KUADRANT_NAMESPACE, true),
        (CONSUMER_NAMESPACE, false),
        (OWNER_NAMESPACE, false),
    ] {
        for verb in ["create", "update", "delete"] {
            assert_eq!(
                controller.may(verb, "secrets", namespace).await,
                may,
                "{verb} in {namespace}"
            );
        }
    }

    stage.start(settings());
    stage.create(&kuadrant()).await;
    stage.own(&product()).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    stage.key_is("Pending").await;
    stage.create(&approval()).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    let next = base64(b"new456");
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": next } }))
        .await;
    stage
        .soon(&enforcement_at(), "has the new value", |seen| {
            seen["data"]["api_key"] == next
        })
        .await;
    stage.create(&decision_on(&key(), "no", false)).await;
    stage.key_is("Denied").await;
    stage.admin.soon_gone(&enforcement_at()).await;
}

/// The collection of policies, or of their bindings.
fn collection(object: &Value) -> &'static str {
    if object["kind"] == "ValidatingAdmissionPolicy" {
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    } else {
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    }
}

/// `config/admission`, in force until [`Rules::lift`].
struct Rules {
    admin: Person,
    objects: Vec<Value>,
}

impl Rules {
    /// Unless the API server knows no such kinds.
    async fn apply(world: &World) -> Option<Self> {
        let rules = Self {
            admin: world.admin(),
            objects: manifests::folder("config/admission"),
        };
        rules.lift().await;
        for object in &rules.objects {
            let body = object.to_string().into_bytes();
            let send = rules.admin.send(Method::POST, collection(object), JSON, body);
            match send.await {
                (201, _) => {}
                (404, _) => return None,
                (code, body) => panic!("{code}: {}", String::from_utf8_lossy(&body)),
            }
        }
        Some(rules)
    }

    async fn lift(&self) {
        for object in &self.objects {
            let name = object["metadata"]["name"].as_str().unwrap();
            let path = format!("{}/{name}", collection(object));
            let (code, _) = self.admin.send(Method::DELETE, &path, JSON, Vec::new()).await;
            assert!(matches!(code, 200 | 404), "{path}: {code}");
        }
    }
}

fn asked_by(name: &str) -> Value {
    but(key(), &json!({ "spec": { "requestedBy": { "userId": name } } }))
}

fn signed_by(name: &str) -> Value {
    but(approval(), &json!({ "spec": { "reviewedBy": name } }))
}

/// A cluster evaluates such rules; the embedded API server, which does not, says that it does not know them.
#[tokio::test]
async fn with_the_rules_of_admission_nobody_writes_in_the_name_of_another() {
    let stage = Stage::owned().await;
    let rules = Rules::apply(&stage.world).await;
    assert_eq!(rules.is_some(), stage.world.is_real());
    let Some(rules) = rules else {
        return;
    };
    stage
        .world
        .bind("test-ada", "api-consumer", CONSUMER_NAMESPACE)
        .await;
    stage.world.bind("test-olga", "api-owner", OWNER_NAMESPACE).await;
    stage
        .world
        .bind("test-olga", "apikeyrequest-editor-role", OWNER_NAMESPACE)
        .await;
    let (ada, olga) = (
        stage.world.person("test-ada", &[]),
        stage.world.person("test-olga", &[]),
    );

    // The server takes a moment to heed new rules.
    wait::soon(stage.admin.patience(), "the rules are heeded", async || match ada
        .create(&asked_by("test-ben"))
        .await
    {
        Err(refused) if refused.message.contains("write \"test-ada\"") => Ok(()),
        Err(refused) => Err(refused.to_string()),
        Ok(made) => {
            ada.delete(&Address::of(&made)).await.unwrap();
            Err("a key was asked for in another's name".to_owned())
        }
    })
    .await;
    stage.create(&key_secret()).await;
    ada.create(&asked_by("test-ada")).await.unwrap();
    let elsewhere = json!({ "spec": { "apiProductRef": { "name": "another-api" } } });
    let refused = ada.patch(&Address::of(&key()), &elsewhere).await.unwrap_err();
    assert!(
        refused.message.contains("spec.apiProductRef does not change"),
        "{refused}"
    );

    // The controller goes about its work: request, then approval and key.
    stage.key_is("Pending").await;
    let refused = olga
        .patch(&request_at(), &json!({ "spec": { "useCase": "another" } }))
        .await
        .unwrap_err();
    assert!(refused.message.contains("the controller's to write"), "{refused}");
    let refused = olga.create(&signed_by("test-boss")).await.unwrap_err();
    assert!(refused.message.contains("write \"test-olga\""), "{refused}");
    olga.create(&signed_by("test-olga")).await.unwrap();
    stage.key_is("Approved").await;
    rules.lift().await;
}
