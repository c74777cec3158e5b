//! Every measured value as a line of CSV.

use crate::results::Results;

pub(super) fn render(results: &Results) -> String {
    let mut lines = vec!["row,latency_ms,users,program,run,value".to_owned()];
    lines.extend(results.samples.iter().map(|sample| {
        let case = sample.case;
        let (row, program): (&str, &str) = (case.row.into(), sample.program.into());
        let (latency, users, run) = (case.latency_ms, case.users, sample.run);
        format!("{row},{latency},{users},{program},{run},{:.6}", sample.value)
    }));
    lines.join("\n") + "\n"
}
