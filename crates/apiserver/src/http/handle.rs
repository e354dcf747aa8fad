//! The way of every request: who, what, may they, do it, tell the audit.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{Method, Request, header};

use super::body::Upload;
use super::drained::Drained;
use super::resource::{self, Created};
use super::room::Claim;
use crate::api::Api;
use crate::auth::Attributes;
use crate::caller::User;
use crate::registry::Registry;
use crate::request::{Query, ResourceTarget, Target, Verb, refuse_unsupported};
use crate::select::FieldSelector;
use crate::status::Refusal;
use crate::{audit, discovery, openapi};

/// Answers one request. The caller is in its extensions, or holds the token in its headers.
pub(crate) async fn handle(api: Arc<Api>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = Body::new(Drained::new(body));
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let work = async move {
        match answer(&api, &parts, body).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        }
    };
    if reads {
        return work.await;
    }
    // A client that goes away takes its request along. What it had written by then must be audited all the same.
    match tokio::spawn(work).await {
        Ok(response) => response,
        // The panic itself was reported where it happened.
        Err(_) => Refusal::internal("the request broke off").into_response(),
    }
}

async fn answer(api: &Arc<Api>, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    let user = identify(api, parts)?;
    let claim = match parts.extensions.get::<User>() {
        Some(_) => Claim::free(),
        None => api.room.claim(&user.name),
    };
    let upload = Upload::new(body, &claim);
    refuse_unsupported(&parts.headers)?;
    let query = Query::parse(parts.uri.query())?;
    let target = Target::parse(parts.uri.path())?;
    let verb = verb(parts, &target, &query);
    let response = match authorize(api, parts, &user, &target, verb, &query) {
        Ok(()) => dispatch(api, parts, upload, &user, &target, verb, &query).await,
        Err(refusal) => Err(refusal),
    };
    if verb.is_none_or(Verb::writes) && !matches!(parts.method.as_str(), "GET" | "HEAD") {
        let code = response.as_ref().map_or_else(Refusal::code, Response::status);
        let verb = match verb {
            Some(verb) => verb.as_str(),
            None => parts.method.as_str(),
        };
        audit::request(&user, &parts.method, verb, &named(target, &response), code);
    }
    response
}

/// The target of a create, once it is known what was (or would have been) created.
fn named(target: Target, response: &Result<Response, Refusal>) -> Target {
    match target {
        Target::Resource(target @ ResourceTarget { name: None, .. }) => {
            let name = match response {
                Ok(response) => response
                    .extensions()
                    .get::<Created>()
                    .map(|created| created.0.clone()),
                Err(refusal) => Some(refusal.name().to_owned()),
            };
            Target::Resource(ResourceTarget { name, ..target })
        }
        named => named,
    }
}

fn identify(api: &Api, parts: &Parts) -> Result<User, Refusal> {
    if let Some(user) = parts.extensions.get::<User>() {
        return Ok(user.clone());
    }
    let header = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token
        .and_then(|token| api.tokens.holder(token))
        .cloned()
        .ok_or_else(Refusal::unauthorized)
}

fn verb(parts: &Parts, target: &Target, query: &Query) -> Option<Verb> {
    match target {
        Target::Resource(target) => Verb::of(&parts.method, target.name.is_some(), query.flag("watch")),
        Target::Path(_) => None,
    }
}

fn authorize(
    api: &Api,
    parts: &Parts,
    user: &User,
    target: &Target,
    verb: Option<Verb>,
    query: &Query,
) -> Result<(), Refusal> {
    let attributes = Attributes::of(&narrowed(api, target, verb, query), verb, parts.method.as_str());
    let decision = api.policy().decide(user, &attributes);
    if decision.allowed {
        Ok(())
    } else {
        Err(attributes.forbidden(user, &decision))
    }
}

/// A list or watch of one name asks for that name: who may see it may watch it.
fn narrowed(api: &Api, target: &Target, verb: Option<Verb>, query: &Query) -> Target {
    let (Target::Resource(resource), Some(Verb::List | Verb::Watch | Verb::DeleteCollection)) =
        (target, verb)
    else {
        return target.clone();
    };
    let ResourceTarget {
        group,
        version,
        resource: plural,
        ..
    } = resource;
    let name = api
        .registry()
        .find(group, version, plural)
        .and_then(|kind| FieldSelector::parse(query.text("fieldSelector")?, kind).ok())
        .and_then(|selector| selector.name().map(str::to_owned));
    Target::Resource(ResourceTarget {
        name: resource.name.clone().or(name),
        ..resource.clone()
    })
}

async fn dispatch(
    api: &Arc<Api>,
    parts: &Parts,
    upload: Upload<'_>,
    user: &User,
    target: &Target,
    verb: Option<Verb>,
    query: &Query,
) -> Result<Response, Refusal> {
    let registry = api.registry();
    match target {
        Target::Path(_) => {
            if parts.uri.path() == "/readyz" && api.store.broken().is_cancelled() {
                return Err(Refusal::internal("the store takes no more writes"));
            }
            let found = answer_document(parts, &registry);
            Ok(found.unwrap_or_else(discovery::no_page))
        }
        Target::Resource(target) => {
            let ResourceTarget {
                group,
                version,
                resource: plural,
                ..
            } = target;
            match registry.find(group, version, plural) {
                Some(kind) => {
                    let verb = verb.ok_or_else(Refusal::method_not_allowed)?;
                    let request = resource::Request {
                        api,
                        parts,
                        user,
                        kind,
                        target,
                        verb,
                        query,
                    };
                    resource::answer(request, upload).await
                }
                // A real server has a handler only where there is a group.
                None if registry
                    .iter()
                    .any(|kind| kind.group == *group && kind.version == *version) =>
                {
                    Err(Refusal::no_such_path())
                }
                None => Ok(discovery::no_page()),
            }
        }
    }
}

/// What is told about the server itself; only ever read.
fn answer_document(parts: &Parts, registry: &Registry) -> Option<Response> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return None;
    }
    discovery::answer(parts, registry).or_else(|| openapi::answer(parts, registry))
}
