//! Pages of a list: the request names the last id and a limit, the answer has no cursor
//! (docs/reference/secureauth-api.md#requests-lists).

/// Most rows the server gives in one page.
pub const MAX_PAGE: u32 = 100;

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T, Id> {
    /// The rows, in the server's order.
    pub items: Vec<T>,
    /// Id to continue after; `None` when this page was the last.
    pub next: Option<Id>,
}

impl<T, Id: PartialEq> Page<T, Id> {
    /// The page after `after` that was requested with `limit`. A page with fewer rows is the last.
    ///
    /// `None` when a full page ends with the id `after`: the server ignores the cursor, and the list would never end.
    pub(super) fn new(items: Vec<T>, limit: u32, after: Option<&Id>, id: impl FnOnce(&T) -> Id) -> Option<Self> {
        let full = u32::try_from(items.len()).is_ok_and(|rows| rows >= limit);
        let next = if full { items.last().map(id) } else { None };
        if next.is_some() && next.as_ref() == after {
            None
        } else {
            Some(Self { items, next })
        }
    }
}

/// `limit` as the server accepts it: 1 to [`MAX_PAGE`].
pub(super) fn clamp(limit: u32) -> u32 {
    limit.clamp(1, MAX_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &[u32], limit: u32, after: Option<u32>) -> Result<Option<u32>, &'static str> {
        Page::new(rows.to_vec(), limit, after.as_ref(), |row| *row)
            .map(|page| page.next)
            .ok_or("no progress")
    }

    #[test]
    fn a_full_page_has_a_next_and_a_short_one_is_the_last() {
        assert_eq!(page(&[1, 2, 3], 3, None), Ok(Some(3)));
        assert_eq!(page(&[4, 5], 3, Some(3)), Ok(None));
        assert_eq!(page(&[], 3, Some(3)), Ok(None));
    }

    #[test]
    fn a_server_that_ignores_the_cursor_is_not_asked_for_ever() {
        assert_eq!(page(&[1, 2, 3], 3, Some(3)), Err("no progress"));
    }

    #[test]
    fn a_limit_is_what_the_server_accepts() {
        assert_eq!([0, 1, 100, 101].map(clamp), [1, 1, 100, 100]);
    }
}
