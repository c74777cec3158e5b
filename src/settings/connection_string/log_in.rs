//! How the program logs in at SQL Server: `Authentication`, `User ID` and `Password`.

use secrecy::SecretString;

use super::Expected;
use super::keywords::{Keyword, Values};

/// A log-in.
#[derive(Debug, Clone)]
pub(super) enum LogIn {
    Sql { user: String, password: SecretString },
    Entra(Entra),
}

/// Whose token of Microsoft Entra is the log-in.
#[derive(Debug, Clone)]
pub enum Entra {
    /// In a function app as [`Entra::Managed`], on a developer's machine whoever is signed in with the Azure CLI or the Azure
    /// Developer CLI.
    Default(Option<String>),
    /// The managed identity; the one with this client id, else the one that `AZURE_CLIENT_ID` names, else the system-assigned one.
    Managed(Option<String>),
    /// An application with a secret.
    ServicePrincipal {
        /// The directory in which the application is registered.
        tenant: String,
        /// The application's client id.
        client_id: String,
        /// The application's secret.
        secret: SecretString,
    },
}

impl LogIn {
    pub(super) fn of(values: &Values) -> Result<Self, Expected> {
        match values.choice(Keyword::IntegratedSecurity).as_deref() {
            None | Some("false" | "no") => {}
            Some(_) => return Err(" without `Integrated Security`: a function app has no Windows log-in".to_owned()),
        }
        let user = values.text(Keyword::User);
        let needed_user = || user.ok_or_else(|| " with `User ID`".to_owned());
        match values.choice(Keyword::Authentication).as_deref() {
            None | Some("sqlpassword" | "notspecified") => Ok(Self::Sql {
                user: needed_user()?.to_owned(),
                password: password(values)?,
            }),
            Some("activedirectorydefault") => without_password(values, Entra::Default(user.map(str::to_owned))),
            Some("activedirectorymanagedidentity" | "activedirectorymsi") => {
                without_password(values, Entra::Managed(user.map(str::to_owned)))
            }
            Some("activedirectoryserviceprincipal") => {
                let ids = needed_user()?.split_once('@').filter(|(id, tenant)| !id.is_empty() && is_tenant(tenant));
                let (client_id, tenant) = ids.ok_or(
                    " whose `User ID` is `<client id>@<tenant id>`: the application, and the directory in which it is registered",
                )?;
                Ok(Self::Entra(Entra::ServicePrincipal {
                    tenant: tenant.to_owned(),
                    client_id: client_id.to_owned(),
                    secret: password(values)?,
                }))
            }
            Some(_) => Err(
                " whose `Authentication` is `Sql Password`, `Active Directory Managed Identity`, `Active Directory Service \
                 Principal` or `Active Directory Default`: the others need a person or Windows"
                    .to_owned(),
            ),
        }
    }
}

fn without_password(values: &Values, entra: Entra) -> Result<LogIn, Expected> {
    match values.text(Keyword::Password) {
        None => Ok(LogIn::Entra(entra)),
        Some(_) => Err(" without `Password`, because this `Authentication` needs none".to_owned()),
    }
}

fn password(values: &Values) -> Result<SecretString, Expected> {
    let password = values.text(Keyword::Password).ok_or(" with `Password`")?;
    if password.to_ascii_lowercase().starts_with("{your_password") {
        return Err(" with the password itself in the place of `{your_password}`".to_owned());
    }
    Ok(password.into())
}

/// An id or a domain name.
fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}
