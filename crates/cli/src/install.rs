//! Putting objects into a cluster that may have them already. What is there is left as it is: people may have changed it.

use std::net::SocketAddr;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use keydesk_api::{foreign, manifests, rbac};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, PostParams},
    core::{GroupVersionKind, TypeMeta},
};
use serde_json::Value;

/// Writes under way at once; the store commits what comes together in one go.
const CONCURRENT: usize = 32;

/// Why something could not be installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallError {
    /// What we ship is no object: a mistake of ours.
    #[error("failed to read a manifest that ships with this program")]
    Manifest(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The API server did not take it.
    #[error("failed to install {kind} {name:?}")]
    Create {
        kind: String,
        name: String,
        source: Box<kube::Error>,
    },
}

/// Installs what every API server with Keydesk has: definitions, roles, and the base objects.
pub(crate) async fn base(admin: &Client, roles: Vec<Value>) -> Result<(), InstallError> {
    let definitions = keydesk_api::crds()
        .into_iter()
        .chain(foreign::crds())
        .map(|crd| value(&crd));
    let namespace = serde_json::json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": rbac::NAMESPACE},
    });
    let mut first: Vec<_> = definitions.collect::<Result<_, _>>()?;
    first.push(namespace);
    create(admin, first).await?;
    let shipped = rbac::all(rbac::NAMESPACE)
        .into_iter()
        .map(|manifest| manifest.object);
    create(admin, shipped.chain(roles).collect()).await?;
    manifests(admin, manifests::BASE).await
}

/// The front door, as the demo's manifests write it.
const DOOR: &str = "127.0.0.1:8000";

/// Installs the demo, whose front door is at this address.
pub(crate) async fn demo(admin: &Client, door: SocketAddr) -> Result<(), InstallError> {
    let door = door.to_string();
    let texts: Vec<_> = manifests::DEMO
        .iter()
        .map(|text| text.replace(DOOR, &door))
        .collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    manifests(admin, &texts).await
}

/// Namespaces first, then everything else: nothing else depends on an order.
async fn manifests(admin: &Client, texts: &[&str]) -> Result<(), InstallError> {
    let mut objects: Vec<Value> = Vec::new();
    for text in texts {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).map_err(|error| InstallError::Manifest(Box::new(error)))?;
        objects.extend(documents.into_iter().filter(|document| !document.is_null()));
    }
    let (namespaces, others) = objects
        .into_iter()
        .partition(|object| object["kind"] == "Namespace");
    create(admin, namespaces).await?;
    create(admin, others).await
}

async fn create(admin: &Client, objects: Vec<Value>) -> Result<(), InstallError> {
    stream::iter(objects)
        .map(|object| create_one(admin, object))
        .buffer_unordered(CONCURRENT)
        .try_collect::<()>()
        .await
}

async fn create_one(admin: &Client, object: Value) -> Result<(), InstallError> {
    let object: DynamicObject =
        serde_json::from_value(object).map_err(|error| InstallError::Manifest(Box::new(error)))?;
    let TypeMeta { api_version, kind } = object.types.clone().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(admin.clone(), namespace, &resource),
        None => Api::all_with(admin.clone(), &resource),
    };
    match api.create(&PostParams::default(), &object).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
        Err(source) => Err(InstallError::Create {
            kind,
            name: object.metadata.name.unwrap_or_default(),
            source: Box::new(source),
        }),
    }
}

fn value(object: &impl serde::Serialize) -> Result<Value, InstallError> {
    serde_json::to_value(object).map_err(|error| InstallError::Manifest(Box::new(error)))
}
