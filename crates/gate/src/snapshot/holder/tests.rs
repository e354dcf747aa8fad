use std::collections::BTreeSet;

use keydesk_api::meta::{previous_secret_name, successor_secret_name};

use super::*;

fn secret(name: &str, labels: &[(&str, &str)]) -> KeySecret {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    KeySecret {
        id: NamespacedName::new("kuadrant-system", name),
        uid: "7a6f".to_owned(),
        created_at: "2026-01-01T00:00:00Z".parse().ok(),
        labels: labels.iter().map(own).collect(),
        annotations: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        digest: Some(Digest::of(b"hunter2")),
    }
}

fn holder(secret: KeySecret) -> Holder {
    Holder::new(secret, Arc::new, Arc::new).unwrap()
}

const LABELS: [(&str, &str); 3] = [
    ("app", "gamestore"),
    (label::API_KEY, "k"),
    (label::API_KEY_NAMESPACE, "consumer-app"),
];

#[test]
fn a_secret_reads_as_it_came() {
    let derived = enforcement_secret_name("consumer-app", "k");
    let previous = previous_secret_name(&derived);
    for name in [
        &*derived,
        "devportal-k",
        &*previous,
        &*successor_secret_name(&derived, "uid"),
    ] {
        let holder = holder(secret(name, &LABELS));
        for (name, value) in LABELS {
            assert_eq!(holder.label(name), Some(value));
        }
        assert_eq!(holder.label("role"), None);
        assert_eq!(holder.labels().collect::<Vec<_>>(), LABELS);
        assert_eq!(
            (&*holder.name(), holder.uid().to_string()),
            (name, "7a6f".to_owned())
        );
        let created_at = holder.created_at().map(|time| time.to_string());
        assert_eq!(created_at.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(holder.grant(), None);
    }
}

#[test]
fn a_right_reads_as_it_was_given_whatever_the_labels_say() {
    let uid = Uid::new("0b0f2d7e-9b1c-4c59-8a55-0123456789ab");
    let entitlement = Arc::new(Entitlement {
        product: NamespacedName::new("gamestore", "store"),
        tier: "gold".to_owned(),
        scopes: BTreeSet::new(),
    });
    let approved = |namespace, name, ends_at| Approved {
        namespace,
        name,
        uid: &uid,
        user_id: "ada",
        entitlement: &entitlement,
        ends_at,
    };
    let ends_at = "2027-01-01T00:00:00.5Z".parse().ok();
    for labels in [&LABELS[..], &[]] {
        for given in [
            approved("consumer-app", "k", None),
            approved("elsewhere", "l", ends_at),
        ] {
            let bare = holder(secret("s", labels));
            let holder = bare.with(Some(Grant::Approved(given)));
            assert_eq!(holder.grant(), Some(Grant::Approved(given)));
            assert_eq!((holder.key_id(), holder.ends_at()), (&uid, given.ends_at));
            assert_eq!(holder.consumer(), (given.namespace, "ada".into()));
            assert_eq!(
                (&*holder.name(), holder.label(label::API_KEY)),
                ("s", bare.label(label::API_KEY))
            );
            assert_eq!(holder.with(None).grant(), None);
        }
    }
}

#[test]
fn annotations_are_kept_only_where_nobody_approved_anything() {
    let unmanaged = holder(secret("s", &[("app", "gamestore")])).with(Some(Grant::Unmanaged));
    assert!(unmanaged.annotations().is_some());
    assert_eq!(unmanaged.consumer(), ("kuadrant-system", "s".into()));
    assert_eq!(unmanaged.key_id().to_string(), "7a6f");
    let ours = holder(secret("s", &[(label::ENFORCEMENT, label::ENFORCEMENT_VALUE)]));
    assert_eq!((ours.annotations(), ours.label(label::API_KEY)), (None, None));
}

#[test]
fn a_value_that_is_rotated_out_ends_when_its_secret_says_or_has_ended() {
    let until = |name: &str, until: Option<&str>| {
        let mut secret = secret(name, &[(label::ENFORCEMENT, label::ENFORCEMENT_VALUE)]);
        let until = until.map(|until| (annotation::PREVIOUS_UNTIL.to_owned(), until.to_owned()));
        secret.annotations.extend(until);
        holder(secret).accepted_until()
    };
    let end = "2026-06-01T12:00:00Z";
    assert_eq!(until("devportal-k-8dee3e06", None), None);
    assert_eq!(
        until("devportal-k-8dee3e06.previous", Some(end)),
        end.parse().ok()
    );
    for odd in [None, Some("tomorrow")] {
        assert_eq!(until("devportal-k-8dee3e06.previous", odd), Some(Timestamp::MIN));
    }
}

#[test]
fn a_secret_whose_value_ends_at_another_time_is_not_the_same() {
    let ending = |until: &str| {
        let mut secret = secret("s.previous", &[(label::ENFORCEMENT, label::ENFORCEMENT_VALUE)]);
        secret
            .annotations
            .insert(annotation::PREVIOUS_UNTIL.to_owned(), until.to_owned());
        holder(secret)
    };
    let early = ending("2026-06-01T12:00:00Z");
    assert!(early.is_same_secret(&ending("2026-06-01T12:00:00Z")));
    assert!(!early.is_same_secret(&ending("2026-06-01T13:00:00Z")));
}

#[test]
fn it_stays_small() {
    assert!(size_of::<Holder>() <= 152, "{}", size_of::<Holder>());
}
