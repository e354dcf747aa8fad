//! The history of a collection against a model that remembers everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::collection::Collection;
use super::{Change, Event, Expect, Key, Object, ObjectName, Rejected, Store, Write};

type Snapshot = BTreeMap<ObjectName, Arc<Object>>;

fn object(namespace: &str, name: &str, revision: u64) -> Arc<Object> {
    let value = json!({"apiVersion": "v1", "metadata": {"namespace": namespace, "name": name}});
    Object::at_revision(value, revision).unwrap()
}

/// Toggles or rewrites one of a few objects.
fn step(collection: &mut Collection, now: &mut Snapshot, revision: u64, which: u8, delete: bool) {
    let object = object(
        ["a", "b"][usize::from(which % 2)],
        &format!("n{}", which % 5),
        revision,
    );
    let previous = now.get(&object.at).cloned();
    let deleted = delete && previous.is_some();
    if deleted {
        now.remove(&object.at);
    } else {
        now.insert(object.at.clone(), Arc::clone(&object));
    }
    collection.apply(Event {
        revision,
        previous,
        object,
        deleted,
    });
}

fn revisions<'a>(objects: impl IntoIterator<Item = &'a Arc<Object>>) -> Vec<(ObjectName, u64)> {
    objects
        .into_iter()
        .map(|object| (object.at.clone(), object.revision))
        .collect()
}

proptest! {
    #[test]
    fn a_page_shows_its_revision_whatever_came_after(
        steps in prop::collection::vec((any::<u8>(), any::<bool>()), 1..40),
        compacted in 0_u64..10,
        limit in 1_usize..6,
        namespace in prop::sample::select(vec![None, Some("a"), Some("b")]),
    ) {
        let mut collection = Collection::since(0);
        let mut now = Snapshot::new();
        let mut past = vec![now.clone()];
        for (revision, (which, delete)) in (1..).zip(&steps) {
            step(&mut collection, &mut now, revision, *which, *delete);
            past.push(now.clone());
        }
        collection.compact(compacted);
        for (revision, expected) in (0..).zip(&past) {
            let first = collection.page(namespace, None, revision, Some(limit));
            if revision < compacted.min(steps.len() as u64) {
                prop_assert!(first.is_err(), "revision {revision} was compacted");
                continue;
            }
            let mut listed = Vec::new();
            let mut page = first.unwrap();
            loop {
                listed.extend(page.objects.iter().cloned());
                prop_assert!(page.objects.len() <= limit);
                if page.remaining == 0 {
                    break;
                }
                let last = page.objects.last().unwrap().at.clone();
                page = collection.page(namespace, Some(&last), revision, Some(limit)).unwrap();
            }
            let expected = expected.values().filter(|object| namespace.is_none_or(|name| name == object.at.namespace));
            prop_assert_eq!(revisions(&listed), revisions(expected), "revision {}", revision);
        }
    }

    #[test]
    fn replaying_events_from_any_revision_gives_the_present(
        steps in prop::collection::vec((any::<u8>(), any::<bool>()), 1..40),
        from in 0_usize..40,
    ) {
        let mut collection = Collection::since(0);
        let mut now = Snapshot::new();
        let mut past = vec![now.clone()];
        for (revision, (which, delete)) in (1..).zip(&steps) {
            step(&mut collection, &mut now, revision, *which, *delete);
            past.push(now.clone());
        }
        let from = from.min(steps.len());
        let mut replayed = past[from].clone();
        for event in collection.events_since(from as u64, usize::MAX).unwrap() {
            if event.deleted {
                replayed.remove(&event.object.at);
            } else {
                replayed.insert(event.object.at.clone(), event.object);
            }
        }
        prop_assert_eq!(revisions(replayed.values()), revisions(now.values()));
    }
}

#[test]
fn history_is_bounded() {
    let mut collection = Collection::since(0);
    let mut now = Snapshot::new();
    for revision in 1..=10_100 {
        step(&mut collection, &mut now, revision, 0, false);
    }
    assert_eq!(collection.events_since(99, 1).unwrap_err().oldest, 100);
    assert_eq!(collection.events_since(100, usize::MAX).unwrap().len(), 10_000);
}

fn put(name: &str, expect: Expect, within: Vec<Key>) -> Write {
    let key = Key::new(&"/things".into(), None, name);
    let value = json!({"apiVersion": "v1", "metadata": {"name": name}});
    Write {
        key,
        expect,
        within,
        change: Change::Put(value),
    }
}

#[tokio::test]
async fn a_write_is_made_only_as_expected() {
    let store = Store::memory().unwrap();
    let made = store.write(put("a", Expect::Absent, Vec::new())).await.unwrap();
    let again = store.write(put("a", Expect::Absent, Vec::new())).await;
    assert!(matches!(again, Err(Rejected::Differs(Some(found))) if found.revision == made.revision));
    let stale = store
        .write(put("a", Expect::Revision(made.revision + 1), Vec::new()))
        .await;
    assert!(matches!(stale, Err(Rejected::Differs(Some(_)))));
    let newer = store
        .write(put("a", Expect::Revision(made.revision), Vec::new()))
        .await
        .unwrap();
    assert!(newer.revision > made.revision);
    assert_eq!(store.revision(), newer.revision);
}

#[tokio::test]
async fn a_write_needs_what_it_lives_within() {
    let store = Store::memory().unwrap();
    let container = Key::new(&"/things".into(), None, "container");
    let orphan = store
        .write(put("a", Expect::Absent, vec![container.clone()]))
        .await;
    assert!(matches!(orphan, Err(Rejected::WithinMissing(missing)) if missing == container));
    store
        .write(put("container", Expect::Absent, Vec::new()))
        .await
        .unwrap();
    store
        .write(put("a", Expect::Absent, vec![container]))
        .await
        .unwrap();
}
