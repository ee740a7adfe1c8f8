// The generated module with a client that tests hold in their hands; its records and enums are the real ones.
import {
  type ClientConfig,
  type Event,
  Event as EventOf,
  type EventListener,
  type FeedFilter,
  type FeedState,
  type FollowedCall,
  SessionState,
  type TokenStore,
} from '../src/generated/node/saathii_sdk_ffi';

export * from '../src/generated/node/saathii_sdk_ffi';
export * from '../src/generated/node/saathii_shared_types';

export function shutDownClients(): void {}

/** A call that waits for the test to answer it. */
export interface Pending {
  words: unknown[];
  signal: AbortSignal | undefined;
  answer(value: unknown): void;
  fail(error: unknown): void;
}

export class SaathiiClient {
  static last: SaathiiClient;

  readonly pending = new Map<string, Pending[]>();
  readonly done: string[] = [];
  isDestroyed = false;
  state: FeedState | undefined;
  call: FollowedCall | undefined;

  static withHost(config: ClientConfig, store: TokenStore, listener: EventListener): SaathiiClient {
    SaathiiClient.last = new SaathiiClient(config, store, listener);
    return SaathiiClient.last;
  }

  private constructor(
    readonly config: ClientConfig,
    readonly store: TokenStore,
    readonly listener: EventListener,
  ) {}

  tell(event: Event): void {
    this.listener.onEvent(event);
  }

  signIn(): void {
    this.tell(EventOf.SessionChanged.new({ state: SessionState.SignedIn }));
  }

  /** The oldest call of this name that nobody answered yet. */
  next(name: string): Pending {
    const call = this.pending.get(name)?.shift();
    if (call === undefined) throw new Error(`nobody calls ${name}`);
    return call;
  }

  waiting(name: string): number {
    return this.pending.get(name)?.length ?? 0;
  }

  #wait(name: string, words: unknown[]): Promise<unknown> {
    const last = words.at(-1) as { signal?: AbortSignal } | undefined;
    return new Promise((answer, fail) => {
      const calls = this.pending.get(name) ?? [];
      const signal = last?.signal;
      signal?.addEventListener('abort', () => fail(Object.assign(new Error('aborted'), { name: 'AbortError' })));
      calls.push({ words, signal, answer, fail });
      this.pending.set(name, calls);
    });
  }

  isSignedIn = (...words: unknown[]) => this.#wait('isSignedIn', words);
  requestOtp = (...words: unknown[]) => this.#wait('requestOtp', words);
  me = (...words: unknown[]) => this.#wait('me', words);
  updateProfile = (...words: unknown[]) => this.#wait('updateProfile', words);
  presenceOf = (...words: unknown[]) => this.#wait('presenceOf', words);
  presenceOfMany = (...words: unknown[]) => this.#wait('presenceOfMany', words);
  refreshFeed = (...words: unknown[]) => this.#wait('refreshFeed', words);
  loadMoreFeed = (...words: unknown[]) => this.#wait('loadMoreFeed', words);
  startCall = (...words: unknown[]) => this.#wait('startCall', words);
  resumeCall = (...words: unknown[]) => this.#wait('resumeCall', words);
  endCall = (...words: unknown[]) => this.#wait('endCall', words);
  rateCall = (...words: unknown[]) => this.#wait('rateCall', words);
  recharge = (...words: unknown[]) => this.#wait('recharge', words);
  walletBalance = (...words: unknown[]) => this.#wait('walletBalance', words);

  connect = () => void this.done.push('connect');
  disconnect = () => void this.done.push('disconnect');
  openLine = () => void this.done.push('openLine');
  closeLine = () => void this.done.push('closeLine');
  networkChanged = () => void this.done.push('networkChanged');
  setForeground = (is: boolean) => void this.done.push(is ? 'foreground' : 'background');
  setVisible = (ids: bigint[]) => void this.done.push(`visible ${ids.join()}`);
  shutDown = () => void this.done.push('shutDown');
  leaveCall = () => void this.done.push('leaveCall');
  currentCall = () => this.call;
  feedState = () => this.state;

  openFeed(filter: FeedFilter, pageSize: number): void {
    this.done.push(`openFeed ${filter.availableOnly ? 'available' : 'all'} ${pageSize}`);
    const counts = { totalCount: 0n, onlineCount: 0n, availableCount: 0n };
    this.state = { listeners: [], ...counts, hasMore: true, isLoaded: false, isLive: false };
  }

  closeFeed(): void {
    this.done.push('closeFeed');
    this.state = undefined;
  }

  uniffiDestroy(): void {
    this.isDestroyed = true;
  }
}
