//! Reading and writing single objects, with the rights of whoever typed the command.

use std::{
    fmt::Debug,
    io::{self, Write as _},
    time::Duration,
};

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use keydesk_core::NamespacedName;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, PostParams, Preconditions};
use kube::{Api, Resource, ResourceExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use super::{Act, ClusterClient, Refusal, Unanswered, odd, similar};
use crate::exit::Failure;

/// How long one answer is waited for by who can ask again. The client itself waits for minutes.
const SOON: Duration = Duration::from_secs(5);

/// A kind of object that lives in a namespace and can be read.
pub(in crate::command) trait NamespacedObject:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

impl<K> NamespacedObject for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

/// What came of looking for something.
#[derive(Clone, Debug)]
pub(in crate::command) enum Lookup<T> {
    /// It is there.
    Found(T),
    /// It is not there.
    Missing,
    /// Whoever asks may not know.
    Forbidden,
}

impl<T> Lookup<T> {
    /// What was found, if anything was.
    pub(in crate::command) fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing | Self::Forbidden => None,
        }
    }

    fn of(looked: Result<T, Refusal>) -> Result<Self, Refusal> {
        match looked {
            Ok(found) => Ok(Self::Found(found)),
            Err(Refusal::Find(_)) => Ok(Self::Missing),
            Err(Refusal::Allow(_)) => Ok(Self::Forbidden),
            Err(refusal) => Err(refusal),
        }
    }
}

impl ClusterClient {
    pub(super) fn act<K: NamespacedObject>(&self, verb: &'static str, id: &NamespacedName) -> Act {
        Act::on::<K>(&self.aim, verb, Some(&id.namespace), Some(&id.name))
    }

    /// The way to objects of a kind, in one namespace or in all, and the name by which one of them is meant. There is no other:
    /// here it is seen to that names are names.
    fn way<K: NamespacedObject>(
        &self,
        verb: &'static str,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Result<(Api<K>, Act), Refusal> {
        let act = Act::on::<K>(&self.aim, verb, namespace, name).named()?;
        let client = self.inner.clone();
        let api = match namespace {
            Some(namespace) => Api::namespaced(client, namespace),
            None => Api::all(client),
        };
        Ok((api, act))
    }

    fn way_to<K: NamespacedObject>(
        &self,
        verb: &'static str,
        id: &NamespacedName,
    ) -> Result<(Api<K>, Act), Refusal> {
        self.way(verb, Some(&id.namespace), Some(&id.name))
    }

    pub(in crate::command) async fn get<K: NamespacedObject>(
        &self,
        id: &NamespacedName,
    ) -> Result<K, Refusal> {
        let (api, act) = self.way_to("get", id)?;
        api.get(&id.name).await.map_err(|source| Refusal::of(act, source))
    }

    /// The object, if there is an answer soon.
    pub(super) async fn get_soon<K: NamespacedObject>(&self, id: &NamespacedName) -> Result<K, Refusal> {
        timeout(SOON, self.get(id)).await.unwrap_or_else(|_| {
            Err(Refusal::Ask {
                act: Box::new(self.act::<K>("get", id)),
                source: Unanswered::Wait(SOON),
            })
        })
    }

    /// The object if it is there and may be read, if there is an answer soon.
    pub(super) async fn lookup_soon<K: NamespacedObject>(
        &self,
        id: &NamespacedName,
    ) -> Result<Lookup<K>, Refusal> {
        Lookup::of(self.get_soon(id).await)
    }

    /// The object if it is there and may be read.
    pub(in crate::command) async fn lookup<K: NamespacedObject>(
        &self,
        id: &NamespacedName,
    ) -> Result<Lookup<K>, Refusal> {
        Lookup::of(self.get(id).await)
    }

    /// Whether there is an object with these labels, of which only metadata is asked for.
    pub(in crate::command) async fn lookup_labelled<K: NamespacedObject>(
        &self,
        namespace: &str,
        labels: &str,
    ) -> Result<Lookup<()>, Refusal> {
        let params = ListParams::default().labels(labels);
        let (api, act) = self.way::<K>("list", Some(namespace), None)?;
        let listed = api.list_metadata(&params).await;
        let listed = listed.map_err(|source| Refusal::of(act, source));
        match Lookup::of(listed)? {
            Lookup::Found(found) if found.items.is_empty() => Ok(Lookup::Missing),
            Lookup::Found(_) => Ok(Lookup::Found(())),
            Lookup::Missing => Ok(Lookup::Missing),
            Lookup::Forbidden => Ok(Lookup::Forbidden),
        }
    }

