use super::*;
use crate::store::check::Verdict;

fn mapped(name: &str, type_name: &str) -> Mapped {
    Mapped {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        is_nullable: false,
    }
}

fn users() -> Vec<Mapped> {
    let texts = ["UserName", "FirstName", "LastName", "Email", "Status"];
    let texts = texts.map(|name| mapped(name, "nvarchar"));
    let mut all = vec![mapped("BillerId", "varchar"), mapped("UserGuid", "uniqueidentifier")];
    all.extend(texts);
    all
}

/// The one finding about the users' view with this column changed.
fn with(name: &str, change: impl Fn(&mut Mapped)) -> Finding {
    let mut columns = users();
    let column = columns.iter_mut().find(|column| column.name == name).unwrap();
    change(column);
    let mut findings = view(VIEWS[1], &columns);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[test]
fn a_view_with_every_column_is_in_order() {
    let findings = view(VIEWS[1], &users());
    assert_eq!(findings[0].verdict, Verdict::Ok, "{findings:?}");
}

#[test]
fn a_view_that_is_not_there_is_named() {
    let findings = view(VIEWS[0], &[]);
    assert_eq!(
        (findings[0].verdict, findings[0].about.as_str()),
        (Verdict::ToDo, "ciam.Biller")
    );
}

#[test]
fn a_finding_names_view_and_column_and_what_to_do() {
    for (column, type_name, remedy) in [
        ("UserGuid", "nvarchar", "persisted computed"),
        ("BillerId", "char", "RTRIM"),
        ("BillerId", "nchar", "RTRIM"),
        ("BillerId", "int", "as VARCHAR"),
        ("Email", "text", "CONVERT(NVARCHAR(400)"),
        ("Status", "int", "CONVERT(NVARCHAR(400)"),
    ] {
        let finding = with(column, |it| type_name.clone_into(&mut it.type_name));
        assert_eq!(finding.verdict, Verdict::ToDo);
        assert_eq!(finding.about, format!("ciam.BillerUser.{column}"));
        assert!(
            finding.text.contains(remedy) && finding.text.contains(&type_name.to_uppercase()),
            "{finding:?}"
        );
    }
    let missing = with("LastName", |it| it.name = "Surname".to_owned());
    assert_eq!(
        (missing.verdict, missing.about.as_str()),
        (Verdict::ToDo, "ciam.BillerUser.LastName")
    );
    let nullable = with("UserGuid", |it| it.is_nullable = true);
    assert_eq!(nullable.verdict, Verdict::Note);
}

#[test]
fn padded_names_are_no_finding() {
    let mut columns = users();
    columns[2].type_name = "nchar".to_owned();
    assert_eq!(view(VIEWS[1], &columns)[0].verdict, Verdict::Ok);
}

#[test]
fn each_parameter_of_the_procedure_is_looked_at() {
    let mut all: Vec<_> = PARAMETERS.iter().map(|(name, types)| mapped(name, types[0])).collect();
    assert_eq!(procedure(true, &all)[0].verdict, Verdict::Ok);
    all[4].type_name = "nvarchar".to_owned();
    all[0].name = "@Bid".to_owned();
    let findings = procedure(true, &all);
    let about: Vec<_> = findings.iter().map(|it| (it.verdict, it.about.as_str())).collect();
    let expected = [
        (Verdict::ToDo, "ciam.RecordCiamStatus @BillerId"),
        (Verdict::ToDo, "ciam.RecordCiamStatus @OnboardingId"),
        (Verdict::Note, "ciam.RecordCiamStatus @Bid"),
    ];
    assert_eq!(about, expected);
    assert_eq!(procedure(false, &[])[0].verdict, Verdict::ToDo);
}
