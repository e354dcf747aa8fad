//! Between the version of an object that is kept and the one that a client asked for.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::resource::ResourceType;
use crate::store::{Key, Object};

impl ResourceType {
    /// Where an object of this kind is kept.
    pub(crate) fn key(&self, namespace: Option<&str>, name: &str) -> Key {
        Key::new(&self.storage, namespace, name)
    }

    /// An object in this version.
    pub(crate) fn shown(&self, object: &Object) -> Value {
        let mut value = object.value();
        if object.api_version != self.api_version() {
            value["apiVersion"] = json!(self.api_version());
            self.rules.to_served(&mut value);
        }
        value
    }

    /// The bytes of an object in this version.
    pub(crate) fn shown_json(&self, object: &Object) -> Bytes {
        if object.api_version == self.api_version() {
            object.json.clone()
        } else {
            self.shown(object).to_string().into()
        }
    }

    /// The shape in which an object of this version is kept.
    pub(crate) fn kept(&self, mut object: Value) -> Value {
        if self.storage_api_version != self.api_version() {
            self.rules.to_storage(&mut object);
            object["apiVersion"] = json!(self.storage_api_version);
        }
        object
    }
}
