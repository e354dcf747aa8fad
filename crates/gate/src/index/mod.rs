//! From what the cluster says to what the gate knows: one writer keeps an index, and publishes a snapshot after each
//! batch of changes. A change costs what it touches, never what there is.

mod approved;
mod granted;
mod intern;
mod protect;
mod secrets;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::meta::enforcement_secret_name;
use keydesk_catalog::{Catalog, Roll, Target};
use keydesk_core::NamespacedName;
use keydesk_feed::{KeySecret, SecretEvent};

use crate::route::RouteTable;
use crate::snapshot::{Holder, Protection, Snapshot};
use approved::approved;
pub(crate) use approved::rule;
use granted::Granted;
use intern::Shared;
use protect::Protected;
pub(crate) use protect::{hosts, is_accepted, protect};
use secrets::Secrets;

/// Which of the cluster's objects count.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Whether Secrets count that Keydesk does not manage.
    pub unmanaged_keys: bool,
    /// The gateways that this gate stands at; all of them where none is named.
    pub gateways: Vec<NamespacedName>,
}

/// What of the policies nobody can satisfy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Troubles {
    /// Routes on which nobody passes, because a policy asks for what is not evaluated.
    pub(crate) unsupported_routes: usize,
    /// Tiers that nobody can have.
    pub(crate) mistaken_tiers: usize,
}

impl Troubles {
    fn of<'a>(protections: impl Iterator<Item = &'a Arc<Protection>>) -> Self {
        let mut troubles = Self::default();
        for protection in protections {
            troubles.unsupported_routes += usize::from(!protection.unsupported.is_empty());
            let plans = protection.plans.iter();
            troubles.mistaken_tiers += plans.map(|plans| plans.mistakes().count()).sum::<usize>();
        }
        troubles
    }
}

/// From what the cluster says to snapshots.
pub struct Index {
    scope: Scope,
    secrets: Secrets,
    /// The Secrets that a list has told of so far.
    listed: Option<Roll>,
    routes: BTreeMap<NamespacedName, Protected>,
    known: Snapshot,
    troubles: Troubles,
    /// Whether `known` is behind `routes`: the table of all of them is made once for each batch.
    rerouted: bool,
    shared: Shared,
}

