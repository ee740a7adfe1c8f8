//! The list itself: pure, so that its order can be tested.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use saathii_shared_types::{
    UserId,
    feed::{FeedListener, FeedPage},
    presence::UserPresence,
};

use crate::FeedFilter;

/// What a change of presence did to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    Changed,
    Unchanged,
    /// Somebody who is on no page read so far.
    Stranger,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) total: i64,
    pub(super) online: i64,
    pub(super) available: i64,
}

/// Everybody on the pages read so far, those included whom the filter hides at the moment.
#[derive(Debug, Default)]
pub(super) struct List {
    filter: FeedFilter,
    cards: HashMap<UserId, FeedListener>,
    pub(super) counts: Counts,
    pub(super) has_more: bool,
    pub(super) pages: u32,
}

impl List {
    pub(super) fn new(filter: FeedFilter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Starts again from these pages, the first ones.
    pub(super) fn replace(&mut self, pages: Vec<FeedPage>) {
        self.cards.clear();
        self.pages = 0;
        for page in pages {
            self.append(page);
        }
    }

    /// Adds the next page. People move between pages while one reads them: the later reading stands.
    pub(super) fn append(&mut self, page: FeedPage) {
        self.pages += 1;
        self.counts = Counts { total: page.total_count, online: page.online_count, available: page.available_count };
        self.has_more = page.has_next;
        self.cards.extend(page.listeners.into_iter().map(|listener| (listener.user_id, listener)));
    }

    pub(super) fn apply(&mut self, status: &UserPresence) -> Applied {
        let Some(card) = self.cards.get_mut(&status.user_id) else { return Applied::Stranger };
        let before = card.clone();
        card.username.clone_from(&status.username);
        card.profile_image_url.clone_from(&status.profile_image_url);
        card.is_online = status.is_online;
        card.last_seen = status.last_seen;
        card.is_busy = status.is_busy;
        card.busy_until = status.busy_until;
        card.is_available = status.is_available;
        if *card == before {
            return Applied::Unchanged;
        }
        let change = |counts: fn(&FeedListener) -> bool| {
            let counted = |card: &FeedListener| i64::from(shows(&self.filter, card) && counts(card));
            counted(card) - counted(&before)
        };
        self.counts.total += change(|_| true);
        self.counts.online += change(|card| card.is_online);
        self.counts.available += change(|card| card.is_available);
        Applied::Changed
    }

    /// Those of `users` who are on the pages read so far.
    pub(super) fn known(&self, users: &HashSet<UserId>) -> Vec<UserId> {
        users.iter().copied().filter(|user| self.cards.contains_key(user)).collect()
    }

    /// Who is to be shown, in order.
    pub(super) fn listeners(&self) -> Vec<FeedListener> {
        let mut shown: Vec<FeedListener> =
            self.cards.values().filter(|card| shows(&self.filter, card)).cloned().collect();
        shown.sort_unstable_by(order);
        shown
    }
}

/// What of the filter presence can change.
fn shows(filter: &FeedFilter, card: &FeedListener) -> bool {
    (!filter.online_only || card.is_online) && (!filter.available_only || card.is_available)
}

/// As the server orders: available first, then online, then by rating, then by id.
fn order(a: &FeedListener, b: &FeedListener) -> Ordering {
    let tier = |card: &FeedListener| (card.is_available, card.is_online);
    tier(b).cmp(&tier(a)).then_with(|| b.rating.total_cmp(&a.rating)).then_with(|| a.user_id.cmp(&b.user_id))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use saathii_shared_types::users::{Role, Sex};

    use super::*;

    fn card(id: i64, rating: f64, is_online: bool, is_busy: bool) -> FeedListener {
        FeedListener {
            user_id: UserId(id),
            username: format!("u{id}"),
            sex: Sex::Other,
            bio: None,
            interests: Vec::new(),
            profile_image_url: None,
            preferred_language: None,
            rating,
            country: None,
            roles: vec![Role::Listener],
            is_online,
            last_seen: DateTime::UNIX_EPOCH,
            is_busy,
            busy_until: None,
            is_available: is_online && !is_busy,
        }
    }

    fn presence(id: i64, is_online: bool, is_busy: bool) -> UserPresence {
        UserPresence {
            user_id: UserId(id),
            username: format!("u{id}"),
            profile_image_url: None,
            is_online,
            last_seen: DateTime::UNIX_EPOCH,
            is_busy,
            busy_until: None,
            is_available: is_online && !is_busy,
        }
    }

    fn page(listeners: Vec<FeedListener>) -> FeedPage {
        let count = |counts: fn(&FeedListener) -> bool| {
            i64::try_from(listeners.iter().filter(|card| counts(card)).count()).unwrap()
        };
        FeedPage {
            total_count: count(|_| true),
            online_count: count(|card| card.is_online),
            available_count: count(|card| card.is_available),
            page: 1,
            per_page: 20,
            has_next: false,
            has_previous: false,
            listeners,
        }
    }

    fn list(filter: FeedFilter, listeners: Vec<FeedListener>) -> List {
        let mut list = List::new(filter);
        list.replace(vec![page(listeners)]);
        list
    }

    fn shown(list: &List) -> Vec<i64> {
        list.listeners().iter().map(|card| card.user_id.0).collect()
    }

    #[test]
    fn available_before_online_before_offline_then_rating_then_id() {
        let list = list(
            FeedFilter::default(),
            vec![
                card(1, 5.0, false, false),
                card(2, 1.0, true, false),
                card(3, 4.0, true, true),
                card(5, 3.0, true, false),
                card(4, 3.0, true, false),
            ],
        );
        assert_eq!(shown(&list), [4, 5, 2, 3, 1]);
    }

    #[test]
    fn a_change_moves_its_user_and_the_counts() {
        let mut list = list(FeedFilter::default(), vec![card(1, 5.0, true, false), card(2, 4.0, true, false)]);
        assert_eq!(list.apply(&presence(1, true, true)), Applied::Changed);
        assert_eq!(shown(&list), [2, 1]);
        assert_eq!(list.counts, Counts { total: 2, online: 2, available: 1 });
        assert_eq!(list.apply(&presence(1, true, true)), Applied::Unchanged);
        assert_eq!(list.apply(&presence(9, true, false)), Applied::Stranger);
        assert_eq!(list.apply(&presence(1, false, false)), Applied::Changed);
        assert_eq!(list.counts, Counts { total: 2, online: 1, available: 1 });
    }

    #[test]
    fn whom_the_filter_hides_comes_back_without_being_read_again() {
        let filter = FeedFilter { available_only: true, ..FeedFilter::default() };
        let mut list = list(filter, vec![card(1, 5.0, true, false), card(2, 4.0, true, false)]);
        list.apply(&presence(1, true, true));
        assert_eq!(shown(&list), [2]);
        assert_eq!(list.counts, Counts { total: 1, online: 1, available: 1 });
        list.apply(&presence(1, true, false));
        assert_eq!(shown(&list), [1, 2]);
        assert_eq!(list.counts, Counts { total: 2, online: 2, available: 2 });
    }

    #[test]
    fn who_slides_onto_the_next_page_is_shown_once() {
        let mut list = list(FeedFilter::default(), vec![card(1, 5.0, true, false), card(2, 4.0, true, false)]);
        list.append(page(vec![card(2, 4.0, true, true), card(3, 3.0, true, false)]));
        assert_eq!(shown(&list), [1, 3, 2]);
        assert_eq!(list.pages, 2);
    }
}
