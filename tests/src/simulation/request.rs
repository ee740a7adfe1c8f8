//! What is asked of a node, and what it answered.

use std::fmt;

use serde_json::Value;

/// The first who registers, and decides on withdrawals.
pub(super) const ADMIN: i64 = 1;

/// Something that somebody, or time, asks of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Start { caller: i64, listener: i64, video: bool },
    Bill { user: i64, call: i64 },
    End { user: i64, call: i64, emergency: bool },
    Beat { user: i64 },
    Delete { user: i64 },
    Recharge { user: i64, coins: i64 },
    Refund { payment: i64 },
    Withdraw { user: i64, amount: i64 },
    Approve { withdrawal: i64 },
    Pay { withdrawal: i64 },
    Reject { withdrawal: i64 },
    Tick,
    Reap,
    Sweep,
}

/// An operation and its `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) key: Option<String>,
}

impl Operation {
    /// Who asks by HTTP.
    pub(super) fn asker(&self) -> Option<i64> {
        match *self {
            Self::Start { caller, .. } => Some(caller),
            Self::Bill { user, .. }
            | Self::End { user, .. }
            | Self::Beat { user }
            | Self::Delete { user }
            | Self::Recharge { user, .. }
            | Self::Withdraw { user, .. } => Some(user),
            Self::Approve { .. } | Self::Pay { .. } | Self::Reject { .. } => Some(ADMIN),
            Self::Refund { .. } | Self::Tick | Self::Reap | Self::Sweep => None,
        }
    }

    /// Whose key it would be; none where a key is not heeded.
    pub(super) fn key_owner(&self) -> Option<i64> {
        match *self {
            Self::Start { caller, .. } => Some(caller),
            Self::Bill { user, .. }
            | Self::End { user, .. }
            | Self::Recharge { user, .. }
            | Self::Withdraw { user, .. } => Some(user),
            _ => None,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.operation)?;
        self.key.iter().try_for_each(|key| write!(f, " key={key}"))
    }
}

/// What matters of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Of a refusal.
    pub(super) code: String,
    /// The money in it.
    pub(super) figures: Vec<(String, i64)>,
}

/// The fields of answers that are money or minutes.
const FIGURES: [&str; 8] = [
    "available",
    "coins_deducted",
    "coins_spent",
    "duration_minutes",
    "listener_money_earned",
    "remaining_coins",
    "required",
    "total_coins_spent",
];

impl Answer {
    pub(super) fn ok() -> Self {
        Self::with(200, &[])
    }

    pub(super) fn with(status: u16, figures: &[(&str, i64)]) -> Self {
        let mut figures: Vec<_> = figures.iter().map(|(name, figure)| ((*name).to_owned(), *figure)).collect();
        figures.sort();
        Self { status, code: String::new(), figures }
    }

    pub(super) fn refused(status: u16, code: &str) -> Self {
        // Why a login is dead depends on which cache still knows it.
        let code = if status == 401 { "" } else { code };
        Self { status, code: code.to_owned(), figures: Vec::new() }
    }

    pub(super) fn read(status: u16, body: &Value) -> Self {
        let code = body["code"].as_str().unwrap_or_default();
        let mut this = Self::refused(status, code);
        let figure = |name: &&str| body[*name].as_i64().map(|figure| ((*name).to_owned(), figure));
        this.figures = FIGURES.iter().filter_map(figure).collect();
        this
    }

    /// Our fault, or the fault of what we stand on.
    pub(super) fn is_failure(&self) -> bool {
        self.status >= 500
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        self.figures.iter().try_for_each(|(name, figure)| write!(f, " {name}={figure}"))
    }
}
