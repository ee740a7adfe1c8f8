use saathii_shared_types::feed::FeedListener;

/// Which listeners; all of them by default.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct FeedFilter {
    #[uniffi(default = false)]
    pub online_only: bool,
    #[uniffi(default = false)]
    pub available_only: bool,
    #[uniffi(default = None)]
    pub language: Option<String>,
    #[uniffi(default = [])]
    pub interests: Vec<String>,
    #[uniffi(default = None)]
    pub min_rating: Option<f64>,
}

impl From<FeedFilter> for saathii_sdk::FeedFilter {
    fn from(filter: FeedFilter) -> Self {
        Self {
            online_only: filter.online_only,
            available_only: filter.available_only,
            language: filter.language,
            interests: filter.interests,
            min_rating: filter.min_rating,
        }
    }
}

/// The live feed at one moment.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FeedState {
    pub listeners: Vec<FeedListener>,
    pub total_count: i64,
    pub online_count: i64,
    pub available_count: i64,
    pub has_more: bool,
    pub is_loaded: bool,
    pub is_live: bool,
}

impl From<&saathii_sdk::FeedState> for FeedState {
    fn from(state: &saathii_sdk::FeedState) -> Self {
        Self {
            listeners: state.listeners.clone(),
            total_count: state.total_count,
            online_count: state.online_count,
            available_count: state.available_count,
            has_more: state.has_more,
            is_loaded: state.is_loaded,
            is_live: state.is_live,
        }
    }
}
