//! Single requests to the API server, each with an error that says what was attempted.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use keydesk_core::NamespacedName;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use tokio::time::Instant;

use crate::recent::{Deed, Recent};
use crate::telemetry::{DomainMetrics, Saving};

/// Who writes, in managedFields.
const FIELD_MANAGER: &str = "keydesk-controller";

/// So many objects of a list come at a time: two megabytes or so.
const PAGE: u32 = 1_000;

/// Why an object was not read or written.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// The API server did not do it.
    #[error("failed to {attempt} {kind} {id}")]
    Request {
        /// A verb.
        attempt: &'static str,
        /// The kind of the object.
        kind: String,
        /// The object.
        id: NamespacedName,
        /// Why.
        source: Box<kube::Error>,
    },
    /// The API server did not list them.
    #[error("failed to list {kind} objects of namespace {namespace}")]
    List {
        /// The kind of the objects.
        kind: String,
        /// Where they are.
        namespace: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// We wrote it a moment ago, and it was planned for as it was before.
    #[error("failed to {attempt} {kind} {id}: it has changed meanwhile")]
    Overtaken {
        /// A verb.
        attempt: &'static str,
        /// The kind of the object.
        kind: String,
        /// The object.
        id: NamespacedName,
    },
}

impl WriteError {
    /// Whether the object merely is not as it was seen any more: then its next version is on its way here.
    pub(crate) fn is_stale(&self) -> bool {
        match self {
            Self::Overtaken { .. } => true,
            Self::List { .. } => false,
            Self::Request { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if matches!(status.code, 404 | 409))
            }
        }
    }

    /// Why the API server refused for good, if it did: its word for it, without any text that might repeat contents.
    pub(crate) fn rejection(&self) -> Option<String> {
        let Self::Request { source, .. } = self else {
            return None;
        };
        match &**source {
            kube::Error::Api(status) if matches!(status.code, 400 | 403 | 413 | 422) => {
                Some(status.reason.clone())
            }
            _ => None,
        }
    }

    /// Whether the object is larger than the API server takes, or the etcd behind it.
    pub(crate) fn is_too_large(&self) -> bool {
        let Self::Request { source, .. } = self else {
            return false;
        };
        matches!(&**source, kube::Error::Api(status) if status.code == 413 || status.message.contains("request is too large"))
    }

    /// Whether our role does not let us.
    pub(crate) fn is_forbidden(&self) -> bool {
        match self {
            Self::List { .. } | Self::Overtaken { .. } => false,
            Self::Request { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if status.code == 403)
            }
        }
    }

    fn request<K: Object>(attempt: &'static str, id: &NamespacedName, source: kube::Error) -> Self {
        Self::Request {
            attempt,
            kind: kind::<K>(),
            id: id.clone(),
            source: Box::new(source),
        }
    }

    fn overtaken<K: Object>(attempt: &'static str, id: &NamespacedName) -> Self {
        Self::Overtaken {
            attempt,
            kind: kind::<K>(),
            id: id.clone(),
        }
    }
}

/// A kind that is written.
pub(crate) trait Object:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + Serialize + DeserializeOwned
{
}

impl<K> Object for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
{
}

/// The namespace and name of an object.
pub(crate) fn id(object: &impl ResourceExt) -> NamespacedName {
    NamespacedName::new(object.namespace().unwrap_or_default(), object.name_any())
}

/// The precondition that an object is the one of this UID.
pub(crate) fn with_uid(uid: Option<&str>) -> Preconditions {
    Preconditions {
        uid: uid.map(str::to_owned),
        resource_version: None,
    }
}

/// Talks to the API server.
pub(crate) struct Cluster {
    client: Client,
    recent: Recent,
    metrics: DomainMetrics,
}

impl Cluster {
    pub(crate) fn new(client: Client, metrics: DomainMetrics) -> Self {
        Self {
            client,
            recent: Recent::default(),
            metrics,
        }
    }

    /// The object, if it exists.
    pub(crate) async fn read<K: Object>(&self, id: &NamespacedName) -> Result<Option<K>, WriteError> {
        let read = self.api::<K>(id).get_opt(&id.name).await;
        read.map_err(|source| WriteError::request::<K>("read", id, source))
    }

    /// Shows the objects of a namespace that have these labels, as they were at one moment. They come page by page, and decode
    /// to what is needed of them: thousands would be megabytes.
    pub(crate) async fn list<K: Object, Listed: DeserializeOwned>(
        &self,
        namespace: &str,
        labels: Option<&str>,
        mut show: impl FnMut(Listed),
    ) -> Result<(), WriteError> {
        #[derive(Deserialize)]
        #[serde(bound = "Listed: DeserializeOwned")]
        struct Page<Listed> {
            metadata: ListMeta,
            items: Vec<Listed>,
        }
        let failed = |source| WriteError::List {
            kind: kind::<K>(),
            namespace: namespace.to_owned(),
            source: Box::new(source),
        };
        let mut params = ListParams {
            label_selector: labels.map(str::to_owned),
            limit: Some(PAGE),
            ..ListParams::default()
        };
        loop {
            let request = kube::core::Request::new(K::url_path(&(), Some(namespace))).list(&params);
            let request = request.map_err(|error| failed(kube::Error::BuildRequest(error)))?;
            let page: Page<Listed> = self.client.request(request).await.map_err(failed)?;
            page.items.into_iter().for_each(&mut show);
            let rest = page.metadata.continue_.filter(|rest| !rest.is_empty());
            let Some(rest) = rest else { return Ok(()) };
            params.continue_token = Some(rest);
        }
    }

