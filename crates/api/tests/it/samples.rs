//! The seeds' sample manifests decode, and lose nothing when written again.

use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::yaml::directory;

#[test]
fn the_samples_of_the_seeds_decode_and_keep_every_field() {
    let mut kinds = Vec::new();
    for (file, document) in directory("config/samples") {
        let Some(kind) = document["kind"].as_str() else {
            continue;
        };
        match kind {
            "APIProduct" => keeps::<APIProduct>(&file, &document),
            "APIKey" => keeps::<APIKey>(&file, &document),
            "APIKeyRequest" => keeps::<APIKeyRequest>(&file, &document),
            "APIKeyApproval" => keeps::<APIKeyApproval>(&file, &document),
            "Secret" => {}
            other => panic!("{file}: unexpected kind {other}"),
        }
        kinds.push(kind.to_owned());
    }
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "APIKey",
            "APIKey",
            "APIKeyApproval",
            "APIKeyApproval",
            "APIKeyRequest",
            "APIProduct",
            "Secret"
        ]
    );
}

fn keeps<T: DeserializeOwned + Serialize>(file: &str, document: &Value) {
    let object: T =
        serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
    let written = serde_json::to_value(&object).unwrap();
    assert!(holds(&written, document), "{file}: {written:#}");
}

/// Whether everything in `part` is in `whole`: what a default adds does not count.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|found| holds(found, value))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(found, value)| holds(found, value))
        }
        (whole, part) => whole == part,
    }
}
