//! The names of objects and columns in the server's messages. A message may quote values too, so only messages of known wording are
//! read, and of these only the places that hold names. A session in another language has no names in its log lines.

/// Error number, and the message up to the last name; `{}` stands for a name.
const MESSAGES: [(u32, &str); 14] = [
    (201, "Procedure or function '{}' expects parameter '{}',"),
    (207, "Invalid column name '{}'."),
    (208, "Invalid object name '{}'."),
    (
        229,
        "The {} permission was denied on the object '{}', database '{}', schema '{}'",
    ),
    (
        230,
        "The {} permission was denied on the column '{}' of the object '{}', database '{}', schema '{}'",
    ),
    (515, "Cannot insert the value NULL into column '{}', table '{}';"),
    (547, "The {} statement conflicted with the {} constraint \"{}\"."),
    (
        2601,
        "Cannot insert duplicate key row in object '{}' with unique index '{}'.",
    ),
    (
        2627,
        "Violation of {} constraint '{}'. Cannot insert duplicate key in object '{}'.",
    ),
    (
        2628,
        "String or binary data would be truncated in table '{}', column '{}'.",
    ),
    (2812, "Could not find stored procedure '{}'."),
    (
        4121,
        "Cannot find either column \"{}\" or the user-defined function or aggregate \"{}\",",
    ),
    (8144, "Procedure or function {} has too many arguments specified."),
    (8145, "{} is not a parameter for procedure {}."),
];

/// Longest name of an object, with database and schema before it.
const LONGEST: usize = 400;

/// The names in a message, in its order.
pub(super) fn names(code: u32, message: &str) -> Option<String> {
    let (_, wording) = MESSAGES.iter().find(|(number, _)| *number == code)?;
    let mut parts = wording.split("{}");
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut found: Vec<&str> = Vec::new();
    for part in parts {
        let (name, after) = rest.split_once(part)?;
        let is_name = !name.is_empty() && name.len() <= LONGEST && !name.contains(['\'', '"', '\n']);
        found.push(is_name.then_some(name)?);
        rest = after;
    }
    Some(found.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_columns_are_found_and_values_are_not() {
        for (code, message, expected) in [
            (207, "Invalid column name 'EmailAddress'.", Some("EmailAddress")),
            (208, "Invalid object name 'ciam.BillerUser'.", Some("ciam.BillerUser")),
            (
                229,
                "The SELECT permission was denied on the object 'BillerUser', database 'crm', schema 'dbo'.",
                Some("SELECT, BillerUser, crm, dbo"),
            ),
            (
                515,
                "Cannot insert the value NULL into column 'CiamStatus', table 'crm.dbo.Product'; column does not allow nulls.",
                Some("CiamStatus, crm.dbo.Product"),
            ),
            (
                2628,
                "String or binary data would be truncated in table 'crm.dbo.Product', column 'Status'. Truncated value: 'jane'.",
                Some("crm.dbo.Product, Status"),
            ),
            (
                2627,
                "Violation of PRIMARY KEY constraint 'PK_A'. Cannot insert duplicate key in object 'dbo.A'. The duplicate key value is (jane).",
                Some("PRIMARY KEY, PK_A, dbo.A"),
            ),
            (
                245,
                "Conversion failed when converting the varchar value 'jane' to data type int.",
                None,
            ),
            (207, "Ungültiger Spaltenname 'jane'.", None),
            (51_000, "jane.doe is locked", None),
        ] {
            assert_eq!(names(code, message).as_deref(), expected, "{message}");
        }
    }
}
