use saathii_admin_ui::{
    components::table::Part,
    pages::people::{People, PeopleQuery},
};

use super::store;
use crate::{phone::Phone, state::AppState};

const PER_PAGE: i64 = 50;

/// What somebody typed into the search, as the kind of thing it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Search {
    /// In E.164.
    Phone(String),
    Id(i64),
    /// In lower case, how a name begins.
    Name(String),
}

impl Search {
    /// A `#` makes an id of a number; what can be dialled is a phone; short numbers are ids too, as nobody's name is one.
    pub(super) fn of(text: &str, region: &str) -> Self {
        if let Some(id) = text.strip_prefix('#').and_then(|id| id.trim().parse().ok()) {
            return Self::Id(id);
        }
        if let Ok(phone) = Phone::parse(text, region) {
            return Self::Phone(phone.as_str().to_owned());
        }
        match text.parse() {
            Ok(id) if !text.starts_with('+') => Self::Id(id),
            _ => Self::Name(text.to_lowercase()),
        }
    }
}

pub(in crate::backoffice) async fn list(app: &AppState, query: PeopleQuery) -> sqlx::Result<People> {
    let search = search_of(app, &query);
    let mut db = app.db.acquire().await?;
    let total = store::count(&mut db, &query, search.as_ref()).await?;
    let part = Part::new(query.page, PER_PAGE, total);
    let rows = store::list(&mut db, &query, search.as_ref(), part.offset(), PER_PAGE).await?;
    Ok(People {
        now: app.clock.now(),
        countries: store::list_countries(&mut db).await?,
        languages: store::list_languages(&mut db).await?,
        rows: rows.into_iter().map(Into::into).collect(),
        query,
        part,
    })
}

pub(super) fn search_of(app: &AppState, query: &PeopleQuery) -> Option<Search> {
    query.search.as_deref().map(|text| Search::of(text, &app.config.otp.default_region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_means_what_it_looks_like() {
        for (text, meant) in [
            ("#12", Search::Id(12)),
            ("# 12", Search::Id(12)),
            ("12", Search::Id(12)),
            ("98765 43210", Search::Phone("+919876543210".to_owned())),
            ("+91-98765-43210", Search::Phone("+919876543210".to_owned())),
            ("Asha", Search::Name("asha".to_owned())),
            ("#asha", Search::Name("#asha".to_owned())),
            ("+12", Search::Name("+12".to_owned())),
            ("99999999999999999999999", Search::Name("99999999999999999999999".to_owned())),
        ] {
            assert_eq!(Search::of(text, "IN"), meant, "{text}");
        }
    }
}
