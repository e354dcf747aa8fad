use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_api::meta::{previous_secret_name, request_name, successor_secret_name};
use keydesk_core::{Terms, Uid};

use super::*;
use crate::{Bindings, Reviewed};

fn key(number: usize, tier: &str) -> KeyRecord {
    let namespace = format!("team-{}", number % 7);
    KeyRecord {
        id: NamespacedName::new(namespace.as_str(), format!("key-{number}")),
        uid: Uid::new("0b0f2d7e-9b1c-4c59-8a55-0123456789ab"),
        created_at: Some(Timestamp::UNIX_EPOCH),
        deleting: false,
        secret: String::new(),
        use_case: None,
        asked: Terms {
            expires_at: None,
            namespace,
            product: NamespacedName::new("gamestore", "store"),
            scopes: BTreeSet::new(),
            tier: tier.to_owned(),
            user_id: format!("user-{number}"),
        },
    }
}

fn approval(key: &KeyRecord, name: &str) -> ApprovalRecord {
    let request = request_name(&key.id.namespace, &key.id.name);
    ApprovalRecord {
        id: NamespacedName::new("gamestore", name),
        uid: Uid::new("1c1f2d7e-9b1c-4c59-8a55-0123456789ab"),
        request,
        deleting: false,
        generation: 1,
        created_at: Some(Timestamp::UNIX_EPOCH),
        edited_at: None,
        approved: true,
        by: "owner".to_owned(),
        reviewed_at: Timestamp::UNIX_EPOCH,
        message: String::new(),
        reviewed: Reviewed::Nothing,
        binding: None,
    }
}

fn put(brief: &mut Brief, key: KeyRecord) {
    let id = key.id.clone();
    brief.put_key(&id, Some(key));
}

#[test]
fn nothing_is_left_of_what_has_come_and_gone() {
    let mut brief = Brief::default();
    for round in 0..3 {
        for number in 0..500 {
            let key = key(number, &format!("tier-{round}"));
            for name in [key.request().name, format!("{number}-by-hand")] {
                let approval = approval(&key, &name);
                brief.put_approval(&approval.id.clone(), Some(approval));
            }
            put(&mut brief, key);
        }
    }
    assert_eq!((brief.cases.len(), brief.strays.len()), (500, 500));
    for id in brief.approval_ids(|_| true) {
        brief.put_approval(&id, None);
    }
    for id in brief.key_ids(|_| true) {
        brief.put_key(&id, None);
    }
    assert_eq!((brief.cases.len(), brief.strays.len()), (0, 0));
    assert!(brief.by_product.is_empty() && brief.words.is_empty());
}

#[test]
fn a_usual_case_is_small() {
    let mut brief = Brief::default();
    let key = key(1_234_567, "gold");
    let request = key.request();
    let shown = key.asked.clone();
    let id = key.id.clone();
    brief.put_request(
        &request,
        Some(RequestRecord {
            key: id,
            shown,
            before: None,
            bindings: Bindings::default(),
        }),
    );
    let approval = approval(&key, &request.name);
    brief.put_approval(&request, Some(approval));
    put(&mut brief, key);
    let place = brief.cases.iter().next().unwrap();
    let length = brief.pieces.get(*place).len();
    assert!(length < 80, "{length} bytes");
}

#[test]
fn a_key_is_found_by_any_name_of_its_enforcement_secrets() {
    let mut brief = Brief::default();
    for length in [1, 120, 180, 190, 200, 205, 210, 220, 240, 253] {
        let mut key = key(0, "gold");
        key.id.name = "k".repeat(length);
        let NamespacedName { namespace, name } = key.id.clone();
        let first = enforcement_secret_name(&namespace, &name);
        let previous = previous_secret_name(&first);
        let names = [
            successor_secret_name(&first, "uid"),
            successor_secret_name(&previous, "uid"),
            previous,
            first,
        ];
        let id = key.id.clone();
        put(&mut brief, key);
        for name in &names {
            assert_eq!(brief.keys_enforced_by(name), std::slice::from_ref(&id), "{name}");
        }
        brief.put_key(&id, None);
        assert!(brief.strays.is_empty());
        for name in &names {
            assert_eq!(brief.keys_enforced_by(name), [], "{name}");
        }
    }
}

#[test]
fn the_names_of_one_key_have_one_tag() {
    let brief = Brief::default();
    for name in ["k".to_owned(), "x".repeat(240)] {
        let id = NamespacedName::new("consumer-app", name);
        let request = request_name(&id.namespace, &id.name);
        let enforcement = enforcement_secret_name(&id.namespace, &id.name);
        let tags = [&request, &enforcement].map(|name| brief.tag(name));
        assert_eq!(tags, [tag_of_key(&id); 2]);
    }
}
