//! `allOf`, `anyOf`, `oneOf` and `not`.

use serde_json::Value;

use super::{Check, Outcome};
use crate::node::{Node, NodeId};
use crate::place::Place;
use crate::quote::quoted;
use crate::violation::Violation;

impl Check<'_> {
    pub(super) fn check_junctors(
        &self,
        node: &Node,
        value: &Value,
        old: Option<&Value>,
        place: &Place<'_>,
    ) -> Outcome {
        let mut outcome = Outcome {
            passed: 1,
            ..Outcome::default()
        };
        let complaint = |rest: &str| {
            let path = quoted(&place.to_string());
            Violation::invalid(self.prefix, "", format!("{path} must {rest}"))
        };
        let try_branch = |&id: &NodeId| self.check(id, value, old, place);

        if !node.any_of.is_empty() {
            let (valid, chosen) = choose(node.any_of.iter().map(try_branch), 1);
            if valid == 0 {
                outcome.add(Some(complaint("validate at least one schema (anyOf)")));
            }
            outcome.merge_new(chosen);
        }
        if !node.one_of.is_empty() {
            let (valid, chosen) = choose(node.one_of.iter().map(try_branch), usize::MAX);
            if valid != 1 {
                let found = if valid == 0 {
                    "none valid".to_owned()
                } else {
                    format!("{valid} valid alternatives")
                };
                let rest = format!("validate one and only one schema (oneOf). Found {found}");
                outcome.add(Some(complaint(&rest)));
            }
            outcome.merge_new(chosen);
        }
        if !node.all_of.is_empty() {
            let mut valid = 0;
            for branch in node.all_of.iter().map(try_branch) {
                valid += usize::from(branch.violations.is_empty());
                outcome.merge_new(branch);
            }
            if valid != node.all_of.len() {
                let rest = if valid == 0 { ". None validated" } else { "" };
                outcome.add(Some(complaint(&format!(
                    "validate all the schemas (allOf){rest}"
                ))));
            }
        }
        if let Some(not) = &node.not
            && try_branch(not).violations.is_empty()
        {
            outcome.add(Some(complaint("not validate the schema (not)")));
        }
        outcome
    }
}

/// Tries alternatives until `enough` are valid. Says how many were, and what to report: nothing when
/// one was valid, otherwise the faults of the one that came closest.
fn choose(alternatives: impl Iterator<Item = Outcome>, enough: usize) -> (usize, Outcome) {
    let mut valid = 0;
    let mut closest: Option<Outcome> = None;
    for outcome in alternatives {
        if outcome.violations.is_empty() {
            if valid == 0 {
                closest = Some(outcome);
            }
            valid += 1;
            if valid >= enough {
                break;
            }
        } else if valid == 0
            && closest
                .as_ref()
                .is_none_or(|closest| outcome.passed > closest.passed)
        {
            closest = Some(outcome);
        }
    }
    (valid, closest.unwrap_or_default())
}
