//! An explanation as a value: the same for a screen and for programs.

use jiff::Timestamp;
use keydesk_core::NamespacedName;
use serde::Serialize;

/// What the gate would decide about a call, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The call.
    pub call: CallFinding,
    /// Which rule of which route it meets.
    pub route: RouteFinding,
    /// What protects that route, if it meets one.
    pub policy: Option<PolicyFinding>,
    /// The products that are offered there.
    pub products: Vec<NamespacedName>,
    /// Whose the key is.
    pub key: KeyFinding,
    /// How much the caller may, if it came to that.
    pub plan: Option<PlanFinding>,
    /// What becomes of the call.
    pub outcome: Outcome,
}

/// A call, without its query and headers: a key may be among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFinding {
    /// The method.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path.
    pub path: String,
    /// Whether there is a query.
    pub has_query: bool,
}

/// A rule of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleFinding {
    /// The route.
    pub route: NamespacedName,
    /// Its number among the route's rules, from 1.
    pub rule: usize,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it takes: one text for each of its matches.
    pub takes: Vec<String>,
}

/// Which rule a call meets, or why none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "found", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RouteFinding {
    /// This rule.
    Rule {
        /// The rule.
        #[serde(flatten)]
        rule: RuleFinding,
    },
    /// Perhaps this rule.
    Doubtful {
        /// The rule.
        #[serde(flatten)]
        rule: RuleFinding,
        /// Why nobody can say.
        why: String,
    },
    /// One rule or another, as the gateway may read the call.
    Ambiguous {
        /// What the readings come to, one for each that differs.
        readings: Vec<ReadingFinding>,
    },
    /// The call cannot be read.
    Malformed {
        /// What of it, and what it should be.
        why: String,
    },
    /// No gateway serves the host.
    NoHost {
        /// The routes that are for the host, and why no gateway serves them.
        unserved: Vec<UnservedRoute>,
    },
    /// The host is served, but no rule takes the call.
    NoRule {
        /// The rules of the host's routes.
        rules: Vec<RuleFinding>,
    },
}

/// A way to read a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadingFinding {
    /// How.
    pub reading: String,
    /// What the call meets then.
    pub rule: Option<RuleFinding>,
}

/// A route that no gateway serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnservedRoute {
    /// The route.
    pub route: NamespacedName,
    /// Why, for each of its parents.
    pub why: Vec<String>,
}

/// What protects a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyFinding {
    /// The `AuthPolicy` that applies; without one nobody passes.
    pub auth_policy: Option<NamespacedName>,
    /// The ways to show a key, in the order in which they are tried.
    pub entries: Vec<EntryFinding>,
    /// The ways to be let in that are not evaluated: nobody comes in by them.
    pub other_ways: Vec<OtherWay>,
    /// What the policies demand and the gate does not evaluate. Where there is something, nobody passes.
    pub unsupported: Vec<UnsupportedPart>,
    /// What the owner told the gate not to mind.
    pub waived: Vec<String>,
}

/// A way to show a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryFinding {
    /// Its name in the policy.
    pub name: String,
    /// Where a call carries the key.
    pub expects: String,
}

/// A way to be let in that is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherWay {
    /// Its name in the policy.
    pub name: String,
    /// What it is.
    pub way: &'static str,
}

/// A part of a policy that is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsupportedPart {
    /// Which part.
    pub part: String,
    /// The `AuthPolicy` on which the owner can say that the gate need not mind; nothing where nobody can.
    pub waived_on: Option<NamespacedName>,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFinding {
    /// Where it came from.
    pub source: KeySource,
    /// Those whose value it is, who matter here first. More than one if a value belongs to several keys.
    pub owners: Vec<OwnerFinding>,
    /// How many keys' Secrets were not looked at.
    pub unread: usize,
}