    /// The object, or a failure that says which others there are.
    pub(in crate::command) async fn demand<K: NamespacedObject>(
        &self,
        id: &NamespacedName,
    ) -> Result<K, Failure> {
        match self.get::<K>(id).await {
            Ok(object) => Ok(object),
            Err(refusal @ Refusal::Find(_)) => {
                let others = self.ids::<K>(Some(&id.namespace)).await;
                let names: Vec<_> = others.into_iter().map(|other| other.name).collect();
                let kind = K::kind(&());
                let namespace = &id.namespace;
                let hint = if names.is_empty() {
                    let elsewhere = self.namesakes::<K>(&id.name).await;
                    let elsewhere = if elsewhere.is_empty() {
                        "look at the namespace".to_owned()
                    } else {
                        format!("did you mean {}?", similar(&id.to_string(), elsewhere))
                    };
                    format!("there is no {kind} in namespace {namespace}: {elsewhere}")
                } else {
                    format!("in namespace {namespace} there is {}", similar(&id.name, names))
                };
                Err(Failure::fixable(&refusal, hint))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Those of that name in all namespaces, as far as whoever asks may know.
    async fn namesakes<K: NamespacedObject>(&self, name: &str) -> Vec<String> {
        let all = self.ids::<K>(None).await;
        let namesakes = all.iter().filter(|id| id.name == name);
        namesakes.map(ToString::to_string).collect()
    }

    /// What there is of a kind, in one namespace or in all, as far as whoever asks may know. Nothing but metadata is read:
    /// who mistypes the name of a Secret has no use for the values of all others.
    async fn ids<K: NamespacedObject>(&self, namespace: Option<&str>) -> Vec<NamespacedName> {
        let Ok((api, _)) = self.way::<K>("list", namespace, None) else {
            return Vec::new();
        };
        let listed = api.list_metadata(&ListParams::default()).await;
        listed.map_or_else(|_| Vec::new(), |listed| listed.items.iter().map(id).collect())
    }

    /// All of a kind that can be read, in one namespace or in all. What cannot is named on standard error.
    pub(in crate::command) async fn list<K: NamespacedObject>(
        &self,
        namespace: Option<&str>,
    ) -> Result<Vec<K>, Refusal> {
        let (_, act) = self.way::<K>("list", namespace, None)?;
        let kind = ApiResource::erase::<K>(&());
        let client = self.inner.clone();
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, &kind),
            None => Api::all_with(client, &kind),
        };
        let listed = api.list(&ListParams::default()).await;
        let listed = listed.map_err(|source| Refusal::of(act, source))?;
        let (read, odd) = odd::sorted(listed.items);
        // Who cannot be told of what is left out still gets the rest.
        let _ = io::stderr().write_all(odd::told(&odd).as_bytes());
        Ok(read)
    }

    /// All of a kind, if they may be listed. A kind that the cluster does not know has none.
    pub(in crate::command) async fn lookup_all<K: NamespacedObject>(
        &self,
        namespace: Option<&str>,
    ) -> Result<Lookup<Vec<K>>, Refusal> {
        match Lookup::of(self.list(namespace).await)? {
            Lookup::Missing => Ok(Lookup::Found(Vec::new())),
            listed => Ok(listed),
        }
    }

    pub(super) async fn create<K: NamespacedObject + Serialize>(&self, object: &K) -> Result<K, Refusal> {
        let id = id(object);
        let (api, act) = self.way_to("create", &id)?;
        let created = api.create(&params(), object).await;
        created.map_err(|source| Refusal::of(act, source))
    }

    /// Puts the object in the place of the version that it was made from.
    pub(super) async fn replace<K: NamespacedObject + Serialize>(&self, object: &K) -> Result<K, Refusal> {
        let id = id(object);
        let (api, act) = self.way_to("update", &id)?;
        let put = api.replace(&id.name, &params(), object).await;
        put.map_err(|source| Refusal::of(act, source))
    }

    /// Deletes this very object, and no other of its name.
    pub(super) async fn delete<K: NamespacedObject>(&self, object: &K) -> Result<(), Refusal> {
        let id = id(object);
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: object.meta().uid.clone(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        let (api, act) = self.way_to::<K>("delete", &id)?;
        match api.delete(&id.name, &params).await {
            Ok(_) => Ok(()),
            Err(source) => Err(Refusal::of(act, source)),
        }
    }

    /// Who the API server takes the caller for.
    pub(super) async fn user(&self) -> Result<String, Refusal> {
        let api: Api<SelfSubjectReview> = Api::all(self.inner.clone());
        let review = api
            .create(&PostParams::default(), &SelfSubjectReview::default())
            .await;
        let review = review.map_err(|source| {
            Refusal::of(
                Act::on::<SelfSubjectReview>(&self.aim, "create", None, None),
                source,
            )
        })?;
        let user = review.status.and_then(|status| status.user_info);
        let name = user
            .and_then(|user| user.username)
            .filter(|name| !name.is_empty());
        name.ok_or_else(|| {
            Refusal::Find(Box::new(Act::on::<SelfSubjectReview>(
                &self.aim, "create", None, None,
            )))
        })
    }
}

/// The namespace and name of an object.
pub(super) fn id<K: Resource>(object: &K) -> NamespacedName {
    NamespacedName::new(object.namespace().unwrap_or_default(), object.name_any())
}

fn params() -> PostParams {
    PostParams {
        field_manager: Some("keydesk-cli".to_owned()),
        ..PostParams::default()
    }
}

#[cfg(test)]
mod tests {
    use keydesk_api::APIProduct;
    use serde_json::json;

    use super::*;
    use crate::command::imperative::WipedSecret;
    use crate::command::imperative::script::{Answer, Script};

    #[tokio::test]
    async fn where_an_object_is_missing_of_the_others_only_names_are_read() {
        let others = json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {},
            "items": [{ "metadata": { "name": "mobile-secret", "namespace": "app" }, "data": "no data of a Secret" }],
        });
        let script = Script::new(vec![
            (
                "GET /api/v1/namespaces/app/secrets/mobil-secret",
                Answer::refusal(404),
            ),
            ("GET /api/v1/namespaces/app/secrets", Answer::Json(200, others)),
        ]);
        let id = NamespacedName::new("app", "mobil-secret");
        let missing = script.client("app").demand::<WipedSecret>(&id).await.unwrap_err();
        assert_eq!(
            missing.to_string(),
            "error: Secret app/mobil-secret does not exist\nhint: in namespace app there is mobile-secret"
        );
        script.finished();
    }

