//! All that the gate knows about a cluster at one moment, made for one question: may this call pass? It never changes;
//! the next one takes its place.

mod approved;
mod holder;
mod holders;
mod identity;
mod packed;
mod plans;
mod protection;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use keydesk_core::NamespacedName;

use crate::credential::Location;
use crate::route::RouteTable;

pub use approved::{Approved, Entitlement, Grant};
pub(crate) use holder::Common;
pub use holder::Holder;
pub use holders::Holders;
pub(crate) use plans::Found;
pub use plans::{Plan, Plans, Tier};
pub use protection::{Entry, Protection};

/// Routes with what protects them, and who holds keys.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What protects the rule that a call is for.
    pub routes: Arc<RouteTable<Arc<Protection>>>,
    /// What protects the route of a product.
    pub products: Arc<HashMap<NamespacedName, Arc<Protection>>>,
    /// Every place where some policy wants keys.
    pub locations: Arc<BTreeSet<Location>>,
    /// Who holds a value.
    pub holders: Holders,
}

impl Default for Snapshot {
    /// Of a cluster without anything.
    fn default() -> Self {
        Self {
            routes: Arc::new(RouteTable::new([])),
            products: Arc::default(),
            locations: Arc::default(),
            holders: Holders::default(),
        }
    }
}
