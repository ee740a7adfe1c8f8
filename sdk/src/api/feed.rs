use saathii_shared_types::feed::{FeedPage, FeedStats};

use super::Page;
use crate::{Client, Error, LiveFeed, transport::Request};

/// Listeners to call (`client.feed()`).
#[derive(Clone, Copy)]
pub struct FeedApi<'a> {
    pub(crate) client: &'a Client,
}

/// Which listeners; all of them by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedFilter {
    /// Only who is online.
    pub online_only: bool,
    /// Only who is online and not busy.
    pub available_only: bool,
    /// Preferred language, without regard to case.
    pub language: Option<String>,
    /// Listeners with any of these, at most 20.
    pub interests: Vec<String>,
    /// The least rating, 0 to 5.
    pub min_rating: Option<f64>,
}

impl FeedApi<'_> {
    /// A page of listeners: available first, then online, then by rating.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::{FeedFilter, Page};
    ///
    /// let filter = FeedFilter { available_only: true, ..FeedFilter::default() };
    /// for listener in client.feed().listeners(&filter, Page::default()).await?.listeners {
    ///     println!("{} {:.1}", listener.username, listener.rating);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn listeners(&self, filter: &FeedFilter, page: Page) -> Result<FeedPage, Error> {
        self.client.inner.call(&request(filter, page)).await
    }

    /// How many listeners there are, in all and right now.
    pub async fn stats(&self) -> Result<FeedStats, Error> {
        self.client.inner.call(&Request::get("/feed/stats")).await
    }

    /// The list, kept current until it is dropped or the login ends; `page_size` as in [`Page`].
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn live(&self, filter: FeedFilter, page_size: u32) -> LiveFeed {
        LiveFeed::open(self.client.clone(), filter, page_size)
    }
}

fn request(filter: &FeedFilter, page: Page) -> Request {
    let mut request = page.of(Request::get("/feed/listeners"));
    if filter.online_only {
        request = request.query("online_only", &true);
    }
    if filter.available_only {
        request = request.query("available_only", &true);
    }
    if let Some(language) = &filter.language {
        request = request.query("language", language);
    }
    if !filter.interests.is_empty() {
        request = request.query("interests", &filter.interests.join(","));
    }
    if let Some(min_rating) = filter.min_rating {
        request = request.query("min_rating", &min_rating);
    }
    request
}
