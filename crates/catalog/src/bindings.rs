//! The bindings of a request's approvals that could not be found out anew, kept on the request.
//!
//! An approval keeps what it is bound to as an annotation, which those who write approvals can take away or change. Were
//! it bound anew, it would be bound to what its request shows by now. Requests are the controller's alone, so what differs
//! from that is written down there as well. Mostly nothing does: the terms of few keys change after they were approved.

use std::collections::BTreeMap;

use keydesk_api::APIKeyRequest;
use keydesk_api::meta::annotation;
use keydesk_core::by_weight;
use kube::ResourceExt;
use serde::{Deserialize, Serialize};

use crate::ApprovalRecord;
use crate::binding::{Binding, Bound, Shown};

/// So many are kept, those that decide first: an annotation has bounds.
const MOST: usize = 32;

/// By UID of the approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bindings(pub(crate) BTreeMap<String, Binding>);

impl Bindings {
    /// Reads the annotation; one that cannot be read is as good as none.
    #[must_use]
    pub fn of(request: &APIKeyRequest) -> Self {
        let json = request.annotations().get(annotation::BOUND_APPROVALS);
        json.and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default()
    }

    /// What must be kept of these bindings once the request shows what `shown` says.
    #[must_use]
    pub fn to_keep(bound: &[Bound<'_>], shown: &Shown) -> Self {
        let mut kept: Vec<_> = bound.iter().filter(|bound| !shown.says(&bound.binding)).collect();
        kept.sort_by(|a, b| by_weight(&b.decision(), &a.decision()));
        let entry = |bound: &Bound<'_>| Some((bound.approval.object.uid()?, bound.binding.clone()));
        Self(kept.into_iter().filter_map(entry).take(MOST).collect())
    }

    /// As the annotation has it; nothing if there is nothing to keep.
    #[must_use]
    pub fn to_json(&self) -> Option<String> {
        let Self(bindings) = self;
        // Strings, numbers, sets and timestamps always serialise.
        (!bindings.is_empty()).then(|| serde_json::to_string(bindings).unwrap_or_default())
    }

    /// What this generation of an approval was bound to.
    pub(crate) fn binding(&self, approval: &ApprovalRecord) -> Option<&Binding> {
        let Self(bindings) = self;
        if bindings.is_empty() {
            return None;
        }
        let binding = bindings.get(&approval.uid.to_string())?;
        (binding.generation == approval.generation).then_some(binding)
    }
}
