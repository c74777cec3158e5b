//! `plan`: prints the preview of a Yes for a biller. Writes nothing, neither to SecureAuth nor to the database.

mod outlook;

use std::fmt::Write;
use std::time::Duration;

pub(super) use self::outlook::unchecked_parts;
use super::error_text;
use crate::domain::ids::BillerId;
use crate::domain::issue::Code;
use crate::domain::reason::Reason;
use crate::domain::toggle_event::{Decision, RunHead};
use crate::functions::Services;
use crate::saga::preview::Preview;

/// The report, and the obstacle if a Yes would start no run or one that cannot succeed.
pub(super) async fn run(services: &Services, biller: &BillerId) -> Result<(String, Option<String>), String> {
    let preview = services
        .saga
        .preview(biller)
        .await
        .map_err(|error| error_text(&error))?;
    let preview = preview.ok_or_else(|| format!("there is no biller {biller}"))?;
    let obstacle = obstacle(&preview);
    let text = report(&preview, obstacle.as_deref()).map_err(|error| error.to_string())?;
    Ok((text, obstacle))
}

fn obstacle(preview: &Preview) -> Option<String> {
    let Some(outlook) = &preview.outlook else {
        return Some(format!("no run would start: {}", why_none(preview)));
    };
    let stops: Vec<&str> = outlook.stops.iter().map(<&str>::from).collect();
    (!stops.is_empty()).then(|| format!("the run would not succeed: {}", stops.join(", ")))
}

fn why_none(preview: &Preview) -> String {
    match &preview.decision {
        Decision::Join(RunHead { id, kind, state, .. }) => {
            format!("a Yes would join the {kind} run {id}, which is {state}")
        }
        Decision::OppositeRunning(id) => format!("the disable run {id} is open"),
        Decision::RollingBack(id) => format!("run {id} is rolling back"),
        Decision::Stuck(id) => {
            let run = preview.latest_run.as_ref();
            let reason = run.and_then(|run| run.reason.as_deref());
            let reason = reason.unwrap_or("no reason is recorded");
            format!("run {id} is stuck ({reason})")
        }
        Decision::BillerWithoutName => Reason::BillerWithoutName.to_string(),
        Decision::BillerNameInvalid(code) => format!("biller_name_invalid: BillerName is {code}"),
        _ => "there is nothing to do".to_owned(),
    }
}

fn name(preview: &Preview) -> String {
    match &preview.name {
        Ok(name) => name.clone(),
        Err(Code::Missing) => "-".to_owned(),
        Err(code) => format!("- ({code})"),
    }
}

/// A page takes milliseconds where an index serves it.
const SLOW_PAGE: Duration = Duration::from_secs(1);

/// What to do about a slow view, if it is slow.
fn slow_view(took: Duration) -> Option<String> {
    let seconds = took.as_secs_f64();
    (took > SLOW_PAGE).then(|| {
        format!(
            "a page of users took {seconds:.1} s: ciam.BillerUser needs an index (BillerId, UserGuid) and no conversions; see `db check`"
        )
    })
}

fn report(preview: &Preview, obstacle: Option<&str>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let ciam = &preview.biller;
    writeln!(text, "biller        {}", ciam.biller_id)?;
    writeln!(text, "name          {}", name(preview))?;
    writeln!(text, "ciam          {}", ciam.state)?;
    match &preview.outlook {
        Some(outlook) => {
            if let Some(told) = slow_view(preview.page_took) {
                writeln!(text, "view          {told}")?;
            }
            outlook::report(&mut text, outlook)?;
        }
        None => writeln!(text, "run           none")?,
    }
    let outcome = obstacle.unwrap_or("nothing found that would stop the run");
    writeln!(text, "outcome       {outcome}")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_more_than_a_second_is_told() {
        assert_eq!(slow_view(Duration::from_secs(1)), None);
        let told = slow_view(Duration::from_millis(8_040)).unwrap();
        assert!(
            told.starts_with("a page of users took 8.0 s: ciam.BillerUser"),
            "{told}"
        );
    }
}
