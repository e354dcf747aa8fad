//! `keydesk products`: what there is to ask for.

use jiff::Timestamp;
use keydesk_api::APIProduct;
use keydesk_api::condition::{self, ProductAspect};
use keydesk_api::v1alpha1::{ApprovalMode, PublishStatus};
use keydesk_process::LogArgs;
use serde::Serialize;

pub(crate) use super::listing::ListArgs as Args;
use super::output::Row;
use super::{objects, span};
use crate::exit::Failure;

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let products = args.browse::<APIProduct>(log).await?;
    let now = Timestamp::now();
    let rows = products
        .objects
        .iter()
        .map(|product| ProductRow::of(product, now));
    products.print(rows, |namespace, aim| match namespace {
        Some(namespace) => {
            format!(
                "No products in namespace {namespace}. All there are: {}",
                aim.keydesk("products")
            )
        }
        None => "No products.".to_owned(),
    })
}

/// One product.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductRow {
    namespace: String,
    name: String,
    display_name: String,
    tiers: Vec<String>,
    approval_mode: ApprovalMode,
    publish_status: PublishStatus,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip)]
    age: String,
}

impl ProductRow {
    fn of(product: &APIProduct, now: Timestamp) -> Self {
        let id = objects::id(product);
        let status = product.status.as_ref();
        let plans = status.map_or(&[][..], |status| &status.discovered_plans);
        let conditions = status.map_or(&[][..], |status| &status.conditions);
        Self {
            namespace: id.namespace,
            name: id.name,
            display_name: product.spec.display_name.clone(),
            tiers: plans.iter().map(|plan| plan.tier.clone()).collect(),
            approval_mode: product.spec.approval_mode,
            publish_status: product.spec.publish_status,
            ready: [ProductAspect::Ready, ProductAspect::AuthPolicyDiscovered]
                .into_iter()
                .all(|aspect| condition::is_true(conditions, aspect)),
            version: product.spec.version.clone(),
            age: span::age(
                product.metadata.creation_timestamp.as_ref().map(|time| time.0),
                now,
            ),
        }
    }
}

impl Row for ProductRow {
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("NAMESPACE", false),
        ("NAME", false),
        ("DISPLAY NAME", false),
        ("TIERS", false),
        ("MODE", false),
        ("STATUS", false),
        ("READY", false),
        ("VERSION", true),
        ("AGE", true),
    ];

    fn cells(&self) -> Vec<String> {
        let tiers = if self.tiers.is_empty() {
            "any".to_owned()
        } else {
            self.tiers.join(",")
        };
        let mode = match self.approval_mode {
            ApprovalMode::Automatic => "automatic",
            ApprovalMode::Manual => "manual",
        };
        let status = match self.publish_status {
            PublishStatus::Draft => "Draft",
            PublishStatus::Published => "Published",
        };
        vec![
            self.namespace.clone(),
            self.name.clone(),
            self.display_name.clone(),
            tiers,
            mode.to_owned(),
            status.to_owned(),
            if self.ready { "yes" } else { "no" }.to_owned(),
            self.version.clone().unwrap_or_default(),
            self.age.clone(),
        ]
    }

    fn name(&self) -> String {
        format!("apiproduct.devportal.kuadrant.io/{}", self.name)
    }
}
