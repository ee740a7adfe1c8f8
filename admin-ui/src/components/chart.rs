//! Charts as SVG: drawn here, coloured by the style sheet, read without a script.

use leptos::prelude::*;

use super::stat::grouped;

/// What is drawn over the same points of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub name: &'static str,
    pub values: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Bars,
    Lines,
}

// The box of the drawing; a phone shows it at its size, so that its letters can be read there.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 8.0;
const BOTTOM: f64 = 24.0;
const STEPS: i64 = 4;
const MOST_LABELS: usize = 6;

/// A titled chart of one or more series. `labels` name the points; every point tells its values on hover.
#[component]
pub fn Chart(
    id: &'static str,
    #[prop(into)] title: String,
    shape: Shape,
    labels: Vec<String>,
    series: Vec<Series>,
) -> impl IntoView {
    let scale = Scale::of(labels.len(), &series);
    let drawn: Vec<AnyView> = series
        .iter()
        .enumerate()
        .map(|(nth, one)| match shape {
            Shape::Bars => bars(&scale, nth, series.len(), &one.values),
            Shape::Lines => line(&scale, nth, &one.values),
        })
        .collect();
    let legend = series.iter().enumerate().map(|(nth, one)| {
        view! { <li><span class=format!("key series-{nth}") aria-hidden="true"></span>{one.name}</li> }
    });
    let legend = (series.len() > 1).then(|| view! { <ul class="legend">{legend.collect_view()}</ul> });
    let title_id = format!("{id}-title");
    view! {
        <figure id=id class="panel chart" aria-labelledby=title_id>
            <figcaption id=title_id.clone()>{title}</figcaption>
            {legend}
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=summary(&labels, &series)>
                {scale.grid()}
                {scale.names(&labels)}
                {drawn}
                {scale.hovers(&labels, &series)}
            </svg>
        </figure>
    }
}

/// What the chart says to those who do not see it.
fn summary(labels: &[String], series: &[Series]) -> String {
    let span = match (labels.first(), labels.last()) {
        (Some(first), Some(last)) => format!("{first} to {last}: "),
        _ => String::new(),
    };
    let sums: Vec<String> =
        series.iter().map(|one| format!("{} {}", grouped(one.values.iter().sum()), one.name.to_lowercase())).collect();
    span + &sums.join(", ")
}

struct Scale {
    points: usize,
    low: i64,
    step: i64,
    steps: i64,
}

