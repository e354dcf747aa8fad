//! Which Secrets are ours to change and delete.
//!
//! A Secret of a key that we know is told by its name, which nobody's other Secret happens to have, and by the label that
//! makes it an enforcement secret. Of a key that is gone nothing is known but what the Secret itself says: there it must
//! have every label that ours have.

use keydesk_api::meta::{annotation, enforcement_secret_name, enforcement_stem, label};
use keydesk_catalog::SecretMeta;

/// Whether a Secret by a name of a key is an enforcement secret of that key. Elsewhere than where such Secrets go, it must
/// also say whose it is.
pub(crate) fn is_copy(secret: &SecretMeta, enforcement_namespace: Option<&str>) -> bool {
    secret.enforces()
        && (enforcement_namespace == Some(secret.id.namespace.as_str()) || is_named_after_its_key(secret))
}

/// Whether a Secret by a name of no key was one of ours.
pub(crate) fn is_orphan(secret: &SecretMeta, enforcement_namespace: Option<&str>) -> bool {
    is_labelled(secret)
        && (enforcement_namespace == Some(secret.id.namespace.as_str()) || is_named_after_its_key(secret))
}

fn is_labelled(secret: &SecretMeta) -> bool {
    let by_authorino = secret.labels.get(label::AUTHORINO_MANAGED_BY).map(String::as_str);
    secret.enforces()
        && by_authorino == Some(label::AUTHORINO_MANAGED_BY_VALUE)
        && label::RESERVED
            .iter()
            .all(|name| secret.labels.contains_key(*name))
}

fn is_named_after_its_key(secret: &SecretMeta) -> bool {
    let name = secret
        .annotations
        .get(annotation::API_KEY)
        .or_else(|| secret.labels.get(label::API_KEY));
    let namespace = secret.labels.get(label::API_KEY_NAMESPACE);
    let derives = |(name, namespace): (&String, &String)| {
        enforcement_stem(&enforcement_secret_name(namespace, name)) == enforcement_stem(&secret.id.name)
    };
    is_labelled(secret) && name.zip(namespace).is_some_and(derives)
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;

    use super::*;

    const OURS: [(&str, &str); 6] = [
        (label::ENFORCEMENT, "true"),
        (label::AUTHORINO_MANAGED_BY, "authorino"),
        (label::API_KEY, "gamestore-apikey"),
        (label::API_KEY_NAMESPACE, "consumer-app"),
        (label::API_PRODUCT, "gamestore-api"),
        (label::API_PRODUCT_NAMESPACE, "gamestore"),
    ];

    fn secret(namespace: &str, labels: &[(&str, &str)]) -> SecretMeta {
        SecretMeta {
            id: NamespacedName::new(
                namespace,
                "devportal-consumer-app-gamestore-apikey-8dee3e06.previous",
            ),
            labels: labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..SecretMeta::default()
        }
    }

    #[test]
    fn a_copy_of_a_known_key_is_told_by_its_label_where_such_secrets_go() {
        let labelled = secret("kuadrant-system", &OURS[..1]);
        assert!(is_copy(&labelled, Some("kuadrant-system")));
        assert!(!is_copy(&labelled, Some("elsewhere")) && !is_copy(&labelled, None));
        assert!(!is_copy(&secret("kuadrant-system", &[]), Some("kuadrant-system")));
    }

    #[test]
    fn elsewhere_it_must_be_named_after_its_key() {
        assert!(is_copy(&secret("old-kuadrant", &OURS), Some("kuadrant-system")));
        let mut other = OURS;
        other[2].1 = "other";
        for is_ours in [is_copy, is_orphan] {
            assert!(!is_ours(&secret("old-kuadrant", &other), Some("kuadrant-system")));
        }
    }

    #[test]
    fn of_a_key_that_is_gone_every_label_must_be_there() {
        let home = Some("kuadrant-system");
        assert!(is_orphan(&secret("kuadrant-system", &OURS), home));
        for missing in 0..OURS.len() {
            let mut labels = OURS.to_vec();
            labels.remove(missing);
            assert!(!is_orphan(&secret("kuadrant-system", &labels), home), "{missing}");
        }
        let mut foreign = OURS;
        foreign[1].1 = "somebody";
        assert!(!is_orphan(&secret("kuadrant-system", &foreign), home));
    }
}
