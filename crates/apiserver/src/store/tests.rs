//! The history of a collection against a model that remembers everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::collection::{Collection, taken};
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
            let all = expected.values().filter(|object| namespace.is_none_or(|name| name == object.at.namespace));
            prop_assert!(page.total.is_none_or(|total| total == all.count()));
            let is_present = past.len() as u64 == revision + 1;
            prop_assert_eq!(page.total.is_some(), is_present);
            loop {
                listed.extend(page.objects.iter().cloned());
                prop_assert!(page.objects.len() <= limit);
                if !page.more {
                    break;
                }
                prop_assert_eq!(page.objects.len(), limit);
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

/// Lists a namespace in pages of `limit` at a revision. Gives back how many names were looked at for each page, and how
/// many objects there were.
fn looks(collection: &Collection, revision: u64, limit: usize) -> (Vec<usize>, usize) {
    let (mut looks, mut objects, mut last) = (Vec::new(), 0, None);
    loop {
        let mut looked = 0;
        let walk = collection.walk(Some("a"), last.as_ref(), revision).unwrap();
        let (page, more) = taken(walk.inspect(|_| looked += 1), limit);
        looks.push(looked);
        objects += page.len();
        last = page.last().map(|last| last.at.clone());
        if !more {
            return (looks, objects);
        }
    }
}

#[test]
fn a_page_costs_what_is_on_it_however_many_there_are_and_whatever_came_after() {
    const OBJECTS: u64 = 5_000;
    const LIMIT: usize = 10;
    let mut collection = Collection::since(0);
    for revision in 1..=OBJECTS {
        collection.insert(object("a", &format!("n{revision:05}"), revision));
    }
    collection.insert(object("b", "behind", 1));
    let (pages, objects) = looks(&collection, OBJECTS, LIMIT);
    assert_eq!(objects, 5_000);
    assert_eq!(pages.len(), 500);
    // One more tells whether there is another page.
    assert!(pages.iter().all(|looked| *looked <= LIMIT + 1), "{pages:?}");

    // Every tenth is changed, every hundredth goes, and as many come.
    let mut revision = OBJECTS;
    let mut apply = |at: &str, was: bool, deleted: bool| {
        revision += 1;
        collection.apply(Event {
            revision,
            previous: was.then(|| object("a", at, 1)),
            object: object("a", at, revision),
            deleted,
        });
    };
    for number in (1..=OBJECTS).step_by(10) {
        let name = format!("n{number:05}");
        apply(&name, true, false);
        if number % 100 == 1 {
            apply(&name, true, true);
            apply(&format!("{name}-new"), false, false);
        }
    }
    let (pages, objects) = looks(&collection, OBJECTS, LIMIT);
    assert_eq!(objects, 5_000, "as it was");
    assert!(
        pages.iter().all(|looked| *looked <= LIMIT + 2),
        "what came since costs no more than itself: {pages:?}"
    );
    assert_eq!(looks(&collection, revision, LIMIT).1, 5_000, "as it is");
}

#[test]
fn nothing_is_kept_of_history_that_is_forgotten() {
    let mut collection = Collection::since(0);
    let mut now = Snapshot::new();
    for revision in 1..=50 {
        let which = u8::try_from(revision).unwrap();
        step(&mut collection, &mut now, revision, which, revision % 3 == 0);
    }
    collection.compact(50);
    let (pages, objects) = looks(&collection, 50, 1);
    let left = now.keys().filter(|at| at.namespace == "a").count();
    assert_eq!(objects, left);
    assert!(pages.iter().sum::<usize>() <= 2 * left, "{pages:?}");
    assert!(collection.page(None, None, 49, None).is_err());
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
