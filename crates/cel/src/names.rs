//! Which variables and functions an expression names.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{EntryExpr, Expr, operators};

/// Functions that the engine has, as it names them.
pub(crate) const FUNCTIONS: &[&str] = &[
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
pub(crate) const TYPES: [&str; 10] = [
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

/// A function as an expression calls it; sorted by its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionName<'a> {
    /// The function's own name, which is what messages show.
    pub name: &'a str,
    /// What stands before it, where it is part of the name: `sets` of `sets.contains`.
    pub namespace: Option<&'a str>,
}

impl<'a> FunctionName<'a> {
    /// The whole name, as the engine knows the function.
    #[must_use]
    pub fn full(self) -> Cow<'a, str> {
        match self.namespace {
            Some(namespace) => format!("{namespace}.{}", self.name).into(),
            None => self.name.into(),
        }
    }

    /// Whether the engine has it.
    #[must_use]
    pub fn exists(self) -> bool {
        FUNCTIONS.contains(&self.full().as_ref())
    }
}

/// What an expression names.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Variables that the expression does not bind itself; names of types are none.
    pub variables: BTreeSet<&'a str>,
    /// Those among them that are used as values somewhere, and not only for what is in them.
    pub whole: BTreeSet<&'a str>,
    /// Functions; operators are none.
    pub functions: BTreeSet<FunctionName<'a>>,
}

impl<'a> Names<'a> {
    /// The names in an expression.
    #[must_use]
    pub fn of(expression: &'a IdedExpr) -> Self {
        let mut names = Self::default();
        names.visit(expression, &mut Vec::new());
        names
    }

    fn visit(&mut self, expression: &'a IdedExpr, bound: &mut Vec<&'a str>) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => {
                if self.visit_variable(name, bound) {
                    self.whole.insert(name);
                }
            }
            Expr::Select(select) => self.visit_container(&select.operand, bound),
            Expr::Call(call) => {
                let namespace = call.target.as_ref().and_then(|target| match &target.expr {
                    Expr::Ident(name) if NAMESPACES.contains(&name.as_str()) => Some(name.as_str()),
                    _ => None,
                });
                if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    self.functions.insert(FunctionName {
                        name: &call.func_name,
                        namespace,
                    });
                }
                if let (None, Some(target)) = (namespace, &call.target) {
                    self.visit(target, bound);
                }
                let container = match call.func_name.as_str() {
                    operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => Some(0),
                    operators::IN => Some(1),
                    _ => None,
                };
                for (index, argument) in call.args.iter().enumerate() {
                    if container == Some(index) {
                        self.visit_container(argument, bound);
                    } else {
                        self.visit(argument, bound);
                    }
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
                self.visit_container(&comprehension.iter_range, bound);
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

    /// What something is selected from.
    fn visit_container(&mut self, expression: &'a IdedExpr, bound: &mut Vec<&'a str>) {
        match &expression.expr {
            Expr::Ident(name) => {
                self.visit_variable(name, bound);
            }
            _ => self.visit(expression, bound),
        }
    }

    /// Notes a variable; tells whether the expression does not bind it itself.
    fn visit_variable(&mut self, name: &'a str, bound: &[&str]) -> bool {
        let is_free = !bound.contains(&name) && !TYPES.contains(&name);
        if is_free {
            self.variables.insert(name);
        }
        is_free
    }
}
