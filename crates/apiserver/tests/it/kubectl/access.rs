//! `kubectl auth …`, and what people see who may not.

use super::server::{Server, squeezed, with_every_kubectl};

async fn let_ada_read(server: &Server) {
    let admin = server.admin();
    admin
        .must("create role reader --verb=get,list,watch --resource=secrets")
        .await;
    admin
        .must("create rolebinding ada-reads --role=reader --user=ada")
        .await;
}

#[tokio::test]
async fn auth_can_i_answers_by_the_roles() {
    with_every_kubectl(async |server| {
        let_ada_read(&server).await;
        let ada = server.person("ada");
        assert_eq!(ada.must("auth can-i get secrets").await, "yes\n");
        let no = ada.run("auth can-i delete secrets").await;
        assert_eq!((no.well, no.out.as_str()), (false, "no\n"));
        assert_eq!(ada.run("auth can-i get secrets -n other").await.out, "no\n");
        assert_eq!(ada.run("auth can-i * *").await.out, "no\n");
        assert_eq!(server.admin().must("auth can-i * *").await, "yes\n");
        assert_eq!(ada.must("auth can-i get /version").await, "yes\n");
    })
    .await;
}

#[tokio::test]
async fn auth_can_i_lists_what_holds() {
    with_every_kubectl(async |server| {
        let_ada_read(&server).await;
        let list = squeezed(&server.person("ada").must("auth can-i --list").await);
        assert!(
            list.contains(&"secrets [] [] [get list watch]".to_owned()),
            "{list:?}"
        );
        assert!(
            list.contains(&"selfsubjectreviews.authentication.k8s.io [] [] [create]".to_owned()),
            "{list:?}"
        );
        assert!(list.contains(&"[/version] [] [get]".to_owned()), "{list:?}");
    })
    .await;
}

#[tokio::test]
async fn auth_whoami_names_the_caller() {
    with_every_kubectl(async |server| {
        let said = squeezed(&server.person("ada").must("auth whoami").await);
        assert_eq!(
            said,
            ["ATTRIBUTE VALUE", "Username ada", "Groups [system:authenticated]"]
        );
    })
    .await;
}

#[tokio::test]
async fn who_may_not_is_told_so_in_the_usual_words() {
    with_every_kubectl(async |server| {
        let_ada_read(&server).await;
        let eve = server.person("eve");
        assert_eq!(
            eve.run("get secrets").await.err,
            "Error from server (Forbidden): secrets is forbidden: User \"eve\" cannot list resource \"secrets\" in API \
             group \"\" in the namespace \"default\"\n"
        );
        assert_eq!(
            eve.run("get namespaces").await.err,
            "Error from server (Forbidden): namespaces is forbidden: User \"eve\" cannot list resource \"namespaces\" in \
             API group \"\" at the cluster scope\n"
        );
        assert_eq!(server.person("ada").run("get secrets").await.err, "No resources found in default namespace.\n");
    })
    .await;
}

#[tokio::test]
async fn nobody_grants_more_than_they_hold() {
    with_every_kubectl(async |server| {
        let_ada_read(&server).await;
        let admin = server.admin();
        admin.must("create role granter --verb=create --resource=roles,rolebindings").await;
        admin.must("create rolebinding ada-grants --role=granter --user=ada").await;
        let ada = server.person("ada");
        ada.must("create role less --verb=get --resource=secrets").await;
        let more = ada.run("create role more --verb=delete --resource=secrets").await;
        assert!(
            more.err.contains(
                "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"ada\" (groups=[\"system:authenticated\"]) \
                 is attempting to grant RBAC permissions not currently held:\n\
                 {APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"delete\"]}"
            ),
            "{}",
            more.err
        );
        let bind = ada.run("create rolebinding me --clusterrole=cluster-admin --user=ada").await;
        assert!(bind.err.contains("is attempting to grant RBAC permissions not currently held"), "{}", bind.err);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    with_every_kubectl(async |server| {
        let said = server.admin().run("get namespaces --token=wrong").await;
        assert!(
            said.err.contains("You must be logged in to the server"),
            "{}",
            said.err
        );
    })
    .await;
}
