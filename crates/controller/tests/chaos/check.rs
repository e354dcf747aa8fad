//! The world held against the ledger: what must hold at any moment, and what must hold once all is at rest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use keydesk_testkit::hidden::base64;
use keydesk_testkit::{Address, clock, conditions, kinds};
use serde_json::Value;

use crate::act::{automatic, made};
use crate::ledger::{Decision, Held, Said};
use crate::places::{KEYS, KUADRANTS, OWNERS, PRODUCTS, key_of, request_at, request_of};
use crate::stage::Stage;
use crate::terms::{Terms, moment};
use crate::verdict::{Stand, failure, verdict};

/// The oldest news, in seconds, on which the controller may still act: a watch that fell silent is given up by then, and
/// what was asked for late is done.
pub(crate) const LAG: i64 = 240;

type Broken = Result<(), String>;

/// At any moment: a gateway finds a value under terms only if somebody approved them.
pub(crate) async fn always(stage: &Stage) -> Broken {
    for copy in copies(stage).await {
        let name = copy["metadata"]["name"].as_str().unwrap_or_default();
        let Some(key) = key_of(name).filter(|key| !stage.ledger.tampered.contains(key)) else {
            continue;
        };
        let annotations = &copy["metadata"]["annotations"];
        let ends = moment(&annotations["secret.kuadrant.io/expires-at"]);
        let fits = |terms: &Terms| {
            annotations["secret.kuadrant.io/plan-id"] == terms.tier
                && annotations["secret.kuadrant.io/user-id"] == terms.user
                && terms
                    .ends
                    .is_none_or(|bound| ends.is_some_and(|ends| ends <= bound))
        };
        let given = stage
            .ledger
            .approved
            .iter()
            .filter(|decision| decision.key == key);
        let mut given = given.flat_map(|decision| stage.ledger.permissible(decision, &stage.journal));
        let by_itself = |terms: &Terms| {
            stage
                .ledger
                .may_be_automatic(key, terms, clock::now(), i64::MAX / 2)
        };
        if !given.any(|terms| fits(&terms))
            && !stage
                .ledger
                .asked(key)
                .any(|terms| fits(terms) && by_itself(terms))
        {
            return Err(format!("nobody approved what {name} carries: {annotations}"));
        }
        let known = stage.ledger.values.iter().filter(|(of, _)| *of == key);
        if !known
            .into_iter()
            .any(|(_, value)| copy["data"]["api_key"] == base64(value.as_bytes()))
        {
            return Err(format!("{name} carries a value that {} never had", KEYS[key]));
        }
    }
    Ok(())
}

/// Lets everything come to rest, and sees that it is right then.
pub(crate) async fn comes_to_rest(stage: &mut Stage) -> Broken {
    stage.rest().await;
    at_rest(stage).await
}

/// At rest: every key stands where it must, and is enforced if and only if it is approved, under exactly those terms.
async fn at_rest(stage: &mut Stage) -> Broken {
    let approvals = stage.list(kinds::APPROVAL).await;
    catch_up(stage, &approvals)?;
    stage.ledger.tampered.clear();
    let resolved = resolve(stage, &approvals)?;
    let keys = stage.list(kinds::KEY).await;
    let now = clock::now();
    let mut wanted = BTreeMap::new();
    let mut duplicates: BTreeMap<(usize, Held), (usize, usize)> = BTreeMap::new();
    if keys.len() != stage.ledger.keys.len() {
        return Err(format!("there are {} keys", keys.len()));
    }
    for object in &keys {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let key = KEYS
            .iter()
            .position(|key| *key == name)
            .ok_or("a key of nobody")?;
        let decisions = &resolved[&key];
        let verdict = verdict(&stage.ledger, key, decisions, now);
        let asked = stage.ledger.terms(key).ok_or("a key of nobody")?;
        let mut stand = verdict.stand.clone();
        if !matches!(stand, Stand::Failed(_)) {
            // Of several keys of a product with one value, one is as it would be without the others.
            let held = stage.ledger.secrets[&key].clone();
            let counts = duplicates.entry((asked.product, held)).or_default();
            counts.0 += 1;
            if reason(object, "Failed") == "SecretAPIKeyDuplicate" {
                counts.1 += 1;
                stand = Stand::Failed("SecretAPIKeyDuplicate");
            }
        }
        is_shown(object, &stand)
            .map_err(|why| format!("{name}: {why}, not {stand:?}: {}", object["status"]["conditions"]))?;
        let shown = conditions::has(object, "TermsChanged", "True", "AwaitingReapproval");
        if shown != verdict.asks_for_more {
            return Err(format!(
                "{name} is said to ask for more, or not: {}; it asks for {asked:?}, decided is {decisions:?}",
                object["status"]["conditions"]
            ));
        }
        let waits = (&asked, &stand, verdict.asks_for_more);
        may_wait(stage, key, waits, decisions, &approvals)?;
        request_is_right(stage, key, &asked, &stand, object).await?;
        let standing = if verdict.asks_for_more {
            "TermsChanged"
        } else {
            stand.name()
        };
        *stage.tally.entry(standing).or_default() += 1;
        if let Stand::Approved(terms) = stand {
            wanted.insert(key, terms);
        }
    }
    for ((product, _), (all, failed)) in duplicates {
        // One that fails for another reason may have the better right.
        let may_all_fail = keys.len() > all;
        if all > failed + 1 || (all == failed && !may_all_fail) {
            return Err(format!(
                "of {all} keys with one value for {}, {failed} are duplicates",
                PRODUCTS[product].1
            ));
        }
    }
    requests_are_derived(stage).await?;
    copies_are(stage, &wanted).await
}

