//! A cluster to act in: an embedded API server of the test's own, or a real one that tests use in turn.

use std::sync::LazyLock;

use keydesk_apiserver::{ApiServer, User};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::conditions;
use crate::kinds::{self, Address};
use crate::person::Person;
use crate::wait::Patience;
use crate::{clock, fixtures, manifests};

/// The namespace of the controller's `ServiceAccount` when tests run it.
pub const CONTROLLER_NAMESPACE: &str = "developer-portal-controller-system";

/// The label on namespaces that tests made, on a real cluster.
const TEST_LABEL: &str = "keydesk.dev/test";

/// Upstream's own definitions must do as well as ours: `KEYDESK_TEST_CRDS` names a folder with them.
static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let ours = std::env::var("KEYDESK_TEST_CRDS").unwrap_or_else(|_| "config/crd/bases".to_owned());
    let all = manifests::folder(&ours)
        .into_iter()
        .chain(manifests::folder("config/foreign"));
    all.filter(|object| object["kind"] == "CustomResourceDefinition")
        .collect()
});

/// Upstream's old role must do as well as ours: `KEYDESK_TEST_ROLES` names a folder whose roles take the place of ours.
static ROLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let others = std::env::var("KEYDESK_TEST_ROLES").ok();
    let others = others.iter().flat_map(|folder| manifests::folder(folder));
    let all = manifests::folder("config/rbac").into_iter().chain(others);
    all.filter(|object| object["kind"] == "ClusterRole").collect()
});

static REAL_CLUSTER: Mutex<()> = Mutex::const_new(());

/// A cluster with our definitions, the foreign ones and the shipped roles, and nothing else of interest in it.
pub struct World {
    cluster: Cluster,
    _turn: Option<MutexGuard<'static, ()>>,
}

enum Cluster {
    Embedded(ApiServer),
    Real(Box<kube::Config>),
}

impl World {
    /// A world of the kind that the environment asks for.
    pub async fn start() -> Self {
        let world = match std::env::var_os("KEYDESK_TEST_KUBECONFIG") {
            None => Self {
                cluster: Cluster::Embedded(ApiServer::builder().build().await.unwrap()),
                _turn: None,
            },
            Some(file) => {
                let turn = REAL_CLUSTER.lock().await;
                let kubeconfig = Kubeconfig::read_from(file).unwrap();
                let context = KubeConfigOptions::default();
                let config = kube::Config::from_custom_kubeconfig(kubeconfig, &context)
                    .await
                    .unwrap();
                let world = Self {
                    cluster: Cluster::Real(Box::new(config)),
                    _turn: Some(turn),
                };
                world.wipe().await;
                world
            }
        };
        world.install().await;
        world
    }

    /// A world in this process, whatever the environment says, whose time is the runtime's: see [`clock`]. Its UIDs are of the dice of
    /// this thread (`fastrand`).
    pub async fn embedded() -> Self {
        let uid = || uuid::Builder::from_random_bytes(fastrand::u128(..).to_le_bytes()).into_uuid();
        let server = ApiServer::builder().clock(clock::now).uids(uid);
        let server = server.build().await.unwrap();
        let world = Self {
            cluster: Cluster::Embedded(server),
            _turn: None,
        };
        world.install().await;
        world
    }

    /// Whether this is a real cluster, shared with other tests in turn.
    #[must_use]
    pub fn is_real(&self) -> bool {
        matches!(self.cluster, Cluster::Real(_))
    }

    /// Somebody who may do everything.
    #[must_use]
    pub fn admin(&self) -> Person {
        match &self.cluster {
            Cluster::Embedded(_) => self.person("test-admin", &["system:masters"]),
            Cluster::Real(config) => Person::new(
                kube::Client::try_from(kube::Config::clone(config)).unwrap(),
                Patience::REAL,
            ),
        }
    }

