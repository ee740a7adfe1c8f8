import type { Saathii } from './client';

/** What is needed of `AppState` of React Native. */
export interface AppStateModule {
  readonly currentState: string | null | undefined;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
}

/** What is needed of `@react-native-community/netinfo`. */
export interface NetInfoModule {
  addEventListener(listener: (state: { type: string; isConnected: boolean | null }) => void): () => void;
}

/** Has heartbeats follow the app to the background and back, until what it returns is called. */
export function followAppState(client: Saathii, appState: AppStateModule): () => void {
  // An app that is only covered, as by the notifications, is still there.
  const tell = (state: string | null | undefined) => client.setForeground(state !== 'background');
  tell(appState.currentState);
  const subscription = appState.addEventListener('change', tell);
  return () => subscription.remove();
}

/** Has sockets look after their connection whenever the network changes, until what it returns is called. */
export function followNetwork(client: Saathii, netInfo: NetInfoModule): () => void {
  let last: string | undefined;
  return netInfo.addEventListener(({ type, isConnected }) => {
    const network = `${type} ${isConnected}`;
    // The first call tells what is, not that it changed.
    if (last !== undefined && last !== network) client.networkChanged();
    last = network;
  });
}
