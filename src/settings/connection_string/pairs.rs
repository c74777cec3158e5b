//! Splits a connection string as ADO.NET does: `keyword=value;…`. A value that begins with `'` or `"` ends with the same sign,
//! which is doubled inside it. Braces have no meaning.

use super::Expected;

/// A keyword without blanks and in lower case, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The first pair of the string is 1.
    pub(super) number: usize,
    pub(super) keyword: String,
    pub(super) value: String,
}

pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Expected> {
    let mut found: Vec<Pair> = Vec::new();
    let mut rest = text.trim_start_matches(is_between);
    // Every round takes at least one character off the text.
    while !rest.is_empty() {
        let number = found.len() + 1;
        let (keyword, after) = rest.split_once('=').filter(|(keyword, _)| !keyword.contains(';')).ok_or_else(|| {
            format!(
                " of pairs `keyword=value`, but there is no `=` in pair {number}; a value with `;` needs quotes around it"
            )
        })?;
        let (value, after) = value(after.trim_start(), number)?;
        found.push(Pair {
            number,
            keyword: normal(keyword),
            value,
        });
        rest = after.trim_start_matches(is_between);
    }
    Ok(found)
}

/// Spelled as keywords are compared.
pub(super) fn normal(keyword: &str) -> String {
    let kept = keyword.chars().filter(|sign| !sign.is_whitespace() && *sign != '_');
    kept.collect::<String>().to_lowercase()
}

fn is_between(sign: char) -> bool {
    sign.is_whitespace() || sign == ';'
}

/// The value at the beginning of `text`, and what follows it.
fn value(text: &str, number: usize) -> Result<(String, &str), Expected> {
    let Some(quote) = text.chars().next().filter(|sign| matches!(sign, '\'' | '"')) else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return Ok((value.trim_end().to_owned(), after));
    };
    let mut value = String::new();
    let mut rest = text.get(1..).unwrap_or_default();
    // Every round takes a quote off the text.
    loop {
        let (part, after) = rest
            .split_once(quote)
            .ok_or_else(|| format!(" in which the quotes around the value of pair {number} are closed"))?;
        value.push_str(part);
        let Some(more) = after.strip_prefix(quote) else {
            let after = after.trim_start();
            return match after.chars().next() {
                None | Some(';') => Ok((value, after)),
                Some(_) => Err(format!(
                    " with a `;` behind the quotes of pair {number}; a quote inside them is written twice"
                )),
            };
        };
        value.push(quote);
        rest = more;
    }
}
