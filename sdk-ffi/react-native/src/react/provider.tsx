import { type ReactNode, createContext, useContext, useEffect, useMemo } from 'react';
import { AppState } from 'react-native';

import { type NetInfoModule, followAppState, followNetwork } from '../app-life';
import type { Saathii } from '../client';
import { SharedState } from './shared-state';

const SharedContext = createContext<SharedState | undefined>(undefined);

export interface SaathiiProviderProps {
  /** Made once, outside of components. */
  client: Saathii;
  /** `NetInfo` of `@react-native-community/netinfo`, where the app has it: sockets then follow the network at once. */
  netInfo?: NetInfoModule;
  children?: ReactNode;
}

/**
 * Gives hooks their client, and the client its life: it reads the login, keeps the presence socket open while somebody is
 * signed in, and follows the app to the background and the phone from network to network.
 */
export function SaathiiProvider({ client, netInfo, children }: SaathiiProviderProps): ReactNode {
  const shared = useMemo(() => new SharedState(client), [client]);
  useEffect(() => shared.run(), [shared]);
  useEffect(() => followAppState(client, AppState), [client]);
  useEffect(() => netInfo && followNetwork(client, netInfo), [client, netInfo]);
  return <SharedContext.Provider value={shared}>{children}</SharedContext.Provider>;
}

/** @internal */
export function useShared(): SharedState {
  const shared = useContext(SharedContext);
  if (shared === undefined) throw new Error('this hook needs a <SaathiiProvider> around it');
  return shared;
}

/** The client itself. */
export function useSaathii(): Saathii {
  return useShared().client;
}
