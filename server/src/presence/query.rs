use saathii_shared_types::{FieldError, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::{HttpError, extract::comma_separated};

const MOST: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PresenceQuery {
    /// Comma-separated ids, at most 500; the unknown are left out.
    #[serde(default, deserialize_with = "comma_separated")]
    #[param(value_type = String, example = "123,456")]
    user_ids: Vec<String>,
}

impl PresenceQuery {
    pub(super) fn user_ids(&self) -> Result<Vec<UserId>, HttpError> {
        let fault = |msg: &str| {
            let loc = vec!["query".to_owned(), "user_ids".to_owned()];
            HttpError::fields(vec![FieldError { loc, msg: msg.to_owned(), kind: "value_error".to_owned() }])
        };
        if self.user_ids.len() > MOST {
            return Err(fault("at most 500 ids"));
        }
        self.user_ids
            .iter()
            .map(|id| id.parse())
            .collect::<Result<_, _>>()
            .map_err(|_| fault("not whole numbers within 64 bits"))
    }
}
