//! Who may do what over HTTP: roles take effect at once, and nobody grants what they do not hold.

use keydesk_apiserver::User;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::cluster::{client, embedded, is_real, namespace, send, server, soon, unique};

/// An administrator and two ordinary people on one server.
struct People {
    admin: Client,
    ada: Client,
    ada_is: String,
}

async fn people() -> People {
    let ada_is = unique("ada");
    if is_real() {
        let path = std::env::var("KEYDESK_TEST_KUBECONFIG").unwrap();
        let config = Kubeconfig::read_from(path).unwrap();
        let mut config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default())
            .await
            .unwrap();
        // The real server believes an administrator who speaks for somebody else.
        config.auth_info.impersonate = Some(ada_is.clone());
        return People {
            admin: client().await,
            ada: Client::try_from(config).unwrap(),
            ada_is,
        };
    }
    let server = server().await;
    let ada = Client::new(server.as_user(User::named(ada_is.clone())), "default");
    People {
        admin: embedded(&server),
        ada,
        ada_is,
    }
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

async fn create(client: &Client, path: &str, object: &Value) -> (u16, Value) {
    send(client, "POST", path, object.to_string()).await
}

/// Lets somebody do this in a namespace.
async fn allow(people: &People, namespace: &str, rules: &Value) {
    let name = unique("r");
    let role = json!({"metadata": {"name": name}, "rules": rules});
    let binding = json!({
        "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": people.ada_is}],
    });
    let path = format!("{RBAC}/namespaces/{namespace}");
    assert_eq!(
        create(&people.admin, &format!("{path}/roles"), &role).await.0,
        201
    );
    assert_eq!(
        create(&people.admin, &format!("{path}/rolebindings"), &binding)
            .await
            .0,
        201
    );
}

#[tokio::test]
async fn a_binding_takes_effect_and_its_end_too() {
    let people = people().await;
    let namespace = namespace(&people.admin).await;
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    let (code, refused) = send(&people.ada, "GET", &path, "").await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        format!(
            "secrets is forbidden: User \"{}\" cannot list resource \"secrets\" in API group \"\" in the namespace \
             \"{namespace}\"",
            people.ada_is
        )
    );
    allow(
        &people,
        &namespace,
        &json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]),
    )
    .await;
    soon("the role takes effect", async || {
        (send(&people.ada, "GET", &path, "").await.0 == 200).then_some(())
    })
    .await;
    assert_eq!(
        send(&people.ada, "GET", &format!("{path}/x"), "").await.0,
        403,
        "list is not get"
    );
    let bindings = format!("{RBAC}/namespaces/{namespace}/rolebindings");
    assert_eq!(send(&people.admin, "DELETE", &bindings, "").await.0, 200);
    soon("the role ends", async || {
        (send(&people.ada, "GET", &path, "").await.0 == 403).then_some(())
    })
    .await;
}

#[tokio::test]
async fn names_and_subresources_are_told_apart() {
    let people = people().await;
    let namespace = namespace(&people.admin).await;
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["get", "watch", "list"]}]);
    allow(&people, &namespace, &rules).await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    soon("the role takes effect", async || {
        (send(&people.ada, "GET", &format!("{path}/one"), "").await.0 == 404).then_some(())
    })
    .await;
    assert_eq!(send(&people.ada, "GET", &format!("{path}/two"), "").await.0, 403);
    assert_eq!(send(&people.ada, "GET", &path, "").await.0, 403);
    let only = format!("{path}?fieldSelector=metadata.name%3Done");
    assert_eq!(
        send(&people.ada, "GET", &only, "").await.0,
        200,
        "a list of one name is about that name"
    );
}

#[tokio::test]
async fn nobody_grants_what_they_do_not_hold() {
    let people = people().await;
    let namespace = namespace(&people.admin).await;
    allow(&people, &namespace, &json!([
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
    ]))
    .await;
    let path = format!("{RBAC}/namespaces/{namespace}");
    let role = |name: &str, verbs: &[&str]| json!({"metadata": {"name": name}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": verbs}]});
    soon("the role takes effect", async || {
        (create(
            &people.ada,
            &format!("{path}/roles"),
            &role(&unique("same"), &["get"]),
        )
        .await
        .0 == 201)
            .then_some(())
    })
    .await;
    let (code, refused) = create(
        &people.ada,
        &format!("{path}/roles"),
        &role("more", &["get", "list"]),
    )
    .await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        format!(
            "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"{}\" (groups=[\"system:authenticated\"]) is \
             attempting to grant RBAC permissions not currently held:\n\
             {{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"list\"]}}",
            people.ada_is
        )
    );
    let binding = |kind: &str, name: &str| json!({"metadata": {"name": "b"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}});
    let bindings = format!("{path}/rolebindings");
    assert_eq!(
        create(&people.ada, &bindings, &binding("ClusterRole", "cluster-admin"))
            .await
            .0,
        403
    );
    let (code, missing) = create(&people.ada, &bindings, &binding("Role", "nosuch")).await;
    assert_eq!((code, &missing["reason"]), (404, &json!("NotFound")), "{missing}");
}

#[tokio::test]
async fn cluster_roles_are_made_of_labelled_ones() {
    let client = client().await;
    let label = unique("part");
    let whole = json!({
        "metadata": {"name": unique("whole")},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {(label.as_str()): "true"}}]},
    });
    let rule = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]});
    let part =
        json!({"metadata": {"name": unique("part"), "labels": {(label.as_str()): "true"}}, "rules": [rule]});
    let path = format!("{RBAC}/clusterroles");
    let (code, whole) = create(&client, &path, &whole).await;
    assert_eq!(code, 201, "{whole}");
    assert_eq!(create(&client, &path, &part).await.0, 201);
    let name = whole["metadata"]["name"].as_str().unwrap();
    soon("the rules are gathered", async || {
        let (_, whole) = send(&client, "GET", &format!("{path}/{name}"), "").await;
        (whole["rules"] == json!([rule])).then_some(())
    })
    .await;
}
