//! Which Secrets are ours to delete.

use keydesk_api::meta::{annotation, enforcement_secret_name, label};
use keydesk_catalog::SecretMeta;

/// Whether a Secret is an enforcement secret of ours. Beside the label it must be where such Secrets go, or be named
/// after the key that its labels name: nobody's other Secret happens to be.
pub(crate) fn is_managed(secret: &SecretMeta, enforcement_namespace: Option<&str>) -> bool {
    secret.enforces()
        && (enforcement_namespace == Some(secret.id.namespace.as_str()) || is_named_after_its_key(secret))
}

fn is_named_after_its_key(secret: &SecretMeta) -> bool {
    let name = secret
        .annotations
        .get(annotation::API_KEY)
        .or_else(|| secret.labels.get(label::API_KEY));
    let namespace = secret.labels.get(label::API_KEY_NAMESPACE);
    let by_authorino = secret.labels.get(label::AUTHORINO_MANAGED_BY).map(String::as_str);
    by_authorino == Some(label::AUTHORINO_MANAGED_BY_VALUE)
        && name
            .zip(namespace)
            .is_some_and(|(name, namespace)| enforcement_secret_name(namespace, name) == secret.id.name)
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;

    use super::*;

    fn secret(namespace: &str, labels: &[(&str, &str)]) -> SecretMeta {
        SecretMeta {
            id: NamespacedName::new(namespace, "devportal-consumer-app-gamestore-apikey-8dee3e06"),
            labels: labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..SecretMeta::default()
        }
    }

    #[test]
    fn in_the_kuadrant_namespace_the_label_says_it() {
        let labelled = secret("kuadrant-system", &[(label::ENFORCEMENT, "true")]);
        assert!(is_managed(&labelled, Some("kuadrant-system")));
        assert!(!is_managed(&labelled, Some("elsewhere")));
        assert!(!is_managed(
            &secret("kuadrant-system", &[]),
            Some("kuadrant-system")
        ));
    }

    #[test]
    fn elsewhere_it_must_be_named_after_its_key() {
        let labels = [
            (label::ENFORCEMENT, "true"),
            (label::AUTHORINO_MANAGED_BY, "authorino"),
            (label::API_KEY, "gamestore-apikey"),
            (label::API_KEY_NAMESPACE, "consumer-app"),
        ];
        assert!(is_managed(
            &secret("old-kuadrant", &labels),
            Some("kuadrant-system")
        ));
        let other = [labels[0], labels[1], (label::API_KEY, "other"), labels[3]];
        assert!(!is_managed(
            &secret("old-kuadrant", &other),
            Some("kuadrant-system")
        ));
    }
}