/// Takes in what the controller decided by itself, and sees that no decision is lost.
fn catch_up(stage: &mut Stage, approvals: &[Value]) -> Broken {
    let mut there = BTreeSet::new();
    for object in approvals {
        let at = Address::of(object);
        let owner = OWNERS
            .iter()
            .position(|owner| *owner == at.namespace)
            .ok_or("an approval of nobody")?;
        let name = (owner, at.name.clone());
        there.insert(name.clone());
        let own = object["spec"]["reviewedBy"] == "system";
        let generation = object["metadata"]["generation"].as_i64();
        let touched = stage
            .ledger
            .decisions
            .get(&name)
            .is_some_and(|known| known.by_hand.is_some() && known.by_hand == generation);
        if !own || touched {
            if !stage.ledger.decisions.contains_key(&name) {
                return Err(format!("nobody made the decision {at}"));
            }
            continue;
        }
        let decision = automatic(object, owner);
        let Said::These(terms) = &decision.said else {
            return Err(format!("{at} does not say what it approves"));
        };
        if !stage
            .ledger
            .may_be_automatic(decision.key, terms, decision.accepted, LAG)
        {
            return Err(format!(
                "{at} approves what nobody left to it: {terms:?} at {}",
                decision.accepted
            ));
        }
        let known = stage.ledger.decisions.get(&name);
        let excused = known.is_some_and(|known| known.excused)
            || stage.ledger.excuses(decision.key, owner, made(object));
        stage
            .ledger
            .decisions
            .insert(name, Decision { excused, ..decision });
    }
    let gone: Vec<_> = stage
        .ledger
        .decisions
        .iter()
        .filter(|(name, _)| !there.contains(*name))
        .collect();
    if let Some(((_, name), _)) = gone.iter().find(|(_, decision)| !decision.excused) {
        return Err(format!("the decision {name} is lost"));
    }
    stage.ledger.decisions.retain(|name, _| there.contains(name));
    Ok(())
}

type Resolved = BTreeMap<usize, Vec<(String, Decision, Option<Terms>)>>;

/// What each decision on the present requests was for.
fn resolve(stage: &Stage, approvals: &[Value]) -> Result<Resolved, String> {
    let mut resolved: Resolved = (0..KEYS.len()).map(|key| (key, Vec::new())).collect();
    for ((owner, name), decision) in &stage.ledger.decisions {
        let asks = stage.ledger.keys.get(&decision.key);
        if asks.is_none_or(|asks| PRODUCTS[asks.product].0 != *owner) {
            continue;
        }
        let terms = match &decision.said {
            Said::These(terms) if PRODUCTS[terms.product].0 == *owner => Some(terms.clone()),
            Said::These(_) | Said::Garbage if decision.approved => None,
            // A no needs no terms: then it is about what was shown.
            Said::These(_) | Said::Garbage | Said::Nothing => {
                Some(on_record(stage, (*owner, name), decision, approvals)?)
            }
        };
        let all = resolved.get_mut(&decision.key).ok_or("a decision on nothing")?;
        all.push((name.clone(), decision.clone(), terms));
    }
    Ok(resolved)
}