/// Where a key came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum KeySource {
    /// There is none.
    Nowhere,
    /// The call carries it, where this entry wants it.
    Call {
        /// The entry of the policy.
        entry: String,
    },
    /// The call carries it in no place where this route wants keys.
    Elsewhere,
    /// It was given beside the call, and put where this entry wants it.
    Hand {
        /// The entry of the policy.
        entry: String,
    },
    /// It was given beside the call, and there is no place for it.
    Unplaced,
}

/// Somebody whose value a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerFinding {
    /// The `APIKey`; nothing if the Secret is not managed.
    pub key: Option<NamespacedName>,
    /// The product that it is for; nothing if the Secret is not managed.
    pub product: Option<NamespacedName>,
    /// Who uses it.
    pub user_id: String,
    /// The plan tier in force; the one that was asked for where none is.
    pub tier: Option<String>,
    /// When it ends, if ever.
    pub ends_at: Option<Timestamp>,
    /// Where it stands.
    pub stands: Stands,
    /// Whether it asks for other terms by now than those that were approved. Those still hold.
    pub terms_changed: bool,
    /// What keeps it from being good here, if anything.
    pub obstacle: Option<Obstacle>,
}

/// Where a key stands, as the gate sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Stands {
    /// Approved.
    Approved {
        /// By whom.
        by: String,
        /// Since when.
        at: Timestamp,
    },
    /// Denied.
    Denied {
        /// By whom.
        by: String,
        /// Since when.
        at: Timestamp,
        /// What they wrote.
        message: String,
    },
    /// Approved once, and past its end.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// Nobody has decided.
    Pending {
        /// What is to be decided on.
        request: NamespacedName,
    },
    /// Something is missing.
    Failed {
        /// What.
        why: String,
    },
    /// The `APIKey` is being deleted.
    Deleting,
    /// Its Secret is not managed, and accepted as it is.
    Unmanaged,
}

/// What keeps a key that stands well from being good on a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Obstacle {
    /// No enforcement secret carries a value.
    EnforcementMissing {
        /// Where it should be.
        secret: NamespacedName,
        /// What the controller says about the key, if it says that something is missing.
        controller_says: Option<String>,
    },
    /// The enforcement secret carries another value.
    EnforcementDiffers {
        /// Which.
        secret: NamespacedName,
        /// What the controller says about the key, if it says that something is missing.
        controller_says: Option<String>,
    },
    /// It is for a product that is not offered here.
    OtherProduct,
    /// Its product names an entry of the policy that takes no keys, or that is not there.
    NoSuchEntry {
        /// That entry.
        entry: String,
    },
    /// No entry of the policy selects its enforcement secret by its labels.
    NotSelected {
        /// Which.
        secret: NamespacedName,
    },
    /// The entry that would take it wants keys in another place.
    OtherPlace {
        /// That entry.
        entry: String,
        /// Where it wants them.
        expects: String,
    },
}

/// How much a caller may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanFinding {
    /// The `PlanPolicy` that applies; without one there is no limit, for the owner set none.
    pub plan_policy: Option<NamespacedName>,
    /// The tier that the caller is on.
    pub tier: Option<String>,
    /// The predicate that holds.
    pub predicate: Option<String>,
    /// The limits of the tier, the shortest window first; none is unlimited, because the owner said so.
    pub limits: Vec<LimitFinding>,
    /// Why no tier is the caller's.
    pub unresolved: Option<String>,
    /// What of the policy can never be somebody's plan.
    pub mistakes: Vec<String>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitFinding {
    /// How many calls.
    pub limit: u64,
    /// Within how long.
    pub window: String,
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether it passes.
    pub passes: bool,
    /// The HTTP status that the gate answers with; 200 lets the call pass.
    pub status: u16,
    /// The code of the refusal, or `pass`.
    pub code: &'static str,
    /// What the caller is told.
    pub told: String,
    /// Why, for the operator and the owner.
    pub because: Option<String>,
    /// Whose turn it is, and what they can do.
    pub turn: Option<String>,
}
