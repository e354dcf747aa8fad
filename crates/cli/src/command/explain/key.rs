//! `keydesk explain key`: reads what the caller may read of a key, and says what it comes to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_api::foreign::Kuadrant;
use keydesk_api::meta::{API_KEY_ENTRY, label, label_value, request_name};
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct};
use keydesk_catalog::explain::{KeyScene, Part, SecretSight, Sight, explain_key};
use keydesk_catalog::{Catalog, KeyEdges, Object, shown};
use keydesk_core::{Flaws, NamespacedName};
use keydesk_process::LogArgs;

use super::policies;
use super::steps::{self, Form};
use crate::{
    command::imperative::{ClusterArgs, ClusterClient, Lookup, Refusal, WipedSecret, place, rotate},
    exit::Failure,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The key, as NAMESPACE/NAME; without a namespace it is looked for in your own
    key: String,

    /// How to print it
    #[arg(long, short = 'o', value_enum, default_value_t)]
    output: Form,

    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args { key, output, cluster } = args;
    let client = cluster.open(log).await?;
    let id = place(&key, &client.namespace)?;
    let seen = look(&client, &id).await?;
    let scene = KeyScene {
        id: &id,
        catalog: &seen.catalog,
        hidden: &seen.hidden,
        secret: seen.secret.clone(),
        sharing: &seen.sharing,
        enforcement: seen.enforcement,
        aim: &client.aim,
    };
    match explain_key(&scene, Timestamp::now()) {
        Some(explanation) => steps::print(&explanation, output),
        // Whoever may read neither is told of the key.
        None => client.demand::<APIKey>(&id).await.map(|_| ()),
    }
}

/// What could be read.
struct Seen {
    catalog: Catalog,
    hidden: BTreeSet<Part>,
    secret: SecretSight,
    /// Other keys of the namespace that name the same Secret.
    sharing: Vec<String>,
    enforcement: Sight,
}

async fn look(client: &ClusterClient, id: &NamespacedName) -> Result<Seen, Failure> {
    let mut seen = Seen {
        catalog: Catalog::default(),
        hidden: BTreeSet::new(),
        secret: SecretSight::Hidden,
        sharing: Vec::new(),
        enforcement: Sight::Hidden,
    };
    let key = match client.lookup::<APIKey>(id).await? {
        Lookup::Missing => return client.demand::<APIKey>(id).await.map(|_| seen),
        Lookup::Forbidden => {
            seen.hidden.insert(Part::Key);
            None
        }
        Lookup::Found(key) => Some(key),
    };
    // An owner finds the request in the namespace that they work in.
    let request_id = match &key {
        Some(key) => KeyEdges::of(key).request,
        None => NamespacedName::new(client.namespace.as_str(), request_name(&id.namespace, &id.name)),
    };
    let request = client.lookup::<APIKeyRequest>(&request_id).await?;
    let product = match (&key, &request) {
        (Some(key), _) => KeyEdges::of(key).product,
        (None, Lookup::Found(request)) => shown(request).product,
        (None, _) => return Err(neither(client, id, &request_id).await),
    };
    if let Some(key) = key {
        if let Some(secret) = KeyEdges::of(&key).secret {
            seen.secret = sight(if_possible(client.lookup::<WipedSecret>(&secret).await)?);
            seen.sharing = client.sharing(id, &secret).await;
        }
        seen.catalog.apply(Object::Key(Box::new(key)));
    }
    match request {
        Lookup::Found(request) => {
            seen.catalog.apply(Object::Request(Box::new(request)));
        }
        Lookup::Missing => {}
        Lookup::Forbidden => {
            seen.hidden.insert(Part::Request);
        }
    }
    match if_possible(client.lookup::<APIProduct>(&product).await)? {
        Lookup::Found(product) => {
            policies::read(client, &product, &mut seen.catalog, &mut seen.hidden).await?;
            seen.catalog.apply(Object::Product(Box::new(product)));
        }
        Lookup::Missing => {}
        Lookup::Forbidden => {
            seen.hidden.insert(Part::Product);
        }
    }
    match client
        .lookup_all::<APIKeyApproval>(Some(&request_id.namespace))
        .await?
    {
        Lookup::Found(approvals) => {
            for approval in approvals {
                seen.catalog.apply(Object::Approval(Box::new(approval)));
            }
        }
        Lookup::Missing | Lookup::Forbidden => {
            seen.hidden.insert(Part::Approvals);
        }
    }
    platform(client, id, &mut seen).await?;
    Ok(seen)
}

/// An object that a key names. What no object can be called is not there; the key is explained all the same.
fn if_possible<K>(found: Result<Lookup<K>, Refusal>) -> Result<Lookup<K>, Refusal> {
    match found {
        Err(Refusal::Name { .. }) => Ok(Lookup::Missing),
        found => found,
    }
}

/// The Kuadrant, and beside it the copy of the key that gateways read.
async fn platform(client: &ClusterClient, id: &NamespacedName, seen: &mut Seen) -> Result<(), Refusal> {
    match client.lookup_all::<Kuadrant>(None).await? {
        Lookup::Found(kuadrants) => {
            for kuadrant in kuadrants {
                seen.catalog.apply(Object::Kuadrant(Box::new(kuadrant)));
            }
        }
        Lookup::Missing | Lookup::Forbidden => {
            seen.hidden.insert(Part::Kuadrant);
        }
    }
    let Some(namespace) = seen.catalog.enforcement_namespace() else {
        return Ok(());
    };
    // By its labels: a copy that takes the place of another one has another name.
    let labels = format!(
        "{}={},{}={},{}={}",
        label::ENFORCEMENT,
        label::ENFORCEMENT_VALUE,
        label::API_KEY_NAMESPACE,
        label_value(&id.namespace),
        label::API_KEY,
        label_value(&id.name),
    );
    seen.enforcement = match client.lookup_labelled::<WipedSecret>(namespace, &labels).await? {
        Lookup::Found(()) => Sight::There,
        Lookup::Missing => Sight::Missing,
        Lookup::Forbidden => Sight::Hidden,
    };
    Ok(())
}

/// What is said of a key that can be read nowhere.
async fn neither(client: &ClusterClient, id: &NamespacedName, request: &NamespacedName) -> Failure {
    let Err(refusal) = client.get::<APIKey>(id).await else {
        return Failure::said();
    };
    Failure::fixable(
        &refusal,
        format!(
            "if you own the product, name its namespace with -n: the request of the key would be there (namespace {} has \
             none that you may read)",
            request.namespace
        ),
    )
}

/// What there is to say of a Secret without saying its value.
fn sight(looked: Lookup<WipedSecret>) -> SecretSight {
    let secret = match looked {
        Lookup::Forbidden => return SecretSight::Hidden,
        Lookup::Missing => return SecretSight::Missing,
        Lookup::Found(secret) => secret,
    };
    let previous_until = rotate::previous_until(&secret, Timestamp::now());
    match secret.entry(API_KEY_ENTRY) {
        None => SecretSight::WithoutEntry,
        Some([]) => SecretSight::Empty,
        Some(value) => SecretSight::There {
            flaws: Flaws::of(value).iter().collect(),
            previous_until,
        },
    }
}
