//! Signs requests with the account's key, as the scheme `SharedKey` asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use url::Url;

use super::connection::StorageAccount;

/// The version of the REST API. A newer one than Azurite knows is refused.
pub(super) const API_VERSION: &str = "2025-05-05";
/// The content type of requests with a body.
pub(super) const CONTENT_TYPE: &str = "application/xml";

/// The value of the header `Authorization`. `date` is the value of `x-ms-date`.
pub(super) fn authorization(account: &StorageAccount, method: &str, url: &Url, body: &str, date: &str) -> String {
    let mut mac = account.key.clone();
    mac.update(string_to_sign(&account.name, method, url, body, date).as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    format!("SharedKey {}:{signature}", account.name)
}

/// Method, eleven standard headers, the `x-ms-` headers and the resource. Headers that no request of ours has are empty lines.
fn string_to_sign(account: &str, method: &str, url: &Url, body: &str, date: &str) -> String {
    let (length, content_type) = match body.len() {
        0 => (String::new(), ""),
        length => (length.to_string(), CONTENT_TYPE),
    };
    let mut query: Vec<_> = url.query_pairs().collect();
    query.sort();
    let query = query
        .iter()
        .fold(String::new(), |query, (name, value)| query + "\n" + name + ":" + value);
    format!(
        "{method}\n\n\n{length}\n\n{content_type}\n\n\n\n\n\n\n\
         x-ms-date:{date}\nx-ms-version:{API_VERSION}\n/{account}{}{query}",
        url.path()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Fri, 27 Nov 2026 10:00:00 GMT";

    #[test]
    fn parameters_are_signed_decoded_and_in_order() {
        let url =
            Url::parse("http://127.0.0.1:1/one/items/messages/7?visibilitytimeout=0&popreceipt=a%2Bb%3D").unwrap();
        assert_eq!(
            string_to_sign("one", "PUT", &url, "", DATE),
            format!(
                "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{DATE}\nx-ms-version:{API_VERSION}\n\
                 /one/one/items/messages/7\npopreceipt:a+b=\nvisibilitytimeout:0"
            )
        );
    }

    #[test]
    fn a_body_is_signed_by_its_length_and_type() {
        let url = Url::parse("https://one.queue.example/items/messages").unwrap();
        assert_eq!(
            string_to_sign("one", "POST", &url, "<a/>", DATE),
            format!(
                "POST\n\n\n4\n\napplication/xml\n\n\n\n\n\n\n\
                 x-ms-date:{DATE}\nx-ms-version:{API_VERSION}\n/one/items/messages"
            )
        );
    }
}
