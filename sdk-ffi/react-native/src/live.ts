/** A value that changes; `useSyncExternalStore` takes it as it is. */
export interface Live<T> {
  readonly get: () => T;
  /** Calls `onChange` after every change, until what it returns is called. */
  readonly subscribe: (onChange: () => void) => () => void;
}

/** A `Live` value for whoever may set it. */
export class LiveValue<T> implements Live<T> {
  readonly #listeners = new Listeners<[]>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (onChange: () => void): (() => void) => this.#listeners.add(onChange);

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#listeners.call();
  }
}

/** Functions to be called; one that throws keeps no other from its call. */
export class Listeners<Arguments extends unknown[]> {
  readonly #listeners = new Map<object, (...values: Arguments) => void>();

  add(listener: (...values: Arguments) => void): () => void {
    const key = {};
    this.#listeners.set(key, listener);
    return () => void this.#listeners.delete(key);
  }

  call(...values: Arguments): void {
    for (const listener of [...this.#listeners.values()]) {
      try {
        listener(...values);
      } catch (error) {
        // As for a listener of the platform: it is reported, and nobody upstream hears of it.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
