//! Secrets with their data in hand: wiped when they are let go of, wherever that happens.

use k8s_openapi::api::core::v1::Secret;
use keydesk_core::NamespacedName;
use zeroize::{Zeroize as _, Zeroizing};

use crate::write::{Cluster, WriteError};

/// A Secret that was read, or is about to be written. It has no Debug: a Secret's own shows the data.
///
/// What is wiped is what is ours to wipe. The bodies of requests and answers pass through buffers of the HTTP client, of
/// TLS and of serde, which let go of them unwiped and give nobody a hand on them.
pub(crate) struct Opened(Secret);

impl Opened {
    pub(crate) fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// Reads a Secret, if it is there.
    pub(crate) async fn read(cluster: &Cluster, id: &NamespacedName) -> Result<Option<Self>, WriteError> {
        Ok(cluster.read::<Secret>(id).await?.map(Self))
    }

    /// To write it, and to look at its metadata.
    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// What an entry holds.
    pub(crate) fn entry(&self, name: &str) -> Option<&[u8]> {
        let data = self.0.data.as_ref()?;
        data.get(name).map(|bytes| bytes.0.as_slice())
    }

    /// Takes the value of an entry out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = self.0.data.as_mut()?.get_mut(name)?;
        Some(Zeroizing::new(std::mem::take(&mut bytes.0)))
    }

    /// How many entries it has.
    pub(crate) fn len(&self) -> usize {
        self.0.data.as_ref().map_or(0, std::collections::BTreeMap::len)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let Secret {
            data,
            string_data,
            metadata,
            ..
        } = &mut self.0;
        for bytes in data.iter_mut().flat_map(std::collections::BTreeMap::values_mut) {
            bytes.0.zeroize();
        }
        // `kubectl apply` leaves a copy of the data in an annotation.
        let texts = [string_data, &mut metadata.annotations].into_iter().flatten();
        for text in texts.flat_map(std::collections::BTreeMap::values_mut) {
            text.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn opened() -> Opened {
        let secret = json!({
            "metadata": { "name": "s", "annotations": { "last-applied": "hunter2" } },
            "data": { "api_key": "aHVudGVyMg==", "api_key.previous": "b2xk" },
        });
        Opened::new(serde_json::from_value(secret).unwrap())
    }

    #[test]
    fn an_entry_is_looked_at_or_taken() {
        let mut opened = opened();
        assert_eq!(
            (opened.entry("api_key"), opened.len()),
            (Some(&b"hunter2"[..]), 2)
        );
        assert_eq!(opened.take("api_key.previous").as_deref(), Some(&b"old".to_vec()));
        assert_eq!(opened.entry("api_key.previous"), Some(&b""[..]));
        assert!(opened.entry("other").is_none() && opened.take("other").is_none());
    }
}
