//! The two questions to the cluster.

use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use keydesk_api::APIProduct;
use kube::api::PostParams;
use kube::client::Body;
use kube::{Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Review;

const VERB: &str = "verify";
/// Bytes of an answer.
const MAX_ANSWER: usize = 1 << 20;

/// The cluster gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("failed to create a {kind}")]
pub(super) struct AskError {
    kind: &'static str,
    source: Failure,
}

/// Why. What the cluster said instead of an answer is not told: it may quote what was sent, and the token was.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("failed to send it")]
    Send(#[from] kube::Error),
    #[error("the API server answered {0}")]
    Status(StatusCode),
    #[error("failed to read an answer of the API server")]
    Read,
}

/// Who has `token`, and may they verify the keys of this product?
pub(super) async fn ask(
    client: &Client,
    token: &str,
    namespace: &str,
    product: &str,
) -> Result<Review, AskError> {
    let Some(user) = holder(client, token).await? else {
        return Ok(Review::Unauthenticated);
    };
    let review = SubjectAccessReview {
        spec: access(user, namespace, product),
        ..SubjectAccessReview::default()
    };
    let answer = create(client, "SubjectAccessReview", &review).await?;
    let is_allowed = answer
        .status
        .is_some_and(|status| status.allowed && status.denied != Some(true));
    Ok(if is_allowed {
        Review::Allowed
    } else {
        Review::Forbidden
    })
}

async fn holder(client: &Client, token: &str) -> Result<Option<UserInfo>, AskError> {
    let review = TokenReview {
        spec: TokenReviewSpec {
            token: token.to_owned(),
            // Those of the API server: a token for another service is not for us.
            audiences: None,
        },
        ..TokenReview::default()
    };
    let answer = create(client, "TokenReview", &review).await?;
    let authenticated = answer.status.filter(|status| status.authenticated == Some(true));
    Ok(authenticated.and_then(|status| status.user))
}

fn access(user: UserInfo, namespace: &str, product: &str) -> SubjectAccessReviewSpec {
    let UserInfo {
        username,
        uid,
        groups,
        extra,
    } = user;
    SubjectAccessReviewSpec {
        user: username,
        uid,
        groups,
        extra,
        resource_attributes: Some(ResourceAttributes {
            verb: Some(VERB.to_owned()),
            group: Some(APIProduct::group(&()).into_owned()),
            resource: Some(APIProduct::plural(&()).into_owned()),
            namespace: Some(namespace.to_owned()),
            name: Some(product.to_owned()),
            ..ResourceAttributes::default()
        }),
        non_resource_attributes: None,
    }
}

async fn create<K>(client: &Client, kind: &'static str, review: &K) -> Result<K, AskError>
where
    K: Resource<DynamicType = ()> + Serialize + DeserializeOwned,
{
    send(client, review)
        .await
        .map_err(|source| AskError { kind, source })
}

/// `kube::Api` would do the same, but logs the whole of an answer that it cannot read, and a TokenReview holds the token.
async fn send<K>(client: &Client, review: &K) -> Result<K, Failure>
where
    K: Resource<DynamicType = ()> + Serialize + DeserializeOwned,
{
    let bytes = serde_json::to_vec(review).map_err(kube::Error::SerdeError)?;
    let request = kube::core::Request::new(K::url_path(&(), None))
        .create(&PostParams::default(), bytes)
        .map_err(kube::Error::BuildRequest)?;
    let answer = client.send(request.map(Body::from)).await?;
    if !answer.status().is_success() {
        return Err(Failure::Status(answer.status()));
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    let bytes = body.map_err(|_| Failure::Read)?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|_| Failure::Read)
}
