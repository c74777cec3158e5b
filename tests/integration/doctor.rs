//! `doctor` says what has to be done before billers are enabled, one line per finding, and writes nothing.

use local_stack::{Stack, StackOptions, UserRow};
use secureauth_simulator::{ALL_SCOPES, Client, Fault};

use serde_json::json;

use crate::payload_schema::{add_schema, stack_with_unknown_dialect};
use crate::planning::plan;
use crate::support::{Outcome, options, refusal};

/// What `doctor` printed, and its exit code.
struct Told {
    code: Option<i32>,
    text: String,
    errors: String,
}

impl Told {
    #[track_caller]
    fn says(&self, line: &str) {
        let is_said = self.text.lines().any(|it| it == line);
        assert!(is_said, "{line}\n{}{}", self.text, self.errors);
    }

    /// The only finding, and the exit code that goes with it.
    #[track_caller]
    fn finds_only(&self, line: &str) {
        self.says(line);
        self.says("outcome       1 thing to do");
        assert_eq!(self.code, Some(1), "{}", self.text);
    }

    #[track_caller]
    fn finds_nothing(&self) {
        self.says("outcome       nothing to do");
        assert_eq!(self.code, Some(0), "{}", self.text);
    }
}

async fn told_by(stack: &Stack) -> Result<Told, Box<dyn std::error::Error>> {
    let output = stack.handler().output(&["doctor"]).await?;
    Ok(Told {
        code: output.status.code(),
        text: String::from_utf8(output.stdout)?,
        errors: String::from_utf8(output.stderr)?,
    })
}

async fn doctor(options: StackOptions) -> Result<Told, Box<dyn std::error::Error>> {
    told_by(&Stack::start(options).await?).await
}

