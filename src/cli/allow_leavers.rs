//! `allow-leavers`: lets a biller's next run take access from more users than the guard allows.

use clap::Args;

use super::error_text;
use super::operate::person;
use crate::domain::biller::LeaversAllowed;
use crate::domain::ids::{BillerId, RequestedBy};
use crate::store::Store;

/// The biller, the number, and the operator's name.
#[derive(Debug, Args)]
pub(super) struct Allowance {
    /// The biller's id
    #[arg(value_parser = super::biller_id)]
    biller: BillerId,
    /// Most users who may leave, or lose their user name to somebody else, in the biller's next run
    most: u32,
    /// Your name, 1 to 256 characters; recorded in the run's journal
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: RequestedBy,
}

pub(super) async fn run(store: &dyn Store, allowance: &Allowance) -> Result<String, String> {
    let Allowance { biller, most, by } = allowance;
    let allowed = LeaversAllowed {
        most: *most,
        by: by.as_ref().to_owned(),
    };
    match store.allow_leavers(biller, &allowed).await {
        Ok(true) => Ok(format!(
            "the next run of {biller} may take access from {most} users, or from as many as MAX_LEAVERS_PERCENT allows\n"
        )),
        Ok(false) => Err(format!("biller {biller} never had a run")),
        Err(error) => Err(error_text(&error)),
    }
}