    /// Somebody with this name in these groups, and the rights that roles bind to them.
    #[must_use]
    pub fn person(&self, name: &str, groups: &[&str]) -> Person {
        let groups: Vec<String> = groups
            .iter()
            .copied()
            .chain(["system:authenticated"])
            .map(str::to_owned)
            .collect();
        match &self.cluster {
            Cluster::Embedded(server) => {
                let user = User {
                    name: name.to_owned(),
                    groups,
                    ..User::default()
                };
                Person::new(
                    kube::Client::new(server.as_user(user), "default"),
                    Patience::EMBEDDED,
                )
            }
            Cluster::Real(config) => {
                let mut config = kube::Config::clone(config);
                config.auth_info.impersonate = Some(name.to_owned());
                config.auth_info.impersonate_groups = Some(groups);
                Person::new(kube::Client::try_from(config).unwrap(), Patience::REAL)
            }
        }
    }

    /// The controller as it is installed: a `ServiceAccount` with the shipped role and nothing else.
    #[must_use]
    pub fn controller(&self) -> Person {
        let name = format!("system:serviceaccount:{CONTROLLER_NAMESPACE}:controller-manager");
        let group = format!("system:serviceaccounts:{CONTROLLER_NAMESPACE}");
        self.person(&name, &["system:serviceaccounts", &group])
    }

    /// Makes a namespace unless it is there.
    pub async fn namespace(&self, name: &str) {
        let namespace = json!({ "metadata": { "labels": { TEST_LABEL: "true" } } });
        let made = self
            .admin()
            .create(&fixtures::but(fixtures::namespace(name), &namespace))
            .await;
        assert!(
            made.is_ok() || made.as_ref().is_err_and(|refused| refused.code == 409),
            "make {name:?}: {made:?}"
        );
    }

    /// Binds a `ClusterRole` to a user, in one namespace, or everywhere where it is empty.
    pub async fn bind(&self, user: &str, role: &str, namespace: &str) {
        let kind = if namespace.is_empty() {
            "ClusterRoleBinding"
        } else {
            "RoleBinding"
        };
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": {
                "name": format!("{}-{role}", user.replace(':', "-")),
                "namespace": Some(namespace).filter(|name| !name.is_empty()),
            },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
        });
        self.admin().put(&binding).await.unwrap();
    }

    /// Definitions, roles and the controller's binding.
    async fn install(&self) {
        let admin = self.admin();
        for definition in DEFINITIONS.iter() {
            let address = Address::of(definition);
            if admin.find(&address).await.is_none() {
                admin.create(definition).await.unwrap();
            }
            admin
                .soon(&address, "is established", |seen| {
                    conditions::condition(seen, "Established").is_some()
                })
                .await;
        }
        for role in ROLES.iter() {
            admin.put(role).await.unwrap();
        }
        let controller = format!("system:serviceaccount:{CONTROLLER_NAMESPACE}:controller-manager");
        self.bind(&controller, "manager-role", "").await;
    }

    /// Takes everything away that an earlier test may have left.
    async fn wipe(&self) {
        let admin = self.admin();
        for kind in [
            kinds::KEY,
            kinds::APPROVAL,
            kinds::REQUEST,
            kinds::PRODUCT,
            kinds::KUADRANT,
            kinds::AUTH_POLICY,
            kinds::PLAN_POLICY,
            kinds::ROUTE,
            kinds::GATEWAY,
        ] {
            // On the first run the definitions are not there yet.
            if let Ok(objects) = admin.list(kind, "").await {
                remove(&admin, &objects).await;
            }
        }
        for namespace in admin
            .select(kinds::NAMESPACE, "", &format!("{TEST_LABEL}=true"))
            .await
            .unwrap()
        {
            let name = namespace["metadata"]["name"].as_str().unwrap();
            for kind in [kinds::SECRET, kinds::ROLE_BINDING] {
                remove(&admin, &admin.list(kind, name).await.unwrap()).await;
            }
        }
        for binding in admin.list(kinds::CLUSTER_ROLE_BINDING, "").await.unwrap() {
            if binding["subjects"][0]["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("test-"))
            {
                remove(&admin, &[binding]).await;
            }
        }
    }
}

/// Deletes objects and waits until they are gone, whatever finalizer holds them.
async fn remove(admin: &Person, objects: &[Value]) {
    for object in objects {
        let address = Address::of(object);
        if object["metadata"]["finalizers"].is_array() {
            let _ = admin
                .patch(&address, &json!({ "metadata": { "finalizers": null } }))
                .await;
        }
        let _ = admin.delete(&address).await;
        admin.soon_gone(&address).await;
    }
}
