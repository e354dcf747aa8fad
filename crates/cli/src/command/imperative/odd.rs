//! Objects that an API server let in though they are not what their kind says, as it does where CRDs demand little. One of
//! them must not hide all others: it is left out, and named.

use std::fmt::{self, Write as _};

use keydesk_core::NamespacedName;
use kube::api::DynamicObject;

use super::{NamespacedObject, objects};
use crate::foreign::passage;

/// Objects that are named; of more it is said how many there are.
const MOST_NAMED: usize = 10;

/// An object that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Odd {
    kind: String,
    id: NamespacedName,
    why: String,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, why } = self;
        write!(f, "{kind} {id} cannot be read: {}", passage(why))
    }
}

/// Those that can be read, and those that cannot.
pub(super) fn sorted<K: NamespacedObject>(objects: Vec<DynamicObject>) -> (Vec<K>, Vec<Odd>) {
    let (mut read, mut odd) = (Vec::with_capacity(objects.len()), Vec::new());
    for object in objects {
        let id = objects::id(&object);
        match serde_json::to_value(object).and_then(serde_json::from_value::<K>) {
            Ok(object) => read.push(object),
            Err(why) => odd.push(Odd {
                kind: K::kind(&()).into_owned(),
                id,
                why: why.to_string(),
            }),
        }
    }
    (read, odd)
}

/// What is said of those that are left out, a line each.
pub(super) fn told(odd: &[Odd]) -> String {
    let mut text = String::new();
    // A text takes whatever is written to it.
    for odd in odd.iter().take(MOST_NAMED) {
        let _ = writeln!(text, "left out: {odd}");
    }
    let more = odd.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        let _ = writeln!(text, "left out: {more} more that cannot be read");
    }
    text
}

#[cfg(test)]
mod tests {
    use keydesk_api::APIProduct;
    use serde_json::{Value, json};

    use super::*;
    use crate::command::imperative::script::{Answer, Script};

    fn product(name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
            "metadata": { "name": name, "namespace": "gamestore" }, "spec": spec,
        })
    }

    fn sound() -> Value {
        json!({
            "displayName": "Gamestore",
            "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r" },
        })
    }

    #[tokio::test]
    async fn an_object_that_cannot_be_read_hides_none_of_the_others() {
        let list = json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProductList", "metadata": {},
            "items": [product("a", &sound()), product("b", &json!(5)), product("c", &sound())],
        });
        let script = Script::new(vec![(
            "GET /apis/devportal.kuadrant.io/v1alpha1/apiproducts",
            Answer::Json(200, list),
        )]);
        let products = script.client("gamestore").list::<APIProduct>(None).await.unwrap();
        let names: Vec<_> = products.iter().map(|product| objects::id(product).name).collect();
        assert_eq!(names, ["a", "c"]);
        script.finished();
    }

    #[tokio::test]
    async fn an_object_that_is_asked_for_by_name_is_named_as_the_one_that_cannot_be_read() {
        let script = Script::new(vec![(
            "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apiproducts/b",
            Answer::Json(200, product("b", &json!(5))),
        )]);
        let id = NamespacedName::new("gamestore", "b");
        let refusal = script
            .client("gamestore")
            .get::<APIProduct>(&id)
            .await
            .unwrap_err();
        let told = crate::exit::Failure::from(refusal).to_string();
        assert!(
            told.starts_with("error: APIProduct gamestore/b cannot be read: invalid type: integer `5`"),
            "{told}"
        );
        assert!(
            told.ends_with("kubectl edit apiproducts.devportal.kuadrant.io b -n gamestore"),
            "{told}"
        );
    }

    #[test]
    fn what_is_left_out_is_named_a_line_each_and_counted_where_it_is_much() {
        let odd = |name: usize| Odd {
            kind: "APIKey".to_owned(),
            id: NamespacedName::new("app", name.to_string()),
            why: format!("invalid type\n{}", "x".repeat(70_000)),
        };
        let text = told(&[odd(0)]);
        assert!(
            text.starts_with("left out: APIKey app/0 cannot be read: invalid type xxx"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
        let many: Vec<_> = (0..13).map(odd).collect();
        let text = told(&many);
        assert!(text.ends_with("left out: 3 more that cannot be read\n"), "{text}");
        assert_eq!(text.lines().count(), 11, "{text}");
        assert_eq!(told(&[]), "");
    }
}
