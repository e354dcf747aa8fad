//! The real kubectl against this server on a TLS port: every command of the wire table that is in scope, with every
//! version that the tests were given.

mod access;
mod create;
mod schema;
mod server;
mod view;
mod watch;
mod write;

/// A custom kind with what kubectl looks at: columns, a status, a described and a required field, a CEL rule.
const BUGS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: bugs.wire.io
spec:
  group: wire.io
  scope: Namespaced
  names: {plural: bugs, singular: bug, kind: Bug, listKind: BugList, shortNames: [bg], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Color, type: string, jsonPath: .spec.color}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Legs, type: integer, jsonPath: .spec.legs, priority: 1}
    schema:
      openAPIV3Schema:
        description: A bug with a color.
        type: object
        properties:
          spec:
            description: What the bug should be.
            type: object
            required: [color]
            properties:
              color: {type: string, description: Its color., enum: [red, green, blue]}
              legs: {type: integer, description: How many legs it has., minimum: 0}
              tags: {type: array, items: {type: string}}
            x-kubernetes-validations:
            - {rule: "!has(self.legs) || self.legs % 2 == 0", message: legs come in pairs}
          status:
            type: object
            properties:
              conditions:
                type: array
                items: {type: object, properties: {type: {type: string}, status: {type: string}}}
"#;

/// One of them.
const RED_BUG: &str = "
apiVersion: wire.io/v1
kind: Bug
metadata: {name: ladybird, namespace: default, labels: {wings: two}}
spec: {color: red, legs: 6}
";
