//! Objects that cannot be read: each version of one is told of once, also where a process has more than one feed.

use std::{collections::HashMap, sync::LazyLock};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use keydesk_catalog::{Kind, Object};
use parking_lot::Mutex;

use crate::{seen::Seen, watched::Watched};

static TOLD: LazyLock<Mutex<Told>> = LazyLock::new(Mutex::default);

/// The object, if it can be read; that it cannot is told.
pub(crate) fn read<K: Watched>(seen: Seen<K>) -> Option<Object> {
    match seen {
        Seen::Read(object) => Some(object.into_object()),
        Seen::Odd { meta, why } => {
            let name = name(&meta);
            let is_news = TOLD.lock().is_news(K::KIND, &name, meta.resource_version);
            if is_news {
                tracing::error!(kind = %K::KIND, object = name, error = why, "failed to read {} {name}", K::KIND);
            }
            None
        }
    }
}

fn name(meta: &ObjectMeta) -> String {
    format!(
        "{}/{}",
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default()
    )
}

/// So many are remembered. Beyond, all are forgotten, and told of once more.
const MOST: usize = 1024;

/// The last version of each odd object that was told of.
#[derive(Debug, Default)]
struct Told(HashMap<(Kind, String), Option<String>>);

impl Told {
    fn is_news(&mut self, kind: Kind, name: &str, version: Option<String>) -> bool {
        let key = (kind, name.to_owned());
        if self.0.get(&key) == Some(&version) {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key, version);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_an_object_is_told_once_whoever_sees_it() {
        let mut told = Told::default();
        let mut is_news =
            |kind: Kind, name: &str, version: &str| told.is_news(kind, name, Some(version.to_owned()));
        assert!(is_news(Kind::Key, "a/odd", "1"));
        assert!(!is_news(Kind::Key, "a/odd", "1"), "the other feed of the process");
        assert!(is_news(Kind::Key, "b/odd", "1"));
        assert!(is_news(Kind::Product, "a/odd", "1"));
        assert!(is_news(Kind::Key, "a/odd", "2"), "somebody tried to mend it");
        assert!(!is_news(Kind::Key, "a/odd", "2"));
    }
}
