//! Questions about identity and rights, answered from values: nothing of them is kept.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::attributes::{Attributes, ResourceAttributes};
use super::policy::{Policy, said};
use super::tokens::Tokens;
use crate::caller::User;
use crate::status::{Cause, Refusal};

/// Who may call this API server with its tokens: the audience of every token.
const AUDIENCE: &str = "https://kubernetes.default.svc";

/// What a question is answered from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Who asks.
    pub(crate) user: &'a User,
    /// The namespace of the URL; only a `LocalSubjectAccessReview` has one.
    pub(crate) namespace: Option<&'a str>,
    /// All roles and bindings.
    pub(crate) policy: &'a Policy,
    /// All tokens.
    pub(crate) tokens: &'a Tokens,
    /// The time of the question.
    pub(crate) now: Timestamp,
}

/// The review with its status filled in.
///
/// # Errors
/// 400 or 422 for a question that cannot be answered, in the real server's words; 404 for what is no review.
pub(crate) fn answer(review: &Value, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let kind = review.get("kind").and_then(Value::as_str).unwrap_or_default();
    let mut answer = review.clone();
    let spec = review
        .get("spec")
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()));
    let status = match kind {
        "SelfSubjectReview" => {
            answer["metadata"] =
                json!({"creationTimestamp": asked.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
            json!({"userInfo": user_info(asked.user)})
        }
        "TokenReview" => token_status(&spec, asked.tokens)?,
        "SelfSubjectAccessReview" => access_status(asked.policy, asked.user, &attributes(&spec)?),
        "SubjectAccessReview" => access_status(asked.policy, &subject(&spec)?, &attributes(&spec)?),
        "LocalSubjectAccessReview" => {
            let user = subject(&spec)?;
            let action = attributes(&spec)?;
            check_local(&spec, asked.namespace.unwrap_or_default())?;
            access_status(asked.policy, &user, &action)
        }
        "SelfSubjectRulesReview" => {
            let namespace = text(&spec, "namespace");
            if namespace.is_empty() {
                return Err(Refusal::bad_request("no namespace on request"));
            }
            answer["metadata"] = json!({});
            answer["spec"] = json!({});
            rules_status(asked, namespace)
        }
        _ => return Err(Refusal::no_such_path()),
    };
    if answer.get("metadata").is_none_or(Value::is_null) {
        answer["metadata"] = json!({});
    }
    answer["status"] = status;
    Ok(answer)
}

fn user_info(user: &User) -> Value {
    let User {
        name,
        uid,
        groups,
        extra,
    } = user;
    let mut info = json!({"username": name, "groups": groups});
    if !uid.is_empty() {
        info["uid"] = json!(uid);
    }
    if !extra.is_empty() {
        info["extra"] = json!(extra);
    }
    info
}

fn token_status(spec: &Value, tokens: &Tokens) -> Result<Value, Refusal> {
    let token = text(spec, "token");
    if token.is_empty() {
        return Err(Refusal::bad_request(
            "token is required for TokenReview in authentication",
        ));
    }
    let audiences = texts(spec, "audiences");
    let is_meant = audiences.is_empty() || audiences.iter().any(|audience| audience == AUDIENCE);
    Ok(match tokens.holder(token).filter(|_| is_meant) {
        Some(user) => json!({"authenticated": true, "user": user_info(user), "audiences": [AUDIENCE]}),
        None => json!({"user": {}, "error": "invalid bearer token"}),
    })
}

fn access_status(policy: &Policy, user: &User, action: &Attributes) -> Value {
    let decision = policy.decide(user, action);
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.into();
    }
    status
}

fn rules_status(asked: &Asked<'_>, namespace: &str) -> Value {
    let held = asked.policy.held(asked.user, namespace);
    let (paths, resources): (Vec<_>, Vec<_>) = held.rules.iter().partition(|rule| !rule.paths.is_empty());
    let mut status = json!({
        "resourceRules": resources.iter().map(|rule| rule.to_value()).collect::<Vec<_>>(),
        "nonResourceRules": paths.iter().map(|rule| rule.to_value()).collect::<Vec<_>>(),
        "incomplete": false,
    });
    if let Some(errors) = said(held.errors) {
        status["evaluationError"] = errors.into();
    }
    status
}

/// The user that a review is about: with the groups it names, no others.
fn subject(spec: &Value) -> Result<User, Refusal> {
    let (name, groups) = (text(spec, "user"), texts(spec, "groups"));
    if name.is_empty() && groups.is_empty() {
        return Err(invalid(
            "spec.user",
            "Invalid value: \"\": at least one of user or group must be specified",
        ));
    }
    Ok(User {
        name: name.to_owned(),
        uid: text(spec, "uid").to_owned(),
        groups,
        ..User::default()
    })
}

fn attributes(spec: &Value) -> Result<Attributes, Refusal> {
    let part = |field: &str| spec.get(field).filter(|value| !value.is_null());
    match (part("resourceAttributes"), part("nonResourceAttributes")) {
        (Some(resource), None) => {
            let text = |field: &str| text(resource, field).to_owned();
            Ok(Attributes::Resource(ResourceAttributes {
                verb: text("verb"),
                group: text("group"),
                resource: text("resource"),
                subresource: text("subresource"),
                namespace: text("namespace"),
                name: text("name"),
            }))
        }
        (None, Some(path)) => Ok(Attributes::Path {
            verb: text(path, "verb").to_owned(),
            path: text(path, "path").to_owned(),
        }),
        (Some(_), Some(path)) => Err(invalid(
            "spec.nonResourceAttributes",
            &format!(
                "Invalid value: {}: cannot be specified in combination with resourceAttributes",
                printed(path)
            ),
        )),
        (None, None) => Err(invalid(
            "spec.resourceAttributes",
            "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
    }
}

fn check_local(spec: &Value, namespace: &str) -> Result<(), Refusal> {
    if let Some(path) = spec.get("nonResourceAttributes").filter(|path| !path.is_null()) {
        let message = format!(
            "Invalid value: {}: disallowed on this kind of request",
            printed(path)
        );
        return Err(invalid("spec.nonResourceAttributes", &message));
    }
    let asked = spec
        .pointer("/resourceAttributes/namespace")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if asked != namespace {
        let message = format!("Invalid value: {asked:?}: must match metadata.namespace");
        return Err(invalid("spec.resourceAttributes.namespace", &message));
    }
    Ok(())
}

/// As Go's internal type prints it.
fn printed(path: &Value) -> Value {
    json!({"Path": text(path, "path"), "Verb": text(path, "verb")})
}

/// Reviews are refused without their kind, as a real server does.
fn invalid(field: &str, message: &str) -> Refusal {
    let cause = Cause {
        reason: "FieldValueInvalid".into(),
        message: message.to_owned(),
        field: field.to_owned(),
    };
    Refusal::invalid("authorization.k8s.io", "", "", vec![cause])
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn texts(object: &Value, field: &str) -> Vec<String> {
    let values = object.get(field).and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}
