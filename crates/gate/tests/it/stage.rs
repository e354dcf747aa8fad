//! Where the checks play: a world with the game store in it, and whatever keys a test hands out. No controller runs
//! here: the test itself writes what one would have written.

use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, but, policy_status,
};
use keydesk_testkit::{Address, Person, World};
use serde_json::{Value, json};

use crate::key::Key;
use crate::objects::{accepted, gateway, plans, usual_plans};
use crate::running::{Running, Setup};

/// A world with a game store.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) admin: Person,
}

impl Stage {
    /// Namespaces and Kuadrant.
    pub(crate) async fn empty() -> Self {
        let world = World::start().await;
        for namespace in [KUADRANT_NAMESPACE, OWNER_NAMESPACE, CONSUMER_NAMESPACE] {
            world.namespace(namespace).await;
        }
        let admin = world.admin();
        let stage = Self { world, admin };
        stage.create(&fixtures::kuadrant()).await;
        stage
    }

    /// The game store with the plans of the checks: gold 5 a day, free 1 a day and 2 in 10 s.
    pub(crate) async fn open() -> Self {
        Self::with_plans(&usual_plans()).await
    }

    /// The game store with these plans.
    pub(crate) async fn with_plans(plan_list: &Value) -> Self {
        let stage = Self::unlimited().await;
        stage.policy(&plans(plan_list)).await;
        stage
    }

    /// The game store without any plans.
    pub(crate) async fn unlimited() -> Self {
        Self::with_policy(&fixtures::auth_policy()).await
    }

    /// The game store with the usual plans, where keys are wanted in these places: entry by entry.
    pub(crate) async fn wanting(credentials: &Value) -> Self {
        let mut entries = json!({});
        for (name, place) in credentials.as_object().unwrap() {
            entries[name] = fixtures::vip_users();
            entries[name]["credentials"] = place.clone();
        }
        let mut policy = fixtures::auth_policy();
        policy["spec"]["rules"]["authentication"] = entries;
        let stage = Self::with_policy(&policy).await;
        stage.policy(&plans(&usual_plans())).await;
        stage
    }

    /// The game store without plans, under this `AuthPolicy`.
    pub(crate) async fn with_policy(policy: &Value) -> Self {
        let stage = Self::empty().await;
        stage.create(&gateway()).await;
        stage.route(&fixtures::route()).await;
        stage.policy(policy).await;
        stage.create(&fixtures::product()).await;
        stage
    }

    /// Asks for a key: nobody has decided on it yet.
    pub(crate) async fn ask(&self, key: &Key) {
        self.create(&key.object()).await;
        self.create(&key.request()).await;
    }

    /// Asks for a key, approves it, and enforces it: the key of somebody who may call.
    pub(crate) async fn grant(&self, key: &Key) {
        self.ask(key).await;
        self.create(&key.decision(true)).await;
        self.create(&key.enforcement()).await;
    }

    /// A gate as it is without flags.
    pub(crate) async fn gate(&self) -> Running {
        self.gate_with(Setup::default()).await
    }

    /// A gate that knows the world as it is now.
    pub(crate) async fn gate_with(&self, setup: Setup) -> Running {
        Running::start(&self.admin.client(), setup).await
    }

    /// An accepted route.
    pub(crate) async fn route(&self, route: &Value) {
        self.create(route).await;
        self.accept(route, true).await;
    }

    /// What the gateways say of a route.
    pub(crate) async fn accept(&self, route: &Value, is_accepted: bool) {
        let status = accepted(route, is_accepted);
        let patched = self.admin.patch_status(&Address::of(route), &status).await;
        patched.unwrap_or_else(|refused| panic!("accept a route: {refused}"));
    }

    /// An accepted and enforced policy.
    pub(crate) async fn policy(&self, policy: &Value) {
        self.create(policy).await;
        let (address, status) = (Address::of(policy), policy_status(true, true));
        let patched = self.admin.patch_status(&address, &status).await;
        patched.unwrap_or_else(|refused| panic!("accept {address}: {refused}"));
    }

    /// Creates an object as admin; a refusal ends the test.
    pub(crate) async fn create(&self, object: &Value) -> Value {
        let made = self.admin.create(object).await;
        made.unwrap_or_else(|refused| panic!("create {}: {refused}", Address::of(object)))
    }

    /// Creates an object under another name and in another namespace, which is made if need be.
    pub(crate) async fn create_elsewhere(&self, object: Value, namespace: &str, name: &str) -> Value {
        self.world.namespace(namespace).await;
        self.create(&fixtures::named(object, namespace, name)).await
    }

    /// Merges into an object as admin; a refusal ends the test.
    pub(crate) async fn patch(&self, object: &Value, patch: &Value) -> Value {
        let address = Address::of(object);
        let patched = self.admin.patch(&address, patch).await;
        patched.unwrap_or_else(|refused| panic!("patch {address}: {refused}"))
    }

    /// Puts other plans in the place of the game store's.
    pub(crate) async fn replan(&self, plan_list: &Value) {
        let policy = plans(plan_list);
        self.patch(&policy, &json!({ "spec": { "plans": plan_list } }))
            .await;
    }

    /// Deletes an object as admin; a refusal ends the test.
    pub(crate) async fn delete(&self, object: &Value) {
        let address = Address::of(object);
        let deleted = self.admin.delete(&address).await;
        deleted.unwrap_or_else(|refused| panic!("delete {address}: {refused}"));
    }

    /// A second product, `toystore-api` in its namespace, with a route for its own host on its own gateway, and callers
    /// known in the same way.
    pub(crate) async fn second_store(&self) {
        let namespace = json!({ "metadata": { "namespace": TOYSTORE } });
        let own = |object: Value| but(object, &namespace);
        self.world.namespace(TOYSTORE).await;
        self.create(&own(gateway())).await;
        let spec =
            json!({ "spec": { "hostnames": [TOYSTORE_HOST], "parentRefs": [{ "name": "gamestore" }] } });
        self.route(&own(but(fixtures::route(), &spec))).await;
        self.policy(&own(fixtures::auth_policy())).await;
        self.policy(&own(plans(&usual_plans()))).await;
        let name = json!({ "metadata": { "name": "toystore-api" } });
        self.create(&own(but(fixtures::product(), &name))).await;
    }
}

/// Where the second product is.
pub(crate) const TOYSTORE: &str = "toystore";
/// Its host.
pub(crate) const TOYSTORE_HOST: &str = "api.toystore.example.com";
