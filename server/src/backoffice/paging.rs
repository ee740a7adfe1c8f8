/// A page of what was read with one row more, which tells whether there is more.
pub(super) fn page_and_more<T>(mut rows: Vec<T>, per_page: i64) -> (Vec<T>, bool) {
    let per_page = usize::try_from(per_page).unwrap_or(usize::MAX);
    let has_more = rows.len() > per_page;
    rows.truncate(per_page);
    (rows, has_more)
}
