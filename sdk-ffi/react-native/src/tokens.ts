/**
 * Where the login is kept: one secret text.
 *
 * Called from the thread of JavaScript, while a thread of the SDK waits; what it throws becomes an error of code `storage`.
 */
export interface TokenStore {
  /** What was saved last, if anything. */
  load(): string | undefined;
  /** Replaces what was saved, all of it or nothing. */
  save(secret: string): void;
  /** Forgets; no failure where there is nothing to forget. */
  clear(): void;
}

/** What the adapter needs of the module `expo-secure-store`. */
export interface SecureStoreModule<Options> {
  getItem(key: string, options?: Options): string | null;
  setItem(key: string, value: string, options?: Options): void;
}

/**
 * Keeps the login in the keychain of iOS or the keystore of Android: `secureTokenStore(SecureStore)`.
 *
 * On iOS pass `{ keychainAccessible: SecureStore.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY }` as options where the app works with
 * the phone locked, as in a call.
 */
export function secureTokenStore<Options>(
  secureStore: SecureStoreModule<Options>,
  options?: Options,
  key = 'saathii.login',
): TokenStore {
  return {
    load: () => secureStore.getItem(key, options) || undefined,
    save: (secret) => secureStore.setItem(key, secret, options),
    // The module removes an item only in its own time, in which another login may be saved: an empty one is none.
    clear: () => secureStore.setItem(key, '', options),
  };
}

/** Keeps the login as long as the app runs. */
export function memoryTokenStore(secret?: string): TokenStore {
  return {
    load: () => secret,
    save: (next) => {
      secret = next;
    },
    clear: () => {
      secret = undefined;
    },
  };
}
