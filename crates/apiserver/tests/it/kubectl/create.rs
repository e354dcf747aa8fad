//! `kubectl create …`: bodies in protobuf, for which there is no fall-back.

use super::server::with_every_kubectl;

#[tokio::test]
async fn secrets_namespaces_and_their_like_are_created() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        assert_eq!(
            admin.must("create namespace team").await,
            "namespace/team created\n"
        );
        let created = admin
            .must("create secret generic key -n team --from-literal=api_key=opensesame")
            .await;
        assert_eq!(created, "secret/key created\n");
        let value = admin
            .must("get secret key -n team -o jsonpath={.data.api_key}")
            .await;
        assert_eq!(value, "b3BlbnNlc2FtZQ==");
        admin
            .must("create configmap settings -n team --from-literal=a=b")
            .await;
        assert_eq!(
            admin
                .must("get configmap settings -n team -o jsonpath={.data.a}")
                .await,
            "b"
        );
        admin.must("create serviceaccount bot -n team").await;
        admin
            .must("create service clusterip web -n team --tcp=80:8080")
            .await;
        let port = admin
            .must("get service web -n team -o jsonpath={.spec.ports[0].targetPort}")
            .await;
        assert_eq!(port, "8080");
    })
    .await;
}

#[tokio::test]
async fn roles_and_bindings_are_created() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        admin.must("create role reader --verb=get,list --resource=secrets,configmaps --resource-name=one").await;
        admin.must("create clusterrole seer --verb=get --non-resource-url=/metrics").await;
        admin.must("create rolebinding ada-reads --role=reader --user=ada --serviceaccount=default:bot").await;
        admin.must("create clusterrolebinding ada-sees --clusterrole=seer --group=developers").await;
        let rules = admin.must("get role reader -o jsonpath={.rules[0]}").await;
        assert_eq!(
            rules,
            r#"{"apiGroups":[""],"resourceNames":["one"],"resources":["secrets","configmaps"],"verbs":["get","list"]}"#
        );
        let subjects = admin.must("get rolebinding ada-reads -o jsonpath={.subjects[*].name}").await;
        assert_eq!(subjects, "ada bot");
    })
    .await;
}

#[tokio::test]
async fn what_exists_or_is_malformed_is_refused_in_the_usual_words() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        let again = admin.run("create namespace default").await;
        assert_eq!(
            again.err,
            "Error from server (AlreadyExists): namespaces \"default\" already exists\n"
        );
        let bad = admin.run("create namespace Not_A_Name").await;
        assert!(
            bad.err
                .contains("The Namespace \"Not_A_Name\" is invalid: metadata.name: Invalid value"),
            "{}",
            bad.err
        );
        let nowhere = admin.run("create secret generic key -n nowhere").await;
        assert!(
            nowhere.err.contains("namespaces \"nowhere\" not found"),
            "{}",
            nowhere.err
        );
    })
    .await;
}
