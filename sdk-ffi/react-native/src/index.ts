export * from './core';
export {
  useCall,
  useConnection,
  useFeed,
  usePresence,
  useSession,
  useWallet,
  type CallControls,
  type Feed,
  type PresenceOfMany,
  type Session,
  type Wallet,
} from './react/hooks';
export { SaathiiProvider, useSaathii, type SaathiiProviderProps } from './react/provider';
