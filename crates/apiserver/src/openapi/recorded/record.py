"""Records the schemas of the built-in kinds from a real API server: `kubectl proxy &`, then run this with its URL.

Writes components.json beside itself: the kinds that this server serves and whatever they refer to, nothing else.
"""

import json
import pathlib
import sys
import urllib.request

KINDS = {
    "api/v1": "Namespace Secret ConfigMap ServiceAccount Service Event",
    "apis/events.k8s.io/v1": "Event",
    "apis/coordination.k8s.io/v1": "Lease",
    "apis/apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apis/rbac.authorization.k8s.io/v1": "Role ClusterRole RoleBinding ClusterRoleBinding",
    "apis/authentication.k8s.io/v1": "TokenReview SelfSubjectReview",
    "apis/authorization.k8s.io/v1": "SubjectAccessReview LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview",
}
EXTRA = ["io.k8s.apimachinery.pkg.apis.meta.v1." + name for name in ("DeleteOptions", "Status", "Patch", "WatchEvent")]


def references(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rsplit("/", 1)[1]
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def main(server):
    schemas, wanted = {}, list(EXTRA)
    for path, kinds in KINDS.items():
        group = "" if path == "api/v1" else path.split("/")[1]
        names = {kind + suffix for kind in kinds.split() for suffix in ("", "List")}
        with urllib.request.urlopen(f"{server}/openapi/v3/{path}") as answer:
            document = json.load(answer)["components"]["schemas"]
        for name, schema in document.items():
            schemas[name] = schema
            kinds_of = schema.get("x-kubernetes-group-version-kind", [])
            if any(one["group"] == group and one["kind"] in names for one in kinds_of):
                wanted.append(name)
    kept = {}
    while wanted:
        name = wanted.pop()
        if name not in kept and name in schemas:
            kept[name] = schemas[name]
            wanted.extend(references(schemas[name]))
    ours = {group.split("/")[1] if group != "api/v1" else "" for group in KINDS}
    for schema in kept.values():
        kinds_of = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds_of) > 1:
            schema["x-kubernetes-group-version-kind"] = [one for one in kinds_of if one["group"] in ours and one["version"] == "v1"]
    target = pathlib.Path(__file__).with_name("components.json")
    target.write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
