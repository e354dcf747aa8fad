//! Where the scenarios play: a world with the namespaces, a running controller, and the fixtures as asked for.

use keydesk_api::meta::annotation::REPLACES;
use keydesk_controller::Settings;
use keydesk_feed::Readiness;
use keydesk_process::Registry;
use keydesk_testkit::conditions::{has, is};
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, but, named, policy_status, route_status,
};
use keydesk_testkit::{Address, Person, World, kinds};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A world with a controller in it.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) admin: Person,
    controller: Option<Controller>,
}

struct Controller {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Stage {
    /// Namespaces and a running controller; nothing to do for it yet.
    pub(crate) async fn empty() -> Self {
        Self::with(settings()).await
    }

    /// The same with these settings.
    pub(crate) async fn with(settings: Settings) -> Self {
        let mut stage = Self::quiet().await;
        stage.start(settings);
        stage
    }

    /// Namespaces, and no controller yet.
    pub(crate) async fn quiet() -> Self {
        let world = World::start().await;
        for namespace in [KUADRANT_NAMESPACE, OWNER_NAMESPACE, CONSUMER_NAMESPACE] {
            world.namespace(namespace).await;
        }
        let admin = world.admin();
        Self {
            world,
            admin,
            controller: None,
        }
    }

    /// Fixtures K and OWN: Kuadrant, and the product `gamestore-api` with its route and policies, discovered.
    pub(crate) async fn owned() -> Self {
        let stage = Self::empty().await;
        stage.create(&fixtures::kuadrant()).await;
        stage.own(&fixtures::product()).await;
        stage
    }

    /// Fixtures K, OWN and CON: the consumer's Secret too.
    pub(crate) async fn ready() -> Self {
        let stage = Self::owned().await;
        stage.create(&fixtures::key_secret()).await;
        stage
    }

    /// The same with the product in automatic mode.
    pub(crate) async fn automatic() -> Self {
        let stage = Self::empty().await;
        stage.create(&fixtures::kuadrant()).await;
        stage.own(&fixtures::automatic_product()).await;
        stage.create(&fixtures::key_secret()).await;
        stage
    }

    /// K, OWN, CON and KEY, pending.
    pub(crate) async fn pending() -> Self {
        let stage = Self::ready().await;
        stage.create(&fixtures::key()).await;
        stage.key_is("Pending").await;
        stage
    }

    /// The same for bronze, approved and enforced.
    pub(crate) async fn approved_for_bronze() -> Self {
        let stage = Self::ready().await;
        let bronze = json!({ "spec": { "planTier": "bronze" } });
        stage.create(&fixtures::but(fixtures::key(), &bronze)).await;
        stage.key_is("Pending").await;
        stage.create(&fixtures::approval()).await;
        stage.soon_enforced("is for bronze", for_tier("bronze")).await;
        stage
    }

    /// K, OWN, CON, KEY and APPROVE, enforced.
    pub(crate) async fn approved() -> Self {
        let stage = Self::pending().await;
        stage.create(&fixtures::approval()).await;
        stage.key_is("Approved").await;
        stage.soon(&enforcement_at(), "exists", |_| true).await;
        stage
    }

    /// Starts the controller, as its service account; gives what it counts.
    pub(crate) fn start(&mut self, settings: Settings) -> Registry {
        let client = self.world.controller().client();
        self.start_with(client, settings)
    }

