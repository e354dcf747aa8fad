//! Which request is meant: by its own name, or by the key that it stands for, which an owner may not read.

use keydesk_api::{APIKeyRequest, meta};
use keydesk_core::NamespacedName;

use crate::command::imperative::{ClusterClient, Lookup, objects, place, similar};
use crate::exit::Failure;

/// A request.
pub(super) struct Target {
    pub(super) request: APIKeyRequest,
    pub(super) id: NamespacedName,
}

/// Nobody knows which request is meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum TargetError {
    #[error("namespace {namespace} has no request {what:?}, and none of a key of that name")]
    Find {
        what: String,
        namespace: String,
        others: Vec<String>,
    },
    #[error("namespace {namespace} has requests of several keys named {what:?}")]
    Choose {
        what: String,
        namespace: String,
        keys: Vec<String>,
    },
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let hint = match &error {
            TargetError::Find { others, .. } if others.is_empty() => {
                "nothing is asked of that namespace: name another with -n".to_owned()
            }
            TargetError::Find { what, others, .. } => {
                format!("there are requests of {}", similar(what, others.clone()))
            }
            TargetError::Choose { keys, .. } => format!("name one: {}", keys.join(", ")),
        };
        Self::fixable(&error, hint)
    }
}

/// Finds the request in the namespace that the command works in.
pub(super) async fn find(client: &ClusterClient, what: &str) -> Result<Target, Failure> {
    let named = place(what, &client.namespace)?;
    let by_key = meta::request_name(&named.namespace, &named.name);
    let by_itself = (!what.contains('/')).then_some(named.name);
    for name in by_itself.into_iter().chain([by_key]) {
        let id = NamespacedName::new(client.namespace.as_str(), name);
        match client.lookup::<APIKeyRequest>(&id).await? {
            Lookup::Found(request) => return Ok(Target { request, id }),
            Lookup::Missing => {}
            Lookup::Forbidden => {
                return Err(client.get::<APIKeyRequest>(&id).await.err().map_or_else(
                    || {
                        TargetError::Find {
                            what: what.to_owned(),
                            namespace: id.namespace,
                            others: Vec::new(),
                        }
                        .into()
                    },
                    Failure::from,
                ));
            }
        }
    }
    let requests = client.list::<APIKeyRequest>(Some(&client.namespace)).await?;
    let request = choose(what, &client.namespace, requests)?;
    let id = objects::id(&request);
    Ok(Target { request, id })
}

/// The one request of a key of that name.
fn choose(what: &str, namespace: &str, requests: Vec<APIKeyRequest>) -> Result<APIKeyRequest, TargetError> {
    let key = |request: &APIKeyRequest| {
        let key = &request.spec.api_key_ref;
        format!("{}/{}", key.namespace, key.name)
    };
    let (mut meant, others): (Vec<_>, Vec<_>) = requests
        .into_iter()
        .partition(|request| request.spec.api_key_ref.name == what || key(request) == what);
    match (meant.pop(), meant.as_slice()) {
        (Some(request), []) => Ok(request),
        (Some(request), rest) => Err(TargetError::Choose {
            what: what.to_owned(),
            namespace: namespace.to_owned(),
            keys: rest.iter().chain([&request]).map(key).collect(),
        }),
        (None, _) => Err(TargetError::Find {
            what: what.to_owned(),
            namespace: namespace.to_owned(),
            others: others.iter().map(key).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(namespace: &str, key: &str) -> APIKeyRequest {
        serde_json::from_value(json!({
            "metadata": { "name": meta::request_name(namespace, key), "namespace": "gamestore" },
            "spec": {
                "apiProductRef": { "name": "p" }, "planTier": "gold", "useCase": "",
                "requestedBy": { "userId": "u", "email": "u@example.com" },
                "apiKeyRef": { "name": key, "namespace": namespace },
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_key_may_be_named_without_its_namespace_while_there_is_one_of_that_name() {
        let all = vec![
            request("one", "mobile"),
            request("two", "mobile"),
            request("one", "web"),
        ];
        let chosen = choose("web", "gamestore", all.clone()).unwrap();
        assert_eq!(chosen.spec.api_key_ref.namespace, "one");
        let chosen = choose("two/mobile", "gamestore", all.clone()).unwrap();
        assert_eq!(chosen.spec.api_key_ref.namespace, "two");
        let told = Failure::from(choose("mobile", "gamestore", all.clone()).unwrap_err()).to_string();
        assert!(told.ends_with("name one: one/mobile, two/mobile"), "{told}");
        let told = Failure::from(choose("wep", "gamestore", all).unwrap_err()).to_string();
        assert!(told.contains("has no request \"wep\""), "{told}");
        assert!(told.contains("one/web"), "{told}");
    }
}
