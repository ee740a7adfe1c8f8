use saathii_shared_types::{
    CallId, UserId,
    reports::{ReportReceived, ReportRequest},
};

use crate::{Client, Error, transport::Request};

/// Complaints about people (`client.reports()`).
#[derive(Clone, Copy)]
pub struct ReportsApi<'a> {
    pub(crate) client: &'a Client,
}

impl ReportsApi<'_> {
    /// Tells the moderators about somebody, with a call as evidence where there is one; the same again is the same
    /// report.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client, user: saathii_sdk::types::UserId) -> Result<(), saathii_sdk::Error> {
    /// let report = client.reports().send(user, None, "Asks for money").await?;
    /// println!("Report {}", report.report_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(
        &self,
        about: UserId,
        call: Option<CallId>,
        reason: impl Into<String>,
    ) -> Result<ReportReceived, Error> {
        let body = ReportRequest { user_id: about, call_id: call, reason: reason.into() };
        self.client.inner.call(&Request::post("/reports").json(&body)?.repeatable()).await
    }
}
