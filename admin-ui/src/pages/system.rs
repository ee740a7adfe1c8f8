//! What runs here, and how it is configured.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{
    components::{
        facts::{Facts, Pill, Tone},
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
    /// The oldest first.
    pub nodes: Vec<NodeLine>,
    /// Connections to Postgres: open, idle, allowed.
    pub connections: (u32, usize, u32),
    pub settings: Vec<Setting>,
    pub migrations: Vec<Migration>,
}

/// A server on the same stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeLine {
    pub name: String,
    pub version: String,
    pub since: DateTime<Utc>,
    pub sockets: i64,
    pub is_draining: bool,
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
        "Connections to Postgres" => format!("{open} of {allowed}, {idle} idle"),
    ];
    let now = system.now;
    let nodes = system.nodes.into_iter().map(|node| {
        let (text, tone) = if node.is_draining { ("Going down", Tone::Warn) } else { ("Up", Tone::Good) };
        row![node.name, view! { <Pill text tone /> }, node.version, duration(now - node.since), grouped(node.sockets),]
    });
    let nodes = nodes.collect();
    let node_columns = vec![
        Column::text("Node"),
        Column::text("State"),
        Column::text("Version").wide_only(),
        Column::number("Up for"),
        Column::number("Sockets"),
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
            <Table id="nodes" title="Nodes" columns=node_columns rows=nodes empty="" live=true />
            <Table id="settings" title="Configuration" columns=setting_columns rows=settings empty="Nothing is set." />
            <Table id="migrations" title="Migrations" columns=migration_columns rows=migrations empty="None was applied." />
        </Layout>
    }
}