    /// The same over a client that a test has a hand in.
    pub(crate) fn start_with(&mut self, client: kube::Client, settings: Settings) -> Registry {
        let shutdown = CancellationToken::new();
        let readiness = Readiness::of(&keydesk_controller::KINDS);
        let controller = keydesk_controller::Controller::new(client, settings, readiness);
        let mut registry = Registry::default();
        controller.register_metrics(&mut registry);
        let task = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { controller.run(shutdown).await.unwrap() }
        });
        self.controller = Some(Controller { shutdown, task });
        registry
    }

    /// Stops the controller and waits until it is done.
    pub(crate) async fn stop(&mut self) {
        if let Some(controller) = self.controller.take() {
            controller.shutdown.cancel();
            controller.task.await.expect("the controller ends in order");
        }
    }

    /// Ends the controller where it stands.
    pub(crate) async fn kill(&mut self) {
        if let Some(controller) = self.controller.take() {
            controller.task.abort();
            let ended = controller.task.await;
            assert!(ended.is_err_and(|error| error.is_cancelled()));
        }
    }

    /// Creates an object as admin; a refusal ends the test.
    pub(crate) async fn create(&self, object: &Value) -> Value {
        let made = self.admin.create(object).await;
        made.unwrap_or_else(|refused| panic!("create {}: {refused}", Address::of(object)))
    }

    /// Merges into an object as admin; a refusal ends the test.
    pub(crate) async fn patch(&self, address: &Address, patch: &Value) -> Value {
        let patched = self.admin.patch(address, patch).await;
        patched.unwrap_or_else(|refused| panic!("patch {address}: {refused}"))
    }

    /// Merges into a status as admin; a refusal ends the test.
    pub(crate) async fn patch_status(&self, address: &Address, status: &Value) -> Value {
        let patched = self.admin.patch_status(address, status).await;
        patched.unwrap_or_else(|refused| panic!("patch the status of {address}: {refused}"))
    }

    /// Deletes an object as admin; a refusal ends the test.
    pub(crate) async fn delete(&self, address: &Address) {
        let deleted = self.admin.delete(address).await;
        deleted.unwrap_or_else(|refused| panic!("delete {address}: {refused}"));
    }

    /// Reads an object as admin; its absence ends the test.
    pub(crate) async fn get(&self, address: &Address) -> Value {
        self.admin
            .get(address)
            .await
            .unwrap_or_else(|refused| panic!("get {address}: {refused}"))
    }

    /// [`Person::soon`] as admin.
    pub(crate) async fn soon(&self, address: &Address, what: &str, looks: impl Fn(&Value) -> bool) -> Value {
        self.admin.soon(address, what, looks).await
    }

    /// [`Person::stays`] as admin.
    pub(crate) async fn stays(&self, address: &Address, what: &str, looks: impl Fn(&Value) -> bool) -> Value {
        self.admin.stays(address, what, looks).await
    }

    /// All enforcement secrets.
    pub(crate) async fn enforced(&self) -> Vec<Value> {
        let label = "devportal.kuadrant.io/enforcement=true";
        let all = self.admin.select(kinds::SECRET, KUADRANT_NAMESPACE, label).await;
        all.unwrap_or_else(|refused| panic!("list enforcement secrets: {refused}"))
    }

    /// Waits until one enforcement secret is left, under whatever name, with nothing left to do to it, and it looks so.
    pub(crate) async fn soon_enforced(&self, what: &str, looks: impl Fn(&Value) -> bool) -> Value {
        self.soon_one_enforced(what, |_| true, looks).await
    }

    /// The same among those of the key of this name.
    pub(crate) async fn soon_enforced_of(
        &self,
        key: &str,
        what: &str,
        looks: impl Fn(&Value) -> bool,
    ) -> Value {
        let own = |secret: &Value| secret["metadata"]["labels"]["devportal.kuadrant.io/apikey"] == key;
        self.soon_one_enforced(what, own, looks).await
    }

    async fn soon_one_enforced(
        &self,
        what: &str,
        own: impl Fn(&Value) -> bool,
        looks: impl Fn(&Value) -> bool,
    ) -> Value {
        let what = format!("the one enforcement secret {what}");
        keydesk_testkit::wait::soon(self.admin.patience(), &what, async || {
            let mut all = self.enforced().await;
            all.retain(&own);
            match &all[..] {
                [one] if looks(one) && one["metadata"]["annotations"][REPLACES].is_null() => Ok(one.clone()),
                _ => Err(format!(
                    "there are {:?}",
                    all.iter().map(keydesk_testkit::wait::shown).collect::<Vec<_>>()
                )),
            }
        })
        .await
    }

    /// Waits until no enforcement secret is left.
    pub(crate) async fn soon_nothing_enforced(&self) {
        keydesk_testkit::wait::soon(self.admin.patience(), "nothing is enforced", async || {
            let left = self.enforced().await;
            left.is_empty()
                .then_some(())
                .ok_or_else(|| format!("there are {}", left.len()))
        })
        .await;
    }

    /// Sees that the object is not written to any more.
    pub(crate) async fn is_at_rest(&self, address: &Address) {
        let version = self.get(address).await["metadata"]["resourceVersion"].clone();
        self.stays(address, "is not written", |seen| {
            seen["metadata"]["resourceVersion"] == version
        })
        .await;
    }

    /// A product with its route and policies, all well, and discovered.
    pub(crate) async fn own(&self, product: &Value) {
        let product_at = Address::of(product);
        let namespace = &product_at.namespace;
        self.route(&in_namespace(fixtures::route(), namespace)).await;
        self.policy(&in_namespace(fixtures::auth_policy(), namespace))
            .await;
        self.policy(&in_namespace(fixtures::plan_policy(), namespace))
            .await;
        self.create(product).await;
        self.soon(&product_at, "is discovered", |seen| {
            has(seen, "Ready", "True", "HTTPRouteAccepted")
                && has(seen, "AuthPolicyDiscovered", "True", "Found")
                && has(seen, "PlanPolicyDiscovered", "True", "Found")
        })
        .await;
    }

    /// An accepted route.
    pub(crate) async fn route(&self, route: &Value) {
        self.create(route).await;
        self.patch_status(&Address::of(route), &route_status(&[true]))
            .await;
    }

    /// An accepted and enforced policy.
    pub(crate) async fn policy(&self, policy: &Value) {
        self.create(policy).await;
        self.patch_status(&Address::of(policy), &policy_status(true, true))
            .await;
    }

    /// Waits until KEY's one lifecycle condition is this one.
    pub(crate) async fn key_is(&self, r#type: &str) -> Value {
        self.soon(&key_at(), &format!("is {type}"), |seen| is(seen, r#type))
            .await
    }

    /// Waits until KEY is failed for this reason.
    pub(crate) async fn key_fails(&self, reason: &str, message: &str) -> Value {
        self.soon(&key_at(), &format!("is failed: {reason}: {message}"), |seen| {
            is(seen, "Failed") && keydesk_testkit::conditions::says(seen, "Failed", "True", reason, message)
        })
        .await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(controller) = &self.controller {
            controller.shutdown.cancel();
            controller.task.abort();
        }
    }
}

/// Settings for tests: outward fetches may go to the test server, and to no other loopback address.
pub(crate) fn settings() -> Settings {
    let test_server = "127.0.0.1/32".parse().expect("an address block");
    Settings {
        fetch_allow: vec![test_server],
        ..Settings::default()
    }
}

/// The object in another namespace.
pub(crate) fn in_namespace(object: Value, namespace: &str) -> Value {
    but(object, &json!({ "metadata": { "namespace": namespace } }))
}

/// A key for the product under another namespace and name, with a Secret of that name.
pub(crate) fn another_key(namespace: &str, name: &str) -> Value {
    but(
        named(fixtures::key(), namespace, name),
        &json!({ "spec": { "secretRef": { "name": name } } }),
    )
}

/// A decision on the request of `key`, named `name`.
pub(crate) fn decision_on(key: &Value, name: &str, approved: bool) -> Value {
    let request = fixtures::request_of(key).name;
    let spec = json!({ "apiKeyRequestRef": { "name": request }, "approved": approved });
    but(
        fixtures::approval(),
        &json!({ "metadata": { "name": name }, "spec": spec }),
    )
}

/// Where KEY is.
pub(crate) fn key_at() -> Address {
    Address::of(&fixtures::key())
}

/// Where REQ is.
pub(crate) fn request_at() -> Address {
    fixtures::request_of(&fixtures::key())
}

/// Where ENF is.
pub(crate) fn enforcement_at() -> Address {
    fixtures::enforcement_of(&fixtures::key())
}

/// Where the product is.
pub(crate) fn product_at() -> Address {
    Address::of(&fixtures::product())
}

/// Where APPROVE is.
pub(crate) fn approval_at() -> Address {
    Address::of(&fixtures::approval())
}

/// Where the consumer's Secret is.
pub(crate) fn secret_at() -> Address {
    Address::of(&fixtures::key_secret())
}

/// Where the route is.
pub(crate) fn route_at() -> Address {
    Address::of(&fixtures::route())
}

/// Where the `AuthPolicy` is.
pub(crate) fn auth_policy_at() -> Address {
    Address::of(&fixtures::auth_policy())
}

/// Where the `PlanPolicy` is.
pub(crate) fn plan_policy_at() -> Address {
    Address::of(&fixtures::plan_policy())
}

/// Whether an enforcement secret is for this tier.
pub(crate) fn for_tier(tier: &str) -> impl Fn(&Value) -> bool {
    move |seen| seen["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] == tier
}
