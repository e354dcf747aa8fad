//! What a kind is to this server: its names, its shape, its rules.

use std::fmt;
use std::sync::Arc;

use keydesk_schema::{Schema, Violation};
use serde_json::Value;

/// One served version of one kind, built in or from a CRD.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent trait of the kind, read by its name"
)]
pub struct ResourceType {
    /// `""` for the core group.
    pub group: String,
    /// `v1`, `v1alpha1`.
    pub version: String,
    /// `APIKey`.
    pub kind: String,
    /// `APIKeyList`.
    pub list_kind: String,
    /// `apikeys`: what stands in the URL.
    pub plural: String,
    /// `apikey`.
    pub singular: String,
    /// `apik`.
    pub short_names: Vec<String>,
    /// `all`.
    pub categories: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What can be done with it.
    pub serves: Serves,
    /// Whether `/status` exists and the main endpoint ignores status.
    pub status_subresource: bool,
    /// Whether `metadata.generation` counts changes of what is neither metadata nor status.
    pub generation: bool,
    /// Whether a PUT without resourceVersion overwrites; custom kinds refuse it, as a real server does.
    pub unconditional_update: bool,
    /// Which names its objects may have.
    pub names: NameFormat,
    /// Defaults, pruning, validation. `None`: anything goes.
    pub schema: Option<Arc<Schema>>,
    /// The CRD's `openAPIV3Schema` as it was written, for publishing. `None` for built-in kinds.
    pub openapi: Option<Arc<Value>>,
    /// Printer columns of a CRD, NAME excluded. Built-in kinds bring their own rows.
    pub columns: Vec<Column>,
    /// JSON paths of a CRD that field selectors may name, e.g. `.spec.color`.
    pub selectable_fields: Vec<String>,
    /// Where its objects are kept: `group/plural`. Versions of a kind, and both groups of Event, share one.
    pub storage: Arc<str>,
    /// `apiVersion` of what is kept there.
    pub storage_api_version: String,
    /// The CRD it came from.
    pub crd: Option<String>,
    /// A deprecated version's warning.
    pub deprecation: Option<String>,
    /// Rules that no schema can say.
    pub rules: &'static dyn Rules,
}

/// Which verbs a kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// Objects are kept: every verb.
    Objects,
    /// A question and its answer: create only, nothing is kept.
    Review,
}

/// What names objects of a kind may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFormat {
    /// DNS-1123 subdomain.
    Subdomain,
    /// DNS-1123 label.
    Label,
    /// DNS-1035 label.
    Label1035,
    /// Anything that can stand as one segment of a path.
    PathSegment,
}

/// A printer column of a CRD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean`, `date`.
    pub type_: String,
    /// `""`, `int32`, `date-time`, …
    pub format: String,
    /// For people.
    pub description: String,
    /// `.spec.color`.
    pub json_path: String,
    /// 0 = always shown, more = with `-o wide`.
    pub priority: i64,
}

/// Which part of an object an update is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The object itself.
    Main,
    /// `/status`.
    Status,
    /// `/finalize` of a Namespace.
    Finalize,
}

/// What a kind asks beyond its schema. Pure functions; every one has the answer of an ordinary kind.
pub trait Rules: Send + Sync + fmt::Debug {
    /// Completes an object that is about to be created (after defaults, before validation).
    fn prepare_create(&self, _object: &mut Value) {}

    /// Completes an object that is about to replace `old` (after status and metadata were settled).
    fn prepare_update(&self, _object: &mut Value, _old: &Value, _part: Part) {}

    /// Everything wrong with `object`, which replaces `old` if there is one.
    fn validate(&self, _object: &Value, _old: Option<&Value>) -> Vec<Violation> {
        Vec::new()
    }

    /// From the shape of this version to the kept one.
    fn to_storage(&self, _object: &mut Value) {}

    /// From the kept shape to that of this version.
    fn to_served(&self, _object: &mut Value) {}
}

/// A kind without rules of its own.
#[derive(Debug)]
pub struct NoRules;

impl Rules for NoRules {}

impl ResourceType {
    /// `group/version`, or `v1` in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}
