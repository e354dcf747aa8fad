//! The scenarios of the portal's four kinds, black box: objects go in through the API server, objects and calls of
//! an HTTP test server are what is looked at. Each test's name carries the numbers of the scenarios it covers.
//!
//! By default every test has an embedded API server of its own. With `KEYDESK_TEST_KUBECONFIG` the same tests run
//! against that cluster, one at a time, with the controller in this process.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod a_bodies;
mod a_surface;
mod b_discovery;
mod b_policies;
mod c_issuers;
mod c_oidc;
mod d_fetching;
mod d_openapi;
mod d_refreshing;
mod d_ssrf;
mod e_requests;
mod f_failures;
mod f_recovery;
mod g_conflicts;
mod g_decisions;
mod g_denials;
mod g_edited;
mod g_records;
mod g_terms;
mod g_unheard;
mod h_automatic;
mod i_expiry;
mod j_converging;
mod j_enforcement;
mod j_killed;
mod j_rotation;
mod k_deployment;
mod k_personas;
mod l_events;
mod l_operations;
mod l_scale;
mod l_strange;
mod l_telemetry;
mod l_upgrade;
mod local_gateway;
mod replica;
mod stage;
