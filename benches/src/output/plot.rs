//! Bar plots as SVG.

use std::fmt::Write as _;

use super::table::{grouped, number};
use crate::program::Program;
use crate::results::{Case, Results, Row};

/// File name and row of each plot.
const PLOTS: [(&str, Row); 4] = [
    ("slots-used", Row::SlotsUsed),
    ("post-to-active", Row::PostToActive),
    ("cpu-per-user", Row::CpuPerUser),
    ("peak-memory", Row::PeakMemory),
];
const PROGRAMS: [(Program, &str); 3] = [
    (Program::Handler, "#b7410e"),
    (Program::Peer, "#3c7a3c"),
    (Program::Replay, "#8a8a8a"),
];

const WIDTH: u32 = 720;
const BAR: u32 = 18;
const LABELS: u32 = 190;
const LONGEST: f64 = 440.0;

/// File names without extension, and the plots.
pub(super) fn all(results: &Results) -> Vec<(&'static str, String)> {
    PLOTS
        .into_iter()
        .map(|(name, row)| (name, plot(results, row)))
        .collect()
}

fn plot(results: &Results, row: Row) -> String {
    let cases: Vec<Case> = results.cases().into_iter().filter(|case| case.row == row).collect();
    let medians = cases
        .iter()
        .flat_map(|case| PROGRAMS.map(|(program, _)| results.median(*case, program)));
    let largest = medians.flatten().fold(f64::MIN_POSITIVE, f64::max);
    let mut y = 40;
    let mut body = String::new();
    for case in cases {
        y += 8;
        let label = format!("{} users, {} ms", grouped(case.users), case.latency_ms);
        text(&mut body, 0, y + 13, &label);
        for (program, colour) in PROGRAMS {
            if let Some(value) = results.median(case, program) {
                bar(&mut body, y, value, largest, colour);
                y += BAR;
            }
        }
    }
    let mut head = String::new();
    text(&mut head, 0, 14, row.title());
    for (place, (program, colour)) in (0..).zip(PROGRAMS) {
        let x = LABELS + place * 90;
        let _ = writeln!(head, r#"<rect x="{x}" y="24" width="10" height="10" fill="{colour}"/>"#);
        text(&mut head, x + 14, 33, program.into());
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{head}{body}</svg>\n",
        height = y + 12
    )
}

fn bar(svg: &mut String, y: u32, value: f64, largest: f64, colour: &str) {
    let width = (value / largest * LONGEST).max(1.0);
    let height = BAR - 3;
    let _ = writeln!(
        svg,
        r#"<rect x="{LABELS}" y="{y}" width="{width:.1}" height="{height}" fill="{colour}"/>"#
    );
    let behind = f64::from(LABELS) + width + 5.0;
    let _ = writeln!(svg, r#"<text x="{behind:.1}" y="{}">{}</text>"#, y + 12, number(value));
}

fn text(svg: &mut String, x: u32, y: u32, text: &str) {
    let _ = writeln!(svg, r#"<text x="{x}" y="{y}">{text}</text>"#);
}
