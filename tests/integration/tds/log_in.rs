//! Who logs in, where to, and what protects the log-in.

use super::login::LogIn;
use super::server::{Behaviour, TdsServer};
use super::tls::identity;
use super::{failure, page, store};

#[tokio::test]
async fn the_log_in_is_that_of_the_connection_string() {
    let server = TdsServer::start(Behaviour::default()).await;
    page(&store(&server, "Application Name=CIAM")).await.unwrap();
    let expected = LogIn {
        user: "app".to_owned(),
        password: "pä{'x".to_owned(),
        token: None,
        database: "crm".to_owned(),
        application: "CIAM".to_owned(),
    };
    assert_eq!(server.log_ins(), [expected]);
}

#[tokio::test]
async fn a_server_with_a_certificate_of_our_own_ca_is_trusted_under_its_name_only() {
    let (ca, identity) = identity("crm.local");
    let behaviour = Behaviour {
        tls: Some(identity),
        ..Behaviour::default()
    };
    let server = TdsServer::start(behaviour).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca).unwrap();
    let trusting = format!("Encrypt=Mandatory;TrustServerCertificateCA={}", file.display());
    let named = format!("{trusting};HostNameInCertificate=crm.local");
    page(&store(&server, &named)).await.unwrap();
    assert_eq!(server.log_ins().len(), 1);

    let wrong_name = failure(page(&store(&server, &trusting)).await);
    assert!(wrong_name.contains("not valid for name"), "{wrong_name}");
    let stranger = "Encrypt=Mandatory;HostNameInCertificate=crm.local";
    let unknown_ca = failure(page(&store(&server, stranger)).await);
    assert!(unknown_ca.contains("UnknownIssuer"), "{unknown_ca}");
    assert_eq!(
        server.log_ins().len(),
        1,
        "no password went out before the certificate was checked"
    );
}
