use super::*;
use crate::settings::environment::Environment;
use crate::settings::{Findings, Settings};

const COMPLETE: [(&str, &str); 3] = [
    ("DATABASE", "sqlserver"),
    ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
    ("SECOND_FACTOR_MECHANISMS", "totp,webauthn"),
];

/// What a custom handler finds in a Linux function app (the app's own settings, the platform's, the image's), and what
/// a developer's shell and a build agent add.
const ENVIRONMENT: &str = "
    APPLICATIONINSIGHTS_CONNECTION_STRING APPINSIGHTS_INSTRUMENTATIONKEY APPINSIGHTS_PROFILERFEATURE_VERSION
    APPSETTING_DATABASE APPSETTING_SECOND_FACTOR_MECHANISMS APPSETTING_LEASE APPSETTING_WEBSITE_SITE_NAME
    AZURE_FUNCTIONS_ENVIRONMENT AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_TENANT_ID AZURE_SUBSCRIPTION_ID
    AZURE_KEYVAULT_SCOPE AzureFunctionsJobHost__logging__logLevel__default AzureFunctionsWebHost__hostid
    AzureWebJobsStorage AzureWebJobsStorage__accountName AzureWebJobsSecretStorageType AzureWebJobsFeatureFlags
    AzureWebJobsScriptRoot AzureWebJobs.function-migrate-users.Disabled
    ASPNETCORE_URLS ASPNETCORE_ENVIRONMENT ASPNETCORE_CONTENTROOT ASPNETCORE_HTTP_PORTS
    BASH_FUNC_which%% BUILD_BUILDID BUILD_SOURCEVERSION AGENT_NAME SYSTEM_TEAMPROJECT TF_BUILD CI GITHUB_TOKEN
    GITHUB_RUN_ATTEMPT RUNNER_TEMP
    CARGO_HOME CARGO_PKG_NAME CARGO_TERM_COLOR RUSTUP_HOME RUSTUP_TOOLCHAIN RUST_BACKTRACE RUST_LOG
    COMPUTERNAME CONTAINER_NAME CONTAINER_ENCRYPTION_KEY CONTAINER_IMAGE_URL CONTAINER_START_CONTEXT_SAS_URI
    CORECLR_ENABLE_PROFILING CUSTOMCONNSTR_Crm SQLCONNSTR_Crm SQLAZURECONNSTR_Crm
    DATABASE_URL DATABASE_NAME DATABASE_HOST DATABASE_PORT DATABASE_USER DATABASE_PASSWORD
    DIAGNOSTIC_LOGS_MOUNT_PATH DOCKER_REGISTRY_SERVER_URL DOCKER_CUSTOM_IMAGE_NAME
    DOTNET_RUNNING_IN_CONTAINER DOTNET_VERSION DOTNET_USE_POLLING_FILE_WATCHER
    ENABLE_ORYX_BUILD SCM_DO_BUILD_DURING_DEPLOYMENT SCM_RUN_FROM_PACKAGE SCM_COMMIT_ID
    FUNCTIONS_APP_ROOT_PATH FUNCTIONS_APPLICATION_DIRECTORY FUNCTIONS_CUSTOMHANDLER_PORT
    FUNCTIONS_CUSTOMHANDLER_WORKER_ID FUNCTIONS_EXTENSION_VERSION FUNCTIONS_HTTPWORKER_ID FUNCTIONS_HTTPWORKER_PORT
    FUNCTIONS_LOGS_MOUNT_PATH FUNCTIONS_REQUEST_BODY_SIZE_LIMIT FUNCTIONS_WORKER_PROCESS_COUNT FUNCTIONS_WORKER_RUNTIME
    HOME HOST HOSTNAME HOST_VERSION HTTP_LOGGING_ENABLED HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy
    IDENTITY_ENDPOINT IDENTITY_HEADER MSI_ENDPOINT MSI_SECRET
    KUBERNETES_PORT KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT POD_NAME NODE_NAME
    LANG LANGUAGE LC_ALL LC_CTYPE LD_LIBRARY_PATH LESS LOGNAME LS_COLORS MAIL OLDPWD PATH PLATFORM_VERSION PORT PS1 PWD
    ORYX_AI_INSTRUMENTATION_KEY OTEL_SERVICE_NAME PHP_VERSION PYTHONPATH NODE_OPTIONS NUGET_XMLDOC_MODE
    REGION_NAME REMOTEDEBUGGINGVERSION SERVER_PORT SHELL SHLVL SITE_BITNESS SSH_PORT SSH_CONNECTION SSL_CERT_DIR
    SSL_CERT_FILE TEMP TERM TMP TMPDIR TZ USER USERNAME VERSION RELEASE
    WEBSITES_ENABLE_APP_SERVICE_STORAGE WEBSITES_PORT WEBSITE_AUTH_ENABLED WEBSITE_CONTENTAZUREFILECONNECTIONSTRING
    WEBSITE_CONTENTSHARE WEBSITE_DEFAULT_HOSTNAME WEBSITE_HOME_STAMPNAME WEBSITE_HOSTNAME WEBSITE_INSTANCE_ID
    WEBSITE_ISOLATION WEBSITE_MOUNT_ENABLED WEBSITE_OWNER_NAME WEBSITE_RESOURCE_GROUP WEBSITE_ROLE_INSTANCE_ID
    WEBSITE_RUN_FROM_PACKAGE WEBSITE_SITE_NAME WEBSITE_SKU WEBSITE_SLOT_NAME WEBSITE_STACK WEBSITE_STAMP_DEPLOYMENT_ID
    WEBSITE_TIME_ZONE WEBSITE_USE_PLACEHOLDER WEBSOCKET_CONCURRENT_REQUEST_LIMIT XDG_RUNTIME_DIR _
