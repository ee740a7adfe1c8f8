//! The second factor of one's own account, and of somebody who has lost theirs.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::UserId;

use crate::{
    components::{
        confirm::ConfirmPage,
        document::CardDocument,
        facts::{Facts, Pill, Tone},
        form::{CsrfField, Field, Typed},
        layout::{Layout, Section},
        qr::Qr,
        stat::grouped,
        time::When,
    },
    desk::Desk,
    facts, paths,
};

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    Off,
    /// Begun: what the app has to be told, as an address and as text.
    Begun {
        url: String,
        secret: String,
    },
    On {
        since: DateTime<Utc>,
        recovery_left: i64,
    },
}

/// Sets it up, renews its recovery codes, turns it off.
#[component]
pub fn SecondFactorPage(
    desk: Desk,
    factor: SecondFactor,
    /// Whether nothing else can be done without one.
    is_required: bool,
    #[prop(optional)] typed: Typed,
) -> impl IntoView {
    let csrf = desk.csrf.clone();
    let body = match factor {
        SecondFactor::Off => view! { <Begin csrf is_required /> }.into_any(),
        SecondFactor::Begun { url, secret } => view! { <Confirm csrf url secret typed /> }.into_any(),
        SecondFactor::On { since, recovery_left } => {
            view! { <Manage csrf since recovery_left is_required typed /> }.into_any()
        }
    };
    view! { <Layout title="Second factor" current=Section::Account desk>{body}</Layout> }
}

#[component]
fn Begin(csrf: String, is_required: bool) -> impl IntoView {
    view! {
        <section class="card narrow">
            {is_required.then(|| view! { <p class="warning">"Set up a second factor to go on: this server asks everybody here for one."</p> })}
            <p>"With a second factor, a stolen phone number opens nothing: signing in also asks for a code of an app on your phone."</p>
            <form class="fields" method="post" action=paths::SECOND_FACTOR_BEGIN>
                <CsrfField value=csrf />
                <div class="buttons"><button>"Set it up"</button></div>
            </form>
        </section>
    }
}

/// A long secret, as people read and type it.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[component]
fn Confirm(csrf: String, url: String, secret: String, typed: Typed) -> impl IntoView {
    view! {
        <section class="card narrow">
            <p>"Scan this with an authenticator app, or type the key into it. Then enter the code that the app shows."</p>
            <Qr text=url label="The key for an authenticator app, as a QR code" />
            <p>"Key: " <code id="secret" class="secret">{in_fours(&secret)}</code></p>
            <form class="fields" method="post" action=paths::SECOND_FACTOR_CONFIRM>
                <CsrfField value=csrf.clone() />
                <Field
                    name="code"
                    label="Code"
                    inputmode="numeric"
                    autocomplete="one-time-code"
                    maxlength=12
                    required=true
                    autofocus=true
                    class="code"
                    typed
                />
                <div class="buttons"><button>"Turn on"</button></div>
            </form>
            <form method="post" action=paths::SECOND_FACTOR_BEGIN>
                <CsrfField value=csrf />
                <button class="quiet">"Start again with another key"</button>
            </form>
        </section>
    }
}

#[component]
fn Manage(csrf: String, since: DateTime<Utc>, recovery_left: i64, is_required: bool, typed: Typed) -> impl IntoView {
    let tone = if recovery_left < 3 { Tone::Warn } else { Tone::Plain };
    let facts = facts![
        "Status" => view! { <Pill text="On" tone=Tone::Good /> },
        "Since" => view! { <When at=since /> },
        "Recovery codes left" => view! { <Pill text=grouped(recovery_left) tone /> },
    ];
    let off =
        (!is_required).then(|| view! { <button class="danger" name="step" value="turn-off">"Turn it off"</button> });
    view! {
        <Facts id="factor" title="Your second factor" facts />
        <form class="card fields narrow" method="post" action=paths::SECOND_FACTOR>
            <CsrfField value=csrf />
            <Field
                name="code"
                label="Code"
                hint="Of the app, or a recovery code."
                autocomplete="one-time-code"
                maxlength=40
                required=true
                class="code"
                typed
            />
            <div class="buttons">
                <button name="step" value="renew">"New recovery codes"</button>
                {off}
            </div>
        </form>
    }
}

/// The recovery codes, shown this once.
#[component]
pub fn RecoveryCodesPage(desk: Desk, codes: Vec<String>) -> impl IntoView {
    let codes = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <Layout title="Recovery codes" current=Section::Account desk>
            <section class="card narrow">
                <p class="warning">"Print or save them now: they are not shown again. Earlier ones are void."</p>
                <ol id="recovery" class="codes">{codes}</ol>
                <p class="hint">"Each opens the door once in place of a code of the app, for the day that phone is lost."</p>
                <p><a class="button" href=paths::SECOND_FACTOR>"I have kept them"</a></p>
            </section>
        </Layout>
    }
}

/// The last step of signing in.
#[component]
pub fn ProvePage(csrf: String, #[prop(optional)] typed: Typed) -> impl IntoView {
    view! {
        <CardDocument title="Second factor">
            <h1>"Second factor"</h1>
            <form class="fields" method="post" action=paths::SIGN_IN_SECOND_FACTOR>
                <CsrfField value=csrf />
                <Field
                    name="code"
                    label="Code of your authenticator app"
                    hint="Or one of your recovery codes."
                    autocomplete="one-time-code"
                    maxlength=40
                    required=true
                    autofocus=true
                    class="code"
                    typed
                />
                <button>"Sign in"</button>
            </form>
            <p class="hint">"Phone and codes lost? Another admin can reset it, or whoever runs the server."</p>
            <div class="others"><a href=paths::SIGN_IN>"Begin again"</a></div>
        </CardDocument>
    }
}

/// Asks before somebody's second factor is taken from them.
#[component]
pub fn ResetFactorPage(desk: Desk, id: UserId, name: String, #[prop(optional)] problem: String) -> impl IntoView {
    let meaning = format!(
        "{name} signs in with their phone alone until they set up another. Make sure that it is they who ask: by a call, \
         not by a message."
    );
    view! {
        <ConfirmPage
            title=format!("Reset the second factor of {name}?")
            section=Section::People
            desk
            meaning=vec![meaning]
            action=paths::reset_second_factor(id)
            button="Reset it"
            back=paths::person(id)
            problem
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::Rights, html::render};

    fn page(factor: SecondFactor, is_required: bool) -> String {
        render(move || view! { <SecondFactorPage desk=Desk::sample(Rights::Viewer) factor is_required /> })
    }

    #[test]
    fn each_state_has_its_form() {
        assert!(page(SecondFactor::Off, true).contains("to go on"));
        let (url, secret) = ("otpauth://totp/x".to_owned(), "GEZDGNBVGY".to_owned());
        let begun = page(SecondFactor::Begun { url, secret }, false);
        assert!(begun.contains("GEZD GNBV GY") && begun.contains("<svg"), "{begun}");
        let on = SecondFactor::On { since: DateTime::UNIX_EPOCH, recovery_left: 2 };
        assert!(page(on.clone(), false).contains("value=\"turn-off\""));
        assert!(!page(on, true).contains("value=\"turn-off\""));
    }
}
