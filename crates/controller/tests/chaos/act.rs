//! Doing things, and writing them down.

use jiff::Timestamp;
use keydesk_testkit::fixtures::{self, CONSUMER_NAMESPACE, but, named};
use keydesk_testkit::{Address, clock, kinds};
use serde_json::{Value, json};

use crate::check::copies_of;
use crate::ledger::{Decision, Held, Key, Said, user};
use crate::places::{
    KEYS, KUADRANTS, OWNERS, PRODUCTS, TIERS, auth_policy, key_at, kuadrant, owner_of, plan_policy, product,
    product_at, request_at, request_of, secret_at,
};
use crate::play::{Action, Auth, Change, Ends, Holds, Recorded, Tampering, Wish};
use crate::stage::Stage;
use crate::terms::Terms;

impl Stage {
    /// Does it, if it can be done.
    pub(crate) async fn act(&mut self, action: Action) {
        match action {
            Action::Ask {
                key,
                product,
                tier,
                ends,
            } => self.ask(key, product, tier, ends).await,
            Action::Withdraw(key) => {
                if self.ledger.keys.remove(&key).is_some() {
                    self.admin.delete(&key_at(key)).await.unwrap();
                }
            }
            Action::Change(key, wish) => self.change(key, wish).await,
            Action::PutSecret(key, holds) => self.put_secret(key, holds).await,
            Action::LoseSecret(key) => {
                if self.ledger.secrets.remove(&key).is_some() {
                    self.admin.delete(&secret_at(key)).await.unwrap();
                }
            }
            Action::Decide {
                key,
                approved,
                recorded,
                dated,
            } => self.decide(key, approved, recorded, dated).await,
            Action::ChangeDecision(nth, change) => self.change_decision(nth, change).await,
            Action::Auth(owner, auth) => self.auth(owner, auth).await,
            Action::Plans(owner, tiers) => self.plans(owner, tiers).await,
            Action::Automatic(product, automatic) => {
                if let Some(mode) = self.ledger.products.get_mut(&product) {
                    *mode = automatic;
                    let mode = if automatic { "automatic" } else { "manual" };
                    let spec = json!({ "spec": { "approvalMode": mode } });
                    self.admin.patch(&product_at(product), &spec).await.unwrap();
                }
            }
            Action::Kuadrant(place) => self.kuadrant(place).await,
            Action::DeleteProduct(product) => {
                if self.ledger.products.remove(&product).is_some() {
                    self.admin.delete(&product_at(product)).await.unwrap();
                }
            }
            Action::CreateProduct(number) => {
                let before = self.ledger.products.insert(number, false);
                if before.is_none() {
                    self.admin.create(&product(number, false)).await.unwrap();
                } else if before == Some(true) {
                    let spec = json!({ "spec": { "approvalMode": "manual" } });
                    self.admin.patch(&product_at(number), &spec).await.unwrap();
                }
            }
            Action::Tamper(key, tampering) => self.tamper(key, tampering).await,
            Action::Rogue => self.rogue().await,
            Action::Crash => self.crash().await,
            Action::Start => self.start(),
        }
        self.ledger.remember(clock::now());
    }

    async fn ask(&mut self, key: usize, product: usize, tier: usize, ends: Ends) {
        if self.ledger.keys.contains_key(&key) {
            return;
        }
        let ends = moment(ends);
        let spec = json!({ "spec": {
            "apiProductRef": { "name": PRODUCTS[product].1, "namespace": owner_of(product) },
            "secretRef": { "name": KEYS[key] },
            "planTier": TIERS[tier],
            "expiresAt": ends,
        }});
        let asks = but(named(fixtures::key(), CONSUMER_NAMESPACE, KEYS[key]), &spec);
        self.admin.create(&asks).await.unwrap();
        let asks = Key {
            product,
            tier,
            ends,
            scopes: false,
            other_user: false,
        };
        self.ledger.keys.insert(key, asks);
    }

    async fn change(&mut self, key: usize, wish: Wish) {
        let Some(asks) = self.ledger.keys.get_mut(&key) else {
            return;
        };
        let patch = match wish {
            Wish::Tier(tier) => {
                asks.tier = tier;
                json!({ "spec": { "planTier": TIERS[tier] } })
            }
            Wish::Ends(ends) => {
                asks.ends = moment(ends);
                json!({ "spec": { "expiresAt": asks.ends } })
            }
            Wish::Product(product) => {
                asks.product = product;
                let reference = json!({ "name": PRODUCTS[product].1, "namespace": owner_of(product) });
                json!({ "spec": { "apiProductRef": reference } })
            }
            Wish::Scopes(scopes) => {
                asks.scopes = scopes;
                let scopes = scopes.then_some("read");
                json!({ "metadata": { "annotations": { "keydesk.dev/scopes": scopes } } })
            }
            Wish::User(other) => {
                asks.other_user = other;
                json!({ "spec": { "requestedBy": { "userId": user(other) } } })
            }
        };
        self.admin.patch(&key_at(key), &patch).await.unwrap();
    }