/// Options of a tenant whose client has all scopes but these.
fn without(missing: &[&str]) -> StackOptions {
    let mut client = Client::new("onboarding", "simulator-secret");
    let scopes = ALL_SCOPES.iter().filter(|scope| !missing.contains(scope));
    client.scopes = scopes.map(ToString::to_string).collect();
    let mut options = options();
    options.simulator.clients = vec![client];
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_every_check_has_its_line_and_nothing_is_written() -> Outcome {
    let stack = Stack::start(options().set("SECOND_FACTOR_MECHANISMS", "totp, email_otp")).await?;
    stack.simulator().clear_calls();
    let told = told_by(&stack).await?;
    let lines: Vec<&str> = told.text.lines().collect();
    assert_eq!(
        lines,
        [
            "token         ok: granted",
            "scope         ok: manage_configuration is granted, for organizations and imports",
            "scope         ok: identity is granted, for pools and users",
            "scope         ok: revoke_tokens is granted, for ending the sessions of people who lost access",
            "scope         ok: manage_idps is granted, for checking the identity provider of a pool",
            "scope         ok: read_configuration is granted, for checking the identity provider of a pool without manage_idps",
            "scope         ok: manage_servers is granted, for checking the parent here",
            "scope         ok: view_clients is granted, for checking the application of the parent here",
            "parent        ok: invoice-cloud is an organization",
            "application   ok: invoice-cloud has one",
            "schema        ok: 5d5ced58793b41178123b2d1cc5fb658 exists and can be checked",
            "factors       ok: first totp, password, email_otp, webauthn; second totp, email_otp, which may be skipped by those who \
             have none yet",
            "first sign-in ok: by a password reset, with user name and e-mail address",
            "outcome       nothing to do",
        ]
    );
    assert_eq!(told.code, Some(0), "{}", told.errors);
    for call in stack.simulator().calls() {
        let reads = call.method == "GET" || call.operation.as_deref() == Some("token");
        assert!(reads, "{call:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_refused_are_a_finding() -> Outcome {
    let told = doctor(options().set("SECUREAUTH_CLIENT_SECRET", "another")).await?;
    told.finds_only(
        "token         to do: client id and secret are refused (401): correct SECUREAUTH_CLIENT_ID and SECUREAUTH_CLIENT_SECRET, or \
         SECUREAUTH_AUTH_METHOD",
    );
    assert!(!told.text.contains("parent"), "{}", told.text);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tenant_is_a_finding() -> Outcome {
    let told = doctor(options().set("SECUREAUTH_TENANT_ID", "another")).await?;
    told.finds_only(
        "token         to do: there is no such tenant at this address: correct SECUREAUTH_TENANT_ID, SECUREAUTH_REGION or \
         SECUREAUTH_BASE_URL",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_is_a_finding() -> Outcome {
    // Port 1 of this machine: nobody listens there.
    let told = doctor(options().set("SECUREAUTH_BASE_URL", "http://127.0.0.1:1")).await?;
    let line = told.text.lines().find(|line| line.starts_with("token "));
    let line = line.unwrap_or_default();
    assert!(
        line.contains("to do: there is none: ") && line.contains("127.0.0.1:1"),
        "{line}"
    );
    assert!(line.ends_with("; check the address and the network"), "{line}");
    assert_eq!(told.code, Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_scope_that_is_not_granted_is_a_finding() -> Outcome {
    for scope in ["manage_configuration", "identity"] {
        let told = doctor(without(&[scope])).await?;
        told.finds_only(&format!(
            "scope         to do: {scope} is not granted: grant it to the client in the System workspace; no run can start without it"
        ));
        told.says(&format!("schema        note: not checked without {scope}"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_missing_scopes_are_named_at_once() -> Outcome {
    for refuses_the_token in [true, false] {
        let stack = Stack::start(without(&["manage_configuration", "identity", "revoke_tokens"])).await?;
        if !refuses_the_token {
            stack.simulator().set_switch("unknown-scope", "left-out")?;
        }
        let told = told_by(&stack).await?;
        for scope in ["manage_configuration", "identity", "revoke_tokens"] {
            let line = format!("scope         to do: {scope} is not granted");
            assert!(told.text.contains(&line), "{}", told.text);
        }
        told.says("scope         ok: manage_idps is granted, for checking the identity provider of a pool");
        told.says("parent        note: not checked without manage_configuration and identity");
        told.says("outcome       3 things to do");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_that_people_have_to_set_up_beside_others_are_noted() -> Outcome {
    let told = doctor(options().set("SECOND_FACTOR_MECHANISMS", "totp, sms_otp, push")).await?;
    told.finds_nothing();
    told.says("factors       note: sms_otp: no phone numbers are sent, so people have to add theirs first");
    told.says("factors       note: push: people have to pair a device with SecureAuth's app first");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_cannot_be_ended_are_a_finding() -> Outcome {
    doctor(without(&["revoke_tokens"])).await?.finds_only(
        "scope         to do: revoke_tokens is not granted, so sessions of people who lost access do not end: grant it to the \
         client in the System workspace",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_the_scopes_for_identity_providers_is_enough_and_none_is_noted() -> Outcome {
    let one = doctor(without(&["manage_idps"])).await?;
    one.finds_nothing();
    assert!(!one.text.contains("manage_idps is not granted"), "{}", one.text);
    let none = doctor(without(&["manage_idps", "read_configuration"])).await?;
    none.finds_nothing();
    none.says("scope         note: manage_idps is not granted, for checking the identity provider of a pool");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_doctor_could_look_at_is_noted_where_the_scope_is_not_granted() -> Outcome {
    let options = without(&["manage_servers", "view_clients"]).set("PARENT_ORGANIZATION_ID", "default");
    let told = doctor(options).await?;
    told.finds_nothing();
    told.says("scope         note: manage_servers is not granted, for checking the parent here");
    told.says("scope         note: view_clients is not granted, for checking the application of the parent here");
    told.says(
        "parent        note: default is no organization; without manage_servers nobody knows whether it is another workspace",
    );
    told.says("application   note: not checked, because view_clients is not granted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_does_not_exist_is_a_finding() -> Outcome {
    let told = doctor(options().set("PARENT_ORGANIZATION_ID", "nowhere")).await?;
    told.finds_only(
        "parent        to do: nowhere is neither an organization nor a workspace: correct PARENT_ORGANIZATION_ID",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_without_an_application_is_a_finding() -> Outcome {
    let told = doctor(options().set("PARENT_ORGANIZATION_ID", "default")).await?;
    told.says("parent        ok: default is a workspace of the type regular");
    told.finds_only(
        "application   to do: default has none: register one there, or in each organization; people sign in through an application",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_cannot_be_read_is_a_finding() -> Outcome {
    let stack = Stack::start(options().set("RETRY_ATTEMPTS", "1")).await?;
    let broken = Fault::on("get_organization", refusal(500, false));
    stack.simulator().faults().add(broken);
    let told = told_by(&stack).await?;
    let line = told.text.lines().find(|line| line.starts_with("parent "));
    let line = line.unwrap_or_default();
    assert!(
        line.contains("to do: not checked, because SecureAuth did not answer"),
        "{line}"
    );
    assert_eq!(told.code, Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_schema_that_cannot_be_used_is_a_finding() -> Outcome {
    doctor(options().set("SECUREAUTH_PAYLOAD_SCHEMA_ID", "absent")).await?.finds_only(
        "schema        to do: absent does not exist or is no JSON schema: correct SECUREAUTH_PAYLOAD_SCHEMA_ID or the schema",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_the_schema_requires_and_that_is_never_sent_is_a_finding() -> Outcome {
    let stack = Stack::start(options().set("SECUREAUTH_PAYLOAD_SCHEMA_ID", "phones")).await?;
    add_schema(
        &stack,
        "phones",
        &json!({"type": "object", "required": ["user_name", "phone"]}),
    )?;
    told_by(&stack).await?.finds_only(
        "schema        to do: phones requires what is never sent, so it fits no user: phone; correct SECUREAUTH_PAYLOAD_SCHEMA_ID or the \
         schema",
    );
    stack.crm().add_biller("1876", "City of Springfield")?;
    stack.crm().add_users("1876", &[UserRow::sample("1876", 1)])?;
    let told = plan(&stack, "1876").await?;
    told.expect(
        "schema",
        "phones requires what is never sent, so it fits no user: phone",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_schema_that_only_secureauth_can_judge_are_noted() -> Outcome {
    let told = told_by(&stack_with_unknown_dialect(options(), 1).await?).await?;
    told.finds_nothing();
    told.says(
        "schema        note: own_dialect exists; only SecureAuth can check users against it, because of $schema or $ref",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_that_nobody_can_use_are_findings_of_the_settings() -> Outcome {
    let told = doctor(options().set("SECOND_FACTOR_MECHANISMS", "sms_otp")).await?;
    assert_eq!(told.code, Some(2));
    assert_eq!(
        told.errors.trim_end(),
        "SECOND_FACTOR_MECHANISMS: expected a second factor that people can have: no phone numbers are sent to SecureAuth"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_second_factor_and_no_first_sign_in_are_noted_where_they_are_written_out() -> Outcome {
    let options = options()
        .set("AUTHENTICATION_MECHANISMS", "webauthn")
        .set("PREFERRED_AUTHENTICATION_MECHANISM", "webauthn")
        .set("SECOND_FACTOR_MECHANISMS", "none")
        .set("FIRST_SIGN_IN", "none");
    let told = doctor(options).await?;
    told.finds_nothing();
    told.says("factors       note: first webauthn; no second one, so there is no MFA");
    told.says(
        "first sign-in note: not possible, because people have no credential, and neither a password, which they could reset, nor \
         an e-mail code is an allowed first factor (FIRST_SIGN_IN=none)",
    );
    Ok(())
}
