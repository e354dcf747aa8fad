//! `keydesk crds`: the definitions of our kinds, to be applied to a cluster.

use super::answer;
use crate::exit::Failure;

pub(crate) fn run() -> Result<(), Failure> {
    answer(|out| {
        for crd in keydesk_api::crds() {
            let text = serde_saphyr::to_string(&crd).map_err(std::io::Error::other)?;
            write!(out, "---\n{text}")?;
        }
        Ok(())
    })
}
