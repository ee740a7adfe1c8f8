//! What runs here, and how it is configured.

use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{
    components::{
        facts::Facts,
        layout::{Layout, Section},
        stat::grouped,
        table::{Column, Table},
        time::{When, duration},
    },
    desk::Desk,
    facts, row,
};

/// The node that answers, as of `now`.
#[derive(Debug, Clone)]
pub struct System {
    pub now: DateTime<Utc>,
    pub version: &'static str,
    pub mode: &'static str,
    pub uptime: Duration,
    pub sockets: i64,
    /// Connections to Postgres: open, idle, allowed.
    pub connections: (u32, usize, u32),
    pub is_draining: bool,
    pub settings: Vec<Setting>,
    pub migrations: Vec<Migration>,
}

/// A variable of the configuration; of a secret only whether it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
}

#[derive(Debug, Clone)]
pub struct Migration {
    pub version: i64,
    pub name: String,
    pub applied_at: DateTime<Utc>,
}

#[component]
pub fn SystemPage(desk: Desk, system: System) -> impl IntoView {
    let (open, idle, allowed) = system.connections;
    let facts = facts![
        "Version" => system.version,
        "Mode" => system.mode,
        "Up for" => duration(chrono::TimeDelta::from_std(system.uptime).unwrap_or_default()),
        "Sockets" => grouped(system.sockets),
        "Connections to Postgres" => format!("{open} of {allowed}, {idle} idle"),
        "Takes requests" => if system.is_draining { "No, it is going down" } else { "Yes" },
    ];
    let settings = system.settings.into_iter().map(|setting| row![setting.name, setting.value]).collect();
    let migrations = system.migrations.into_iter().map(|migration| {
        row![migration.version.to_string(), migration.name, view! { <When at=migration.applied_at /> }]
    });
    let migrations = migrations.collect();
    let setting_columns = vec![Column::text("Variable"), Column::text("Value")];
    let migration_columns = vec![Column::text("Version"), Column::text("What"), Column::number("Applied").wide_only()];
    view! {
        <Layout title="System" current=Section::System desk as_of=system.now>
            <Facts id="node" title="This node" facts live=true />
            <Table id="settings" title="Configuration" columns=setting_columns rows=settings empty="Nothing is set." />
            <Table id="migrations" title="Migrations" columns=migration_columns rows=migrations empty="None was applied." />
        </Layout>
    }
}
