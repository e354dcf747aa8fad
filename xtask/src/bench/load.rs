//! A product, and any number of keys for it, asked for and approved as people would.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use keydesk_api::meta;
use kube::api::{
    Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::core::{GroupVersionKind, PartialObjectMeta};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

pub(super) const OWNER: &str = "gamestore";
pub(super) const CONSUMER: &str = "consumer-app";
const KUADRANT: &str = "kuadrant-system";

/// How many requests are under way at once while a load is made.
pub(super) const CONCURRENCY: usize = 16;

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);

/// What is done to a cluster, as an admin.
pub(super) struct Load {
    client: Client,
}

impl Load {
    /// A load for an empty cluster.
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Installs our kinds and the foreign ones, and waits until they are served.
    pub(super) async fn install_kinds(&self) -> Result<()> {
        let crds: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        for crd in keydesk_api::crds()
            .into_iter()
            .chain(keydesk_api::foreign::crds())
        {
            crds.create(&PostParams::default(), &crd).await?;
        }
        for crd in keydesk_api::crds()
            .into_iter()
            .chain(keydesk_api::foreign::crds())
        {
            let established = kube::runtime::conditions::is_crd_established();
            timeout(
                PATIENCE,
                kube::runtime::wait::await_condition(crds.clone(), &crd.name_any(), established),
            )
            .await??;
        }
        Ok(())
    }

