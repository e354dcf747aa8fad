//! The authentication scheme of a policy, as a status repeats it: what is written there is stored as it was written.

use std::sync::LazyLock;

use keydesk_api::AuthScheme;
use keydesk_schema::Schema;
use serde_json::json;

/// What the definition of products says about it.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let definitions = json!(keydesk_api::crds());
    let definitions = definitions.as_array().expect("a list of definitions");
    let products = definitions
        .iter()
        .find(|definition| definition["spec"]["names"]["kind"] == "APIProduct");
    let products = products.expect("there are products");
    let schema = &products["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let schema = &schema["properties"]["status"]["properties"]["discoveredAuthScheme"];
    // By itself it would be taken for an object, which has metadata of its own.
    let schema = json!({"type": "object", "properties": {"scheme": schema}});
    Schema::structural(&schema, "status").expect("it is one")
});

pub(crate) fn store(data: &[u8]) {
    let Ok(scheme) = serde_json::from_slice::<AuthScheme>(data) else {
        return;
    };
    let authentications = scheme.authentications();
    let written = json!({"scheme": scheme.as_stored()});
    let mut stored = written.clone();
    assert_eq!(
        SCHEMA.prune(&mut stored),
        Vec::<String>::new(),
        "nothing is dropped"
    );
    SCHEMA.apply_defaults(&mut stored);
    assert_eq!(stored, written, "nothing is filled in");
    assert_eq!(SCHEMA.validate(&written, None), [], "nothing is refused");
    // Whoever is left is who was there.
    let kept = scheme.as_stored().authentications();
    assert!(
        kept.iter()
            .all(|kept| authentications.iter().any(|one| one.name == kept.name))
    );
}
