//! The Secrets that carry the values of keys, for a gate: each becomes a digest while it is decoded.

use std::collections::BTreeMap;
use std::pin::pin;

use futures::StreamExt as _;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use keydesk_api::meta::{API_KEY_ENTRY, annotation, is_object_name};
use keydesk_core::{Digest, NamespacedName};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, Resource};
use serde::{Deserialize, Deserializer};
use zeroize::{Zeroize as _, Zeroizing};

use crate::events::events;
use crate::interruption::Interruptions;
use crate::pulse::Pulse;

/// The annotations that are kept.
const KEPT_ANNOTATIONS: [&str; 4] = [
    annotation::PLAN_ID,
    annotation::USER_ID,
    annotation::EXPIRES_AT,
    annotation::PREVIOUS_UNTIL,
];

/// The name under which their watch is listened to.
const NAME: &str = "KeySecret";

/// A Secret with the value of a key, as much of it as a gate may keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySecret {
    /// Its namespace and name.
    pub id: NamespacedName,
    /// Its UID.
    pub uid: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Those of its annotations by which Kuadrant knows plans and users, and until when a previous value is accepted.
    pub annotations: BTreeMap<String, String>,
    /// The digest of the value; nothing without a value, or while the Secret is being deleted.
    pub digest: Option<Digest>,
}

/// What happened to the Secrets that are followed.
#[derive(Clone, Debug)]
pub enum SecretEvent {
    /// From here on each of them is told of,
    ListBegins,
    /// and here the last one was: what was not told of in between is gone.
    ListEnds,
    /// One is new, or changed, or listed.
    Applied(KeySecret),
    /// One is gone.
    Deleted(NamespacedName),
}

/// Which Secrets to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The namespace; all of them if none is named.
    pub namespace: Option<String>,
    /// The labels that they carry, as a selector.
    pub labels: String,
}

/// Follows Secrets for as long as the future is polled, and tells what happens to them. A broken watch is begun anew.
pub async fn follow_key_secrets(
    client: &Client,
    following: Following,
    pulse: &Pulse,
    mut tell: impl FnMut(SecretEvent),
) {
    let _listening = Listening(pulse);
    let client = pulse.listen(NAME, client, false);
    let Following { namespace, labels } = following;
    let api: Api<Carrier> = match &namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let config = watcher::Config::default().labels(&labels);
    let mut events = pin!(events(api, config).default_backoff());
    let mut interruptions = Interruptions::of_secrets("enforcement secrets");
    while let Some(event) = events.next().await {
        interruptions.note(&event);
        match event {
            Ok(Event::Init) => tell(SecretEvent::ListBegins),
            Ok(Event::InitDone) => tell(SecretEvent::ListEnds),
            Ok(Event::InitApply(carrier) | Event::Apply(carrier)) => {
                tell(SecretEvent::Applied(carrier.into_key_secret()));
            }
            Ok(Event::Delete(carrier)) => tell(SecretEvent::Deleted(carrier.id())),
            // Told, and begun anew.
            Err(_) => {}
        }
    }
}

/// Reads one Secret, if it is there. Of its value only the digest is kept. Whoever wrote the name of it into a key: what no
/// Secret can be called is asked for nowhere, where it would lead to another one.
///
/// # Errors
/// If it cannot be read.
pub async fn read_key_secret(client: &Client, id: &NamespacedName) -> Result<Option<KeySecret>, kube::Error> {
    if !is_object_name(&id.namespace) || !is_object_name(&id.name) {
        return Ok(None);
    }
    let api: Api<Carrier> = Api::namespaced(client.clone(), &id.namespace);
    Ok(api.get_opt(&id.name).await?.map(Carrier::into_key_secret))
}

/// Ends the listening with the following.
struct Listening<'a>(&'a Pulse);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.forget(NAME);
    }
}

/// A Secret on the wire: its value is digested while it is read.
#[derive(Clone, Debug)]
struct Carrier {
    metadata: ObjectMeta,
    digest: Option<Digest>,
}

impl Carrier {
    fn id(&self) -> NamespacedName {
        NamespacedName::new(
            self.metadata.namespace.clone().unwrap_or_default(),
            self.metadata.name.clone().unwrap_or_default(),
        )
    }

