//! URLs of the operations.

use url::Url;

use super::Config;

/// Builds the URL of every operation of one tenant.
#[derive(Debug)]
pub(super) struct Paths {
    base: Url,
    tenant_id: String,
    import: Url,
}

impl Paths {
    /// Takes a configuration that [`Config::check`] accepted.
    pub(super) fn new(config: &Config) -> Self {
        let tenant_id = config.tenant_id.clone();
        let template = config
            .import_path
            .as_deref()
            .unwrap_or("/api/identity/{tenantID}/configuration");
        let segments = template.split('/').filter(|segment| !segment.is_empty());
        let import = below(
            &config.base_url,
            segments.map(|segment| {
                if segment == "{tenantID}" {
                    tenant_id.as_str()
                } else {
                    segment
                }
            }),
        );
        Self {
            base: config.base_url.clone(),
            tenant_id,
            import,
        }
    }

    /// `/{tenant}/system/oauth2/token` (OA).
    pub(super) fn token(&self) -> Url {
        below(&self.base, [&self.tenant_id, "system", "oauth2", "token"])
    }

    /// Below `/api/system/{tenant}` (SYS).
    pub(super) fn system<const N: usize>(&self, segments: [&str; N]) -> Url {
        below(
            &self.base,
            ["api", "system", &self.tenant_id].into_iter().chain(segments),
        )
    }

    /// Below `/api/identity/{tenant}/system` (IDS).
    pub(super) fn identity<const N: usize>(&self, segments: [&str; N]) -> Url {
        below(
            &self.base,
            ["api", "identity", &self.tenant_id, "system"]
                .into_iter()
                .chain(segments),
        )
    }

    /// The import of users (docs/reference/secureauth-api.md#access).
    pub(super) fn import(&self) -> Url {
        self.import.clone()
    }
}

/// Appends segments to a base URL, each percent-encoded so that it stays one segment.
pub(super) fn below<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // Only a URL without a host has no segments, and the configuration refuses one.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment_whatever_is_in_it() {
        let base = Url::parse("https://host/prefix/").unwrap();
        let url = below(&base, ["organizations", "a/b?c#d%2e\\e"]);
        assert_eq!(url.as_str(), "https://host/prefix/organizations/a%2Fb%3Fc%23d%252e%5Ce");
    }
}
