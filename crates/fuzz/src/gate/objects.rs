//! What owners and consumers write: the gate's own reading of it.
//!
//! A line of the data changes an object of the fixture, or adds one: its kind, then a merge patch. Whatever they write, in
//! whichever order and form it is heard of, the same calls pass; and none without an approval.

use http::{HeaderMap, HeaderValue};
use keydesk_catalog::Catalog;
use keydesk_gate::explain::{self, Carriers, Known, Question};
use keydesk_gate::{Gate, Scope};
use keydesk_schema::{decode, patch};
use serde_json::Value;

use super::cluster::{Cluster, VALUE, manifests, now, object};
use super::ways::{PASSES, code};
use crate::runtime::block_on;

pub(crate) fn take(data: &[u8]) {
    let mut manifests = manifests();
    for line in data.split(|byte| *byte == b'\n') {
        change(&mut manifests, line);
    }
    let approved = manifests
        .iter()
        .any(|manifest| manifest["kind"] == "APIKeyApproval" && manifest["spec"]["approved"] == true);
    let objects: Vec<_> = manifests.into_iter().filter_map(object).collect();
    let mut at_once = Cluster::new(Catalog::brief());
    at_once.put_secret();
    at_once.put_all(objects.iter().cloned());
    let said = judge(at_once);
    let mut one_by_one = Cluster::new(Catalog::default());
    for object in objects.iter().rev() {
        one_by_one.put(object.clone());
    }
    one_by_one.put_secret();
    assert_eq!(
        said,
        judge(one_by_one),
        "neither order nor form of the news matters"
    );
    assert!(
        approved || said.iter().all(|code| code != PASSES),
        "nobody approved it"
    );
}

/// Changes the first object of a kind by a merge patch, or adds what the patch says where its name is another.
fn change(manifests: &mut Vec<Value>, line: &[u8]) {
    let Some(at) = line.iter().position(|byte| *byte == b' ') else {
        return;
    };
    let (kind, text) = (&line[..at], &line[at + 1..]);
    let Ok(read) = decode::json(text) else {
        return;
    };
    let of_kind = |manifest: &&mut Value| {
        let name = manifest["kind"].as_str();
        name.is_some_and(|name| name.as_bytes() == kind)
    };
    let Some(manifest) = manifests.iter_mut().find(of_kind) else {
        return;
    };
    let changed = patch::merge(manifest, &read.value);
    let place = |manifest: &Value| {
        let metadata = &manifest["metadata"];
        (metadata["namespace"].clone(), metadata["name"].clone())
    };
    if place(&changed) == place(manifest) {
        *manifest = changed;
    } else {
        manifests.push(changed);
    }
}

/// The codes of a few calls.
fn judge(mut cluster: Cluster) -> Vec<String> {
    let gate = cluster.gate();
    let calls = [
        ("/", "authorization", format!("APIKEY {VALUE}")),
        ("/v1/a?v=2", "x-api-key", VALUE.to_owned()),
        ("/v1/a", "cookie", format!("APIKEY={VALUE}")),
        ("/", "x-env", "canary".to_owned()),
    ];
    calls
        .iter()
        .map(|(target, name, value)| {
            let value = HeaderValue::from_str(value).expect("texts of this file");
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), value)]);
            ask(&gate, &cluster.catalog, target, &headers)
        })
        .collect()
}

fn ask(gate: &Gate, catalog: &Catalog, target: &str, headers: &HeaderMap) -> String {
    let question = Question {
        host: "api.example.com",
        method: "GET",
        target,
        headers,
        key: None,
    };
    let foretold = block_on(explain::foretell(gate, &question, now()));
    let known = Known {
        snapshot: &gate.snapshot(),
        catalog,
        scope: &Scope::default(),
    };
    // Whatever it says: it finds words.
    let _ = explain::explain(known, &question, &foretold, &Carriers::default(), now());
    code(&foretold.verdict)
}
