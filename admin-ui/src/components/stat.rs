use leptos::prelude::*;

/// One number with its name.
#[component]
pub fn Stat(
    label: &'static str,
    value: i64,
    #[prop(optional, into)] note: Option<&'static str>,
    #[prop(default = "stat")] class: &'static str,
    /// Where the number can be looked into.
    #[prop(optional, into)]
    href: Option<&'static str>,
) -> impl IntoView {
    let number = grouped(value);
    let number = match href {
        Some(href) => view! { <a class="value" href=href>{number}</a> }.into_any(),
        None => view! { <span class="value">{number}</span> }.into_any(),
    };
    view! {
        <div class=class>
            <dt>{label}</dt>
            <dd>
                {number}
                {note.map(|note| view! { <span class="note">{note}</span> })}
            </dd>
        </div>
    }
}

/// Digits in groups of three.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_threes() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-12_345, "-12,345"),
            (100_000, "100,000"),
            (9_876_543, "9,876,543"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
