//! Who may scrape: the bearer token says who asks, the cluster's RBAC whether that one may `get /metrics`. As upstream,
//! and with the same rights: to make a TokenReview and a `SubjectAccessReview`.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use k8s_openapi::api::{
    authentication::v1::{TokenReview, TokenReviewSpec, UserInfo},
    authorization::v1::{NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec},
};
use keydesk_process::chain;
use kube::{Api, Client, api::PostParams};
use parking_lot::Mutex;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::Semaphore, time::timeout};

/// Both questions together.
const DEADLINE: Duration = Duration::from_secs(5);

/// Reviews at a time: whoever sends tokens at random should not have the API server work for them.
const AT_A_TIME: usize = 4;

/// Longer tokens are nobody's.
const MAX_TOKEN: usize = 16 << 10;

/// Asks the cluster about scrapers.
#[derive(Clone)]
pub(super) struct Scrapers {
    client: Client,
    turns: Arc<Semaphore>,
    /// What went wrong last, so that it is told once and not for every scrape.
    told: Arc<Mutex<Option<String>>>,
}

/// What the cluster says about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Review {
    Allowed,
    Unauthenticated,
    Forbidden,
}

#[derive(Debug, thiserror::Error)]
enum ReviewError {
    #[error("failed to ask the cluster who scrapes metrics")]
    Identify(#[source] kube::Error),
    #[error("failed to ask the cluster whether somebody may scrape metrics")]
    Authorise(#[source] kube::Error),
    #[error("failed to ask the cluster about who scrapes metrics within {DEADLINE:?}")]
    Timeout,
}

impl Scrapers {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            told: Arc::default(),
        }
    }

    async fn review(&self, token: &str, verb: String, path: String) -> Result<Review, ReviewError> {
        let asked = async {
            // Never closed.
            let _turn = self.turns.acquire().await.ok();
            self.ask(token, verb, path).await
        };
        let reviewed = timeout(DEADLINE, asked)
            .await
            .unwrap_or(Err(ReviewError::Timeout));
        self.tell(reviewed.as_ref().err());
        reviewed
    }

    fn tell(&self, error: Option<&ReviewError>) {
        let news = error.map(|error| chain(error).to_string());
        let mut told = self.told.lock();
        if *told != news {
            if let Some(news) = &news {
                tracing::warn!("{news}; until that works, nobody is given any metrics");
            }
            *told = news;
        }
    }

    async fn ask(&self, token: &str, verb: String, path: String) -> Result<Review, ReviewError> {
        let question = TokenReview {
            spec: TokenReviewSpec {
                token: token.to_owned(),
                audiences: None,
            },
            ..TokenReview::default()
        };
        let identified = self.create(&question).await.map_err(ReviewError::Identify)?;
        let status = identified.status.unwrap_or_default();
        let Some(user) = status.user.filter(|_| status.authenticated == Some(true)) else {
            return Ok(Review::Unauthenticated);
        };
        let UserInfo {
            username,
            groups,
            uid,
            extra,
        } = user;
        let question = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: username,
                groups,
                uid,
                extra,
                non_resource_attributes: Some(NonResourceAttributes {
                    verb: Some(verb),
                    path: Some(path),
                }),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let authorised = self.create(&question).await.map_err(ReviewError::Authorise)?;
        let allowed = authorised
            .status
            .is_some_and(|status| status.allowed && status.denied != Some(true));
        Ok(if allowed {
            Review::Allowed
        } else {
            Review::Forbidden
        })
    }

    async fn create<K>(&self, question: &K) -> Result<K, kube::Error>
    where
        K: kube::Resource<DynamicType = ()> + Serialize + DeserializeOwned + Clone + std::fmt::Debug,
    {
        let reviews: Api<K> = Api::all(self.client.clone());
        reviews.create(&PostParams::default(), question).await
    }
}

/// Lets those through who may; answers as controller-runtime does.
pub(super) async fn admit(State(scrapers): State<Scrapers>, request: Request, next: Next) -> Response {
    let Some(token) = bearer(request.headers()) else {
        return unauthorized();
    };
    let verb = request.method().as_str().to_ascii_lowercase();
    let path = request.uri().path().to_owned();
    match scrapers.review(token, verb, path).await {
        Ok(Review::Allowed) => next.run(request).await,
        Ok(Review::Unauthenticated) => unauthorized(),
        Ok(Review::Forbidden) => (StatusCode::FORBIDDEN, "Authorization denied\n").into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "Authentication failed\n").into_response(),
    }
}

fn unauthorized() -> Response {
    let challenge = [(WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, challenge, "Unauthorized\n").into_response()
}

/// The token of a request, if it can be anybody's.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    let possible =
        !token.is_empty() && token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && possible).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_one() {
        let long = format!("Bearer {}", "x".repeat(MAX_TOKEN + 1));
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer ", None),
            ("Bearer a b", None),
            ("Basic abc", None),
            ("abc", None),
            (&long, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(bearer(&headers), token, "{header}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
