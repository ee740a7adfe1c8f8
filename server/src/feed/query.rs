use saathii_shared_types::FieldError;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::http::{
    HttpError,
    extract::{comma_separated, switch},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedQuery {
    /// Only who is online.
    #[serde(default, deserialize_with = "switch")]
    #[param(example = false)]
    online_only: bool,
    /// Only who is online and not busy.
    #[serde(default, deserialize_with = "switch")]
    #[param(example = true)]
    available_only: bool,
    /// Preferred language, without regard to case.
    #[param(example = "en")]
    language: Option<String>,
    /// Comma-separated; listeners with any of them.
    #[serde(default, deserialize_with = "comma_separated")]
    #[param(value_type = Option<String>, example = "music,tech")]
    interests: Vec<String>,
    /// The least rating, 0 to 5; decimals work.
    #[serde(default, deserialize_with = "number")]
    #[param(value_type = Option<f64>, example = 4)]
    min_rating: Option<f64>,
}

/// Which listeners; lower-case, as the read model is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    /// Where the server's setting asks for it.
    pub(super) verified_only: bool,
    /// 0 all, 1 online, 2 available.
    pub(super) least_tier: i16,
    pub(super) language: Option<String>,
    pub(super) interests: Option<Vec<String>>,
    pub(super) min_rating: Option<f64>,
}

impl Filter {
    /// Everybody who is listed at all.
    pub(super) fn all(verified_only: bool) -> Self {
        Self { verified_only, ..Self::default() }
    }

    /// Whether fewer may match than are listed.
    pub(super) fn is_narrow(&self) -> bool {
        *self != Self::all(self.verified_only)
    }
}

const MOST_INTERESTS: usize = 20;

impl FeedQuery {
    pub(super) fn filter(&self, verified_only: bool) -> Result<Filter, HttpError> {
        if self.interests.len() > MOST_INTERESTS {
            let loc = vec!["query".to_owned(), "interests".to_owned()];
            let fault = FieldError { loc, msg: "at most 20 interests".to_owned(), kind: "value_error".to_owned() };
            return Err(HttpError::fields(vec![fault]));
        }
        let interests: Vec<String> = self.interests.iter().map(|interest| interest.to_lowercase()).collect();
        Ok(Filter {
            verified_only,
            least_tier: if self.available_only { 2 } else { i16::from(self.online_only) },
            language: self.language.as_ref().map(|language| language.to_lowercase()),
            interests: Some(interests).filter(|interests| !interests.is_empty()),
            min_rating: self.min_rating,
        })
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom("not a number"))
}