/// What a decision that says nothing of terms is on record for, which must be what it may have been given for.
fn on_record(
    stage: &Stage,
    (owner, name): (usize, &str),
    decision: &Decision,
    approvals: &[Value],
) -> Result<Terms, String> {
    let own = |object: &&Value| {
        object["metadata"]["name"] == *name && object["metadata"]["namespace"] == OWNERS[owner]
    };
    let object = approvals.iter().find(own).ok_or("an approval is gone")?;
    let record = object["metadata"]["annotations"]["keydesk.dev/approved-terms"].as_str();
    let record = record.ok_or_else(|| format!("it is not on record what {name} approves"))?;
    let record: Value = serde_json::from_str(record).map_err(|error| error.to_string())?;
    if record["generation"] != object["metadata"]["generation"] {
        return Err(format!("it is not on record what {name} approves by now"));
    }
    let terms = Terms::read(&record["terms"], OWNERS[owner]).ok_or("a record cannot be read")?;
    let silent = Decision {
        said: Said::Nothing,
        ..decision.clone()
    };
    let permissible = stage.ledger.permissible(&silent, &stage.journal);
    // What was approved in an earlier life of the key is of no interest any more.
    if !permissible.contains(&terms) && !decision.excused {
        return Err(format!(
            "{name} is taken to approve {terms:?}, given for one of {permissible:?} at {}: {record}, {:?}",
            decision.accepted,
            stage.journal.of(decision.key)
        ));
    }
    Ok(terms)
}

fn is_shown(object: &Value, stand: &Stand) -> Broken {
    let why = stand.name();
    let aspect = match stand {
        Stand::Failed(_) => "Failed",
        Stand::Denied => "Denied",
        Stand::Expired => "Expired",
        Stand::Approved(_) => "Approved",
        Stand::Pending => "Pending",
    };
    if !conditions::is(object, aspect) {
        return Err(format!("it is {:?}", conditions::lifecycle(object)));
    }
    if reason(object, aspect) != why {
        return Err(format!("it is {aspect} because of {}", reason(object, aspect)));
    }
    Ok(())
}

fn reason<'a>(object: &'a Value, aspect: &str) -> &'a str {
    conditions::condition(object, aspect)
        .and_then(|found| found["reason"].as_str())
        .unwrap_or_default()
}

/// Whether no other key of the product has its value.
fn is_alone_with_its_value(stage: &Stage, key: usize, asked: &Terms) -> bool {
    let held = stage.ledger.secrets.get(&key);
    let others = stage.ledger.keys.keys().filter(|other| **other != key);
    let mut rivals = others.filter(|other| {
        let asks = stage.ledger.terms(**other);
        asks.is_some_and(|asks| asks.product == asked.product) && stage.ledger.secrets.get(other) == held
    });
    rivals.next().is_none()
}

/// Where the product approves by itself, nobody waits, unless an owner said no.
fn may_wait(
    stage: &Stage,
    key: usize,
    (asked, stand, asks_for_more): (&Terms, &Stand, bool),
    decisions: &[(String, Decision, Option<Terms>)],
    approvals: &[Value],
) -> Broken {
    // What could not stand is not approved.
    let could_stand = failure(&stage.ledger, key, asked.product, &asked.tier).is_none();
    let waits = could_stand
        && match stand {
            Stand::Pending => true,
            Stand::Approved(_) | Stand::Expired => asks_for_more,
            Stand::Failed("PlanTierNotFound") => asks_for_more && is_alone_with_its_value(stage, key, asked),
            Stand::Failed(_) | Stand::Denied => false,
        };
    let automatic = stage
        .ledger
        .products
        .get(&asked.product)
        .is_some_and(|automatic| *automatic);
    let own = |object: &&Value| {
        object["metadata"]["namespace"] == crate::places::owner_of(asked.product)
            && object["spec"]["apiKeyRequestRef"]["name"] == request_of(key)
    };
    let refused = |object: &Value| {
        let by_itself = object["metadata"]["name"] == format!("{}-auto", request_of(key));
        by_itself && (object["spec"]["approved"] == false || object["spec"]["reviewedBy"] != "system")
    };
    let unreadable =
        |object: &Value| object["metadata"]["annotations"]["keydesk.dev/terms"] == "{\"tier\": \"gold\"}";
    let mut own = approvals.iter().filter(own);
    let may = own.any(|object| refused(object) || (*stand == Stand::Pending && unreadable(object)));
    // The last word may be a no that was given while the key was for another product.
    let last = |approved: bool| {
        let all = decisions.iter().map(|(_, decision, _)| decision);
        all.filter(|decision| decision.approved == approved)
            .map(Decision::effective)
            .max()
    };
    let may = may || (last(false).is_some() && last(false) >= last(true));
    if waits && automatic && !may {
        return Err(format!(
            "{} waits for an approval that it should have got by itself",
            KEYS[key]
        ));
    }
    Ok(())
}

