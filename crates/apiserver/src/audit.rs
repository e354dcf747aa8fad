//! One line for every write that was asked for: who, what, and how it ended. Never a body.

use http::{Method, StatusCode};

use crate::caller::User;
use crate::request::{ResourceTarget, Target};

/// The `tracing` target of the lines.
const TARGET: &str = "audit";

/// A write of an object or a collection.
pub(crate) fn object(user: &User, verb: &str, target: &ResourceTarget, code: StatusCode) {
    let ResourceTarget {
        group,
        version: _,
        resource,
        subresource,
        namespace,
        name,
    } = target;
    let user = user.name.as_str();
    let code = code.as_u16();
    let resource = match subresource {
        Some(subresource) => format!("{resource}/{subresource}"),
        None => resource.clone(),
    };
    let namespace = namespace.as_deref().unwrap_or_default();
    let name = name.as_deref().unwrap_or_default();
    let parts = [resource.as_str(), namespace, name];
    let object = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    tracing::info!(
        target: TARGET, user, verb, group, resource, namespace, name, code,
        "{user} {verb} {object}: {code}"
    );
}

/// A write of whatever was asked for over HTTP.
pub(crate) fn request(user: &User, method: &Method, verb: &str, target: &Target, code: StatusCode) {
    match target {
        Target::Resource(target) => object(user, verb, target, code),
        Target::Path(path) => {
            let (user, code, verb) = (user.name.as_str(), code.as_u16(), method.as_str());
            tracing::info!(target: TARGET, user, verb, path, code, "{user} {verb} {path}: {code}");
        }
    }
}