    fn into_key_secret(self) -> KeySecret {
        let id = self.id();
        let Self { metadata, digest } = self;
        KeySecret {
            id,
            uid: metadata.uid.unwrap_or_default(),
            created_at: metadata.creation_timestamp.map(|time| time.0),
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            digest: digest.filter(|_| metadata.deletion_timestamp.is_none()),
        }
    }
}

impl<'de> Deserialize<'de> for Carrier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            metadata: ObjectMeta,
            #[serde(default)]
            data: Option<BTreeMap<String, Wiped>>,
        }
        let Wire { mut metadata, data } = Wire::deserialize(deserializer)?;
        // `kubectl apply` leaves the value in an annotation.
        if let Some(annotations) = &mut metadata.annotations {
            annotations.retain(|name, value| {
                let keeps = KEPT_ANNOTATIONS.contains(&name.as_str());
                if !keeps {
                    value.zeroize();
                }
                keeps
            });
        }
        metadata.managed_fields = None;
        let mut digest = None;
        for (entry, Wiped(value)) in data.into_iter().flatten() {
            if entry == API_KEY_ENTRY && !value.is_empty() {
                digest = Some(Digest::of(&value));
            }
        }
        Ok(Self { metadata, digest })
    }
}

/// A value that is wiped when dropped, also where a later one cannot be read. What the HTTP client and serde hold of the
/// body meanwhile is theirs: they let go of it unwiped.
#[derive(Deserialize)]
#[serde(from = "ByteString")]
struct Wiped(Zeroizing<Vec<u8>>);

impl From<ByteString> for Wiped {
    fn from(bytes: ByteString) -> Self {
        Self(Zeroizing::new(bytes.0))
    }
}

impl Resource for Carrier {
    type DynamicType = ();
    type Scope = <Secret as Resource>::Scope;

    fn kind(dt: &()) -> std::borrow::Cow<'_, str> {
        Secret::kind(dt)
    }

    fn group(dt: &()) -> std::borrow::Cow<'_, str> {
        Secret::group(dt)
    }

    fn version(dt: &()) -> std::borrow::Cow<'_, str> {
        Secret::version(dt)
    }

    fn plural(dt: &()) -> std::borrow::Cow<'_, str> {
        Secret::plural(dt)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(data: &Value) -> Carrier {
        let secret = json!({
            "metadata": {
                "name": "s", "namespace": "kuadrant-system",
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{\"api_key\": \"hunter2\"}" },
            },
            "data": data,
        });
        serde_json::from_value(secret).unwrap()
    }

    #[test]
    fn of_a_value_only_its_digest_is_left() {
        let carrier = read(&json!({ "api_key": "aHVudGVyMg==", "other": "aHVudGVyMg==" }));
        assert_eq!(carrier.digest, Some(Digest::of(b"hunter2")));
        let kept = format!("{carrier:?} {:?}", carrier.clone().into_key_secret());
        assert!(
            !kept.contains("hunter2") && !kept.contains("aHVudGVyMg"),
            "{kept}"
        );
    }

    #[test]
    fn without_a_value_there_is_no_digest() {
        for data in [
            json!({}),
            json!({ "api_key": "" }),
            json!({ "other": "eA==" }),
            Value::Null,
        ] {
            assert_eq!(read(&data).digest, None, "{data}");
        }
    }

    #[test]
    fn what_is_being_deleted_opens_nothing() {
        let mut carrier = read(&json!({ "api_key": "aHVudGVyMg==" }));
        carrier.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
            Timestamp::UNIX_EPOCH,
        ));
        assert_eq!(carrier.into_key_secret().digest, None);
    }

    #[tokio::test]
    async fn what_no_secret_can_be_called_is_not_asked_for() {
        let service = tower::service_fn(|request: http::Request<kube::client::Body>| async move {
            Err::<http::Response<kube::client::Body>, _>(tower::BoxError::from(request.uri().to_string()))
        });
        let client = Client::new(service, "app");
        for (namespace, name) in [
            ("app", "theirs?x="),
            ("app", "../secrets/theirs"),
            ("app/secrets/theirs?x=", "s"),
        ] {
            let read = read_key_secret(&client, &NamespacedName::new(namespace, name)).await;
            assert_eq!(read.unwrap(), None, "{namespace}/{name}");
        }
        let read = read_key_secret(&client, &NamespacedName::new("app", "theirs")).await;
        assert!(read.is_err(), "and what there can be is");
    }
}