";

fn findings(more: &[(&str, &str)]) -> Findings {
    let pairs = COMPLETE.iter().chain(more).copied();
    Settings::read(&Environment::of(pairs)).err().unwrap_or_default()
}

fn misspelt(name: &str, meant: &str) {
    let found = findings(&[(name, "x")]).to_string();
    let expected = format!("{name}: expected another name: there is no such setting, the nearest is {meant}");
    assert_eq!(found, expected);
}

/// Every way to leave out a letter, every way to write one twice, every way to swap two.
fn mistakes(name: &str) -> [Vec<String>; 3] {
    let cut = |at: usize| name.split_at(at);
    let left_out = (0..name.len()).map(|at| [cut(at).0, cut(at + 1).1].concat());
    let twice = (1..=name.len()).map(|at| [cut(at).0, cut(at - 1).1].concat());
    let swapped = (1..name.len()).map(|at| {
        let (first, second) = (&name[at - 1..at], &name[at..=at]);
        [cut(at - 1).0, second, first, cut(at + 1).1].concat()
    });
    let swapped = swapped.filter(|swapped| swapped != name);
    [left_out.collect(), twice.collect(), swapped.collect()]
}

#[test]
fn each_setting_that_is_misspelt_in_one_letter_is_one_finding_that_names_it() {
    for known in Settings::read_all(&Environment::default()).1 {
        for names in mistakes(known.name) {
            misspelt(&names[names.len() / 2], known.name);
        }
    }
}

#[test]
fn wherever_the_letter_is_the_setting_that_was_meant_is_found() {
    let known = Settings::read_all(&Environment::default()).1;
    for setting in &known {
        for name in mistakes(setting.name).concat() {
            assert_eq!(meant(&name, &known), Some(setting.name), "{name}");
        }
    }
}

#[test]
fn a_name_in_small_letters_is_misspelt() {
    misspelt("lease", "LEASE");
    misspelt("Log_Level", "LOG_LEVEL");
    misspelt("azure_client_id", "AZURE_CLIENT_ID");
}

#[test]
fn a_long_name_may_be_misspelt_in_several_letters() {
    misspelt("ON_INVALID_USERS", "ON_INVALID_USER");
    misspelt("DATABASE_CONNECTION_TIMEOUT", "DATABASE_CONNECT_TIMEOUT");
    misspelt("MAX_SKIP_PERCENT", "MAX_SKIPPED_PERCENT");
}

#[test]
fn what_begins_like_ours_is_a_setting_or_a_finding() {
    misspelt("RETRY_MAXIMUM", "RETRY_MAX");
    misspelt("SECUREAUTH_TOKEN_LIFETIME_MARGIN", "SECUREAUTH_TOKEN_MARGIN");
}

#[test]
fn nothing_in_a_function_apps_environment_is_a_finding() {
    let names: Vec<(&str, &str)> = ENVIRONMENT.split_whitespace().map(|name| (name, "1")).collect();
    assert!(names.len() > 80);
    assert_eq!(findings(&names), Findings::default());
    let others = names.iter().map(|(name, _)| *name).chain(well_known::NAMES);
    let known = Settings::read_all(&Environment::default()).1;
    for name in others {
        assert_eq!(meant(name, &known), None, "{name}");
    }
}

#[test]
fn a_short_name_is_close_to_words_that_mean_something_else() {
    for name in [
        "RELEASE",
        "POD_NAME",
        "VERIFIER",
        "DATABASE_URL",
        "LOG_FILE",
        "HEARTBEATS_SENT",
        "NAME",
    ] {
        assert_eq!(findings(&[(name, "x")]), Findings::default(), "{name}");
    }
}

#[test]
fn a_blank_variable_is_not_misspelt() {
    assert_eq!(findings(&[("LAESE", " ")]), Findings::default());
}