    #[tokio::test]
    async fn a_name_that_would_lead_to_another_object_leads_nowhere() {
        let script = Script::new(Vec::new());
        let client = script.client("app");
        let told = |refusal: Refusal| Failure::from(refusal).to_string();
        for name in [
            "a-secret?x=",
            "?dryRun=All&x=",
            "../secrets/a-secret",
            "a-secret#",
            "%61-secret",
        ] {
            let id = NamespacedName::new("app", name);
            let got = told(client.lookup::<WipedSecret>(&id).await.unwrap_err());
            assert_eq!(
                got,
                format!(
                    "error: spec.secretRef.name of the APIKey has {name:?}, and no Secret can be called that; nothing was \
                     changed\nhint: put the name of one that exists there: small letters, digits, dashes and dots"
                )
            );
            client.demand::<WipedSecret>(&id).await.unwrap_err();
            let mut secret = WipedSecret::default();
            let meta = kube::Resource::meta_mut(&mut secret);
            (meta.namespace, meta.name) = (Some("app".to_owned()), Some(name.to_owned()));
            told(client.create(&secret).await.unwrap_err());
            told(client.replace(&secret).await.unwrap_err());
            told(client.delete(&secret).await.unwrap_err());
        }
        let namespace = "app/secrets/x?y=";
        let elsewhere = NamespacedName::new(namespace, "games");
        let got = told(client.lookup::<APIProduct>(&elsewhere).await.unwrap_err());
        assert!(
            got.starts_with(
                "error: spec.apiProductRef.namespace of the APIKey has \"app/secrets/x?y=\", and no namespace can be called \
                 that"
            ),
            "{got}"
        );
        told(client.list::<APIProduct>(Some(namespace)).await.unwrap_err());
        told(
            client
                .lookup_labelled::<WipedSecret>(namespace, "a=b")
                .await
                .unwrap_err(),
        );
        script.finished();
    }
}
