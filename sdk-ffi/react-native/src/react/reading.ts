import type { Saathii } from '../client';
import { toSaathiiError } from '../convert';
import type { SaathiiError } from '../error';
import { type Live, LiveValue } from '../live';

export interface ReadingState<T> {
  /** What was read last; `undefined` before the first time and after signing out. */
  value: T | undefined;
  isLoading: boolean;
  /** Why the last reading failed; what was read before it stays. */
  error: SaathiiError | undefined;
}

/**
 * Something of the server's that is read while somebody looks at it: at first, after signing in, and whenever changes may have
 * been missed. In between, events patch it.
 */
export class Reading<T> implements Live<ReadingState<T>> {
  readonly #state: LiveValue<ReadingState<T>> = new LiveValue({ value: undefined, isLoading: false, error: undefined });
  #watchers = 0;
  #stops: (() => void)[] = [];
  #current: { controller: AbortController; done: Promise<void>; isStale: boolean } | undefined;

  constructor(
    private readonly client: Saathii,
    private readonly read: (signal: AbortSignal) => Promise<T>,
    private readonly watch: (reading: Reading<T>) => () => void = () => () => undefined,
  ) {}

  readonly get = (): ReadingState<T> => this.#state.get();

  readonly subscribe = (onChange: () => void): (() => void) => {
    const stop = this.#state.subscribe(onChange);
    this.#watchers += 1;
    if (this.#watchers === 1) this.#begin();
    return () => {
      stop();
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#end();
    };
  };

  /** Reads again; several at once are one. What fails is thrown and kept in the state. */
  async refresh(): Promise<void> {
    this.#current ??= this.#start();
    await this.#current.done;
    const { error } = this.#state.get();
    if (error !== undefined) throw error;
  }

  /** Takes what an event told, and reads again where an answer from before it is on its way. */
  patch(change: (value: T) => T): void {
    if (this.#current !== undefined) this.#current.isStale = true;
    const { value } = this.#state.get();
    if (value !== undefined) this.#set({ value: change(value) });
  }

  #begin(): void {
    const followLogin = () => {
      if (this.client.session.get() === 'signedIn') this.#refreshQuietly();
      else {
        this.#current?.controller.abort();
        this.#current = undefined;
        this.#set({ value: undefined, isLoading: false, error: undefined });
      }
    };
    this.#stops = [
      this.client.session.subscribe(followLogin),
      this.client.on('resync', () => this.#refreshQuietly()),
      this.watch(this),
    ];
    followLogin();
  }

  #end(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#current?.controller.abort();
    this.#current = undefined;
    this.#set({ isLoading: false });
  }

  #refreshQuietly(): void {
    if (this.client.session.get() === 'signedIn') this.refresh().catch(() => undefined);
  }

  #start() {
    const controller = new AbortController();
    const current = { controller, isStale: false, done: Promise.resolve() };
    current.done = this.#run(current);
    return current;
  }

  async #run(current: { controller: AbortController; isStale: boolean }): Promise<void> {
    const { signal } = current.controller;
    this.#set({ isLoading: true });
    try {
      do {
        current.isStale = false;
        const value = await this.read(signal);
        if (signal.aborted) return;
        this.#set({ value, error: undefined });
      } while (current.isStale);
    } catch (error) {
      if (!signal.aborted) this.#set({ error: toSaathiiError(error) });
    }
    if (signal.aborted) return;
    this.#current = undefined;
    this.#set({ isLoading: false });
  }

  #set(change: Partial<ReadingState<T>>): void {
    this.#state.set({ ...this.#state.get(), ...change });
  }
}
