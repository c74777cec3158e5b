use std::collections::BTreeSet;

use ic_secureauth_api::{ClientAuthMethod, Deleted, IdpCheck, ImportChunk, UserId, UserStatus, UserUpdate};
use uuid::Uuid;

use super::{BILLER, connect};
use crate::support::{
    organization_id,
    samples::{ids, import_user, key, new_organization, new_pool, settings},
};

fn chunk(tenant: &str, users: std::ops::Range<u128>) -> ImportChunk {
    let users: Vec<_> = users
        .map(|number| import_user(Uuid::from_u128(number), &format!("user{number}")))
        .collect();
    let mut settings = settings();
    settings.payload_schema_id = new_pool().payload_schema_id;
    settings.address_verified = true;
    ImportChunk::new(&new_pool().id, tenant, &users, &settings).unwrap()
}

#[tokio::test]
async fn a_pool_its_users_and_its_identity_provider_come_and_go() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    let organization = organization_id(BILLER);
    api.create_organization(&new_organization(), &key("organization"))
        .await
        .unwrap();
    let created = api.create_pool(&new_pool(), &key("pool")).await.unwrap();
    assert_eq!(new_pool().differences(&created.value), []);
    let id = created.value.id;
    assert_eq!(
        api.identity_provider(&organization, &id).await.unwrap(),
        IdpCheck::Present
    );
    assert_eq!(api.pools_of(&organization).await.unwrap().len(), 1);

    api.import(&chunk(simulator.tenant(), 1..101)).await.unwrap();
    api.import_once(&chunk(simulator.tenant(), 101..151)).await.unwrap();
    assert_eq!(api.pool(&id).await.unwrap().unwrap().value.number_of_users, Some(150));
    let mut listed = BTreeSet::new();
    let mut after = None;
    for pages in 1.. {
        let page = api.users_page(&id, after.as_ref(), 100).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(
            pages <= 2,
            "150 users are on more than two pages; this one ends with {last:?}"
        );
        after = Some(last.id.clone());
        listed.extend(page.into_iter().map(|user| user.id));
    }
    assert_eq!(listed.len(), 150);

    let one: UserId = ids().user_id(Uuid::from_u128(7));
    let found = api.user(&id, &one).await.unwrap().unwrap();
    assert_eq!(found.value.status, Some(UserStatus::Active));
    let by_name = api.find_user_by_identifier(&id, "USER7").await.unwrap().unwrap();
    assert_eq!(by_name.value.id, one);
    let by_address = api
        .find_user_by_address(&id, "user7@InvoiceCloud.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_address.value.id, one);
    let update = UserUpdate {
        status: Some(UserStatus::Inactive),
        if_match: found.etag,
        ..UserUpdate::default()
    };
    let updated = api.update_user(&id, &one, &update).await.unwrap();
    assert_eq!(updated.value.status, Some(UserStatus::Inactive));
    assert_eq!(updated.value.payload, found.value.payload, "absent members are kept");
    assert_eq!(api.delete_user(&id, &one, None).await.unwrap(), Deleted::Deleted);
    assert_eq!(api.delete_user(&id, &one, None).await.unwrap(), Deleted::WasAbsent);
    assert!(api.user(&id, &one).await.unwrap().is_none());

    assert_eq!(
        api.delete_organization(&organization).await.unwrap_err().status(),
        Some(400)
    );
    assert_eq!(api.delete_pool(&id).await.unwrap(), Deleted::Deleted);
    assert_eq!(
        api.identity_provider(&organization, &id).await.unwrap(),
        IdpCheck::Absent
    );
    assert_eq!(api.delete_organization(&organization).await.unwrap(), Deleted::Deleted);
}