    async fn put_secret(&mut self, key: usize, holds: Holds) {
        let held = match holds {
            Holds::Own(number) => Held::Value(format!("{}-own-value-{number}-0123456789abcdef", KEYS[key])),
            Holds::Shared => Held::Value("a-value-that-others-have-0123456789".to_owned()),
            Holds::Empty => Held::Empty,
            Holds::NoEntry => Held::NoEntry,
        };
        if let Held::Value(value) = &held {
            self.ledger.values.insert((key, value.clone()));
        }
        if self.ledger.secrets.get(&key) == Some(&held) {
            return;
        }
        let (entry, value) = match &held {
            Held::Value(value) => ("api_key", value.as_str()),
            Held::Empty => ("api_key", ""),
            Held::NoEntry => ("password", "something"),
        };
        let mut secret = fixtures::secret(CONSUMER_NAMESPACE, KEYS[key], value);
        let data = secret["data"]["api_key"].take();
        secret["data"] = json!({ entry: data });
        self.admin.put(&secret).await.unwrap();
        self.ledger.secrets.insert(key, held);
    }

    async fn decide(&mut self, key: usize, approved: bool, recorded: Recorded, dated: i64) {
        let Some(asked) = self.ledger.terms(key) else {
            return;
        };
        let owner = PRODUCTS[asked.product].0;
        let request = self.admin.find(&request_at(key, asked.product)).await;
        let shown = request.as_ref().and_then(Terms::shown).unwrap_or(asked);
        let said = match recorded {
            Recorded::Shown => Said::These(shown),
            Recorded::OtherTier(tier) => Said::These(Terms {
                tier: TIERS[tier].to_owned(),
                ..shown
            }),
            Recorded::Nothing => Said::Nothing,
            Recorded::Garbage => Said::Garbage,
        };
        let terms = match &said {
            Said::These(terms) => Some(terms.write()),
            Said::Nothing => None,
            Said::Garbage => Some("{\"tier\": \"gold\"}".to_owned()),
        };
        self.ledger.named += 1;
        let name = format!("decision-{}", self.ledger.named);
        let now = clock::now();
        let reviewed = Timestamp::from_second(now.as_second() + dated).unwrap();
        let decision = json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1",
            "kind": "APIKeyApproval",
            "metadata": {
                "name": name, "namespace": OWNERS[owner], "annotations": { "keydesk.dev/terms": terms },
            },
            "spec": {
                "apiKeyRequestRef": { "name": request_of(key) },
                "approved": approved,
                "reviewedBy": "owner@gamestore.com",
                "reviewedAt": reviewed,
            },
        });
        self.admin.create(&but(json!({}), &decision)).await.unwrap();
        let decision = Decision {
            key,
            owner,
            approved,
            said,
            accepted: now,
            reviewed,
            edited: false,
            by_hand: None,
            excused: false,
        };
        self.keep((owner, name), decision);
    }

    fn keep(&mut self, name: (usize, String), decision: Decision) {
        if decision.approved {
            self.ledger.approved.push(decision.clone());
        }
        self.ledger.decisions.insert(name, decision);
    }

    async fn change_decision(&mut self, nth: u8, change: Change) {
        let there = self.list(kinds::APPROVAL).await;
        let Some(object) = there.get(usize::from(nth) % there.len().max(1)) else {
            return;
        };
        let address = Address::of(object);
        let owner = OWNERS
            .iter()
            .position(|owner| *owner == address.namespace)
            .unwrap();
        let name = (owner, address.name.clone());
        if change == Change::Delete {
            self.admin.delete(&address).await.unwrap();
            self.ledger.decisions.remove(&name);
            return;
        }
        let before = object["spec"]["approved"] == true;
        let approved = if change == Change::Flip { !before } else { before };
        self.ledger.named += 1;
        let message = format!("on second thoughts, {}", self.ledger.named);
        let spec = json!({ "spec": { "approved": approved, "message": message } });
        let changed = self.admin.patch(&address, &spec).await.unwrap();
        // The controller may have renewed one of its own since it was last looked at.
        let is_known = |known: &&Decision| {
            object["spec"]["reviewedBy"] != "system"
                || (known.by_hand.is_some() && known.by_hand == object["metadata"]["generation"].as_i64())
        };
        let known = self.ledger.decisions.get(&name).filter(is_known).cloned();
        let decision = known.unwrap_or_else(|| automatic(object, owner));
        // The controller may have made it for an earlier life of the key, without anybody having taken it down yet.
        let excused = decision.excused || self.ledger.excuses(decision.key, owner, made(object));
        // What the controller recorded when it approved is not what somebody looked at who edits that later.
        let is_later = clock::now().as_second() > decision.reviewed.as_second();
        let said = if object["spec"]["reviewedBy"] == "system" && is_later {
            Said::Nothing
        } else {
            decision.said
        };
        let decision = Decision {
            said,
            excused,
            approved,
            accepted: clock::now(),
            edited: true,
            by_hand: changed["metadata"]["generation"].as_i64(),
            ..decision
        };
        self.keep(name, decision);
    }

    async fn auth(&mut self, owner: usize, auth: Auth) {
        if self.ledger.auth[owner] == auth {
            return;
        }
        let (policy, status) = auth_policy(owner, auth == Auth::Enforced);
        let at = Address::of(&policy);
        let exists = self.ledger.auth[owner] != Auth::Gone;
        if auth == Auth::Gone {
            if exists {
                self.admin.delete(&at).await.unwrap();
            }
        } else {
            if !exists {
                self.admin.create(&policy).await.unwrap();
            }
            self.admin.patch_status(&at, &status).await.unwrap();
        }
        self.ledger.auth[owner] = auth;
    }

    async fn plans(&mut self, owner: usize, tiers: usize) {
        if self.ledger.plans[owner] == tiers {
            return;
        }
        let (policy, status) = plan_policy(owner, tiers);
        let at = Address::of(&policy);
        if tiers > 0 {
            self.admin.put(&policy).await.unwrap();
            self.admin.patch_status(&at, &status).await.unwrap();
        } else if self.ledger.plans[owner] > 0 {
            self.admin.delete(&at).await.unwrap();
        }
        self.ledger.plans[owner] = tiers;
    }

    async fn kuadrant(&mut self, place: Option<usize>) {
        if self.ledger.kuadrant == place {
            return;
        }
        if let Some(old) = self.ledger.kuadrant {
            self.admin.delete(&Address::of(&kuadrant(old))).await.unwrap();
        }
        if let Some(new) = place {
            self.admin.create(&kuadrant(new)).await.unwrap();
        }
        self.ledger.kuadrant = place;
    }

    async fn tamper(&mut self, key: usize, tampering: Tampering) {
        for at in copies_of(self, key).await {
            self.ledger.tampered.insert(key);
            let patch = match tampering {
                Tampering::Delete => {
                    self.admin.delete(&at).await.unwrap();
                    continue;
                }
                Tampering::Data => json!({ "stringData": { "api_key": "put-in-by-hand-0123456789" } }),
                Tampering::Plan => {
                    json!({ "metadata": { "annotations": { "secret.kuadrant.io/plan-id": "platinum" } } })
                }
                Tampering::Label => json!({ "metadata": { "labels": { "app": null } } }),
            };
            // The controller may have been faster.
            let _ = self.admin.patch(&at, &patch).await;
        }
    }

    async fn rogue(&mut self) {
        let Some(place) = self.ledger.kuadrant else {
            return;
        };
        let labels =
            json!({ "devportal.kuadrant.io/enforcement": "true", "app": "gamestore", "role": "admin" });
        let rogue = but(
            fixtures::secret(KUADRANTS[place], "rogue", "a-value-of-nobody-0123456789"),
            &json!({ "metadata": { "labels": labels } }),
        );
        self.admin.put(&rogue).await.unwrap();
    }
}

