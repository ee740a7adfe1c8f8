export { followAppState, followNetwork, type AppStateModule, type NetInfoModule } from './app-life';
export { CallStatus, CallType, Currency, EndCause, Role, Sex, Side, TransactionType } from './bindings';
export * from './client';
export { SaathiiError } from './error';
export type { Live } from './live';
export { memoryTokenStore, secureTokenStore, type SecureStoreModule, type TokenStore } from './tokens';
