//! The library, as tests use it.

use secureauth_simulator::{Fault, FaultKind, Options, Simulator};

use crate::support::{TENANT, Tenant, eventually};

#[tokio::test]
#[should_panic(expected = "there is no operation `get_pol`")]
async fn a_fault_that_can_meet_no_call_fails_the_test_that_adds_it() {
    let tenant = Tenant::new().await;
    tenant
        .simulator
        .faults()
        .add(Fault::on("get_pol", FaultKind::ResetBefore));
}

#[tokio::test]
async fn a_dropped_simulator_stops_listening() {
    let simulator = Simulator::start(Options::default()).expect("a free port");
    let address = simulator.address();
    drop(simulator);
    eventually("it stops", async || {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn discovery_names_the_token_endpoint() {
    let tenant = Tenant::new().await;
    let path = format!("/{TENANT}/system/.well-known/openid-configuration");
    let endpoint = tenant.get(&path).await.expect(200).at("/token_endpoint");
    let expected = format!("{}/{TENANT}/system/oauth2/token", tenant.simulator.base_url());
    assert_eq!(endpoint, expected);
}