    /// Creates an object.
    pub(crate) async fn create<K: Object>(&self, object: &K) -> Result<K, WriteError> {
        let id = id(object);
        if self
            .recent
            .knows(&kind::<K>(), &id, Deed::Created, Instant::now())
        {
            self.metrics.saved(Saving::Overtaken);
            return Err(WriteError::overtaken::<K>("create", &id));
        }
        let created = self.api::<K>(&id).create(&post(), object).await;
        let created = created.map_err(|source| WriteError::request::<K>("create", &id, source))?;
        self.metrics.wrote("create");
        self.recent.did(&kind::<K>(), &id, Deed::Created, Instant::now());
        tracing::info!(kind = %kind::<K>(), object = %id, "created {} {id}", kind::<K>());
        Ok(created)
    }

    /// Merges a patch, which carries the version that it is meant for, into an object.
    pub(crate) async fn merge<K: Object>(&self, id: &NamespacedName, patch: &Value) -> Result<K, WriteError> {
        let version = patch
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str)
            .map(str::to_owned);
        self.check::<K>("change", id, version.as_deref())?;
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let merged = self
            .api::<K>(id)
            .patch(&id.name, &params, &Patch::Merge(patch))
            .await;
        let merged = merged.map_err(|source| WriteError::request::<K>("change", id, source))?;
        self.metrics.wrote("patch");
        self.remember(id, version, &merged);
        tracing::info!(kind = %kind::<K>(), object = %id, "changed {} {id}", kind::<K>());
        Ok(merged)
    }

    /// Puts an object in the place of the one whose UID and version it bears.
    pub(crate) async fn put<K: Object>(&self, object: &K) -> Result<K, WriteError> {
        let id = id(object);
        let version = object.resource_version();
        self.check::<K>("change", &id, version.as_deref())?;
        let put = self.api::<K>(&id).replace(&id.name, &post(), object).await;
        let put = put.map_err(|source| WriteError::request::<K>("change", &id, source))?;
        self.remember(&id, version, &put);
        tracing::info!(kind = %kind::<K>(), object = %id, "changed {} {id}", kind::<K>());
        Ok(put)
    }

    /// Puts the status of an object whose version is that which was seen.
    pub(crate) async fn put_status<K: Object>(&self, object: &K) -> Result<K, WriteError> {
        let id = id(object);
        let version = object.resource_version();
        self.check::<K>("write the status of", &id, version.as_deref())?;
        let put = self.api::<K>(&id).replace_status(&id.name, &post(), object).await;
        let put = put.map_err(|source| WriteError::request::<K>("write the status of", &id, source))?;
        self.metrics.wrote("put_status");
        self.remember(&id, version, &put);
        tracing::debug!(kind = %kind::<K>(), object = %id, "wrote the status of {} {id}", kind::<K>());
        Ok(put)
    }

    /// Deletes the very object that was seen, not another one of its name. One that is gone already is fine.
    pub(crate) async fn delete<K: Object>(
        &self,
        id: &NamespacedName,
        preconditions: Preconditions,
    ) -> Result<(), WriteError> {
        let deed = Deed::Deleted(preconditions.uid.clone().unwrap_or_default());
        if self.recent.knows(&kind::<K>(), id, deed.clone(), Instant::now()) {
            return Ok(());
        }
        let params = DeleteParams {
            preconditions: Some(preconditions),
            ..DeleteParams::default()
        };
        match self.api::<K>(id).delete(&id.name, &params).await {
            Ok(_) => {
                self.metrics.wrote("delete");
                self.recent.did(&kind::<K>(), id, deed, Instant::now());
                tracing::info!(kind = %kind::<K>(), object = %id, "deleted {} {id}", kind::<K>());
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(source) => Err(WriteError::request::<K>("delete", id, source)),
        }
    }

    fn check<K: Object>(
        &self,
        attempt: &'static str,
        id: &NamespacedName,
        version: Option<&str>,
    ) -> Result<(), WriteError> {
        let replaced = version.map(|version| Deed::Replaced(version.to_owned()));
        if replaced.is_some_and(|replaced| self.recent.knows(&kind::<K>(), id, replaced, Instant::now())) {
            self.metrics.saved(Saving::Overtaken);
            return Err(WriteError::overtaken::<K>(attempt, id));
        }
        Ok(())
    }

    /// A write that changed nothing leaves the version as it was, and no event will come of it.
    fn remember<K: Object>(&self, id: &NamespacedName, before: Option<String>, after: &K) {
        if let Some(before) = before.filter(|before| after.resource_version().as_ref() != Some(before)) {
            self.recent
                .did(&kind::<K>(), id, Deed::Replaced(before), Instant::now());
        }
    }

    fn api<K: Object>(&self, id: &NamespacedName) -> Api<K> {
        Api::namespaced(self.client.clone(), &id.namespace)
    }
}

fn kind<K: Object>() -> String {
    K::kind(&()).into_owned()
}

fn post() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}
