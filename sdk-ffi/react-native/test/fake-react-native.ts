/** `AppState` of React Native, as far as a provider asks for it. */
type AppStateListener = (state: string) => void;

const listeners = new Set<AppStateListener>();

export const AppState = {
  currentState: 'active',
  addEventListener(_: 'change', listener: AppStateListener) {
    listeners.add(listener);
    return { remove: () => void listeners.delete(listener) };
  },
};

export function changeAppState(state: string): void {
  AppState.currentState = state;
  for (const listener of listeners) listener(state);
}

export const appStateListeners = listeners;
