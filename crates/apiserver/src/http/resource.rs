//! Requests about objects: each verb's body and options in, its answer out.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer;
use super::body::Upload;
use super::patch::Patch;
use crate::admit::{self, Submitted};
use crate::api::{Api, NAMESPACES};
use crate::auth;
use crate::caller::User;
use crate::discovery;
use crate::request::{
    Accepted, FieldValidation, Form, ListOptions, Query, ResourceTarget, Verb, manager, write_options,
};
use crate::resource::{Part, ResourceType, Serves};
use crate::status::Refusal;
use crate::store::Object;
use crate::table::Table;
use crate::verb::{self, Call, Change, DeleteOptions, Deleted, Watch};

/// A request that may be answered.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) api: &'a Arc<Api>,
    pub(super) parts: &'a Parts,
    pub(super) user: &'a User,
    pub(super) kind: &'a Arc<ResourceType>,
    pub(super) target: &'a ResourceTarget,
    pub(super) verb: Verb,
    pub(super) query: &'a Query,
}

/// Name of the object that a request created: left on the response for the audit.
#[derive(Debug, Clone)]
pub(super) struct Created(pub(super) String);

/// Does what is asked.
pub(super) async fn answer(request: Request<'_>, body: Upload<'_>) -> Result<Response, Refusal> {
    let Request {
        kind,
        target,
        verb,
        parts,
        query,
        ..
    } = request;
    let accepted = Accepted::read(&parts.headers, query)?;
    let part = part(kind, target)?;
    check_scope(kind, target, verb)?;
    if kind.serves == Serves::Review {
        return review(request, body, accepted).await;
    }
    // What discovery does not list is not served: nobody deletes all namespaces at once.
    if part == Part::Main && !discovery::verbs(kind).contains(&verb.as_str()) {
        return Err(Refusal::method_not_allowed());
    }
    let mut response = match (verb, part, target.name.as_deref()) {
        (Verb::Get, _, Some(name)) => get(request, name, accepted),
        (Verb::List, Part::Main, _) => list(request, accepted),
        (Verb::Watch, Part::Main, _) => watch(request, accepted),
        (Verb::Create, Part::Main, None) => create(request, body, accepted).await,
        (Verb::Update, part, Some(name)) => update(request, body, accepted, part, name).await,
        (Verb::Patch, part, Some(name)) => patch(request, body, accepted, part, name).await,
        (Verb::Delete, Part::Main, Some(name)) => delete(request, body, accepted, name).await,
        (Verb::DeleteCollection, Part::Main, None) => delete_collection(request, body, accepted).await,
        (
            Verb::Get
            | Verb::List
            | Verb::Watch
            | Verb::Create
            | Verb::Update
            | Verb::Patch
            | Verb::Delete
            | Verb::DeleteCollection,
            ..,
        ) => Err(Refusal::method_not_allowed()),
    }?;
    if let Some(deprecation) = &kind.deprecation {
        warn(&mut response, std::slice::from_ref(deprecation));
    }
    Ok(response)
}

fn part(kind: &ResourceType, target: &ResourceTarget) -> Result<Part, Refusal> {
    match target.subresource.as_deref() {
        None => Ok(Part::Main),
        Some("status") if kind.status_subresource => Ok(Part::Status),
        Some("finalize") if &*kind.storage == NAMESPACES => Ok(Part::Finalize),
        Some(_) => Err(Refusal::no_such_path()),
    }
}

/// Objects in namespaces are found in them; only reading goes across all.
fn check_scope(kind: &ResourceType, target: &ResourceTarget, verb: Verb) -> Result<(), Refusal> {
    match (kind.namespaced, &target.namespace) {
        (false, Some(_)) => Err(Refusal::no_such_path()),
        (true, None) if target.name.is_some() => Err(Refusal::no_such_path()),
        (true, None) if !matches!(verb, Verb::List | Verb::Watch) => Err(Refusal::method_not_allowed()),
        (true, _) | (false, None) => Ok(()),
    }
}

