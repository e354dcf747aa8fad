//! A kubeconfig with another cluster's certificate authority.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

use super::stage::{Stage, run_with};

#[tokio::test]
async fn who_has_the_authority_of_another_cluster_is_told_so_and_not_that_nobody_answers() {
    let stage = Stage::start().await;
    let mut kubeconfig: Value =
        serde_json::from_str(&std::fs::read_to_string(stage.up.kubeconfig()).unwrap()).unwrap();
    let file = stage.directory.path().join("untrusted");
    for name in ["Keydesk local authority", "somebody else"] {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let other = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"] =
            json!(BASE64_STANDARD.encode(other.pem()));
        std::fs::write(&file, kubeconfig.to_string()).unwrap();
        let told = run_with(&file, "products").ended(1).says(&[
            "is not trusted: invalid peer certificate: ",
            "hint: it answers, but as somebody whom the kubeconfig does not trust",
            "into certificate-authority-data",
        ]);
        assert!(!told.err.contains("does not answer"), "{}", told.err);
        assert!(!told.err.contains("can be reached"), "{}", told.err);
    }
}