    /// Creates a published product with a route, plans and an accepted policy.
    pub(super) async fn create_product(&self) -> Result<()> {
        for namespace in [OWNER, CONSUMER, KUADRANT] {
            self.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
                .await?;
        }
        let accepted = json!({"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let enforced = json!({"type": "Enforced", "status": "True", "reason": "Enforced", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let target = json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore"});
        let parent = json!({"name": "external", "namespace": OWNER});
        self.create(&json!({
            "apiVersion": "kuadrant.io/v1beta1", "kind": "Kuadrant",
            "metadata": {"name": "kuadrant", "namespace": KUADRANT}, "spec": {},
        }))
        .await?;
        self.create_with_status(
            &json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "metadata": {"name": "gamestore", "namespace": OWNER},
                "spec": {"parentRefs": [parent], "hostnames": ["gamestore.example.com"], "rules": [{}]},
            }),
            &json!({"parents": [{"parentRef": parent, "controllerName": "example.com/gateway", "conditions": [accepted]}]}),
        ).await?;
        self.create_with_status(
            &json!({
                "apiVersion": "kuadrant.io/v1", "kind": "AuthPolicy",
                "metadata": {"name": "gamestore", "namespace": OWNER},
                "spec": {"targetRef": target, "rules": {"authentication": {"keys": {
                    "apiKey": {"selector": {"matchLabels": {"app": "gamestore"}}},
                    "credentials": {"authorizationHeader": {"prefix": "APIKEY"}},
                }}}},
            }),
            &json!({"conditions": [accepted, enforced]}),
        )
        .await?;
        self.create_with_status(
            &json!({
                "apiVersion": "extensions.kuadrant.io/v1alpha1", "kind": "PlanPolicy",
                "metadata": {"name": "gamestore", "namespace": OWNER},
                "spec": {"targetRef": target, "plans": [
                    {"tier": "gold", "predicate": "true", "limits": {"daily": 100}},
                ]},
            }),
            &json!({"conditions": [accepted, enforced]}),
        )
        .await?;
        self.create(&json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
            "metadata": {"name": "gamestore", "namespace": OWNER},
            "spec": {"displayName": "Game store", "publishStatus": "Published", "approvalMode": "manual", "targetRef": target},
        })).await
    }

    /// Asks for keys and approves them, and returns when every one is enforced.
    pub(super) async fn approve(&self, keys: Range<usize>) -> Result<()> {
        let number = keys.end;
        self.ask(keys.clone()).await?;
        let approvals = stream::iter(keys).map(|key| async move { self.create(&approval(key)).await });
        approvals
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await?;
        self.wait_for(number, &secrets(), Some(KUADRANT))
            .await
            .context("not every key is enforced")
    }

    /// Approves a key that was asked for, and does not wait.
    pub(super) async fn decide(&self, key: usize) -> Result<()> {
        self.create(&approval(key)).await
    }

    /// Waits until so many keys are enforced.
    pub(super) async fn enforced(&self, number: usize) -> Result<()> {
        self.wait_for(number, &secrets(), Some(KUADRANT)).await
    }

    /// Asks for keys, and returns when the controller has shown every request to the owner.
    pub(super) async fn ask(&self, keys: Range<usize>) -> Result<()> {
        let number = keys.end;
        let asked = stream::iter(keys).map(|key| async move {
            self.create(&secret(key)).await?;
            self.create(&api_key(key)).await
        });
        asked
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await?;
        let requests = resource("devportal.kuadrant.io", "v1alpha1", "APIKeyRequest");
        self.wait_for(number, &requests, Some(OWNER))
            .await
            .context("not every request is shown")
    }

    /// Approves a key that was asked for, and returns how long it took until it was enforced.
    pub(super) async fn approve_one(&self, key: usize) -> Result<Duration> {
        let mut events = self.enforcement_of(key).await?.boxed();
        let began = Instant::now();
        self.create(&approval(key)).await?;
        loop {
            let event = timeout(PATIENCE, events.try_next())
                .await
                .context("a key was not enforced in time")??;
            match event.context("the watch ended")? {
                WatchEvent::Added(_) => return Ok(began.elapsed()),
                WatchEvent::Error(error) => bail!("the watch failed: {}", error.message),
                WatchEvent::Modified(_) | WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
            }
        }
    }

    /// What happens from now on to the enforcement secret that a key has first.
    pub(super) async fn enforcement_of(
        &self,
        key: usize,
    ) -> Result<impl Stream<Item = kube::Result<WatchEvent<PartialObjectMeta<DynamicObject>>>>> {
        let secrets: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), KUADRANT, &secrets());
        let seen = secrets.list_metadata(&ListParams::default().limit(1)).await?;
        let version = seen
            .metadata
            .resource_version
            .context("a list has no resourceVersion")?;
        let name = meta::enforcement_secret_name(CONSUMER, &key_name(key));
        let parameters = WatchParams::default().fields(&format!("metadata.name={name}"));
        Ok(secrets.watch_metadata(&parameters, &version).await?)
    }

    async fn wait_for(&self, number: usize, resource: &ApiResource, namespace: Option<&str>) -> Result<()> {
        let objects: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, resource),
            None => Api::all_with(self.client.clone(), resource),
        };
        let all = async {
            loop {
                // One object, and how many more there are: whole lists would cost more than what is measured.
                let list = objects.list_metadata(&ListParams::default().limit(1)).await?;
                let more = list.metadata.remaining_item_count.unwrap_or_default();
                if list.items.len() + usize::try_from(more)? >= number {
                    return Ok(());
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, all).await?
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(super) async fn create(&self, manifest: &Value) -> Result<()> {
        let object: DynamicObject = serde_json::from_value(manifest.clone())?;
        self.api(&object)?.create(&PostParams::default(), &object).await?;
        Ok(())
    }

    async fn create_with_status(&self, manifest: &Value, status: &Value) -> Result<()> {
        self.create(manifest).await?;
        let object: DynamicObject = serde_json::from_value(manifest.clone())?;
        let patch = Patch::Merge(json!({"status": status}));
        self.api(&object)?
            .patch_status(&object.name_any(), &PatchParams::default(), &patch)
            .await?;
        Ok(())
    }

    fn api(&self, object: &DynamicObject) -> Result<Api<DynamicObject>> {
        let types = object.types.clone().context("a manifest has no kind")?;
        let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
        Ok(match object.namespace() {
            Some(namespace) => Api::namespaced_with(self.client.clone(), &namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        })
    }
}

pub(super) fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

fn secrets() -> ApiResource {
    resource("", "v1", "Secret")
}

pub(super) fn key_name(key: usize) -> String {
    format!("key-{key:06}")
}

fn secret(key: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": key_name(key), "namespace": CONSUMER},
        "stringData": {"api_key": format!("a-value-for-a-measurement-{key:06}")},
    })
}

fn api_key(key: usize) -> Value {
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKey",
        "metadata": {"name": key_name(key), "namespace": CONSUMER},
        "spec": {
            "apiProductRef": {"name": "gamestore", "namespace": OWNER},
            "secretRef": {"name": key_name(key)},
            "planTier": "gold",
            "useCase": "a measurement",
            "requestedBy": {"userId": "consumer", "email": "consumer@example.com"},
        },
    })
}

fn approval(key: usize) -> Value {
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
        "metadata": {"name": key_name(key), "namespace": OWNER},
        "spec": {
            "apiKeyRequestRef": {"name": meta::request_name(CONSUMER, &key_name(key))},
            "approved": true,
            "reviewedBy": "owner",
            "reviewedAt": "2026-01-01T00:00:00Z",
        },
    })
}
