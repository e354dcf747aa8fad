//! Whether whoever asks may read what a gate reads. A watch that is refused would only wait.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use keydesk_api::{
    APIKey, APIKeyApproval, APIKeyRequest, APIProduct,
    foreign::{AuthPolicy, Gateway, HTTPRoute, Kuadrant, PlanPolicy, RateLimitPolicy},
};
use kube::{Api, Client, Resource, api::PostParams};

use crate::{command::imperative::Unanswered, exit::Failure};

/// Something that a gate lists and watches.
#[derive(Clone, Debug)]
pub(super) struct Readable {
    group: String,
    plural: String,
    /// Everywhere where none is named.
    namespace: Option<String>,
}

impl Readable {
    fn kind<K: Resource<DynamicType = ()>>() -> Self {
        Self {
            group: K::group(&()).into_owned(),
            plural: K::plural(&()).into_owned(),
            namespace: None,
        }
    }

    /// All kinds that a gate reads in every namespace.
    pub(super) fn kinds() -> Vec<Self> {
        vec![
            Self::kind::<APIProduct>(),
            Self::kind::<APIKey>(),
            Self::kind::<APIKeyRequest>(),
            Self::kind::<APIKeyApproval>(),
            Self::kind::<HTTPRoute>(),
            Self::kind::<Gateway>(),
            Self::kind::<AuthPolicy>(),
            Self::kind::<PlanPolicy>(),
            Self::kind::<RateLimitPolicy>(),
            Self::kind::<Kuadrant>(),
        ]
    }

    /// Enforcement secrets.
    pub(super) fn secrets(namespace: String) -> Self {
        Self {
            group: String::new(),
            plural: "secrets".to_owned(),
            namespace: Some(namespace),
        }
    }

    fn words(&self) -> String {
        let Self {
            group,
            plural,
            namespace,
        } = self;
        let name = if group.is_empty() {
            plural.clone()
        } else {
            format!("{plural}.{group}")
        };
        match namespace {
            Some(namespace) => format!("{name} in namespace {namespace}"),
            None => format!("{name} in all namespaces"),
        }
    }
}

/// A right that is missing, or that could not be asked about.
#[derive(Debug, thiserror::Error)]
enum RightsError {
    #[error("you may not list and watch {0}, which the gate decides by")]
    Miss(String),
    #[error("failed to ask the API server what you may read")]
    Ask(#[source] Unanswered),
}

impl From<RightsError> for Failure {
    fn from(error: RightsError) -> Self {
        let hint = match &error {
            RightsError::Miss(_) => {
                "have that granted: ClusterRole keydesk-gate is what a gate needs, and keydesk-gate-secrets bound in the \
                 namespace of enforcement secrets (config/gate); or name the kubeconfig of somebody who may, with \
                 --kubeconfig or --context"
            }
            RightsError::Ask(why) => why.hint(),
        };
        Self::fixable(&error, hint)
    }
}

/// Refuses if one of these may not be listed and watched.
pub(super) async fn demand(client: &Client, readable: Vec<Readable>) -> Result<(), Failure> {
    let answers = readable.into_iter().flat_map(|readable| {
        ["list", "watch"].map(|verb| {
            let readable = readable.clone();
            async move { Ok((may(client, verb, &readable).await?, readable)) }
        })
    });
    let answers: Vec<(bool, Readable)> = stream::iter(answers)
        .buffered(8)
        .try_collect()
        .await
        .map_err(|why: kube::Error| RightsError::Ask(why.into()))?;
    let missing = answers.into_iter().filter(|(may, _)| !may);
    let mut missing: Vec<_> = missing.map(|(_, readable)| readable.words()).collect();
    missing.dedup();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(RightsError::Miss(missing.join(", ")).into())
    }
}

async fn may(client: &Client, verb: &str, readable: &Readable) -> Result<bool, kube::Error> {
    let Readable {
        group,
        plural,
        namespace,
    } = readable;
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                verb: Some(verb.to_owned()),
                group: Some(group.clone()),
                resource: Some(plural.clone()),
                namespace: namespace.clone(),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
