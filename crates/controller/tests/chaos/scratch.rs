//! The from-scratch answer: what a controller without memory makes of what people and the platform wrote, and of the
//! decisions on record, when all that can be derived from it is gone.

use std::time::Duration;

use keydesk_api::meta::enforcement_stem;
use keydesk_testkit::fixtures::CONSUMER_NAMESPACE;
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::places::{WRITTEN, key_of};
use crate::stage::Stage;

/// Comes to the from-scratch answer, and compares it with what is there.
pub(crate) async fn is_the_same(stage: &mut Stage) -> Result<(), String> {
    let before = everything(stage).await;
    stage.crash().await;
    forget(stage).await;
    stage.start();
    sleep(Duration::from_secs(100)).await;
    let after = everything(stage).await;
    let differs = |(one, other): &(&Value, &Value)| one != other;
    match before.iter().zip(&after).find(differs) {
        None if before.len() == after.len() => Ok(()),
        None => Err(format!("{} objects, from scratch {}", before.len(), after.len())),
        Some((one, other)) => Err(format!("it is\n{one:#}\nand from scratch\n{other:#}")),
    }
}

/// Takes away every status, every enforcement secret and every request but those that decisions hang on.
async fn forget(stage: &Stage) {
    let approvals = stage.list(kinds::APPROVAL).await;
    for kind in [kinds::PRODUCT, kinds::KEY, kinds::APPROVAL, kinds::REQUEST] {
        for object in stage.list(kind).await {
            stage
                .admin
                .patch_status(&Address::of(&object), &Value::Null)
                .await
                .unwrap();
        }
    }
    for secret in stage.list(kinds::SECRET).await {
        let at = Address::of(&secret);
        if at.namespace != CONSUMER_NAMESPACE && key_of(&at.name).is_some() {
            stage.admin.delete(&at).await.unwrap();
        }
    }
    for request in stage.list(kinds::REQUEST).await {
        let hangs = |approval: &Value| {
            approval["spec"]["apiKeyRequestRef"]["name"] == request["metadata"]["name"]
                && approval["metadata"]["namespace"] == request["metadata"]["namespace"]
        };
        if !approvals.iter().any(hangs) {
            stage.admin.delete(&Address::of(&request)).await.unwrap();
        }
    }
}

/// Everything that the controller writes, without what tells one writing of it from another.
async fn everything(stage: &Stage) -> Vec<Value> {
    let mut all = Vec::new();
    for kind in WRITTEN {
        all.extend(stage.list(kind).await.into_iter().map(essence));
    }
    all
}

fn essence(mut object: Value) -> Value {
    // A key that changed has its secret under another name than one that was always so.
    let name = enforcement_stem(object["metadata"]["name"].as_str().unwrap()).into_owned();
    object["metadata"]["name"] = name.into();
    let metadata = object["metadata"].as_object_mut().unwrap();
    for field in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
    ] {
        metadata.remove(field);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        // When the terms changed, and from what.
        annotations.remove("keydesk.dev/terms-before");
        annotations.remove("keydesk.dev/bound-approvals");
        annotations.remove("keydesk.dev/kept-for");
    }
    if metadata.get("annotations") == Some(&json!({})) {
        metadata.remove("annotations");
    }
    for owner in metadata
        .get_mut("ownerReferences")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        owner.as_object_mut().unwrap().remove("uid");
    }
    if let Some(conditions) = object["status"]["conditions"].as_array_mut() {
        for condition in conditions.iter_mut() {
            condition.as_object_mut().unwrap().remove("lastTransitionTime");
        }
        conditions.sort_by_key(|condition| condition["type"].to_string());
    }
    object
}
