//! Who works, and what the frame of every page tells them.

use crate::address::{Choice, Query};

/// Somebody signed in, as every page needs them.
#[derive(Debug, Clone)]
pub struct Desk {
    pub name: String,
    /// Proves that a form came from a page of this session.
    pub csrf: String,
    pub rights: Rights,
    pub waiting: Waiting,
    /// What a form has just done.
    pub flash: Option<Flash>,
}

impl Desk {
    /// Whether forms are shown; the server refuses them to others whatever was shown.
    pub fn may_change(&self) -> bool {
        self.rights == Rights::Admin
    }

    #[cfg(test)]
    pub(crate) fn sample(rights: Rights) -> Self {
        let (name, csrf) = ("asha".to_owned(), "proof".to_owned());
        Self { name, csrf, rights, waiting: Waiting::default(), flash: None }
    }

    /// With what the address says was done.
    #[must_use]
    pub fn after(self, query: &Query) -> Self {
        Self { flash: query.choice(Flash::NAME), ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    Admin,
    /// Sees everything and changes nothing.
    Viewer,
}

/// What waits for somebody, by the section it waits in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub reviews: i64,
    pub withdrawals: i64,
    pub adjustments: i64,
    pub reports: i64,
}

/// What a form did. The address carries its word alone, so that no link can put text of its own on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flash {
    Approved,
    Rejected,
    RoleGranted,
    RoleRevoked,
    DeviceSignedOut,
    SignedOut,
    CallEnded,
    WithdrawalApproved,
    WithdrawalPaid,
    WithdrawalRejected,
    Adjusted,
    AdjustmentWaits,
    AdjustmentApplied,
    AdjustmentRejected,
    ReportResolved,
    ReportDismissed,
    Suspended,
    Reinstated,
    SecondFactorReset,
}

impl Flash {
    pub const NAME: &'static str = "done";
}

impl Choice for Flash {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Approved, "approved", "The sample was approved; its listener may be called."),
        (Self::Rejected, "rejected", "The sample was rejected; its listener was told."),
        (Self::RoleGranted, "role-granted", "The role was granted."),
        (Self::RoleRevoked, "role-revoked", "The role was revoked."),
        (Self::DeviceSignedOut, "device-signed-out", "The device was signed out."),
        (Self::SignedOut, "signed-out", "Every device was signed out."),
        (Self::CallEnded, "call-ended", "The call was ended; both were told."),
        (Self::WithdrawalApproved, "withdrawal-approved", "The withdrawal was approved; it may be paid now."),
        (Self::WithdrawalPaid, "withdrawal-paid", "The withdrawal was marked as paid."),
        (Self::WithdrawalRejected, "withdrawal-rejected", "The withdrawal was rejected; the earnings are back."),
        (Self::Adjusted, "adjusted", "The wallet was adjusted; its owner’s app shows it."),
        (Self::AdjustmentWaits, "adjustment-waits", "So much waits for another admin. Nothing was moved yet."),
        (Self::AdjustmentApplied, "adjustment-applied", "The adjustment was applied."),
        (Self::AdjustmentRejected, "adjustment-rejected", "The adjustment was rejected; nothing was moved."),
        (Self::ReportResolved, "report-resolved", "The report was resolved."),
        (Self::ReportDismissed, "report-dismissed", "The report was dismissed."),
        (Self::Suspended, "suspended", "The account was suspended, and signed out everywhere."),
        (Self::SecondFactorReset, "second-factor-reset", "The second factor was reset."),
        (Self::Reinstated, "reinstated", "The account was reinstated."),
    ];
}
