//! The example manifests, for programs that install them: YAML text, several objects in each.

/// What every `keydesk up` installs after the CRDs and roles: the namespace for enforcement secrets with the Kuadrant
/// resource that says so, and the gateway classes that the local gateway serves.
pub const BASE: &[&str] = &[include_str!("../../../examples/base/kuadrant.yaml")];

/// What `keydesk up --demo` installs beside [`BASE`], in order, as admin: the people with their rights, then what the
/// platform team and the owners set up. The consumers' part is left for a person to do.
pub const DEMO: &[&str] = &[
    include_str!("../../../examples/demo/people.yaml"),
    include_str!("../../../examples/gamestore/1-platform.yaml"),
    include_str!("../../../examples/gamestore/2-owner.yaml"),
    include_str!("../../../examples/toystore/1-platform.yaml"),
    include_str!("../../../examples/toystore/2-owner.yaml"),
];
