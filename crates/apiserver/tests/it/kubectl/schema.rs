//! `kubectl explain`, `api-resources`, and validation by the published schemas.

use super::RED_BUG;
use super::server::{squeezed, with_bugs};

#[tokio::test]
async fn explain_tells_what_the_definition_says() {
    with_bugs(async |server| {
        let admin = server.admin();
        let said = admin.must("explain bug.spec").await;
        for part in [
            "GROUP:      wire.io",
            "KIND:       Bug",
            "What the bug should be.",
            "<string> -required-",
            "Its color.",
        ] {
            assert!(said.contains(part), "{part:?} not in {said}");
        }
        let tree = squeezed(&admin.must("explain bugs --recursive").await);
        for line in [
            "spec <Object>",
            "color <string> -required-",
            "tags <[]string>",
            "status <Object>",
        ] {
            assert!(tree.contains(&line.to_owned()), "{line:?} not in {tree:?}");
        }
        let said = admin.must("explain rolebinding.roleRef").await;
        assert!(
            said.contains("Kind is the type of resource being referenced"),
            "{said}"
        );
        let none = admin.run("explain bug.spec.wings").await;
        assert!(
            none.err.contains("field \"wings\" does not exist"),
            "{}",
            none.err
        );
    })
    .await;
}

#[tokio::test]
async fn api_resources_and_versions_list_every_kind() {
    with_bugs(async |server| {
        let admin = server.admin();
        let table = squeezed(&admin.must("api-resources").await);
        assert!(
            table.contains(&"bugs bg wire.io/v1 true Bug".to_owned()),
            "{table:?}"
        );
        assert!(
            table.contains(&"namespaces ns v1 false Namespace".to_owned()),
            "{table:?}"
        );
        assert!(
            table.contains(&"roles rbac.authorization.k8s.io/v1 true Role".to_owned()),
            "{table:?}"
        );
        let versions = admin.must("api-versions").await;
        assert!(versions.lines().any(|line| line == "wire.io/v1"), "{versions}");
        let version = admin.must("version").await;
        assert!(version.contains("Server Version: v1.36.0+keydesk"), "{version}");
    })
    .await;
}

#[tokio::test]
async fn a_field_that_does_not_exist_is_refused_by_name() {
    with_bugs(async |server| {
        let admin = server.admin();
        let said = admin
            .apply(&RED_BUG.replace("legs: 6", "legs: 6, wings: 2"))
            .await;
        assert!(!said.well);
        assert!(
            said.err
                .contains("strict decoding error: unknown field \"spec.wings\""),
            "{}",
            said.err
        );
        let said = admin
            .apply("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndta: {a: YQ==}\n")
            .await;
        assert!(
            said.err.contains("strict decoding error: unknown field \"dta\""),
            "{}",
            said.err
        );
        assert!(admin.run("get bug ladybird").await.err.contains("not found"));
    })
    .await;
}

#[tokio::test]
async fn a_value_that_breaks_a_rule_is_refused_by_field() {
    with_bugs(async |server| {
        let admin = server.admin();
        let color = admin.apply(&RED_BUG.replace("red", "pink")).await.err;
        assert!(
            color.contains(
                "* spec.color: Unsupported value: \"pink\": supported values: \"red\", \"green\", \"blue\""
            ),
            "{color}"
        );
        let legs = admin.apply(&RED_BUG.replace("legs: 6", "legs: 5")).await.err;
        assert!(legs.contains("legs come in pairs"), "{legs}");
        let none = admin.apply(&RED_BUG.replace("color: red, ", "")).await.err;
        assert!(none.contains("spec.color: Required value"), "{none}");
    })
    .await;
}
