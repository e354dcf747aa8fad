//! Mistyped manifests get the words of a real API server, and change nothing.

use crate::stage::Stage;

/// A manifest that does not fit, and what kubectl 1.37 prints for it in front of a kube-apiserver 1.36.
struct Mistake {
    kind: &'static str,
    manifest: &'static str,
    says: &'static str,
}

const PRODUCT: &str = "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIProduct\n\
                       metadata: {name: mistaken, namespace: gamestore}\n";
const KEY: &str = "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIKey\n\
                   metadata: {name: mistaken, namespace: consumer-app}\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: mistaken, namespace: consumer-app}\n";
const ROUTE: &str = "  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: gamestore}\n";

const UNCHECKED: &str = "* <nil>: Invalid value: null: some validation rules were not checked because the object was \
                         invalid; correct the existing errors to complete validation";

const MISTAKES: &[Mistake] = &[
    Mistake {
        kind: PRODUCT,
        manifest: "spec:\n  displayName: x\n  approvalMode: auto\nROUTE",
        says: "The APIProduct \"mistaken\" is invalid: \n\
               * spec.approvalMode: Unsupported value: \"auto\": supported values: \"automatic\", \"manual\"\nUNCHECKED",
    },
    Mistake {
        kind: PRODUCT,
        manifest: "spec:\n  displayName: x\n  displayNme: y\nROUTE",
        says: "Error from server (BadRequest): error when creating \"STDIN\": APIProduct in version \"v1alpha1\" cannot \
               be handled as a APIProduct: strict decoding error: unknown field \"spec.displayNme\"",
    },
    Mistake {
        kind: PRODUCT,
        manifest: "spec:\n  displayName: x\n  targetRef: {group: apps, kind: Gateway, name: gamestore}\n",
        says: "The APIProduct \"mistaken\" is invalid: \n\
               * spec.targetRef: Invalid value: Invalid targetRef.group. The only supported value is \
               'gateway.networking.k8s.io'\n\
               * spec.targetRef: Invalid value: Invalid targetRef.kind. The only supported value is 'HTTPRoute'",
    },
    Mistake {
        kind: PRODUCT,
        manifest: "spec:\n  description: x\n",
        says: "The APIProduct \"mistaken\" is invalid: \n* spec.displayName: Required value\n\
               * spec.targetRef: Required value\nUNCHECKED",
    },
    Mistake {
        kind: PRODUCT,
        manifest: "spec:\n  displayName: 7\n  tags: retail\nROUTE",
        says: "The APIProduct \"mistaken\" is invalid: \n\
               * spec.displayName: Invalid value: \"integer\": spec.displayName in body must be of type string: \
               \"integer\"\n\
               * spec.tags: Invalid value: \"string\": spec.tags in body must be of type array: \"string\"\nUNCHECKED",
    },
    Mistake {
        kind: KEY,
        manifest: "spec:\n  planTier: 3\n",
        says: "The APIKey \"mistaken\" is invalid: \n\
               * spec.planTier: Invalid value: \"integer\": spec.planTier in body must be of type string: \"integer\"\n\
               * spec.apiProductRef: Required value\n* spec.requestedBy: Required value\n\
               * spec.secretRef: Required value",
    },
    Mistake {
        kind: KEY,
        manifest: "spec:\n  apiProductRef: {name: x}\n  secretRef: {name: x}\n  planTier: gold\n  \
                   requestedBy: {userId: u, email: nobody}\n",
        says: "The APIKey \"mistaken\" is invalid: spec.requestedBy.email: Invalid value: \"nobody\": \
               spec.requestedBy.email in body should match \
               '^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}$'",
    },
    Mistake {
        kind: KEY,
        manifest: "spec:\n  apiProductRef: {name: x}\n  secretRef: {name: x}\n  planTier: gold\n  \
                   requestedBy: {userId: u, email: a@b.cc}\n  expiresAt: tomorrow\n",
        says: "The APIKey \"mistaken\" is invalid: spec.expiresAt: Invalid value: \"tomorrow\": spec.expiresAt in body \
               must be of type date-time: \"tomorrow\"",
    },
    Mistake {
        kind: SECRET,
        manifest: "data: {api_key: \"not base64!\"}\n",
        says: "Error from server (BadRequest): error when creating \"STDIN\": Secret in version \"v1\" cannot be handled \
               as a Secret: illegal base64 data at input byte 3",
    },
    Mistake {
        kind: SECRET,
        manifest: "stringdata: {api_key: x}\n",
        says: "Error from server (BadRequest): error when creating \"STDIN\": Secret in version \"v1\" cannot be handled \
               as a Secret: strict decoding error: unknown field \"stringdata\"",
    },
    Mistake {
        kind: SECRET,
        manifest: "stringData: {\"api key\": x}\n",
        says: "The Secret \"mistaken\" is invalid: data[api key]: Invalid value: \"api key\": a valid config key must \
               consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', \
               regex used for validation is '[-._a-zA-Z0-9]+')",
    },
    Mistake {
        kind: "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIProdukt\n",
        manifest: "metadata: {name: mistaken, namespace: gamestore}\n",
        says: "error: resource mapping not found for name: \"mistaken\" namespace: \"gamestore\" from \"STDIN\": no \
               matches for kind \"APIProdukt\" in version \"devportal.kuadrant.io/v1alpha1\"\n\
               ensure CRDs are installed first",
    },
    Mistake {
        kind: "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIProduct\n",
        manifest: "metadata: {name: mistaken, namespace: nowhere}\nspec:\n  displayName: x\nROUTE",
        says: "Error from server (NotFound): error when creating \"STDIN\": namespaces \"nowhere\" not found",
    },
    Mistake {
        kind: "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIProduct\n",
        manifest: "metadata: {name: Mistaken_Name, namespace: gamestore}\nspec:\n  displayName: x\nROUTE",
        says: "The APIProduct \"Mistaken_Name\" is invalid: metadata.name: Invalid value: \"Mistaken_Name\": a lowercase \
               RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and \
               end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
               '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    },
    Mistake {
        kind: "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIProduct\n",
        manifest: "metadata: {name: mistaken, namespace: gamestore, labels: {a: \"c d\"}}\n\
                   spec:\n  displayName: x\nROUTE",
        says: "The APIProduct \"mistaken\" is invalid: metadata.labels: Invalid value: \"c d\": a valid label must be an \
               empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
               alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
               '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    },
    Mistake {
        kind: "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n",
        manifest: "metadata: {name: mistaken, namespace: consumer-app}\n\
                   roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Roll, name: x}\n\
                   subjects: [{kind: Person, name: x}]\n",
        says: "The RoleBinding \"mistaken\" is invalid: \n\
               * roleRef.kind: Unsupported value: \"Roll\": supported values: \"Role\", \"ClusterRole\"\n\
               * subjects[0].kind: Unsupported value: \"Person\": supported values: \"ServiceAccount\", \"User\", \
               \"Group\"",
    },
];

#[tokio::test]
async fn a_mistyped_manifest_gets_the_words_of_a_real_server() {
    let stage = Stage::start(&[]).await;
    let admin = stage.kubectl("admin");
    let mut wrong = Vec::new();
    for Mistake { kind, manifest, says } in MISTAKES {
        let manifest = format!("{kind}{}", manifest.replace("ROUTE", ROUTE));
        let said = admin.apply(&manifest).await;
        let says = says.replace("UNCHECKED", UNCHECKED);
        if said.well || said.err.trim() != says {
            wrong.push(format!(
                "for\n{manifest}it says\n{}{}and should say\n{says}\n",
                said.out, said.err
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        MISTAKES.len(),
        wrong.join("\n")
    );
    for kind in ["apiproducts", "apikeys", "secrets", "rolebindings"] {
        let all = admin.must(&format!("get {kind} -A -o name")).await;
        assert!(!all.contains("istaken"), "{all}");
    }
}

#[tokio::test]
async fn somebody_without_the_right_is_told_which_one() {
    let stage = Stage::start(&[]).await;
    let said = stage.kubectl("consumer").run("get apikey x -n other-app").await;
    assert_eq!(
        said.err.trim(),
        "Error from server (Forbidden): apikeys.devportal.kuadrant.io \"x\" is forbidden: User \"consumer\" cannot get \
         resource \"apikeys\" in API group \"devportal.kuadrant.io\" in the namespace \"other-app\""
    );
    let said = stage.kubectl("owner").run("get secrets -n consumer-app").await;
    assert_eq!(
        said.err.trim(),
        "Error from server (Forbidden): secrets is forbidden: User \"owner\" cannot list resource \"secrets\" in API \
         group \"\" in the namespace \"consumer-app\""
    );
}
