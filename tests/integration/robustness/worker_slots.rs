//! Deliveries that find no worker slot wait for one, instead of being sent again and again
//! (docs/ARCHITECTURE.md#worker-slots).

use crate::support::{DEADLINE, Outcome, add_biller, live, options, start};

const BILLERS: u32 = 250;

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_with_one_slot_serve_many_billers_with_few_deliveries() -> Outcome {
    let one_slot = options()
        .hosts(2)
        .set("SECUREAUTH_WORKERS", "1")
        .set("NO_SLOT_PAUSE", "500ms");
    let stack = start(one_slot, "b0", 1).await?;
    for number in 1..BILLERS {
        add_biller(&stack, &format!("b{number}"), 1)?;
    }
    for number in 0..BILLERS {
        let answer = stack
            .front_door_of(number as usize % 2)
            .toggle(&format!("b{number}"), true)
            .await?;
        assert_eq!(answer.status, 202);
    }
    for number in 0..BILLERS {
        let biller = format!("b{number}");
        assert_eq!(
            stack.wait_for_end(&biller, DEADLINE).await?.state,
            "succeeded",
            "{biller}"
        );
        assert_eq!(stack.in_secureauth(&biller), live(1), "{biller}");
    }
    let invocations = stack
        .hosts()
        .iter()
        .flat_map(functions_host::FunctionsHost::invocations);
    let deliveries = invocations.filter(|it| it.function == "function-migrate-users").count();
    assert!(
        deliveries <= 4 * BILLERS as usize,
        "{deliveries} deliveries for {BILLERS} billers"
    );
    Ok(())
}