/// When an object was created, in whole seconds.
pub(crate) fn made(object: &Value) -> Timestamp {
    crate::terms::moment(&object["metadata"]["creationTimestamp"]).unwrap()
}

/// A decision that the controller made, as it stands there.
pub(crate) fn automatic(object: &Value, owner: usize) -> Decision {
    let request = object["spec"]["apiKeyRequestRef"]["name"].as_str().unwrap();
    let annotations = &object["metadata"]["annotations"];
    let terms = annotations["keydesk.dev/terms"].as_str().unwrap();
    let terms = Terms::read(&serde_json::from_str(terms).unwrap(), OWNERS[owner]).unwrap();
    let moment = |json: &Value| crate::terms::moment(json).unwrap();
    let record = annotations["keydesk.dev/approved-terms"].as_str();
    let record: Option<Value> = record.map(|json| serde_json::from_str(json).unwrap());
    let record = record.filter(|record| record["generation"] == object["metadata"]["generation"]);
    let reviewed = moment(&object["spec"]["reviewedAt"]);
    Decision {
        key: crate::places::key_of(request).unwrap(),
        owner,
        approved: object["spec"]["approved"] == true,
        said: Said::These(terms),
        accepted: record.map_or(reviewed, |record| moment(&record["acceptedAt"])),
        reviewed,
        edited: object["metadata"]["generation"].as_i64() > Some(1),
        by_hand: None,
        excused: false,
    }
}

fn moment(ends: Ends) -> Option<Timestamp> {
    let now = clock::now().as_second();
    match ends {
        Ends::Never => None,
        Ends::Past => Timestamp::from_second(now - 1000).ok(),
        Ends::In(seconds) => Timestamp::from_second(now + seconds).ok(),
    }
}