impl Scale {
    fn of(points: usize, series: &[Series]) -> Self {
        let values = || series.iter().flat_map(|one| one.values.iter().copied());
        let (high, low) = (values().max().unwrap_or(0).max(0), values().min().unwrap_or(0).min(0));
        let step = nice_step(high.saturating_sub(low));
        let low = low.div_euclid(step) * step;
        let span = high.saturating_sub(low).max(1);
        let steps = span / step + i64::from(span % step != 0);
        Self { points: points.max(1), low, step, steps }
    }

    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    fn y(&self, value: i64) -> f64 {
        let part = (value - self.low) as f64 / (self.step as f64 * self.steps as f64);
        HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)
    }

    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    fn slot(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.points as f64
    }

    /// The middle of a point's slot.
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    fn x(&self, point: usize) -> f64 {
        LEFT + (point as f64 + 0.5) * self.slot()
    }

    fn grid(&self) -> Vec<AnyView> {
        (0..=self.steps)
            .map(|nth| {
                let value = self.low + nth * self.step;
                let y = pixels(self.y(value));
                let class = if value == 0 { "axis" } else { "grid" };
                view! {
                    <line class=class x1=pixels(LEFT) x2=pixels(WIDTH - RIGHT) y1=y.clone() y2=y.clone() />
                    <text class="tick" x=pixels(LEFT - 6.0) y=y text-anchor="end" dominant-baseline="middle">{short(value)}</text>
                }
                .into_any()
            })
            .collect()
    }

    fn names(&self, labels: &[String]) -> Vec<AnyView> {
        let every = labels.len().div_ceil(MOST_LABELS).max(1);
        let shown = labels.iter().enumerate().step_by(every);
        shown
            .map(|(point, label)| {
                view! { <text class="tick" x=pixels(self.x(point)) y=pixels(HEIGHT - 7.0) text-anchor="middle">{label.clone()}</text> }
                    .into_any()
            })
            .collect()
    }

    /// Over everything, a field for each point, so that also small values can be pointed at.
    fn hovers(&self, labels: &[String], series: &[Series]) -> Vec<AnyView> {
        let field = |(point, label): (usize, &String)| {
            let values =
                series.iter().filter_map(|one| Some(format!("\n{}: {}", one.name, grouped(*one.values.get(point)?))));
            let text = values.fold(label.clone(), |text, value| text + &value);
            view! {
                <rect class="hover" x=pixels(self.x(point) - self.slot() / 2.0) y=pixels(TOP) width=pixels(self.slot()) height=pixels(HEIGHT - BOTTOM - TOP)>
                    <title>{text}</title>
                </rect>
            }
            .into_any()
        };
        labels.iter().enumerate().map(field).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixels")]
fn bars(scale: &Scale, nth: usize, of: usize, values: &[i64]) -> AnyView {
    let width = scale.slot() * 0.72 / of as f64;
    let bars = values.iter().enumerate().map(|(point, value)| {
        let (from, to) = (scale.y((*value).max(0)), scale.y((*value).min(0)));
        let x = scale.x(point) - scale.slot() * 0.36 + width * nth as f64;
        view! { <rect x=pixels(x) y=pixels(from) width=pixels(width) height=pixels(to - from) /> }
    });
    view! { <g class=format!("series-{nth} filled")>{bars.collect_view()}</g> }.into_any()
}

fn line(scale: &Scale, nth: usize, values: &[i64]) -> AnyView {
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(point, value)| format!("{},{}", pixels(scale.x(point)), pixels(scale.y(*value))))
        .collect();
    view! { <polyline class=format!("series-{nth} drawn") points=points.join(" ") /> }.into_any()
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

/// 1, 2 or 5 times a power of ten, so that about [`STEPS`] of them span it.
fn nice_step(span: i64) -> i64 {
    let rough = span / STEPS + i64::from(span % STEPS != 0);
    let mut power: i64 = 1;
    loop {
        for digit in [1, 2, 5] {
            match power.checked_mul(digit) {
                Some(step) if step >= rough => return step,
                Some(_) => {}
                None => return i64::MAX / STEPS,
            }
        }
        let Some(next) = power.checked_mul(10) else { return i64::MAX / STEPS };
        power = next;
    }
}

/// `1.5k`: axes have little room.
fn short(value: i64) -> String {
    let units = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    let Some((unit, letter)) = units.into_iter().find(|(unit, _)| value.abs() >= *unit) else {
        return value.to_string();
    };
    match value / (unit / 10) % 10 {
        0 => format!("{}{letter}", value / unit),
        tenth => format!("{}.{}{letter}", value / unit, tenth.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn axes_end_at_round_numbers() {
        for (span, step) in
            [(0, 1), (3, 1), (5, 2), (17, 5), (40, 10), (41, 20), (900, 500), (1_000_000_000_000, 500_000_000_000)]
        {
            assert_eq!(nice_step(span), step, "{span}");
        }
        let scale = Scale::of(3, &[Series { name: "Margin", values: vec![-120, 40, 430] }]);
        assert_eq!((scale.low, scale.step, scale.steps), (-200, 200, 4));
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1k"), (1500, "1.5k"), (-2500, "-2.5k"), (3_000_000, "3M")]
        {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn every_point_tells_its_values_and_nothing_is_inline() {
        let html = render(|| {
            let labels = vec!["1 Nov".to_owned(), "2 Nov".to_owned()];
            let series =
                vec![Series { name: "Coins", values: vec![1500, 0] }, Series { name: "Owed", values: vec![20, -3] }];
            view! { <Chart id="c" title="Money" shape=Shape::Bars labels series /> }
        });
        assert!(html.contains("<title>1 Nov\nCoins: 1,500\nOwed: 20</title>"), "{html}");
        assert!(html.contains(r#"aria-label="1 Nov to 2 Nov: 1,500 coins, 17 owed""#), "{html}");
        assert!(!html.contains("style="), "{html}");
        assert_eq!(html.matches("<rect ").count(), 4 + 2, "{html}");
    }

    #[test]
    fn nothing_yet_is_a_chart_too() {
        let html = render(|| view! { <Chart id="c" title="Calls" shape=Shape::Lines labels=vec![] series=vec![] /> });
        assert!(html.contains("<svg") && !html.contains("NaN"), "{html}");
    }
}
