//! What addresses say: read leniently, written back whole.

use std::fmt;

use chrono::{DateTime, Datelike, Days as Count, NaiveDate, NaiveTime, Utc};
use url::form_urlencoded;

/// What stands behind the `?`. Whatever makes no sense counts as absent: an address that somebody mistyped or kept
/// from another year still shows a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// Nothing that anybody looks for is longer.
const LONGEST_VALUE: usize = 200;
const LAST_PAGE: i64 = 1_000_000;

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The trimmed value; `None` also where it is empty, as a `<select>` sends what was not chosen.
    pub fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(given, _)| given == name)?;
        let value = value.trim();
        // Postgres text holds no NUL.
        let is_fit = !value.is_empty() && value.chars().count() <= LONGEST_VALUE && !value.contains('\0');
        is_fit.then(|| value.to_owned())
    }

    pub fn choice<T: Choice>(&self, name: &str) -> Option<T> {
        let value = self.text(name)?;
        T::ALL.iter().find(|(_, word, _)| *word == value).map(|(choice, ..)| *choice)
    }

    /// An id, as people write it: `12` or `#12`.
    pub fn id(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim_start_matches('#').trim().parse().ok().filter(|id| *id > 0)
    }

    pub fn day(&self, name: &str) -> Option<NaiveDate> {
        // As a browser's calendar writes it; other years are no business of ours.
        self.text(name)?.parse().ok().filter(|day: &NaiveDate| (2000..=2999).contains(&day.year()))
    }

    /// The number of a page, from 1.
    pub fn page(&self, name: &str) -> i64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, LAST_PAGE)
    }
}

/// A closed set of values, as addresses and forms spell them and people read them.
pub trait Choice: Copy + PartialEq + Send + 'static {
    /// Each with its word in an address and its label.
    const ALL: &'static [(Self, &'static str, &'static str)];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(choice, ..)| *choice == self).map_or("", |(_, word, _)| word)
    }

    fn label(self) -> &'static str {
        Self::ALL.iter().find(|(choice, ..)| *choice == self).map_or("", |(.., label)| label)
    }
}

/// From one day to another, both whole, in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl Days {
    /// Their names in an address.
    pub const FROM: &'static str = "from";
    pub const TO: &'static str = "to";

    pub fn of(query: &Query) -> Self {
        Self { from: query.day(Self::FROM), to: query.day(Self::TO) }
    }

    /// The moment they begin and the one they are over.
    pub fn bounds(self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let after = |day: NaiveDate| day.checked_add_days(Count::new(1)).map(begin);
        (self.from.map(begin), self.to.and_then(after))
    }
}

/// A page of ours with its filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    path: String,
    query: Vec<(&'static str, String)>,
    fragment: Option<&'static str>,
}

impl Address {
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), query: Vec::new(), fragment: None }
    }

    /// Sets one value in place of what it was; `None` leaves it out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<impl fmt::Display>) -> Self {
        self.query.retain(|(given, _)| *given != name);
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    #[must_use]
    pub fn with_days(self, days: Days) -> Self {
        self.with(Days::FROM, days.from).with(Days::TO, days.to)
    }

    #[must_use]
    pub fn at(mut self, fragment: &'static str) -> Self {
        self.fragment = Some(fragment);
        self
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same filters at another place.
    #[must_use]
    pub fn moved_to(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    pub fn pairs(&self) -> &[(&'static str, String)] {
        &self.query
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if !self.query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish();
            write!(f, "?{query}")?;
        }
        self.fragment.map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Size {
        Small,
        Large,
    }

    impl Choice for Size {
        const ALL: &'static [(Self, &'static str, &'static str)] =
            &[(Self::Small, "small", "Small ones"), (Self::Large, "large", "Large ones")];
    }

    #[test]
    fn nonsense_counts_as_absent() {
        let query = Query::parse("name=+a%26b+&empty=&size=huge&page=two&nul=a%00&page2=-4&page3=99999999999999999999");
        assert_eq!(query.text("name").as_deref(), Some("a&b"));
        assert_eq!((query.text("empty"), query.text("nul"), query.text("missing")), (None, None, None));
        assert_eq!(query.choice::<Size>("size"), None);
        assert_eq!((query.page("page"), query.page("page2"), query.page("page3")), (1, 1, 1));
        assert_eq!(Query::parse(&format!("q={}", "x".repeat(201))).text("q"), None);
        assert_eq!(Query::parse("size=large").choice("size"), Some(Size::Large));
        let ids = Query::parse("a=%2312&b=12&c=-1&d=x");
        assert_eq!(["a", "b", "c", "d"].map(|name| ids.id(name)), [Some(12), Some(12), None, None]);
        assert_eq!((Size::Small.word(), Size::Small.label()), ("small", "Small ones"));
    }

    #[test]
    fn days_are_whole() {
        let days = Days::of(&Query::parse("from=2026-02-28&to=2026-02-28"));
        let (from, to) = days.bounds();
        assert_eq!(from.unwrap().to_rfc3339(), "2026-02-28T00:00:00+00:00");
        assert_eq!(to.unwrap().to_rfc3339(), "2026-03-01T00:00:00+00:00");
        let address = Address::new("/admin/x").with_days(days).to_string();
        assert_eq!(address, "/admin/x?from=2026-02-28&to=2026-02-28");
        assert_eq!(Days::of(&Query::parse("from=2026-02-30&to=x")).bounds(), (None, None));
        // Years that Postgres does not know.
        assert_eq!(Days::of(&Query::parse("from=-262143-01-01&to=262142-12-31")), Days::default());
    }

    #[test]
    fn an_address_keeps_its_filters_and_escapes_them() {
        let address = Address::new("/admin/people").with("q", Some("a&b=ä")).with("page", Some(2));
        assert_eq!(address.to_string(), "/admin/people?q=a%26b%3D%C3%A4&page=2");
        let next = address.clone().with("page", Some(3)).at("rows");
        assert_eq!(next.to_string(), "/admin/people?q=a%26b%3D%C3%A4&page=3#rows");
        assert_eq!(address.with("q", None::<String>).with("page", None::<i64>).to_string(), "/admin/people");
        assert_eq!(Query::parse("q=a%26b%3D%C3%A4").text("q").as_deref(), Some("a&b=ä"));
    }
}
