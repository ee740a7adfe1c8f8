//! Taking somebody out for a while, and letting them back.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use saathii_shared_types::UserId;

use crate::{
    components::{
        confirm::ConfirmPage,
        form::{Field, TextField, Typed},
        layout::Section,
    },
    desk::Desk,
    paths,
};

/// A suspension that holds.
#[derive(Debug, Clone)]
pub struct Suspended {
    pub since: DateTime<Utc>,
    /// `None`: until it is lifted.
    pub until: Option<DateTime<Utc>>,
    pub reason: String,
}

/// What was typed, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuspendForm {
    pub reason: Typed,
    pub until: Typed,
    /// What no field is at fault for.
    pub problem: String,
}

/// Asks before somebody is suspended: why, and until when.
#[component]
pub fn SuspendPage(desk: Desk, id: UserId, name: String, #[prop(optional)] form: SuspendForm) -> impl IntoView {
    let SuspendForm { reason, until, problem } = form;
    let meaning = format!(
        "{name} is signed out everywhere at once and their call is ended and settled. They are in no list and cannot \
         sign in until they are reinstated."
    );
    view! {
        <ConfirmPage
            title=format!("Suspend {name}?")
            section=Section::People
            desk
            meaning=vec![meaning]
            action=paths::suspend(id)
            button="Suspend"
            back=paths::person(id)
            problem
        >
            <TextField name="reason" label="Why" hint="They read it when they try to sign in." maxlength=500 required=true typed=reason />
            <Field name="until" label="Last day" hint="Like 2026-12-31, UTC. Empty: until somebody reinstates them." maxlength=10 typed=until />
        </ConfirmPage>
    }
}

/// Asks before somebody is let back.
#[component]
pub fn ReinstatePage(desk: Desk, id: UserId, name: String) -> impl IntoView {
    view! {
        <ConfirmPage
            title=format!("Reinstate {name}?")
            section=Section::People
            desk
            meaning=vec![format!("{name} can sign in again, and is listed again as they were.")]
            action=paths::reinstate(id)
            button="Reinstate"
            back=paths::person(id)
        />
    }
}
