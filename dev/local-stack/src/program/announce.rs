//! What `serve` and `start` print once they are up.

use local_stack::{Crm, StackError};
use secureauth_simulator::Simulator;

use super::billers::{BILLERS, SampleBiller};
use super::readme::curl_lines;
use super::scenario::load;

/// Loads the sample billers that are not there, and prints all.
pub(super) fn billers(crm: &Crm, simulator: &Simulator) -> Result<(), StackError> {
    say!("Sample billers:");
    for biller in &BILLERS {
        load(crm, simulator, biller)?;
        let remark = remark(biller);
        say!("  {}  {:24} {:>5} users{remark}", biller.id, biller.name, biller.users);
    }
    Ok(())
}

/// Prints the addresses and the README's curl lines.
pub(super) fn addresses(front_door: &str, simulator: &Simulator) {
    let secureauth = simulator.base_url();
    say!("\nHTTP API: {front_door} (no key is asked for)\nSecureAuth: {secureauth} (simulator)");
    say!("\nTry, in another terminal:\n");
    for line in curl_lines(front_door) {
        say!("{line}");
    }
    say!("curl {secureauth}/admin/inventory\n");
}

fn remark(biller: &SampleBiller) -> &'static str {
    match biller {
        biller if biller.has_bad_records => ", three of them bad records",
        biller if biller.has_deactivated_organization => ", its organization exists already, deactivated",
        _ => "",
    }
}
