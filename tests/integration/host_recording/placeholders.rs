//! Replaces what differs each time: ids, times, traces, receipts and ports.

use std::collections::HashMap;

use regex::{Captures, Regex};

/// What differs, and how it is shown. The first alternative that matches counts.
const VARIABLE: &str = concat!(
    r"(?<trace>00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})",
    r"|(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    r"|(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))",
    r"|(?<port>(?:127\.0\.0\.1|localhost):\d+)",
    r#"|(?<build>(?:commit|version)\\?":\\?"[^"\\]+)"#,
    r#"|(?<receipt>"PopReceipt":"[^,]*",)"#,
);

/// Gives every id a number of its own, so that it shows which ids are the same.
#[derive(Default)]
pub(super) struct Placeholders {
    ids: HashMap<String, usize>,
}

impl Placeholders {
    pub(super) fn put_into(&mut self, text: &str) -> String {
        let variable = Regex::new(VARIABLE).expect("is a pattern");
        let shown = variable.replace_all(text, |found: &Captures<'_>| {
            if let Some(id) = found.name("id") {
                let next = self.ids.len() + 1;
                let number = self.ids.entry(id.as_str().to_owned()).or_insert(next);
                return format!("<id {number}>");
            }
            let is = |name: &str| found.name(name).is_some();
            if is("time") {
                "<time>".to_owned()
            } else if is("trace") {
                "<traceparent>".to_owned()
            } else if let Some(build) = found.name("build") {
                // The value alone differs from build to build.
                let (name, _) = build.as_str().rsplit_once('"').unwrap_or_default();
                format!("{name}\"<build>")
            } else if is("port") {
                "<host>".to_owned()
            } else {
                r#""PopReceipt":"<receipt>","#.to_owned()
            }
        });
        shown.into_owned()
    }
}

#[test]
fn equal_ids_have_equal_numbers_and_other_texts_stay() {
    let mut placeholders = Placeholders::default();
    let (one, other) = (
        "52d53c5f-e212-487e-998b-abbe3b9d51e4",
        "52d53c5f-e212-487e-998b-abbe3b9d51e5",
    );
    let text = format!("{one} {other} 2026-09-14 {one} 2026-09-14T15:14:15.5Z http://127.0.0.1:80/ {{}}");
    let shown = "<id 1> <id 2> 2026-09-14 <id 1> <time> http://<host>/ {}";
    assert_eq!(placeholders.put_into(&text), shown);
    assert_eq!(placeholders.put_into(other), "<id 2>");
}
