//! Secrets whose data is wiped from memory when they are let go of, wherever that happens.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{ByteString, Metadata, Resource};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

/// A Secret that was read, or is about to be written. Its `Debug` shows no data.
///
/// What is wiped is what is ours to wipe. The bodies of requests and answers pass through buffers of the HTTP client, of
/// TLS and of serde, which let go of them unwiped and give nobody a hand on them.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub(in crate::command) struct WipedSecret(Secret);

impl WipedSecret {
    pub(super) fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// What an entry holds.
    pub(in crate::command) fn entry(&self, name: &str) -> Option<&[u8]> {
        let data = self.data.as_ref()?;
        data.get(name).map(|value| value.0.as_slice())
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let value = self.0.data.as_mut()?.remove(name)?;
        Some(Zeroizing::new(value.0))
    }

    /// Puts a value in the place of what an entry holds.
    pub(super) fn insert(&mut self, name: &str, value: &[u8]) {
        self.remove(name);
        let data = self.0.data.get_or_insert_default();
        data.insert(name.to_owned(), ByteString(value.to_vec()));
    }
}

fn wipe(secret: &mut Secret) {
    let Secret {
        data,
        string_data,
        metadata,
        ..
    } = secret;
    for value in data.iter_mut().flat_map(BTreeMap::values_mut) {
        value.0.zeroize();
    }
    // `kubectl apply` leaves a copy of the data in an annotation.
    let texts = [string_data, &mut metadata.annotations].into_iter().flatten();
    for text in texts.flat_map(BTreeMap::values_mut) {
        text.zeroize();
    }
}

impl Drop for WipedSecret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for WipedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectMeta { namespace, name, .. } = &self.metadata;
        f.debug_struct("WipedSecret")
            .field("namespace", namespace)
            .field("name", name)
            .finish_non_exhaustive()
    }
}

impl Deref for WipedSecret {
    type Target = Secret;

    fn deref(&self) -> &Secret {
        &self.0
    }
}

impl Resource for WipedSecret {
    const API_VERSION: &'static str = Secret::API_VERSION;
    const GROUP: &'static str = Secret::GROUP;
    const KIND: &'static str = Secret::KIND;
    const VERSION: &'static str = Secret::VERSION;
    const URL_PATH_SEGMENT: &'static str = Secret::URL_PATH_SEGMENT;
    type Scope = <Secret as Resource>::Scope;
}

impl Metadata for WipedSecret {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.0.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.0.metadata
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "s", "annotations": { "last-applied": "hunter2" } },
            "data": { "api_key": "aHVudGVyMg==" }, "stringData": { "note": "hunter2" },
        })
    }

    #[test]
    fn nothing_of_what_it_held_is_left() {
        let mut secret: Secret = serde_json::from_value(written()).unwrap();
        wipe(&mut secret);
        let left = json!(secret);
        assert_eq!(left["data"], json!({ "api_key": "" }));
        assert_eq!(left["stringData"], json!({ "note": "" }));
        assert_eq!(left["metadata"]["annotations"], json!({ "last-applied": "" }));
    }

    #[test]
    fn it_is_written_as_a_secret_and_shown_without_its_data() {
        let secret: WipedSecret = serde_json::from_value(written()).unwrap();
        assert_eq!(json!(secret), written());
        let shown = format!("{secret:?}");
        assert!(
            shown.contains("\"s\"") && !shown.contains("hunter2") && !shown.contains("104"),
            "{shown}"
        );
    }

    #[test]
    fn an_entry_is_looked_at_put_in_or_taken_out() {
        let mut secret = WipedSecret::default();
        assert!(secret.entry("api_key").is_none() && secret.remove("api_key").is_none());
        secret.insert("api_key", b"one");
        secret.insert("api_key", b"two");
        assert_eq!(secret.entry("api_key"), Some(&b"two"[..]));
        assert_eq!(secret.remove("api_key").as_deref(), Some(&b"two".to_vec()));
        assert_eq!(secret.entry("api_key"), None);
    }
}