/// The owner sees what is asked for, and how it stands.
async fn request_is_right(stage: &Stage, key: usize, asked: &Terms, stand: &Stand, object: &Value) -> Broken {
    let found = stage.admin.find(&request_at(key, asked.product)).await;
    let failed = matches!(stand, Stand::Failed(_));
    match found {
        None if failed => Ok(()),
        None => Err(format!("{} is shown to nobody", KEYS[key])),
        Some(request) => {
            if Terms::shown(&request).as_ref() != Some(asked) {
                return Err(format!(
                    "{} asks for {asked:?}, and the owner sees {}",
                    KEYS[key], request["spec"]
                ));
            }
            if request["status"]["conditions"] != object["status"]["conditions"] {
                return Err(format!("the owner does not see how {} stands", KEYS[key]));
            }
            Ok(())
        }
    }
}

async fn requests_are_derived(stage: &Stage) -> Broken {
    for request in stage.list(kinds::REQUEST).await {
        let at = Address::of(&request);
        let asks = key_of(&at.name).and_then(|key| Some((key, stage.ledger.keys.get(&key)?.product)));
        if asks.is_none_or(|(key, product)| request_at(key, product) != at) {
            return Err(format!("{at} stands for no key"));
        }
    }
    Ok(())
}

/// Exactly these keys are enforced, where Kuadrant is, with their values, under these terms.
async fn copies_are(stage: &Stage, wanted: &BTreeMap<usize, Terms>) -> Broken {
    let mut missing: BTreeSet<usize> = wanted.keys().copied().collect();
    for copy in copies(stage).await {
        let at = Address::of(&copy);
        let key = key_of(&at.name);
        let Some((key, terms)) = key.and_then(|key| Some((key, wanted.get(&key)?))) else {
            // Without a Kuadrant nobody can tell whose it is.
            if key.is_none()
                && stage
                    .ledger
                    .kuadrant
                    .is_none_or(|place| KUADRANTS[place] != at.namespace)
            {
                continue;
            }
            return Err(format!("{at} opens doors for nobody who may"));
        };
        if stage
            .ledger
            .kuadrant
            .is_none_or(|place| KUADRANTS[place] != at.namespace)
        {
            return Err(format!("{at} is not where Kuadrant is"));
        }
        let annotations = &copy["metadata"]["annotations"];
        let ends = annotations["secret.kuadrant.io/expires-at"].as_str();
        let right = annotations["secret.kuadrant.io/plan-id"] == terms.tier
            && annotations["secret.kuadrant.io/user-id"] == terms.user
            && ends.map(str::to_owned) == terms.ends.map(|ends: Timestamp| ends.to_string());
        let labels = &copy["metadata"]["labels"];
        let labelled = labels["devportal.kuadrant.io/apiproduct"] == PRODUCTS[terms.product].1
            && labels["app"] == "gamestore"
            && labels["role"] == "admin";
        let value = stage.ledger.secrets.get(&key);
        let valued =
            matches!(value, Some(Held::Value(value)) if copy["data"]["api_key"] == base64(value.as_bytes()));
        if !right || !labelled || !valued {
            return Err(format!(
                "{at} is not as approved, {terms:?}: {annotations} {labels} value right: {valued}"
            ));
        }
        if !missing.remove(&key) {
            return Err(format!("{at} is not the only one of {}", KEYS[key]));
        }
    }
    if let Some(key) = missing.first() {
        return Err(format!("{} is approved and not enforced", KEYS[*key]));
    }
    Ok(())
}

/// The enforcement secrets of a key.
pub(crate) async fn copies_of(stage: &Stage, key: usize) -> Vec<Address> {
    let copies = copies(stage).await.into_iter().map(|copy| Address::of(&copy));
    copies.filter(|at| key_of(&at.name) == Some(key)).collect()
}

/// All that looks like an enforcement secret.
async fn copies(stage: &Stage) -> Vec<Value> {
    let secrets = stage.list(kinds::SECRET).await;
    let enforces =
        |secret: &Value| secret["metadata"]["labels"]["devportal.kuadrant.io/enforcement"] == "true";
    secrets.into_iter().filter(enforces).collect()
}
