//! Options of list, watch and deletecollection.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keydesk_schema::Violation;
use serde::{Deserialize, Serialize};

use super::Query;
use crate::resource::ResourceType;
use crate::select::{FieldSelector, LabelSelector};
use crate::status::{Cause, Refusal};
use crate::store::ObjectName;

/// What to list or watch, and as of when.
#[derive(Debug)]
pub(crate) struct ListOptions {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
    pub(crate) limit: Option<usize>,
    pub(crate) resume: Option<Continue>,
    /// `None`: the newest.
    pub(crate) revision: Option<u64>,
    pub(crate) exactness: Match,
    pub(crate) bookmarks: bool,
    pub(crate) timeout_seconds: Option<u64>,
}

/// What a given resourceVersion means for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    NotOlderThan,
    Exact,
}

/// Where a list broke off: an opaque text for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Continue {
    /// Tells tokens of this form from others.
    v: String,
    /// The revision of the whole list; 0: the newest, whatever was listed before.
    pub(crate) rv: u64,
    namespace: String,
    name: String,
    /// How many objects are behind, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) remaining: Option<usize>,
}

const TOKEN_FORM: &str = "meta.k8s.io/v1";

impl Continue {
    pub(crate) fn after(at: &ObjectName, revision: u64) -> Self {
        let ObjectName { namespace, name } = at.clone();
        Self {
            v: TOKEN_FORM.into(),
            rv: revision,
            namespace,
            name,
            remaining: None,
        }
    }

    /// The same, which knows how many objects are behind.
    pub(crate) fn with_remaining(self, remaining: Option<usize>) -> Self {
        Self { remaining, ..self }
    }

    /// The last object that was handed out.
    pub(crate) fn last(&self) -> ObjectName {
        ObjectName {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(token: &str) -> Result<Self, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|token| token.v == TOKEN_FORM)
            .ok_or_else(|| Refusal::bad_request("invalid continue token: continue key is not valid"))
    }
}

impl ListOptions {
    /// Reads the options of a list or, if `watch`, of a watch.
    ///
    /// # Errors
    /// 400 and 422 as a real server words them.
    pub(crate) fn read(query: &Query, resource: &ResourceType, watch: bool) -> Result<Self, Refusal> {
        let bad = |error: &dyn std::fmt::Display| Refusal::bad_request(error.to_string());
        let labels = LabelSelector::parse(query.text("labelSelector").unwrap_or_default())
            .map_err(|error| bad(&error))?;
        let fields = FieldSelector::parse(query.text("fieldSelector").unwrap_or_default(), resource)
            .map_err(|error| bad(&error))?;
        check_matching(query, watch)?;
        let resume = query.text("continue").map(Continue::decode).transpose()?;
        if resume.is_some()
            && query
                .text("resourceVersion")
                .is_some_and(|version| version != "0")
        {
            return Err(bad(
                &"specifying resource version is not allowed when using continue",
            ));
        }
        Ok(Self {
            labels,
            fields,
            // A negative limit lists all, as on a real server.
            limit: query
                .number("limit")?
                .and_then(|limit| usize::try_from(limit).ok())
                .filter(|limit| *limit > 0),
            resume,
            revision: revision(query)?,
            exactness: match query.text("resourceVersionMatch") {
                Some("Exact") => Match::Exact,
                _ => Match::NotOlderThan,
            },
            bookmarks: query.flag("allowWatchBookmarks"),
            timeout_seconds: query
                .number("timeoutSeconds")?
                .and_then(|seconds| u64::try_from(seconds).ok()),
        })
    }
}

/// Zero counts as none: both mean "whatever there is".
fn revision(query: &Query) -> Result<Option<u64>, Refusal> {
    let Some(text) = query.text("resourceVersion") else {
        return Ok(None);
    };
    match text.parse::<u64>() {
        Ok(0) => Ok(None),
        Ok(revision) => Ok(Some(revision)),
        Err(_) => Err(Refusal::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))),
    }
}

fn check_matching(query: &Query, watch: bool) -> Result<(), Refusal> {
    let version = query.text("resourceVersion");
    let matching = query.text("resourceVersionMatch");
    let initial_events = query.text("sendInitialEvents").is_some();
    let forbidden = |field: &str, why: &str| Violation::forbidden(field, why);
    let violation = if initial_events && watch {
        // Word for word what servers without the feature say: clients then list first.
        forbidden(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        )
    } else if initial_events {
        forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
    } else {
        let Some(matching) = matching else {
            return Ok(());
        };
        let why = match matching {
            _ if watch => "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            _ if version.is_none() => "resourceVersionMatch is forbidden unless resourceVersion is provided",
            _ if query.text("continue").is_some() => {
                "resourceVersionMatch is forbidden when continue is provided"
            }
            "Exact" if version == Some("0") => {
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""
            }
            "Exact" | "NotOlderThan" => return Ok(()),
            _ => "",
        };
        if why.is_empty() {
            Violation::not_supported("resourceVersionMatch", matching, &["Exact", "NotOlderThan", ""])
        } else {
            forbidden("resourceVersionMatch", why)
        }
    };
    Err(Refusal::invalid_options("ListOptions", Cause::from(&violation)))
}

impl ListOptions {
    /// Narrows the selection to one name: a watch of a single object's URL.
    ///
    /// # Errors
    /// 400 if the name cannot stand in a selector.
    pub(crate) fn select_name(&mut self, name: &str, resource: &ResourceType) -> Result<(), Refusal> {
        let escaped = name.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
        self.fields = FieldSelector::parse(&format!("metadata.name={escaped}"), resource)
            .map_err(|error| Refusal::bad_request(error.to_string()))?;
        Ok(())
    }
}
