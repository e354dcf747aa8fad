//! Kinds of others, as far as we read them: Gateway API's and Kuadrant's.
//!
//! Decoding is tolerant (see `tolerant.rs`): what we do not understand is not there. These types are for reading only;
//! whoever writes such an object patches it, so that nothing we do not know of is lost.

mod auth_policy;
mod crds;
mod gateway;
mod gateway_class;
mod http_route;
mod http_route_rule;
mod kuadrant;
mod plan_policy;
mod policy_target;
mod rate_limit_policy;
mod status;
mod unevaluated;

pub use auth_policy::{AuthPolicy, AuthPolicySpec, RulesBlock};
pub use crds::crds;
pub use gateway::{Gateway, GatewaySpec, Listener, RoutesFrom};
pub use gateway_class::{GatewayClass, GatewayClassSpec};
pub use http_route::{HTTPRoute, HTTPRouteSpec, HTTPRouteStatus, ParentRef, ParentStatus};
pub use http_route_rule::{HTTPRouteMatch, HTTPRouteRule, MatchKind, PathMatch, RuleMatch, ValueMatch};
pub use kuadrant::{Kuadrant, KuadrantSpec};
pub use plan_policy::{Plan, PlanPolicy, PlanPolicySpec};
pub use policy_target::PolicyTarget;
pub use rate_limit_policy::{RateLimitPolicy, RateLimitPolicySpec};
pub use status::{ForeignCondition, ForeignStatus};
pub use unevaluated::{Unevaluated, section};

/// API group of Gateway API's kinds.
pub const GATEWAY_API_GROUP: &str = "gateway.networking.k8s.io";

/// API group of Kuadrant's core kinds.
pub const KUADRANT_GROUP: &str = "kuadrant.io";

/// API group of Kuadrant's extensions.
pub const EXTENSIONS_GROUP: &str = "extensions.kuadrant.io";
