//! A key that somebody asks for, and what is written down about it until it works.

use keydesk_core::Terms;
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, but, request_name,
};
use serde_json::{Value, json};

use crate::stage::TOYSTORE;

/// A key, gold and for the game store unless something else is said.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) namespace: String,
    tier: String,
    user: String,
    product: (String, String),
    expires_at: Option<String>,
    scopes: Option<String>,
}

impl Key {
    /// A key of this name, with a value of its own.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: format!("value-of-{name}-0123456789abcdef"),
            namespace: CONSUMER_NAMESPACE.to_owned(),
            tier: "gold".to_owned(),
            user: format!("user-{name}"),
            product: (OWNER_NAMESPACE.to_owned(), "gamestore-api".to_owned()),
            expires_at: None,
            scopes: None,
        }
    }

    pub(crate) fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    pub(crate) fn tier(mut self, tier: &str) -> Self {
        tier.clone_into(&mut self.tier);
        self
    }

    pub(crate) fn user(mut self, user: &str) -> Self {
        user.clone_into(&mut self.user);
        self
    }

    pub(crate) fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = Some(scopes.to_owned());
        self
    }

    pub(crate) fn until(mut self, expires_at: &str) -> Self {
        self.expires_at = Some(expires_at.to_owned());
        self
    }

    /// For another product.
    pub(crate) fn of_product(mut self, namespace: &str, name: &str) -> Self {
        self.product = (namespace.to_owned(), name.to_owned());
        self
    }

    /// For the second store.
    pub(crate) fn of_toystore(self) -> Self {
        self.of_product(TOYSTORE, "toystore-api")
    }

    /// The `APIKey`.
    pub(crate) fn object(&self) -> Value {
        let (product_namespace, product) = &self.product;
        but(
            fixtures::named(fixtures::key(), &self.namespace, &self.name),
            &json!({
                "metadata": { "annotations": { "keydesk.dev/scopes": self.scopes } },
                "spec": {
                    "apiProductRef": { "name": product, "namespace": product_namespace },
                    "secretRef": { "name": self.name },
                    "planTier": self.tier,
                    "requestedBy": { "userId": self.user },
                    "expiresAt": self.expires_at,
                },
            }),
        )
    }

    /// What the controller shows of it to the owner.
    pub(crate) fn request(&self) -> Value {
        json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1",
            "kind": "APIKeyRequest",
            "metadata": {
                "name": request_name(&self.namespace, &self.name),
                "namespace": self.product.0,
                "annotations": self.scopes.as_ref().map(|scopes| json!({ "keydesk.dev/scopes": scopes })),
            },
            "spec": {
                "apiProductRef": { "name": self.product.1 },
                "apiKeyRef": { "name": self.name, "namespace": self.namespace },
                "planTier": self.tier,
                "useCase": "mobile",
                "requestedBy": { "userId": self.user, "email": "developer@consumer-app.com" },
                "expiresAt": self.expires_at,
            },
        })
    }

    /// The owner's decision, in the product's namespace.
    pub(crate) fn decision(&self, approved: bool) -> Value {
        let request = request_name(&self.namespace, &self.name);
        let decision = fixtures::named(
            fixtures::approval(),
            &self.product.0,
            &format!("decision-{}", self.name),
        );
        let spec = json!({ "apiKeyRequestRef": { "name": request }, "approved": approved });
        but(decision, &json!({ "spec": spec }))
    }

    /// An approval whose reviewer saw this tier, whatever the key asks for.
    pub(crate) fn approval_for(&self, tier: &str) -> Value {
        let terms = Terms {
            expires_at: None,
            namespace: self.namespace.clone(),
            product: keydesk_core::NamespacedName::new(&*self.product.0, &*self.product.1),
            scopes: std::collections::BTreeSet::new(),
            tier: tier.to_owned(),
            user_id: self.user.clone(),
        };
        let annotations = json!({ "keydesk.dev/terms": terms.to_json() });
        but(
            self.decision(true),
            &json!({ "metadata": { "annotations": annotations } }),
        )
    }

    /// What the controller writes once the key is approved.
    pub(crate) fn enforcement(&self) -> Value {
        let address = fixtures::enforcement_of(&self.object());
        let (product_namespace, product) = &self.product;
        but(
            fixtures::secret(KUADRANT_NAMESPACE, &address.name, &self.value),
            &json!({ "metadata": {
                "labels": {
                    "devportal.kuadrant.io/enforcement": "true",
                    "devportal.kuadrant.io/apiproduct": product,
                    "devportal.kuadrant.io/apiproduct-namespace": product_namespace,
                    "devportal.kuadrant.io/apikey": self.name,
                    "devportal.kuadrant.io/apikey-namespace": self.namespace,
                    "authorino.kuadrant.io/managed-by": "authorino",
                    "app": "gamestore",
                    "role": "admin",
                },
                "annotations": {
                    "secret.kuadrant.io/plan-id": self.tier,
                    "secret.kuadrant.io/user-id": self.user,
                    "secret.kuadrant.io/expires-at": self.expires_at,
                },
            } }),
        )
    }
}
