//! Objects that the CRDs admit decode, however little is in them.

use keydesk_api::v1alpha1::{ApiProductRef, ApprovalMode, PublishStatus};
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct};
use kube::{Resource as _, ResourceExt as _};
use serde_json::json;

#[test]
fn an_object_without_a_spec_decodes_and_refers_to_nothing() {
    let bare = json!({ "metadata": { "name": "bare", "namespace": "somewhere" } });
    let product: APIProduct = serde_json::from_value(bare.clone()).unwrap();
    assert_eq!(
        (product.name_any().as_str(), product.spec.target_ref.name.as_str()),
        ("bare", "")
    );
    assert_eq!(product.spec.approval_mode, ApprovalMode::Manual);
    let key: APIKey = serde_json::from_value(bare.clone()).unwrap();
    assert_eq!(key.spec.api_product_ref.name, "");
    let request: APIKeyRequest = serde_json::from_value(bare.clone()).unwrap();
    assert_eq!(request.spec.api_key_ref.name, "");
    let approval: APIKeyApproval = serde_json::from_value(bare).unwrap();
    assert!(!approval.spec.approved, "nothing is approved by saying nothing");
}

/// Scenarios 3, 7, 8.
#[test]
fn what_may_be_left_out_may_be_left_out() {
    let product: APIProduct = serde_json::from_value(json!({
        "spec": {
            "displayName": "",
            "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "route" },
        },
    }))
    .unwrap();
    assert_eq!(product.spec.publish_status, PublishStatus::Draft);
    let key: APIKey = serde_json::from_value(json!({
        "spec": {
            "apiProductRef": { "name": "pets" },
            "secretRef": {},
            "planTier": "gold",
            "requestedBy": { "userId": "ada", "email": "ada@example.com" },
        },
    }))
    .unwrap();
    assert_eq!((key.spec.secret_ref.name.as_str(), key.spec.use_case), ("", None));
}

#[test]
fn fields_of_a_later_version_do_not_disturb() {
    let key: APIKey = serde_json::from_value(json!({
        "spec": {
            "apiProductRef": { "name": "pets", "colour": "red" },
            "secretRef": { "name": "secret" },
            "planTier": "gold",
            "requestedBy": { "userId": "ada", "email": "ada@example.com" },
            "new": true,
        },
        "status": { "phase": "Pending" },
    }))
    .unwrap();
    assert_eq!(key.spec.api_product_ref.name, "pets");
}

#[test]
fn a_request_always_says_what_it_is_for() {
    // Clients of upstream's read the field without asking whether it is there.
    let request = serde_json::to_value(APIKeyRequest::default()).unwrap();
    assert_eq!(request["spec"]["useCase"], "");
    assert!(request["spec"].get("expiresAt").is_none());
}

#[test]
fn a_discovered_plan_always_has_limits() {
    let plan = serde_json::to_value(keydesk_api::v1alpha1::DiscoveredPlan::default()).unwrap();
    assert_eq!(plan, json!({ "tier": "", "limits": {} }));
}

#[test]
fn a_product_without_namespace_is_in_the_keys_own() {
    let product = |namespace: Option<&str>| ApiProductRef {
        name: "pets".into(),
        namespace: namespace.map(Into::into),
    };
    assert_eq!(product(None).namespace_or("own"), "own");
    assert_eq!(product(Some("")).namespace_or("own"), "own");
    assert_eq!(product(Some("theirs")).namespace_or("own"), "theirs");
}

#[test]
fn objects_say_what_they_are() {
    let key =
        serde_json::to_value(APIKey::new("mine", keydesk_api::v1alpha1::APIKeySpec::default())).unwrap();
    assert_eq!(
        (key["apiVersion"].as_str(), key["kind"].as_str()),
        (Some("devportal.kuadrant.io/v1alpha1"), Some("APIKey"))
    );
    assert!(key.get("status").is_none());
    assert_eq!(
        APIKey::url_path(&(), Some("ns")),
        "/apis/devportal.kuadrant.io/v1alpha1/namespaces/ns/apikeys"
    );
}
