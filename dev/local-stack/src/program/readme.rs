//! Reads the curl lines of the README, so that what is printed and what is documented cannot differ.

const README: &str = include_str!("../../../../README.md");

/// The README has this comment before the block with the lines.
const MARK: &str = "<!-- curl -->";

/// The URL of the HTTP API in the README's lines.
const BASE_URL: &str = "http://127.0.0.1:7071";

/// The lines for an HTTP API at `base_url`.
pub(super) fn curl_lines(base_url: &str) -> Vec<String> {
    let block = README.split_once(MARK).map_or("", |(_, rest)| rest);
    // After the comment come a fence, the lines and another fence.
    let lines = block.split("```").nth(1).unwrap_or_default().lines();
    lines
        .filter(|line| line.starts_with("curl "))
        .map(|line| line.replace(BASE_URL, base_url))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_curl_lines_and_all_of_them_call_the_given_url() {
        let lines = curl_lines("http://127.0.0.1:4321");
        assert!(lines.len() >= 5, "{lines:#?}");
        for line in lines {
            assert!(line.contains("http://127.0.0.1:4321/api/"), "{line}");
        }
    }
}