impl Index {
    /// The index of a cluster of which nothing is known yet.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            secrets: Secrets::default(),
            listed: None,
            routes: BTreeMap::new(),
            known: Snapshot::default(),
            troubles: Troubles::default(),
            rerouted: false,
            shared: Shared::default(),
        }
    }

    /// Takes in what happened to Secrets.
    pub fn secrets(&mut self, event: SecretEvent, catalog: &Catalog, now: Timestamp) {
        match event {
            SecretEvent::ListBegins => self.listed = Some(Roll::default()),
            SecretEvent::ListEnds => {
                let listed = self.listed.take().unwrap_or_default();
                for id in self.secrets.missing_from(&listed) {
                    self.forget(&id);
                }
            }
            SecretEvent::Applied(secret) => {
                if let Some(listed) = &mut self.listed {
                    listed.add(&secret.id);
                }
                self.take(secret, catalog, now);
            }
            SecretEvent::Deleted(id) => self.forget(&id),
        }
    }

    /// Looks again at what changed.
    pub fn look(&mut self, targets: impl IntoIterator<Item = Target>, catalog: &Catalog, now: Timestamp) {
        for target in targets {
            match target {
                Target::Key(key) => self.look_at_key(&key, catalog, now),
                Target::Route(route) => {
                    match protect(catalog, &route, &self.scope) {
                        Some(protected) => self.routes.insert(route, protected),
                        None => self.routes.remove(&route),
                    };
                    self.rerouted = true;
                }
                // Where keys are looked for is part of what protects a route, and of what makes a Secret count.
                Target::Kuadrant => {
                    let routes = std::mem::take(&mut self.routes).into_keys();
                    self.routes = routes
                        .filter_map(|route| Some((route.clone(), protect(catalog, &route, &self.scope)?)))
                        .collect();
                    self.rerouted = true;
                    for holder in self.secrets.all() {
                        self.settle(&holder, catalog, now);
                    }
                }
                // Keys of a product that changed are told of one by one; the rest decides on nothing.
                Target::Product(_) | Target::Approval(_) | Target::EnforcementSecret(_) => {}
            }
        }
    }

    fn reroute(&mut self) {
        let protections = || self.routes.values().map(Protected::protection);
        let by_product = protections().flat_map(|protection| {
            let products = protection.products.iter().cloned();
            products.map(move |product| (product, Arc::clone(protection)))
        });
        self.known.products = Arc::new(by_product.collect());
        let entries = protections().flat_map(|protection| &protection.entries);
        self.known.locations = Arc::new(entries.map(|entry| entry.location.clone()).collect());
        self.known.routes = Arc::new(RouteTable::new(self.routes.values().map(Protected::entry)));
        self.troubles = Troubles::of(protections());
    }

    /// What is known now.
    pub fn snapshot(&mut self) -> Snapshot {
        if std::mem::take(&mut self.rerouted) {
            self.reroute();
        }
        self.known.clone()
    }

    /// What of the policies nobody could satisfy when the last snapshot was made.
    pub(crate) fn troubles(&self) -> Troubles {
        self.troubles
    }

    fn look_at_key(&mut self, key: &NamespacedName, catalog: &Catalog, now: Timestamp) {
        let Some(namespace) = catalog.enforcement_namespace() else {
            return;
        };
        let name = enforcement_secret_name(&key.namespace, &key.name);
        for holder in self.secrets.of_key(namespace, &name) {
            self.settle(&holder, catalog, now);
        }
    }

    fn take(&mut self, secret: KeySecret, catalog: &Catalog, now: Timestamp) {
        let known = self.secrets.get(&secret.id).cloned();
        let Shared { text, common, .. } = &mut self.shared;
        let holder = Holder::new(secret, |shared| common.share(shared), |label| text.share(label));
        if let (Some(known), Some(holder)) = (&known, &holder)
            && known.is_same_secret(holder)
        {
            // Lists tell of all of them, mostly of nothing new.
            self.settle(known, catalog, now);
            return;
        }
        if let Some(known) = known {
            self.forget(&known.secret());
        }
        if let Some(holder) = holder {
            let granted = self.grant(&holder, catalog, now);
            self.put(&holder, granted.as_ref());
        }
    }

    fn forget(&mut self, id: &NamespacedName) {
        if let Some(holder) = self.secrets.remove(id) {
            self.known.holders.remove(&holder);
        }
    }

    /// Whether a Secret's value opens doors, and for whom, anew.
    fn settle(&mut self, holder: &Arc<Holder>, catalog: &Catalog, now: Timestamp) {
        let granted = self.grant(holder, catalog, now);
        if granted.as_ref().map(Granted::grant) != holder.grant() {
            self.known.holders.remove(holder);
            self.put(holder, granted.as_ref());
        }
    }

    /// Keeps a Secret by the right that was found for it.
    fn put(&mut self, holder: &Holder, granted: Option<&Granted>) {
        let holder = Arc::new(holder.with(granted.map(Granted::grant)));
        if granted.is_some() {
            self.known.holders.insert(Arc::clone(&holder));
        }
        self.secrets.put(holder);
    }

    /// By what right a Secret's value is accepted. One of ours must be where such Secrets go, bear a name that its key
    /// derives, and have that key approved. A value that is being rotated out is its key's as well, until its own end.
    fn grant(&mut self, holder: &Holder, catalog: &Catalog, now: Timestamp) -> Option<Granted> {
        if !holder.is_ours() {
            return self.scope.unmanaged_keys.then_some(Granted::Unmanaged);
        }
        if catalog.enforcement_namespace() != Some(holder.namespace()) {
            return None;
        }
        let mut keys = catalog.keys_enforced_by(&holder.name()).into_iter();
        let (key, terms, ends_at) = keys.find_map(|key| approved(catalog, &key, now))?;
        let ends_at = [ends_at, holder.accepted_until()].into_iter().flatten().min();
        Some(Granted::of(key, terms, ends_at, &mut self.shared))
    }
}
