//! Options of writes; what this server does not do is refused here, never ignored.

use http::request::Parts;
use http::{HeaderMap, header};
use keydesk_schema::Violation;

use super::{Query, Verb};
use crate::status::{Cause, Refusal};

/// What becomes of fields that the kind does not know, and of repeated ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// They refuse the request.
    Strict,
    /// They are dropped with a warning.
    Warn,
    /// They are dropped.
    Ignore,
}

/// Reads the options of a write.
///
/// # Errors
/// 422 for a wrong value; 400 for a dry run, which comes later.
pub(crate) fn write_options(query: &Query, verb: Verb) -> Result<FieldValidation, Refusal> {
    refuse_dry_run(query.text("dryRun"), verb)?;
    match query.text("fieldValidation") {
        None | Some("Warn") => Ok(FieldValidation::Warn),
        Some("Strict") => Ok(FieldValidation::Strict),
        Some("Ignore") => Ok(FieldValidation::Ignore),
        Some(other) => {
            let supported = ["", "Ignore", "Strict", "Warn"];
            let violation = Violation::not_supported("fieldValidation", other, &supported);
            Err(Refusal::invalid_options(
                options_kind(verb),
                Cause::from(&violation),
            ))
        }
    }
}

/// Longest name of a program, in bytes, as elsewhere.
const MANAGER_MAX: usize = 128;

/// What the program that writes calls itself.
pub(crate) fn manager<'a>(query: &'a Query, parts: &'a Parts) -> &'a str {
    let agent = || {
        parts
            .headers
            .get(header::USER_AGENT)?
            .to_str()
            .ok()?
            .split('/')
            .next()
    };
    let name = query.text("fieldManager").or_else(agent).unwrap_or_default();
    let end = name.floor_char_boundary(MANAGER_MAX);
    match &name[..end] {
        "" => "unknown",
        name => name,
    }
}

/// Refuses to pretend: a dry run would write.
pub(crate) fn refuse_dry_run(dry_run: Option<&str>, verb: Verb) -> Result<(), Refusal> {
    match dry_run {
        None => Ok(()),
        Some("All") => Err(Refusal::bad_request(
            "dryRun is not supported by this server yet; nothing was changed",
        )),
        Some(other) => {
            let violation = Violation::not_supported("dryRun", serde_json::json!([other]), &["All"]);
            Err(Refusal::invalid_options(
                options_kind(verb),
                Cause::from(&violation),
            ))
        }
    }
}

/// Refuses to act for somebody else: it would act as the caller.
///
/// # Errors
/// 400 if the request asks for impersonation, which comes later.
pub(crate) fn refuse_unsupported(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers
        .keys()
        .any(|name| name.as_str().starts_with("impersonate-"))
    {
        return Err(Refusal::bad_request(
            "impersonation is not supported by this server yet",
        ));
    }
    Ok(())
}

fn options_kind(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "CreateOptions",
        Verb::Patch => "PatchOptions",
        Verb::Delete | Verb::DeleteCollection => "DeleteOptions",
        Verb::Get | Verb::List | Verb::Watch | Verb::Update => "UpdateOptions",
    }
}
