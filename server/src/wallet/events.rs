use saathii_shared_types::events::ServerEvent;

use super::store::WalletRow;
use crate::{realtime::Personal, state::AppState};

/// After a commit that moved a wallet by something else than a minute of a call: its owner's sockets hear of it.
pub fn tell(app: &AppState, wallet: &WalletRow) {
    let event = ServerEvent::WalletUpdated {
        balance_coins: wallet.balance_coins,
        withdrawable_money: wallet.withdrawable,
        pending_withdrawals: wallet.pending,
    };
    app.bus.tell(vec![Personal { user_id: wallet.user_id, event }]);
}
