//! The decisions of the story, and which of them the server has acknowledged.

use std::collections::BTreeMap;
use std::ops::Range;

use keydesk_testkit::fixtures::{CONSUMER_NAMESPACE, OWNER_NAMESPACE, approval, but, key, named, request_of};
use keydesk_testkit::{Address, Person, kinds};
use serde_json::{Value, json};

/// What was acknowledged: name of the decision → (its uid, whether it approves).
#[derive(Default)]
pub(crate) struct Decisions {
    acknowledged: BTreeMap<String, (Value, bool)>,
}

/// The key with this number.
pub(crate) fn key_named(index: usize) -> Value {
    let name = format!("key-{index:03}");
    but(
        named(key(), CONSUMER_NAMESPACE, &name),
        &json!({ "spec": { "secretRef": { "name": name } } }),
    )
}

/// Every third decision ends as a denial, after it was an approval.
fn ends_approved(index: usize) -> bool {
    !index.is_multiple_of(3)
}

impl Decisions {
    /// Approves these keys one after the other, and takes every third approval back. What is acknowledged already is
    /// left as it is; a failed call is given up, the server may be dead.
    pub(crate) async fn make(&mut self, owner: &Person, keys: Range<usize>) {
        for index in keys {
            let key = key_named(index);
            let name = key["metadata"]["name"].as_str().unwrap();
            if self
                .acknowledged
                .get(name)
                .is_some_and(|(_, approves)| *approves == ends_approved(index))
            {
                continue;
            }
            let request = json!({ "spec": { "apiKeyRequestRef": { "name": request_of(&key).name } } });
            let decision = but(named(approval(), OWNER_NAMESPACE, name), &request);
            let address = Address::of(&decision);
            let made = match owner.create(&decision).await {
                // Written before the kill, unacknowledged.
                Err(refused) if refused.code == 409 => owner.get(&address).await,
                made => made,
            };
            let made = made.unwrap_or_else(|refused| panic!("approve {name}: {refused}"));
            self.acknowledge(&made);
            if !ends_approved(index) {
                let denied = owner
                    .patch(&address, &json!({ "spec": { "approved": false } }))
                    .await;
                self.acknowledge(&denied.unwrap_or_else(|refused| panic!("deny {name}: {refused}")));
            }
        }
    }

    fn acknowledge(&mut self, decision: &Value) {
        let name = decision["metadata"]["name"].as_str().unwrap().to_owned();
        let approves = decision["spec"]["approved"] == true;
        self.acknowledged
            .insert(name, (decision["metadata"]["uid"].clone(), approves));
    }

    /// Sees that the server still has everything that it acknowledged. A denial that it had written when it died,
    /// before it could say so, may be there in place of the approval.
    pub(crate) async fn are_kept(&self, admin: &Person) {
        let kept = admin.list(kinds::APPROVAL, OWNER_NAMESPACE).await.unwrap();
        for (name, (uid, approves)) in &self.acknowledged {
            let found = kept.iter().find(|decision| decision["metadata"]["uid"] == *uid);
            let found = found.unwrap_or_else(|| panic!("the acknowledged decision {name} is lost"));
            let approved = found["spec"]["approved"] == true;
            assert!(
                approved == *approves || !approved,
                "the acknowledged denial {name} is lost"
            );
        }
    }

    /// Whether the last decision on this key approves it.
    pub(crate) fn approves(&self, key: &Value) -> bool {
        let name = key["metadata"]["name"].as_str().unwrap();
        self.acknowledged.get(name).is_some_and(|(_, approves)| *approves)
    }
}
