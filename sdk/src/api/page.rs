use crate::transport::Request;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// How many on a page, 1 to 100.
    pub size: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { number: 1, size: 20 }
    }
}

impl Page {
    pub(super) fn of(self, list: Request) -> Request {
        list.query("page", &self.number).query("per_page", &self.size)
    }
}
