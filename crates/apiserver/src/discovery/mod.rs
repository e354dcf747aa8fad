//! What a client asks first: which API groups, versions and kinds there are, which version the server is, and
//! whether it is well.
//!
//! Everything is derived from the [`Registry`] of the moment; nothing here knows how requests for objects are served.

mod aggregated;
mod group;
mod legacy;
#[cfg(test)]
mod tests;

pub(crate) use self::group::verbs;

use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::registry::Registry;
use crate::status::Refusal;
use crate::wire::document;

/// The answer to a GET of a path of discovery, version or health; `None` for any other request.
pub(crate) fn answer(request: &Parts, registry: &Registry) -> Option<Response> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let (path, headers) = (request.uri.path(), &request.headers);
    let groups = group::groups(registry);
    let plain = path
        .strip_suffix('/')
        .filter(|path| !path.is_empty())
        .unwrap_or(path);
    if matches!(plain, "/api" | "/apis")
        && let Some(version) = aggregated::accepted(headers)
    {
        let list = aggregated::list(&groups, plain == "/api", version);
        return Some(document::answer(&list, aggregated::media_type(version), headers));
    }
    let segments: Vec<&str> = plain.split('/').skip(1).collect();
    let found = match segments.as_slice() {
        [""] => index(&groups),
        ["version"] => version(),
        ["healthz" | "livez" | "readyz"] => return Some("ok".into_response()),
        ["api"] => legacy::core_versions(),
        ["apis"] => legacy::group_list(&groups),
        ["api", version] => match groups
            .iter()
            .find(|group| group.name.is_empty())?
            .version(version)
        {
            Some(version) => legacy::resource_list(version),
            None => return Some(Refusal::no_such_path().into_response()),
        },
        ["apis", name] => match groups.iter().find(|group| group.name == *name) {
            Some(group) => legacy::group(group),
            None => return Some(no_page()),
        },
        ["apis", name, version] => match groups.iter().find(|group| group.name == *name) {
            Some(group) => match group.version(version) {
                Some(version) => legacy::resource_list(version),
                None => return Some(Refusal::no_such_path().into_response()),
            },
            None => return Some(no_page()),
        },
        _ => return None,
    };
    Some(document::answer(&found, "application/json", headers))
}

/// What a real server says of a path that nothing serves.
pub(crate) fn no_page() -> Response {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    (
        StatusCode::NOT_FOUND,
        [(header::CONTENT_TYPE, kind)],
        "404 page not found\n",
    )
        .into_response()
}

/// The version that clients take this server for: what it behaves like, and that it is not quite that.
fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "gitVersion": concat!("v1.36.0+keydesk.", env!("CARGO_PKG_VERSION")),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

fn index(groups: &[group::Group]) -> Value {
    let mut paths: Vec<String> = [
        "/api",
        "/apis",
        "/healthz",
        "/livez",
        "/openapi/v3",
        "/readyz",
        "/version",
    ]
    .map(str::to_owned)
    .into();
    for group in groups {
        if !group.name.is_empty() {
            paths.push(format!("/apis/{}", group.name));
        }
        paths.extend(group.versions.iter().map(group::Version::path));
    }
    paths.sort();
    json!({"paths": paths})
}