impl<'a> Request<'a> {
    fn call(&self) -> Call<'a> {
        Call {
            api: self.api,
            user: self.user,
            resource: self.kind,
            namespace: self.target.namespace.as_deref(),
            manager: manager(self.query, self.parts),
        }
    }

    async fn submitted(&self, body: Upload<'_>, fields: FieldValidation) -> Result<Submitted, Refusal> {
        let body = body.read().await?;
        let decoded = admit::decode(&self.parts.headers, &body, &self.kind.kind)?;
        admit::typed(self.kind, decoded, fields)
    }

    fn object(&self, accepted: Accepted, object: &Object, code: StatusCode) -> Response {
        answer::object(accepted, self.kind, object, code, self.api.now())
    }
}

async fn review(request: Request<'_>, body: Upload<'_>, accepted: Accepted) -> Result<Response, Refusal> {
    if request.verb != Verb::Create || request.target.name.is_some() {
        return Err(Refusal::method_not_allowed());
    }
    let fields = write_options(request.query, request.verb)?;
    let Submitted { object, warnings } = request.submitted(body, fields).await?;
    let asked = auth::Asked {
        user: request.user,
        namespace: request.target.namespace.as_deref(),
        policy: &request.api.policy(),
        tokens: &request.api.tokens,
        now: request.api.now(),
    };
    let mut response = answer::value(
        accepted,
        &auth::answer_review(&object, &asked)?,
        StatusCode::CREATED,
    );
    warn(&mut response, &warnings);
    Ok(response)
}

fn get(request: Request<'_>, name: &str, accepted: Accepted) -> Result<Response, Refusal> {
    let Request {
        api, kind, target, ..
    } = request;
    let key = kind.key(target.namespace.as_deref(), name);
    let found = api
        .store
        .get(&key)
        .ok_or_else(|| Refusal::not_found(&kind.group, &kind.plural, name))?;
    Ok(request.object(accepted, &found, StatusCode::OK))
}

fn list(request: Request<'_>, accepted: Accepted) -> Result<Response, Refusal> {
    let options = ListOptions::read(request.query, request.kind, false)?;
    let listed = verb::list(&request.call(), &options)?;
    Ok(answer::list(accepted, request.kind, &listed, request.api.now()))
}

fn watch(request: Request<'_>, accepted: Accepted) -> Result<Response, Refusal> {
    let Request {
        api,
        kind,
        user,
        target,
        ..
    } = request;
    let mut options = ListOptions::read(request.query, kind, true)?;
    if let Some(name) = &target.name {
        options.select_name(name, kind)?;
    }
    let watch = Watch::new(
        Arc::clone(api),
        user.clone(),
        Arc::clone(kind),
        target.namespace.clone(),
        options,
    )?;
    let lines = stream::unfold((watch, true), move |(mut watch, first)| async move {
        let change = watch.next().await?;
        let line = line(accepted, watch.resource(), &change, first, watch.now());
        Some((Ok::<Bytes, std::convert::Infallible>(line), (watch, false)))
    });
    Ok(answer::reply(
        Body::from_stream(lines),
        StatusCode::OK,
        "application/json",
    ))
}

/// One line of a watch. Only the `first` has the headings of a table.
fn line(accepted: Accepted, kind: &ResourceType, change: &Change, first: bool, now: Timestamp) -> Bytes {
    let shape = |object: &Value| shape(accepted.form, kind, object, first, now);
    let (event, object) = match change {
        Change::Added(object) => ("ADDED", shape(&kind.shown(object))),
        Change::Modified(object) => ("MODIFIED", shape(&kind.shown(object))),
        Change::Deleted(object) => ("DELETED", shape(&kind.shown(object))),
        Change::Bookmark(revision) => {
            let bookmark = json!({
                "kind": kind.kind,
                "apiVersion": kind.api_version(),
                "metadata": {"resourceVersion": revision.to_string(), "creationTimestamp": null},
            });
            ("BOOKMARK", shape(&bookmark))
        }
        Change::Error(refusal) => ("ERROR", refusal.to_value()),
    };
    let mut line = json!({"type": event, "object": object}).to_string();
    line.push('\n');
    line.into()
}

