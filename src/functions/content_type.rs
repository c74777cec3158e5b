//! Whether a request's `Content-Type` says JSON.

/// `application/json`, or any type that ends in `+json`, with whatever parameters.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("application", "json")) => true,
        Some((_, subtype)) => subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_its_relatives_are_json_whatever_their_case_and_parameters() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            " application/json ;x=y",
            "application/merge-patch+json",
        ] {
            assert!(is_json(json), "{json}");
        }
        for other in [
            "",
            "json",
            "text/plain",
            "text/json",
            "application/jsonx",
            "application/+json",
            "application/x-www-form-urlencoded",
            "application/xml; note=application/json",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }
}
