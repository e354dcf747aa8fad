//! Bytes → an object of the kind that the URL names.

use http::HeaderMap;
use keydesk_schema::Violation;
use keydesk_schema::decode::{self, Decoded};
use serde_json::{Value, json};

use super::metadata;
use crate::api::CRDS;
use crate::request::FieldValidation;
use crate::resource::ResourceType;
use crate::status::{Cause, Refusal};
use crate::wire::{media_type, protobuf};
use crate::{crd, openapi};

const READ: [&str; 3] = [
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];

/// An object as submitted: of the right kind, only known fields, defaults filled in.
#[derive(Debug)]
pub(crate) struct Submitted {
    pub(crate) object: Value,
    /// For `Warning` headers.
    pub(crate) warnings: Vec<String>,
}

/// Reads a body in the format that its headers name.
///
/// # Errors
/// 415 for other formats, 400 for what is not what it says.
pub(crate) fn decode(headers: &HeaderMap, body: &[u8], kind: &str) -> Result<Decoded, Refusal> {
    let unrecognized = |error: &dyn std::fmt::Display| {
        Refusal::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {error}"
        ))
    };
    match media_type(headers) {
        "" | "application/json" => decode::json(body).map_err(|error| unrecognized(&error)),
        "application/yaml" => decode::yaml(body).map_err(|error| unrecognized(&error)),
        protobuf::MEDIA_TYPE => {
            let value = protobuf::decode(body).map_err(|error| unrecognized(&error))?;
            Ok(Decoded {
                value,
                duplicates: Vec::new(),
            })
        }
        _ => Err(Refusal::unsupported_media_type(&READ)),
    }
}

/// Makes an object of `resource` of what was decoded.
///
/// # Errors
/// 400 for another kind or version, for metadata of wrong types and, if strict, for fields that are unknown or repeated.
pub(crate) fn typed(
    resource: &ResourceType,
    decoded: Decoded,
    fields: FieldValidation,
) -> Result<Submitted, Refusal> {
    let Decoded {
        value: mut object,
        duplicates,
    } = decoded;
    check_kind(resource, &mut object)?;
    if let Some(why) = openapi::misfit(resource, &object) {
        return Err(unfit(resource, &why));
    }
    let mut unknown = metadata::clean(&mut object);
    if let Some(schema) = &resource.schema {
        unknown.extend(schema.prune(&mut object));
        schema.apply_defaults(&mut object);
    }
    if &*resource.storage == CRDS {
        crd::apply_defaults(&mut object);
    }
    let duplicates = duplicates.iter().map(|path| format!("duplicate field {path:?}"));
    let unknown = unknown.iter().map(|path| format!("unknown field {path:?}"));
    // The real server's two decoders report in different orders.
    let problems: Vec<String> = match resource.crd {
        Some(_) => duplicates.chain(unknown).collect(),
        None => unknown.chain(duplicates).collect(),
    };
    match fields {
        FieldValidation::Strict if !problems.is_empty() => Err(unfit(
            resource,
            &format!("strict decoding error: {}", problems.join(", ")),
        )),
        FieldValidation::Strict | FieldValidation::Ignore => Ok(Submitted {
            object,
            warnings: Vec::new(),
        }),
        FieldValidation::Warn => Ok(Submitted {
            object,
            warnings: problems,
        }),
    }
}

/// 400: the body has the kind's name and not its shape.
fn unfit(resource: &ResourceType, why: &str) -> Refusal {
    let ResourceType { kind, version, .. } = resource;
    Refusal::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a {kind}: {why}"
    ))
}

fn check_kind(resource: &ResourceType, object: &mut Value) -> Result<(), Refusal> {
    let ResourceType { kind, .. } = resource;
    let api_version = resource.api_version();
    let Value::Object(fields) = &mut *object else {
        let message =
            format!("the object provided is unrecognized (must be of type {kind}): it is not an object");
        return Err(Refusal::bad_request(message));
    };
    let said = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (said_kind, said_version) = (said("kind"), said("apiVersion"));
    if resource.crd.is_some() {
        if said_kind.is_empty() {
            let message = format!(
                "the object provided is unrecognized (must be of type {kind}): Object 'Kind' is missing"
            );
            return Err(Refusal::bad_request(message));
        }
        if said_version != api_version {
            return Err(Refusal::bad_request(format!(
                "the API version in the data ({said_version}) does not match the expected API version ({api_version})"
            )));
        }
        if said_kind != *kind {
            let violation = Violation::invalid("kind", said_kind.as_str(), format!("must be {kind}"));
            let name = metadata::text(object, "/metadata/name");
            return Err(Refusal::invalid(
                &resource.group,
                &said_kind,
                name,
                vec![Cause::from(&violation)],
            ));
        }
    } else {
        let other_kind = !said_kind.is_empty() && said_kind != *kind;
        let other_version = !said_version.is_empty() && said_version != api_version;
        if other_kind || other_version {
            let version = said_version.rsplit('/').next().unwrap_or_default();
            return Err(Refusal::bad_request(format!(
                "{said_kind} in version {version:?} cannot be handled as a {kind}: expected {kind} in version {api_version:?}"
            )));
        }
    }
    fields.insert("kind".into(), json!(kind));
    fields.insert("apiVersion".into(), json!(api_version));
    Ok(())
}
