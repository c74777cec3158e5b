//! Users of a pool.

use ic_secureauth_api::{AddressStatus, AddressUpdate, IdentifierType, NewAddress, NewIdentifier, UserUpdate};
use serde_json::{Value, json as object};

use super::{FOREIGN, each, in_list, is_refused};
use crate::support::{
    Server, json,
    samples::{self, key, pool_of_samples, user_id},
};

#[tokio::test]
async fn a_user_that_is_not_the_one_asked_for_is_no_answer() {
    let answers = || each(&samples::user(), &["/id", "/user_pool_id", "/tenant_id"]);
    is_refused("get_user", 200, answers(), |api| async move {
        api.user(&pool_of_samples(), &user_id()).await
    })
    .await;
    is_refused("update_user", 200, answers(), |api| async move {
        let update = UserUpdate::default();
        api.update_user(&pool_of_samples(), &user_id(), &update).await
    })
    .await;
    is_refused("patch_user", 200, answers(), |api| async move {
        let patch = UserUpdate::default();
        api.patch_user(&pool_of_samples(), &user_id(), &patch).await
    })
    .await;
    let rows = in_list("users", each(&samples::user(), &["/user_pool_id", "/tenant_id"]));
    let listed = |(member, mut list): (String, Value)| {
        list["users"][0]["identifiers"] = object!(["rsable"]);
        (member, list)
    };
    let rows = rows.into_iter().map(listed).collect();
    is_refused("list_users", 200, rows, |api| async move {
        api.users_page(&pool_of_samples(), None, 100).await
    })
    .await;
}

#[tokio::test]
async fn an_identifier_or_address_that_is_not_the_one_sent_is_no_answer() {
    let owner = ["/user_id", "/user_pool_id", "/tenant_id", "/type"];
    let mut answers = each(&samples::identifier(), &owner);
    answers.extend(each(&samples::identifier(), &["/identifier"]));
    is_refused("add_identifier", 200, answers, |api| async move {
        let new = NewIdentifier {
            identifier: "rsable".into(),
            kind: IdentifierType::Uid,
        };
        api.add_identifier(&pool_of_samples(), &user_id(), &new, &key("add"), None)
            .await
    })
    .await;
    let mut answers = each(&samples::address(), &owner);
    answers.extend(each(&samples::address(), &["/address"]));
    is_refused("add_address", 200, answers, |api| async move {
        let new = NewAddress::email("RSable@InvoiceCloud.com", false, true);
        api.add_address(&pool_of_samples(), &user_id(), &new, &key("add"), None)
            .await
    })
    .await;
    let answers = each(
        &samples::address(),
        &["/user_id", "/user_pool_id", "/tenant_id", "/address"],
    );
    is_refused("update_address", 200, answers, |api| async move {
        let update = AddressUpdate {
            address: "rsable@invoicecloud.com".into(),
            status: AddressStatus::Active,
            verified: false,
            allowed_for_2fa: None,
        };
        api.update_address(&pool_of_samples(), &user_id(), &update, None).await
    })
    .await;
}

#[tokio::test]
async fn a_user_that_is_found_carries_what_it_was_looked_for_by() {
    let mut other = samples::user();
    other["identifiers"][0]["identifier"] = FOREIGN.into();
    other["verifiable_addresses"][0]["address"] = FOREIGN.into();
    let mut answers = each(&samples::user(), &["/user_pool_id", "/tenant_id"]);
    answers.push(("identifiers".into(), other.clone()));
    is_refused("find_user", 200, answers, |api| async move {
        api.find_user_by_identifier(&pool_of_samples(), "RSable").await
    })
    .await;
    let answers = vec![("verifiable_addresses".into(), other)];
    is_refused("find_user", 200, answers, |api| async move {
        api.find_user_by_address(&pool_of_samples(), "rsable@invoicecloud.com")
            .await
    })
    .await;
    // Case does not count, and neither do lists that the answer leaves out.
    let mut bare = samples::user();
    bare["identifiers"] = Value::Null;
    bare["verifiable_addresses"] = Value::Null;
    for answer in [samples::user(), bare] {
        let server = Server::scripted([json(200, &answer)]).await;
        let (api, pool) = (server.api(), pool_of_samples());
        assert!(api.find_user_by_identifier(&pool, "RSABLE").await.unwrap().is_some());
        assert!(
            api.find_user_by_address(&pool, "RSable@InvoiceCloud.com")
                .await
                .unwrap()
                .is_some()
        );
    }
}