fn shape(form: Form, kind: &ResourceType, object: &Value, headings: bool, now: Timestamp) -> Value {
    match form {
        Form::Full => object.clone(),
        Form::Partial => answer::partial(object),
        Form::Table(include) => Table::new(kind, include, now).object(object, headings),
    }
}

async fn create(request: Request<'_>, body: Upload<'_>, accepted: Accepted) -> Result<Response, Refusal> {
    let fields = write_options(request.query, request.verb)?;
    let Submitted { object, warnings } = request.submitted(body, fields).await?;
    let created = verb::create(&request.call(), object).await?;
    let mut response = request.object(accepted, &created, StatusCode::CREATED);
    response.extensions_mut().insert(Created(created.at.name.clone()));
    warn(&mut response, &warnings);
    Ok(response)
}

async fn update(
    request: Request<'_>,
    body: Upload<'_>,
    accepted: Accepted,
    part: Part,
    name: &str,
) -> Result<Response, Refusal> {
    let fields = write_options(request.query, request.verb)?;
    let Submitted { object, warnings } = request.submitted(body, fields).await?;
    let replacement = verb::replacement(request.kind, name, object);
    let updated = verb::update(&request.call(), name, part, replacement).await?;
    let mut response = request.object(accepted, &updated, StatusCode::OK);
    warn(&mut response, &warnings);
    Ok(response)
}

async fn patch(
    request: Request<'_>,
    body: Upload<'_>,
    accepted: Accepted,
    part: Part,
    name: &str,
) -> Result<Response, Refusal> {
    let fields = write_options(request.query, request.verb)?;
    let body = body.read().await?;
    let patch = Patch::read(request.kind, &request.parts.headers, &body)?;
    let mut warnings = Vec::new();
    let patched = verb::update(&request.call(), name, part, |old| {
        let submitted = admit::typed(request.kind, patch.apply(request.kind, old)?, fields)?;
        warnings = submitted.warnings;
        Ok(submitted.object)
    })
    .await?;
    let mut response = request.object(accepted, &patched, StatusCode::OK);
    warn(&mut response, &warnings);
    Ok(response)
}

async fn delete_options(request: Request<'_>, body: Upload<'_>) -> Result<DeleteOptions, Refusal> {
    let body = body.read().await?;
    let body = if body.is_empty() {
        None
    } else {
        Some(admit::decode(&request.parts.headers, &body, "DeleteOptions")?.value)
    };
    DeleteOptions::read(body, request.query, request.verb)
}

async fn delete(
    request: Request<'_>,
    body: Upload<'_>,
    accepted: Accepted,
    name: &str,
) -> Result<Response, Refusal> {
    let options = delete_options(request, body).await?;
    match verb::delete(&request.call(), name, &options).await? {
        Deleted::Going(object) => Ok(request.object(accepted, &object, StatusCode::OK)),
        Deleted::Gone(object) => {
            let ResourceType { group, plural, .. } = &**request.kind;
            let mut details = json!({"name": name, "kind": plural, "uid": object.uid});
            if !group.is_empty() {
                details["group"] = json!(group);
            }
            let status = json!({
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": details,
            });
            Ok(answer::value(
                Accepted {
                    form: Form::Full,
                    ..accepted
                },
                &status,
                StatusCode::OK,
            ))
        }
    }
}

async fn delete_collection(
    request: Request<'_>,
    body: Upload<'_>,
    accepted: Accepted,
) -> Result<Response, Refusal> {
    let options = delete_options(request, body).await?;
    let selection = ListOptions::read(request.query, request.kind, false)?;
    let listed = verb::list(&request.call(), &selection)?;
    verb::delete_collection(&request.call(), &listed, &options).await?;
    Ok(answer::list(accepted, request.kind, &listed, request.api.now()))
}

/// Bytes of all warnings of one answer, as on a real server: clients refuse heads that are too large.
const MAX_WARNINGS: usize = 4 << 10;

/// Adds `Warning` headers. What cannot stand in a header is left out.
fn warn(response: &mut Response, warnings: &[String]) {
    let mut room = MAX_WARNINGS;
    for warning in warnings {
        match room.checked_sub(warning.len()) {
            Some(left) => room = left,
            None => return,
        }
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append("warning", value);
        }
    }
}
