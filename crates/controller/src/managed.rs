//! Which Secrets are ours to change and delete.
//!
//! Where enforcement secrets go, our label says it: what bears it there opens doors, so that one of no approved key goes
//! whoever made it, as with upstream (`spec/controller-scenarios.md` 113). Anywhere else a Secret must have every label that
//! ours have and be named after the key that they name: nobody's other Secret happens to be.

use keydesk_api::meta::{annotation, enforcement_secret_name, enforcement_stem, label};
use keydesk_catalog::SecretMeta;

/// Whether a Secret is an enforcement secret of ours.
pub(crate) fn is_managed(secret: &SecretMeta, enforcement_namespace: Option<&str>) -> bool {
    secret.enforces()
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
    fn where_such_secrets_go_the_label_says_it() {
        let labelled = secret("kuadrant-system", &OURS[..1]);
        assert!(is_managed(&labelled, Some("kuadrant-system")));
        assert!(!is_managed(&labelled, Some("elsewhere")) && !is_managed(&labelled, None));
        assert!(!is_managed(
            &secret("kuadrant-system", &[]),
            Some("kuadrant-system")
        ));
    }

    #[test]
    fn elsewhere_it_must_be_named_after_its_key() {
        assert!(is_managed(
            &secret("old-kuadrant", &OURS),
            Some("kuadrant-system")
        ));
        let mut other = OURS;
        other[2].1 = "other";
        assert!(!is_managed(
            &secret("old-kuadrant", &other),
            Some("kuadrant-system")
        ));
    }

    #[test]
    fn elsewhere_every_label_must_be_there() {
        let home = Some("kuadrant-system");
        for missing in 0..OURS.len() {
            let mut labels = OURS.to_vec();
            labels.remove(missing);
            assert!(!is_managed(&secret("old-kuadrant", &labels), home), "{missing}");
        }
        let mut foreign = OURS;
        foreign[1].1 = "somebody";
        assert!(!is_managed(&secret("old-kuadrant", &foreign), home));
    }
}
