//! `JSONPath` as printer columns use it: `.spec.list[0]`, `.metadata.labels['a\.b']`,
//! `.status.conditions[?(@.type=="Ready")].status`, `.spec.ports[*].name`, `..name`.

use serde_json::Value;

/// A parsed path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    /// Negative counts from the end.
    Index(i64),
    Slice(Option<i64>, Option<i64>),
    All,
    /// Everything below, at any depth.
    Descend,
    Filter {
        path: JsonPath,
        test: Test,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Compare(Comparison, Literal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a filter compares with, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Literal(Value);

/// Longest path, in steps.
const MAX_STEPS: usize = 64;
/// Most results that are followed further: several `..` in one path multiply.
const MAX_FOUND: usize = 4096;

impl JsonPath {
    /// Reads a path; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .unwrap_or(text);
        let mut rest = text.strip_prefix(['$', '@']).unwrap_or(text);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if steps.len() == MAX_STEPS {
                return None;
            }
            if let Some(after) = rest.strip_prefix("..") {
                steps.push(Step::Descend);
                rest = after;
                if !rest.starts_with(['.', '[']) && !rest.is_empty() {
                    rest = field(rest, &mut steps)?;
                }
            } else if let Some(after) = rest.strip_prefix('.') {
                rest = if after.is_empty() || after.starts_with('[') {
                    after
                } else {
                    field(after, &mut steps)?
                };
            } else if let Some(after) = rest.strip_prefix('[') {
                let end = closing(after)?;
                let (inside, after) = after.split_at(end);
                steps.push(bracket(inside.trim())?);
                rest = after.strip_prefix(']')?;
            } else {
                rest = field(rest, &mut steps)?;
            }
        }
        Some(Self { steps })
    }

    /// Everything that it leads to.
    pub(super) fn find<'a>(&self, root: &'a Value) -> Vec<&'a Value> {
        self.steps.iter().fold(vec![root], |found, step| {
            found
                .into_iter()
                .flat_map(|value| step.apply(value))
                .take(MAX_FOUND)
                .collect()
        })
    }
}

/// A plain field name up to the next step; a backslash protects the next character.
fn field<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    let rest = loop {
        match chars.next() {
            None => break "",
            Some((_, '\\')) => name.push(chars.next()?.1),
            Some((position, '.' | '[')) => break &text[position..],
            Some((_, c)) => name.push(c),
        }
    };
    steps.push(if name == "*" { Step::All } else { Step::Field(name) });
    Some(rest)
}

/// Where the bracket that was opened before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (position, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' => quote = Some(c),
            '[' => depth += 1,
            ']' if depth == 0 => return Some(position),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step> {
    if inside == "*" {
        return Some(Step::All);
    }
    if let Some(filter) = inside.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        return self::filter(filter.trim());
    }
    if let Some(name) = unquoted(inside) {
        return Some(Step::Field(name));
    }
    if let Some((from, to)) = inside.split_once(':') {
        let bound = |text: &str| -> Option<Option<i64>> {
            if text.is_empty() {
                Some(None)
            } else {
                text.parse().ok().map(Some)
            }
        };
        return Some(Step::Slice(bound(from.trim())?, bound(to.trim())?));
    }
    inside.parse().ok().map(Step::Index)
}

fn filter(text: &str) -> Option<Step> {
    const SIGNS: [(&str, Comparison); 6] = [
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    // A filter inside a filter is no printer column; refusing it bounds the depth.
    if !text.starts_with('@') || text.contains("?(") {
        return None;
    }
    let found = SIGNS.into_iter().find_map(|(sign, comparison)| {
        text.split_once(sign)
            .map(|(path, literal)| (path, comparison, literal))
    });
    let Some((path, comparison, literal)) = found else {
        return Some(Step::Filter {
            path: JsonPath::parse(text)?,
            test: Test::Exists,
        });
    };
    let literal = literal.trim();
    let literal = match unquoted(literal) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(literal).ok()?,
    };
    Some(Step::Filter {
        path: JsonPath::parse(path)?,
        test: Test::Compare(comparison, Literal(literal)),
    })
}

fn unquoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut plain = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next()? } else { c });
    }
    Some(plain)
}

impl Step {
    fn apply<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Index(index) => {
                let items = items(value);
                position(*index, items.len())
                    .and_then(|at| items.get(at))
                    .into_iter()
                    .collect()
            }
            Self::Slice(from, to) => {
                let items = items(value);
                let clamp = |index: i64| {
                    position(index, items.len()).unwrap_or(if index < 0 { 0 } else { items.len() })
                };
                let (from, to) = (from.map_or(0, clamp), to.map_or(items.len(), clamp));
                items.get(from..to).unwrap_or_default().iter().collect()
            }
            Self::All => children(value),
            Self::Descend => {
                let mut all = vec![value];
                let mut at = 0;
                while let Some(&next) = all.get(at) {
                    all.extend(children(next));
                    at += 1;
                }
                all
            }
            Self::Filter { path, test } => items(value)
                .iter()
                .filter(|item| test.holds(&path.find(item)))
                .collect(),
        }
    }
}

impl Test {
    fn holds(&self, found: &[&Value]) -> bool {
        match self {
            Self::Exists => !found.is_empty(),
            Self::Compare(comparison, Literal(literal)) => found
                .first()
                .is_some_and(|value| comparison.holds(value, literal)),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => left.partial_cmp(right),
            (Value::Bool(left), Value::Bool(right)) => left.partial_cmp(right),
            _ => left
                .as_f64()
                .zip(right.as_f64())
                .and_then(|(left, right)| left.partial_cmp(&right)),
        };
        order.is_some_and(|order| match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn position(index: i64, length: usize) -> Option<usize> {
    if let Ok(index) = usize::try_from(index) {
        return (index <= length).then_some(index);
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}
