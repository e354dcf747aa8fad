//! Answers in the form that the client accepts.

use std::io::Write as _;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::request::{Accepted, Form};
use crate::resource::ResourceType;
use crate::status::Refusal;
use crate::store::Object;
use crate::table::Table;
use crate::verb::Listed;

/// Smaller bodies are sent as they are, as on a real server.
const GZIP_FROM: usize = 128 << 10;

/// One object.
pub(super) fn object(
    accepted: Accepted,
    resource: &ResourceType,
    object: &Object,
    code: StatusCode,
    now: Timestamp,
) -> Response {
    let body = match accepted.form {
        Form::Full if !accepted.yaml => return bytes(accepted, resource.shown_json(object), code),
        Form::Full => resource.shown(object),
        Form::Partial => partial(&resource.shown(object)),
        Form::Table(include) => Table::new(resource, include, now).object(&resource.shown(object), true),
    };
    value(accepted, &body, code)
}

/// A page of objects.
pub(super) fn list(accepted: Accepted, resource: &ResourceType, listed: &Listed, now: Timestamp) -> Response {
    let mut metadata = json!({"resourceVersion": listed.revision.to_string()});
    if let Some(resume) = &listed.resume {
        metadata["continue"] = json!(resume.encode());
    }
    if let Some(remaining) = listed.remaining {
        metadata["remainingItemCount"] = json!(remaining);
    }
    let shown = || listed.objects.iter().map(|object| resource.shown(object));
    let body = match accepted.form {
        Form::Full if !accepted.yaml => {
            return bytes(accepted, full_list(resource, listed, &metadata), StatusCode::OK);
        }
        Form::Full => json!({
            "kind": resource.list_kind,
            "apiVersion": resource.api_version(),
            "metadata": metadata,
            "items": shown().collect::<Vec<Value>>(),
        }),
        Form::Partial => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": shown().map(|object| partial(&object)).collect::<Vec<Value>>(),
        }),
        Form::Table(include) => {
            let objects: Vec<Value> = shown().collect();
            Table::new(resource, include, now).list(&metadata, &objects)
        }
    };
    value(accepted, &body, StatusCode::OK)
}

/// Put together from bytes as they are kept: nothing is parsed for a list.
fn full_list(resource: &ResourceType, listed: &Listed, metadata: &Value) -> Bytes {
    let head = format!(
        "{{\"kind\":{},\"apiVersion\":{},\"metadata\":{metadata},\"items\":[",
        json!(resource.list_kind),
        json!(resource.api_version())
    );
    let size: usize = listed.objects.iter().map(|object| object.json.len() + 1).sum();
    let mut body = Vec::with_capacity(head.len() + size + 2);
    body.extend_from_slice(head.as_bytes());
    for (position, object) in listed.objects.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&resource.shown_json(object));
    }
    body.extend_from_slice(b"]}");
    body.into()
}

/// The metadata of an object, as an object of its own.
pub(super) fn partial(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// Any JSON value.
pub(super) fn value(accepted: Accepted, value: &Value, code: StatusCode) -> Response {
    if !accepted.yaml {
        return bytes(accepted, value.to_string().into(), code);
    }
    match serde_saphyr::to_string(value) {
        Ok(yaml) => reply(Body::from(yaml), code, "application/yaml"),
        Err(error) => {
            Refusal::internal(format!("failed to write the answer as YAML: {error}")).into_response()
        }
    }
}

fn bytes(accepted: Accepted, body: Bytes, code: StatusCode) -> Response {
    if accepted.gzip && body.len() >= GZIP_FROM {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        if encoder.write_all(&body).is_ok()
            && let Ok(packed) = encoder.finish()
        {
            let mut response = reply(Body::from(packed), code, "application/json");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return response;
        }
    }
    reply(Body::from(body), code, "application/json")
}

/// A response of that type.
pub(super) fn reply(body: Body, code: StatusCode, content_type: &'static str) -> Response {
    let mut response = (code, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
