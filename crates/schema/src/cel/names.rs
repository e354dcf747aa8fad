//! Which variables and functions a rule may name.

use std::collections::BTreeSet;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{EntryExpr, Expr};

/// Functions that the engine has, as it names them.
const FUNCTIONS: &[&str] = &[
    "add",
    "asApproximateFloat",
    "asInteger",
    "bytes",
    "charAt",
    "cidr",
    "compareTo",
    "contains",
    "containsCIDR",
    "containsIP",
    "distinct",
    "double",
    "dyn",
    "duration",
    "endsWith",
    "family",
    "find",
    "findAll",
    "first",
    "flatten",
    "format",
    "format.byte",
    "format.date",
    "format.datetime",
    "format.dns1035Label",
    "format.dns1035LabelPrefix",
    "format.dns1123Label",
    "format.dns1123LabelPrefix",
    "format.dns1123Subdomain",
    "format.dns1123SubdomainPrefix",
    "format.labelValue",
    "format.qualifiedName",
    "format.uri",
    "format.uuid",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getEscapedPath",
    "getFullYear",
    "getHost",
    "getHostname",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getPort",
    "getQuery",
    "getScheme",
    "getSeconds",
    "hasValue",
    "indexOf",
    "int",
    "ip",
    "ip.isCanonical",
    "isCIDR",
    "isCIDRv4",
    "isCIDRv6",
    "isGlobalUnicast",
    "isGreaterThan",
    "isIP",
    "isIPv4",
    "isIPv6",
    "isInteger",
    "isLessThan",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isLoopback",
    "isQuantity",
    "isSemver",
    "isSorted",
    "isURL",
    "isUnspecified",
    "join",
    "jsonpatch.escapeKey",
    "last",
    "lastIndexOf",
    "lists.range",
    "lowerAscii",
    "major",
    "masked",
    "matches",
    "max",
    "min",
    "minor",
    "optional.none",
    "optional.of",
    "optional.ofNonZeroValue",
    "or",
    "orValue",
    "patch",
    "prefixLength",
    "quantity",
    "replace",
    "reverse",
    "semver",
    "sets.contains",
    "sets.equivalent",
    "sets.intersects",
    "sign",
    "size",
    "slice",
    "sort",
    "split",
    "startsWith",
    "string",
    "strings.quote",
    "sub",
    "substring",
    "sum",
    "timestamp",
    "trim",
    "type",
    "uint",
    "upperAscii",
    "url",
    "validate",
    "value",
];

/// Names that stand before a function's own name: `math.abs` is parsed as a call on `math`.
const NAMESPACES: &[&str] = &[
    "format",
    "ip",
    "jsonpatch",
    "lists",
    "optional",
    "sets",
    "strings",
];

/// The types that CEL names, and the `type` function gives.
pub(super) const TYPES: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
];

/// A name in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name<'a> {
    Variable(&'a str),
    Function(&'a str),
}

/// What an expression names.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    /// Variables and functions that do not exist, as the rule spells them.
    pub(super) unknown: BTreeSet<Name<'a>>,
    pub(super) uses_old_self: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(expression: &'a IdedExpr) -> Self {
        let mut names = Self::default();
        names.visit(expression, &mut Vec::new());
        names
    }

    fn visit(&mut self, expression: &'a IdedExpr, bound: &mut Vec<&'a str>) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.visit_variable(name, bound),
            Expr::Select(select) => self.visit(&select.operand, bound),
            Expr::Call(call) => {
                let namespace = call.target.as_ref().and_then(|target| match &target.expr {
                    Expr::Ident(name) if NAMESPACES.contains(&name.as_str()) => Some(name.as_str()),
                    _ => None,
                });
                let is_operator = !call.func_name.starts_with(|c: char| c.is_ascii_alphabetic());
                let is_known = match namespace {
                    Some(namespace) => {
                        FUNCTIONS.contains(&format!("{namespace}.{}", call.func_name).as_str())
                    }
                    None => FUNCTIONS.contains(&call.func_name.as_str()),
                };
                if !is_operator && !is_known {
                    self.unknown.insert(Name::Function(&call.func_name));
                }
                if let (None, Some(target)) = (namespace, &call.target) {
                    self.visit(target, bound);
                }
                for argument in &call.args {
                    self.visit(argument, bound);
                }
            }
            Expr::List(list) => list
                .elements
                .iter()
                .for_each(|element| self.visit(element, bound)),
            Expr::Map(map) => map
                .entries
                .iter()
                .for_each(|entry| self.visit_entry(&entry.expr, bound)),
            Expr::Struct(literal) => {
                literal
                    .entries
                    .iter()
                    .for_each(|entry| self.visit_entry(&entry.expr, bound));
            }
            Expr::Comprehension(comprehension) => {
                self.visit(&comprehension.iter_range, bound);
                self.visit(&comprehension.accu_init, bound);
                let outer = bound.len();
                bound.push(&comprehension.iter_var);
                bound.extend(comprehension.iter_var2.as_deref());
                bound.push(&comprehension.accu_var);
                for inner in [
                    &comprehension.loop_cond,
                    &comprehension.loop_step,
                    &comprehension.result,
                ] {
                    self.visit(inner, bound);
                }
                bound.truncate(outer);
            }
        }
    }

    fn visit_entry(&mut self, entry: &'a EntryExpr, bound: &mut Vec<&'a str>) {
        match entry {
            EntryExpr::MapEntry(entry) => {
                self.visit(&entry.key, bound);
                self.visit(&entry.value, bound);
            }
            EntryExpr::StructField(field) => self.visit(&field.value, bound),
        }
    }

    fn visit_variable(&mut self, name: &'a str, bound: &[&str]) {
        match name {
            name if bound.contains(&name) || TYPES.contains(&name) => {}
            "self" => {}
            "oldSelf" => self.uses_old_self = true,
            name => {
                self.unknown.insert(Name::Variable(name));
            }
        }
    }
}
