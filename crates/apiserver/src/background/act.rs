//! Writes of background tasks, told to the audit like everybody's.

use http::StatusCode;
use serde_json::Value;

use crate::api::Api;
use crate::audit;
use crate::caller::User;
use crate::request::{ResourceTarget, Verb};
use crate::resource::{Part, ResourceType};
use crate::status::Refusal;
use crate::store::Object;
use crate::verb::{self, Call, DeleteOptions};

/// One task's identity.
pub(super) struct Actor<'a> {
    pub(super) api: &'a Api,
    pub(super) user: User,
}

impl<'a> Actor<'a> {
    /// The controller of that name, as a real cluster calls it.
    pub(super) fn new(api: &'a Api, name: &str) -> Self {
        // It may do all that it does: it only ever does what this crate lets it.
        let user = User::service_account("kube-system", name).in_group("system:masters");
        Self { api, user }
    }

    /// Deletes this object, if it still is the same.
    pub(super) async fn delete(
        &self,
        resource: &ResourceType,
        object: &Object,
        options: DeleteOptions,
    ) -> Result<(), Refusal> {
        let options = DeleteOptions {
            uid: Some(object.uid.clone()),
            ..options
        };
        let done = verb::delete(&self.call(resource, object), &object.at.name, &options).await;
        self.record(resource, object, Verb::Delete, &done.map(|_| ()))
    }

    /// Changes this object.
    pub(super) async fn update(
        &self,
        resource: &ResourceType,
        object: &Object,
        part: Part,
        compute: impl FnMut(&Value) -> Result<Value, Refusal>,
    ) -> Result<(), Refusal> {
        let before = object.revision;
        let done = verb::update(&self.call(resource, object), &object.at.name, part, compute).await;
        match done {
            Ok(same) if same.revision == before => Ok(()),
            done => self.record(resource, object, Verb::Update, &done.map(|_| ())),
        }
    }

    fn call<'b>(&'b self, resource: &'b ResourceType, object: &'b Object) -> Call<'b> {
        Call {
            api: self.api,
            user: &self.user,
            resource,
            namespace: namespace(object),
            manager: verb::OURSELVES,
        }
    }

    /// What went in the meantime is as good as done.
    fn record(
        &self,
        resource: &ResourceType,
        object: &Object,
        verb: Verb,
        done: &Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let code = done.as_ref().map_or_else(Refusal::code, |()| StatusCode::OK);
        let target = ResourceTarget {
            group: resource.group.clone(),
            version: resource.version.clone(),
            resource: resource.plural.clone(),
            subresource: None,
            namespace: namespace(object).map(str::to_owned),
            name: Some(object.at.name.clone()),
        };
        audit::object(&self.user, verb.as_str(), &target, code);
        match done {
            Err(refusal) if code != StatusCode::NOT_FOUND && code != StatusCode::CONFLICT => {
                tracing::warn!(
                    resource = resource.plural,
                    namespace = object.at.namespace,
                    name = object.at.name,
                    "failed to {} {} {:?}: {refusal}",
                    verb.as_str(),
                    resource.plural,
                    object.at.name
                );
                Err(refusal.clone())
            }
            Err(_) | Ok(()) => Ok(()),
        }
    }
}

fn namespace(object: &Object) -> Option<&str> {
    Some(object.at.namespace.as_str()).filter(|namespace| !namespace.is_empty())
}
