//! Label selectors, equality- and set-based.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use thiserror::Error;

/// Why a selector cannot be used; the text is the real server's and goes into a 400.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[error("{0}")]
pub(crate) struct SelectorError(String);

/// A conjunction of requirements on labels. Without any it selects everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Operator {
    Exists,
    Absent,
    In(Vec<String>),
    /// Also true of objects without the label.
    NotIn(Vec<String>),
    GreaterThan(i64),
    LessThan(i64),
}

impl LabelSelector {
    /// Reads the query form (`a=b,c in (d,e),!f`).
    ///
    /// # Errors
    /// What the real server says of a malformed selector.
    pub(crate) fn parse(text: &str) -> Result<Self, SelectorError> {
        parse::selector(text).map(|requirements| Self { requirements })
    }

    /// Reads the object form (`matchLabels`, `matchExpressions`).
    ///
    /// # Errors
    /// An operator that does not exist, or values where there must be none (or the reverse).
    pub(crate) fn from_object(selector: &Value) -> Result<Self, SelectorError> {
        let mut requirements = Vec::new();
        if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
            for (key, value) in labels {
                let value = value.as_str().unwrap_or_default().to_owned();
                requirements.push(Requirement {
                    key: key.clone(),
                    operator: Operator::In(vec![value]),
                });
            }
        }
        for expression in selector
            .get("matchExpressions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            requirements.push(from_expression(expression)?);
        }
        Ok(Self { requirements })
    }

    /// Whether it selects everything.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether these labels (`metadata.labels`) are selected.
    #[must_use]
    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(label(&requirement.key)))
    }
}

impl Requirement {
    fn matches(&self, label: Option<&str>) -> bool {
        let number = || label.and_then(|label| label.parse::<i64>().ok());
        match &self.operator {
            Operator::Exists => label.is_some(),
            Operator::Absent => label.is_none(),
            Operator::In(values) => label.is_some_and(|label| values.iter().any(|value| value == label)),
            Operator::NotIn(values) => label.is_none_or(|label| values.iter().all(|value| value != label)),
            Operator::GreaterThan(bound) => number().is_some_and(|number| number > *bound),
            Operator::LessThan(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

fn from_expression(expression: &Value) -> Result<Requirement, SelectorError> {
    let text = |name: &str| expression.get(name).and_then(Value::as_str).unwrap_or_default();
    let values: Vec<String> = expression
        .get("values")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect();
    let operator = match (text("operator"), values.is_empty()) {
        ("In", false) => Operator::In(values),
        ("NotIn", false) => Operator::NotIn(values),
        ("In" | "NotIn", true) => {
            return Err(SelectorError(
                "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty".into(),
            ));
        }
        ("Exists", true) => Operator::Exists,
        ("DoesNotExist", true) => Operator::Absent,
        ("Exists" | "DoesNotExist", false) => {
            return Err(SelectorError(
                "values: Invalid value: values set must be empty for exists and does not exist".into(),
            ));
        }
        (other, _) => {
            return Err(SelectorError(format!(
                "{other:?} is not a valid label selector operator"
            )));
        }
    };
    Ok(Requirement {
        key: text("key").to_owned(),
        operator,
    })
}
