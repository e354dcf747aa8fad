//! JSON values as CEL sees them where no schema says more.

use std::collections::HashMap;
use std::sync::Arc;

use kube_cel::cel::Value as CelValue;
use kube_cel::cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString,
};
use kube_cel::cel::common::value::Val;
use kube_cel::cel::objects::{Key, Map};
use serde_json::Value;

/// Converts a value: whole numbers are `int`, others `double`; objects are maps, with their nulls.
#[must_use]
pub fn convert(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(flag) => CelValue::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => CelValue::Int(whole),
            None => CelValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(items) => CelValue::List(Arc::new(items.iter().map(convert).collect())),
        Value::Object(fields) => {
            let entry =
                |(name, field): (&String, &Value)| (Key::String(Arc::new(name.clone())), convert(field));
            CelValue::Map(Map {
                map: Arc::new(fields.iter().map(entry).collect()),
            })
        }
    }
}

/// The same in the form in which the engine works on it, without the copies on the way there.
pub(crate) fn boxed(value: &Value) -> Box<dyn Val> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(flag) => Box::new(CelBool::from(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(boxed).collect::<Vec<_>>())),
        Value::Object(fields) => map(fields.iter().map(|(name, field)| (name.as_str(), boxed(field)))),
    }
}

/// A map in that form.
pub(crate) fn map<'a>(fields: impl Iterator<Item = (&'a str, Box<dyn Val>)>) -> Box<dyn Val> {
    let fields: HashMap<CelMapKey, _> = fields.map(|(name, field)| (name.into(), field)).collect();
    Box::new(CelMap::from(fields))
}

#[cfg(test)]
mod tests {
    use kube_cel::cel::Value as CelValue;
    use serde_json::json;

    use super::{boxed, convert};

    #[test]
    fn both_forms_of_a_value_are_the_same() {
        let value = json!({"a": [null, true, 1, 1.5, u64::MAX, "text"], "b": {"c": {}}});
        let value_of_boxed = CelValue::try_from(boxed(&value).as_ref()).unwrap();
        assert_eq!(value_of_boxed, convert(&value));
    }
}
