//! Checks the connection string of SQL Server: what it must contain, and what it must not contain in production.

/// True if the driver can parse it and it has a server, a user and a password. Outside Development nothing in it may
/// turn off TLS or the check of the server's certificate.
pub(super) fn is_usable(text: &str, is_development: bool) -> bool {
    let says = |keys: &[&str]| pairs(text).any(|(key, value)| keys.contains(&key.as_str()) && !value.is_empty());
    says(&["server", "datasource"])
        && says(&["userid", "uid", "user", "username"])
        && says(&["password", "pwd"])
        && pairs(text).all(|(key, value)| is_supported(&key, &value))
        && tiberius::Config::from_ado_string(text).is_ok()
        && (is_development || pairs(text).all(|(key, value)| is_safe(&key, &value)))
}

/// False for what the driver accepts and then ignores: log-ins without a password, and named instances without a port
/// (docs/reference/sql-server.md#connection-strings).
fn is_supported(key: &str, value: &str) -> bool {
    match key {
        "authentication" => value == "sqlpassword",
        "integratedsecurity" | "trustedconnection" => matches!(value, "false" | "no"),
        "server" | "datasource" => !value.contains('\\') || value.contains(','),
        _ => true,
    }
}

/// Lists the allowed values, so that an unknown spelling is refused.
fn is_safe(key: &str, value: &str) -> bool {
    match key {
        "trustservercertificate" => matches!(value, "false" | "no"),
        "encrypt" => matches!(value, "true" | "yes" | "strict"),
        _ => true,
    }
}

/// Keys and values in lower case, without blanks and quotes. A `;` inside a quoted value counts as a separator; at worst a
/// usable string is refused for that.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let plain = |part: &str| {
        let kept = part
            .chars()
            .filter(|sign| !sign.is_whitespace() && !"'\"{}".contains(*sign));
        kept.collect::<String>().to_lowercase()
    };
    text.split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(move |(key, value)| (plain(key), plain(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "Server=tcp:crm.database.windows.net,1433;Database=crm;User ID=app;Password=p";

    #[test]
    fn tls_with_a_verified_certificate_is_the_only_way_outside_development() {
        assert!(is_usable(PLAIN, false));
        for good in ["Encrypt=true", "encrypt = Strict", "TrustServerCertificate=False"] {
            assert!(is_usable(&format!("{PLAIN};{good}"), false), "{good}");
        }
        for bad in [
            "TrustServerCertificate=true",
            "trustservercertificate = 'Yes'",
            "Encrypt=false",
            "encrypt=DANGER_PLAINTEXT",
        ] {
            let text = format!("{PLAIN};{bad}");
            assert!(!is_usable(&text, false), "{bad}");
            assert!(is_usable(&text, true), "{bad}");
        }
    }

    #[test]
    fn a_text_without_a_server_or_a_log_in_is_no_connection_string() {
        for bad in [
            "",
            "Database=crm",
            "sqlserver",
            "Server=;User ID=app;Password=p",
            "Server=db;Database=crm",
            "Server=db;User ID=app",
            "Server=db;Password=p",
        ] {
            assert!(!is_usable(bad, true), "{bad}");
        }
        assert!(is_usable("Data Source=db,1433;UID=app;PWD=p", true));
    }

    #[test]
    fn what_the_driver_would_ignore_is_refused() {
        for bad in [
            "Authentication=Active Directory Default",
            "Integrated Security=SSPI",
            "Trusted_Connection=yes;Integrated Security=true",
        ] {
            assert!(!is_usable(&format!("{PLAIN};{bad}"), true), "{bad}");
        }
        let instance = |server: &str| is_usable(&format!("Server={server};User ID=app;Password=p"), true);
        assert!(instance(r"db\crm,1433") && !instance(r"db\crm"));
    }
}
