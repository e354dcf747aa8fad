//! `keydesk explain product`: reads what the caller may read of a product, and says what it comes to.

use std::collections::BTreeSet;

use keydesk_api::foreign::Kuadrant;
use keydesk_api::{APIKeyRequest, APIProduct};
use keydesk_catalog::explain::{Part, ProductScene, explain_product};
use keydesk_catalog::{Catalog, Object};
use keydesk_core::NamespacedName;
use keydesk_process::LogArgs;

use super::policies;
use super::steps::{self, Form};
use crate::{
    command::imperative::{ClusterArgs, ClusterClient, Lookup, Refusal, place, waits},
    exit::Failure,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The product, as NAMESPACE/NAME; without a namespace it is looked for in your own
    product: String,

    /// How to print it
    #[arg(long, short = 'o', value_enum, default_value_t)]
    output: Form,

    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        product,
        output,
        cluster,
    } = args;
    let client = cluster.open(log).await?;
    let id = place(&product, &client.namespace)?;
    let product = client.demand::<APIProduct>(&id).await?;
    let mut catalog = Catalog::default();
    let mut hidden = BTreeSet::new();
    match client.lookup_all::<Kuadrant>(None).await? {
        Lookup::Found(kuadrants) => {
            for kuadrant in kuadrants {
                catalog.apply(Object::Kuadrant(Box::new(kuadrant)));
            }
        }
        Lookup::Missing | Lookup::Forbidden => {
            hidden.insert(Part::Kuadrant);
        }
    }
    policies::read(&client, &product, &mut catalog, &mut hidden).await?;
    let scene = ProductScene {
        product: &product,
        catalog: &catalog,
        hidden: &hidden,
        waiting: waiting(&client, &id).await?,
        aim: &client.aim,
    };
    steps::print(&explain_product(&scene), output)
}

/// How many requests for the product wait, if they may be listed.
async fn waiting(client: &ClusterClient, product: &NamespacedName) -> Result<Option<usize>, Refusal> {
    let requests = client
        .lookup_all::<APIKeyRequest>(Some(&product.namespace))
        .await?;
    let requests = requests.found();
    Ok(requests.map(|requests| {
        let own = requests
            .iter()
            .filter(|request| request.spec.api_product_ref.name == product.name);
        own.filter(|request| waits(request)).count()
    }))
}
