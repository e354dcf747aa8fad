//! Single requests to the API server, each with an error that says what was attempted.

mod error;

use std::fmt::Debug;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use keydesk_core::NamespacedName;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout};

pub(crate) use error::WriteError;

use crate::recent::{Deed, Recent};
use crate::telemetry::{DomainMetrics, Saving};

/// Who writes, in managedFields.
const FIELD_MANAGER: &str = "keydesk-controller";

/// The same of what is written on the decisions of others, and on our own after they were made: the API server dates what a
/// manager wrote as a whole, and when terms were recorded matters.
const MARKS_MANAGER: &str = "keydesk-controller-marks";

/// How long an answer is waited for. One that does not come by then was lost with its connection, and whoever waits for it
/// holds up the key that it is about.
const PATIENCE: Duration = Duration::from_secs(30);

/// So many objects of a list come at a time: two megabytes or so.
const PAGE: u32 = 1_000;

/// The answer to a request, if it comes in time.
pub(crate) async fn in_time<T>(request: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
    timeout(PATIENCE, request).await.unwrap_or_else(|_| {
        let silence = std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("the API server gave no answer within {} s", PATIENCE.as_secs()),
        );
        Err(kube::Error::Service(silence.into()))
    })
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
        let read = in_time(self.api::<K>(id).get_opt(&id.name)).await;
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
        let failed = |source| WriteError::list::<K>(namespace, source);
        let mut params = ListParams {
            label_selector: labels.map(str::to_owned),
            limit: Some(PAGE),
            ..ListParams::default()
        };
        loop {
            let request = kube::core::Request::new(K::url_path(&(), Some(namespace))).list(&params);
            let request = request.map_err(|error| failed(kube::Error::BuildRequest(error)))?;
            let page: Page<Listed> = in_time(self.client.request(request)).await.map_err(failed)?;
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
        let created = in_time(self.api::<K>(&id).create(&post(), object)).await;
        let created = created.map_err(|source| WriteError::request::<K>("create", &id, source))?;
        self.metrics.wrote("create");
        self.recent.did(&kind::<K>(), &id, Deed::Created, Instant::now());
        tracing::info!(kind = %kind::<K>(), object = %id, "created {} {id}", kind::<K>());
        Ok(created)
    }

    /// Merges a patch, which carries the version that it is meant for, into an object.
    pub(crate) async fn merge<K: Object>(&self, id: &NamespacedName, patch: &Value) -> Result<K, WriteError> {
        self.merge_as(FIELD_MANAGER, id, patch).await
    }

    /// The same where an object is marked with what it was taken for.
    pub(crate) async fn mark<K: Object>(&self, id: &NamespacedName, patch: &Value) -> Result<K, WriteError> {
        self.merge_as(MARKS_MANAGER, id, patch).await
    }

    async fn merge_as<K: Object>(
        &self,
        manager: &str,
        id: &NamespacedName,
        patch: &Value,
    ) -> Result<K, WriteError> {
        let version = patch
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let (api, patch) = (self.api::<K>(id), Patch::Merge(patch));
        let request = api.patch(&id.name, &params, &patch);
        let merged = self.replacing(("change", "patch"), id, version, request).await?;
        tracing::info!(kind = %kind::<K>(), object = %id, "changed {} {id}", kind::<K>());
        Ok(merged)
    }

    /// Puts an object in the place of the one whose UID and version it bears.
    pub(crate) async fn put<K: Object>(&self, object: &K) -> Result<K, WriteError> {
        let (id, params) = (id(object), post());
        let api = self.api::<K>(&id);
        let request = api.replace(&id.name, &params, object);
        let put = self
            .replacing(("change", "put"), &id, object.resource_version(), request)
            .await?;
        tracing::info!(kind = %kind::<K>(), object = %id, "changed {} {id}", kind::<K>());
        Ok(put)
    }

    /// Puts the status of an object whose version is that which was seen.
    pub(crate) async fn put_status<K: Object>(&self, object: &K) -> Result<K, WriteError> {
        let (id, params) = (id(object), post());
        let api = self.api::<K>(&id);
        let request = api.replace_status(&id.name, &params, object);
        let verbs = ("write the status of", "put_status");
        let put = self
            .replacing(verbs, &id, object.resource_version(), request)
            .await?;
        tracing::debug!(kind = %kind::<K>(), object = %id, "wrote the status of {} {id}", kind::<K>());
        Ok(put)
    }

    /// Makes a request that replaces a version of an object, unless we replaced that ourselves a moment ago. Of the verbs the
    /// first is for people, the second for who counts.
    async fn replacing<K: Object>(
        &self,
        (attempt, counted): (&'static str, &'static str),
        id: &NamespacedName,
        version: Option<String>,
        request: impl Future<Output = kube::Result<K>>,
    ) -> Result<K, WriteError> {
        self.check::<K>(attempt, id, version.as_deref())?;
        let written = in_time(request).await;
        let written = written.map_err(|source| WriteError::request::<K>(attempt, id, source))?;
        self.metrics.wrote(counted);
        self.remember(id, version, &written);
        Ok(written)
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
        match in_time(self.api::<K>(id).delete(&id.name, &params)).await {
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

    /// Whether our role lets us change Secrets there. A single one may be refused for what is in it, by whatever else has a
    /// say in the cluster. Where nobody tells, it does not.
    pub(crate) async fn may_update_secrets(&self, namespace: &str) -> bool {
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    namespace: Some(namespace.to_owned()),
                    resource: Some("secrets".to_owned()),
                    verb: Some("update".to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let api = Api::<SelfSubjectAccessReview>::all(self.client.clone());
        let answer = in_time(api.create(&post(), &review)).await;
        answer.is_ok_and(|review| review.status.is_some_and(|status| status.allowed))
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
