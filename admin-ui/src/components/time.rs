use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use leptos::prelude::*;

/// A moment as the time that has passed since, and in full on hover.
#[component]
pub fn Ago(at: DateTime<Utc>, now: DateTime<Utc>) -> impl IntoView {
    view! { <Moment at text=ago(now - at) /> }
}

/// A moment shown as `text`, and in full on hover.
#[component]
pub fn Moment(at: DateTime<Utc>, text: String) -> impl IntoView {
    let machine = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let full = at.format("%-d %b %Y, %H:%M:%S UTC").to_string();
    view! { <time datetime=machine title=full>{text}</time> }
}

/// A moment of another day, to the minute.
#[component]
pub fn When(at: DateTime<Utc>) -> impl IntoView {
    view! { <Moment at text=at.format("%-d %b %Y, %H:%M").to_string() /> }
}

/// How long something lasted: `0:42`, `12:05`, `1:02:03`.
pub fn duration(lasted: TimeDelta) -> String {
    let seconds = lasted.num_seconds().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Coarse on purpose: a live page that counted seconds would never stand still.
fn ago(passed: TimeDelta) -> String {
    match (passed.num_minutes(), passed.num_hours(), passed.num_days()) {
        (..1, ..) => "just now".to_owned(),
        (minutes @ 1..60, ..) => format!("{minutes} min ago"),
        (_, hours @ 1..24, _) => format!("{hours} h ago"),
        (.., 1) => "1 day ago".to_owned(),
        (.., days) => format!("{days} days ago"),
    }
}

/// How much of a time to come is left, in begun minutes; `None` once it has come.
pub fn minutes_left(left: TimeDelta) -> Option<String> {
    let minutes = left.num_seconds().max(0).unsigned_abs().div_ceil(60);
    (minutes > 0)
        .then(|| if minutes <= 90 { format!("{minutes} min left") } else { format!("{} h left", minutes / 60) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_coarse() {
        let after = |seconds| ago(TimeDelta::seconds(seconds));
        // Another node's clock may run ahead.
        assert_eq!(after(-5), "just now");
        assert_eq!(after(59), "just now");
        assert_eq!(after(60), "1 min ago");
        assert_eq!(after(3599), "59 min ago");
        assert_eq!(after(3600), "1 h ago");
        assert_eq!(after(86_399), "23 h ago");
        assert_eq!(after(86_400), "1 day ago");
        assert_eq!(after(200_000), "2 days ago");
    }

    #[test]
    fn a_duration_reads_like_a_clock() {
        for (seconds, text) in [(-1, "0:00"), (42, "0:42"), (725, "12:05"), (3723, "1:02:03")] {
            assert_eq!(duration(TimeDelta::seconds(seconds)), text);
        }
    }

    #[test]
    fn a_begun_minute_is_left() {
        let left = |seconds| minutes_left(TimeDelta::seconds(seconds));
        assert_eq!(left(-1), None);
        assert_eq!(left(0), None);
        assert_eq!(left(1).as_deref(), Some("1 min left"));
        assert_eq!(left(61).as_deref(), Some("2 min left"));
        assert_eq!(left(7200).as_deref(), Some("2 h left"));
    }
}
