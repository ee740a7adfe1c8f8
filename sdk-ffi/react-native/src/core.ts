export { followAppState, followNetwork, type AppStateModule, type NetInfoModule } from './app-life';
export {
  CallStatus,
  CallType,
  Currency,
  EndCause,
  RechargeStatus,
  ReportStatus,
  Role,
  Sex,
  Side,
  TransactionType,
  VerificationStatus,
  WithdrawalStatus,
} from './bindings';
export * from './client';
export { SaathiiError } from './error';
export type { Live } from './live';
export { memoryTokenStore, secureTokenStore, type SecureStoreModule, type TokenStore } from './tokens';
