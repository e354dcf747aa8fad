//! What of a key, a request and an approval is judged by. Whoever only judges keeps these and not the objects.

use jiff::Timestamp;
use keydesk_api::meta::{annotation, enforcement_secret_name, request_name};
use keydesk_api::{APIKey, APIKeyRequest};
use keydesk_core::{NamespacedName, Terms, Uid};
use kube::ResourceExt as _;

use crate::edge::key_of_request;
use crate::object::id;
use crate::{Approval, Binding, Bindings, KeyEdges, TermsBefore, asked, shown};

/// All that a key is judged by but its product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// The key.
    pub key: KeyRecord,
    /// The request that stands for it, if it exists.
    pub request: Option<RequestRecord>,
    /// Every approval of that request, in the order of their names.
    pub approvals: Vec<ApprovalRecord>,
}

/// What of an `APIKey` is judged by, and what its holder is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its namespace and name.
    pub id: NamespacedName,
    /// Its UID.
    pub uid: Uid,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The name of its consumer's Secret; empty if it names none.
    pub secret: String,
    /// What it is for, in its consumer's words.
    pub use_case: Option<String>,
    /// What it asks for now.
    pub asked: Terms,
}

impl KeyRecord {
    /// Reads a key.
    #[must_use]
    pub fn of(key: &APIKey) -> Self {
        Self {
            id: id(key),
            uid: Uid::new(key.metadata.uid.as_deref().unwrap_or_default()),
            created_at: key.creation_timestamp().map(|time| time.0),
            deleting: key.metadata.deletion_timestamp.is_some(),
            secret: key.spec.secret_ref.name.clone(),
            use_case: key.spec.use_case.clone(),
            asked: asked(key, &KeyEdges::of(key)),
        }
    }

    /// What it refers to, and what is derived from its name.
    #[must_use]
    pub fn edges(&self) -> KeyEdges {
        let NamespacedName { name, namespace } = &self.id;
        KeyEdges {
            product: self.asked.product.clone(),
            secret: (!self.secret.is_empty())
                .then(|| NamespacedName::new(namespace.as_str(), self.secret.as_str())),
            request: self.request(),
            enforcement_secret: enforcement_secret_name(namespace, name),
        }
    }

    /// The request that stands for it.
    #[must_use]
    pub fn request(&self) -> NamespacedName {
        let owner = self.asked.product.namespace.as_str();
        NamespacedName::new(owner, request_name(&self.id.namespace, &self.id.name))
    }
}

/// What of an `APIKeyRequest` is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The key that it says to stand for.
    pub key: NamespacedName,
    /// The terms that it shows.
    pub shown: Terms,
    /// What it showed before its last change.
    pub before: Option<TermsBefore>,
    /// What its approvals are bound to, as far as what it shows does not say: mostly nothing.
    pub bindings: Bindings,
}

impl RequestRecord {
    /// Reads a request.
    #[must_use]
    pub fn of(request: &APIKeyRequest) -> Self {
        Self {
            key: key_of_request(request),
            shown: shown(request),
            before: TermsBefore::of(request),
            bindings: Bindings::of(request),
        }
    }
}

/// What of an `APIKeyApproval` is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// Its namespace and name.
    pub id: NamespacedName,
    /// Its UID, under which its request may know what it is bound to.
    pub uid: Uid,
    /// The name of the request that it decides on.
    pub request: String,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its generation.
    pub generation: i64,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When somebody last wrote its spec, where the server tells.
    pub edited_at: Option<Timestamp>,
    /// Approved or denied.
    pub approved: bool,
    /// Who decided, as written on it.
    pub by: String,
    /// When, as written on it.
    pub reviewed_at: Timestamp,
    /// What the reviewer wants the consumer to read.
    pub message: String,
    /// The terms that the reviewer's tool recorded.
    pub reviewed: Reviewed,
    /// What it was bound to, as its record says.
    pub binding: Option<Binding>,
}

/// The terms that a reviewer's tool recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// It recorded none.
    Nothing,
    /// Something that nobody can read.
    Unreadable,
    /// These.
    Terms(Terms),
}

impl ApprovalRecord {
    /// Reads an approval.
    #[must_use]
    pub fn of(approval: &Approval) -> Self {
        let Approval { object, edited_at } = approval;
        let spec = &object.spec;
        let annotation = |name: &str| object.annotations().get(name).map(String::as_str);
        Self {
            id: id(object),
            uid: Uid::new(object.metadata.uid.as_deref().unwrap_or_default()),
            request: spec.api_key_request_ref.name.clone(),
            deleting: object.metadata.deletion_timestamp.is_some(),
            generation: object.metadata.generation.unwrap_or(1),
            created_at: object.creation_timestamp().map(|time| time.0),
            edited_at: *edited_at,
            approved: spec.approved,
            by: spec.reviewed_by.clone(),
            reviewed_at: spec.reviewed_at.0,
            message: spec.message.clone().unwrap_or_default(),
            reviewed: match annotation(annotation::TERMS).map(Terms::parse) {
                None => Reviewed::Nothing,
                Some(Ok(terms)) => Reviewed::Terms(terms),
                Some(Err(_)) => Reviewed::Unreadable,
            },
            binding: annotation(annotation::APPROVED_TERMS).and_then(|json| serde_json::from_str(json).ok()),
        }
    }

    /// The request that it decides on.
    #[must_use]
    pub fn request(&self) -> NamespacedName {
        NamespacedName::new(self.id.namespace.as_str(), self.request.as_str())
    }
}
