//! Who may do what in the demo, asked by the people themselves.

use crate::stage::Stage;

#[tokio::test]
async fn every_context_is_the_person_of_its_name() {
    let stage = Stage::start(&[]).await;
    for (person, group) in [
        ("platform", "platform"),
        ("owner", "api-owners"),
        ("other-owner", "api-owners"),
        ("consumer", "developers"),
        ("other-consumer", "developers"),
        ("guest", "developers"),
        ("tom", "developers"),
    ] {
        let said = stage.kubectl(person).must("auth whoami").await;
        assert!(said.contains(person) && said.contains(group), "{said}");
    }
    let said = stage.kubectl("admin").must("auth whoami").await;
    assert!(said.contains("system:masters"), "{said}");
    let current = stage.kubectl("admin").must("config current-context").await;
    assert_eq!(current.trim(), "admin");
}

#[tokio::test]
async fn s125_s126_s127_the_demo_people_have_the_rights_of_their_roles() {
    let stage = Stage::start(&[]).await;
    let cases = [
        ("consumer", "create apikeys -n consumer-app", true),
        ("consumer", "create secrets -n consumer-app", true),
        ("consumer", "list apiproducts -A", true),
        ("consumer", "get apikeys -n other-app", false),
        ("consumer", "get secrets -n kuadrant-system", false),
        ("consumer", "list apikeyrequests -n gamestore", false),
        ("consumer", "create apikeyapprovals -n gamestore", false),
        (
            "consumer",
            "update apikeys --subresource=status -n consumer-app",
            false,
        ),
        ("other-consumer", "create apikeys -n other-app", true),
        ("other-consumer", "get secrets -n consumer-app", false),
        ("owner", "create apikeyapprovals -n gamestore", true),
        ("owner", "list apikeyrequests -n toystore", true),
        ("owner", "create apiproducts -n toystore", true),
        ("owner", "list apikeyrequests -n bookstore", false),
        ("owner", "list apikeys -A", false),
        ("owner", "get secrets -n gamestore", false),
        ("owner", "update apikeyrequests -n gamestore", false),
        ("other-owner", "create apikeyapprovals -n bookstore", true),
        ("other-owner", "create apikeyapprovals -n gamestore", false),
        ("platform", "list apikeys -A", true),
        ("platform", "create apikeyapprovals -n gamestore", true),
        ("platform", "get secrets -A", false),
        ("guest", "create apikeys -n guest", true),
        ("tom", "create apikeys -n guest", false),
    ];
    for (person, question, allowed) in cases {
        let said = stage.kubectl(person).run(&format!("auth can-i {question}")).await;
        let answer = if allowed { "yes" } else { "no" };
        assert_eq!(said.out.trim(), answer, "{person}: {question}: {}", said.err);
        assert_eq!(said.well, allowed, "the exit code says it too");
    }
}
