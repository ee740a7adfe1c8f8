//! What addresses say: read leniently, written back whole.

use std::fmt;

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
    fn an_address_keeps_its_filters_and_escapes_them() {
        let address = Address::new("/admin/people").with("q", Some("a&b=ä")).with("page", Some(2));
        assert_eq!(address.to_string(), "/admin/people?q=a%26b%3D%C3%A4&page=2");
        let next = address.clone().with("page", Some(3)).at("rows");
        assert_eq!(next.to_string(), "/admin/people?q=a%26b%3D%C3%A4&page=3#rows");
        assert_eq!(address.with("q", None::<String>).with("page", None::<i64>).to_string(), "/admin/people");
        assert_eq!(Query::parse("q=a%26b%3D%C3%A4").text("q").as_deref(), Some("a&b=ä"));
    }
}
