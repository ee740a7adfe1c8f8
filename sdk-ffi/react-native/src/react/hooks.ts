import { useEffect, useMemo, useSyncExternalStore } from 'react';

import type { CallType, VerifyRecharge } from '../bindings';
import type {
  Call,
  CallEnded,
  CallOptions,
  CallRated,
  ConnectionState,
  FeedFilter,
  MoneyOptions,
  OtpSent,
  Recharge,
  SessionState,
  UserPresence,
  WalletBalance,
} from '../client';
import type { SaathiiError } from '../error';
import type { Live } from '../live';
import type { FeedViewState } from './feed-views';
import { readPresences } from './presences';
import { useShared } from './provider';

function useLive<T>(live: Live<T>): T {
  return useSyncExternalStore(live.subscribe, live.get, live.get);
}

export interface Session {
  state: SessionState;
  isSignedIn: boolean;
  /** Why the login could not be read from the token store. */
  error: SaathiiError | undefined;
  /** Has a code sent to a phone; `verify` of what it gives is the next step. */
  requestOtp(phone: string, options?: CallOptions): Promise<OtpSent>;
  /** Signs out everywhere. */
  logout(options?: CallOptions): Promise<void>;
  /** Signs out on this device without asking the server. */
  forget(options?: CallOptions): Promise<void>;
}

/** Who is signed in, and the ways in and out. */
export function useSession(): Session {
  const { client, sessionError } = useShared();
  const state = useLive(client.session);
  const error = useLive(sessionError);
  return useMemo(
    () => ({
      state,
      isSignedIn: state === 'signedIn',
      error,
      requestOtp: (phone, options) => client.requestOtp(phone, options),
      logout: (options) => client.logout(options),
      forget: (options) => client.forget(options),
    }),
    [client, state, error],
  );
}

/** Whether the presence socket is connected; a banner's worth. */
export function useConnection(): ConnectionState {
  return useLive(useShared().client.connection);
}

export interface Feed extends FeedViewState {
  /** Reads all pages again, as for a pull to refresh. Failure is in `error`. */
  refresh(): Promise<void>;
  /** Reads the next page, if there is one; safe to call at every scroll. Failure is in `error`. */
  loadMore(): Promise<void>;
  /** Follows these people alone, those on screen. */
  setVisible(userIds: readonly number[]): void;
}

/**
 * The live feed while the component is there: opened, kept current, and opened again after signing in.
 *
 * A client has one; where two components use it with different filters, the newest one is live.
 */
export function useFeed(filter: FeedFilter = {}, pageSize = 20): Feed {
  const { feeds } = useShared();
  const key = JSON.stringify([filter, pageSize]);
  // By what the filter says: callers write it anew at each render.
  const view = useMemo(() => feeds.create(filter, pageSize), [feeds, key]);
  useEffect(() => feeds.show(view), [feeds, view]);
  const state = useLive(view);
  return useMemo(
    () => ({ ...state, refresh: view.refresh, loadMore: view.loadMore, setVisible: view.setVisible }),
    [state, view],
  );
}

export interface PresenceOfMany {
  /** By the user's id; people who do not exist are missing. */
  presences: ReadonlyMap<number, UserPresence>;
  isLoading: boolean;
  error: SaathiiError | undefined;
  refresh(): Promise<void>;
}

const NOBODY: ReadonlyMap<number, UserPresence> = new Map();

/** Whether these people are there, kept current. */
export function usePresence(userIds: readonly number[]): PresenceOfMany {
  const { client } = useShared();
  const key = [...new Set(userIds)].sort((a, b) => a - b).join();
  const reading = useMemo(() => readPresences(client, key === '' ? [] : key.split(',').map(Number)), [client, key]);
  const { value, isLoading, error } = useLive(reading);
  return useMemo(
    () => ({ presences: value ?? NOBODY, isLoading, error, refresh: () => reading.refresh() }),
    [reading, value, isLoading, error],
  );
}

export interface CallControls {
  /** The call that is followed, ended or not. */
  call: Call | undefined;
  /** Somebody calls: set from the ring on until the call ends or `answer` is called. */
  ringing: { callerUsername: string } | undefined;
  /** Calls a listener. */
  start(listenerId: number, callType: CallType, options?: MoneyOptions): Promise<Call>;
  /** Stops the ringing; the server counts a call from its start. */
  answer(): void;
  /** Hangs up. */
  end(options?: CallOptions): Promise<CallEnded>;
  /** Rates the call that is followed, after its end. */
  rate(rating: number, options?: CallOptions): Promise<CallRated>;
  /** Puts away a call that has ended. */
  leave(): void;
}

/** The one call that somebody can be in. With `incoming`, calls to oneself ring while the component is there. */
export function useCall({ incoming = false }: { incoming?: boolean } = {}): CallControls {
  const { client, ringing: live } = useShared();
  const call = useLive(client.call);
  const ringing = useLive(live);
  const session = useLive(client.session);
  useEffect(() => {
    if (!incoming || session !== 'signedIn') return undefined;
    client.openLine();
    return () => client.closeLine();
  }, [client, incoming, session]);
  return useMemo(
    () => ({
      call,
      ringing,
      start: (listenerId, callType, options) => client.startCall(listenerId, callType, options),
      answer: () => live.set(undefined),
      end: (options) => client.endCall(options),
      rate: (rating, options) => client.rateCall(call?.callId ?? Number.NaN, rating, options),
      leave: () => {
        live.set(undefined);
        client.leaveCall();
      },
    }),
    [client, live, call, ringing],
  );
}

export interface Wallet {
  /** One's coins and earnings; `undefined` until they were read. */
  balance: WalletBalance | undefined;
  isLoading: boolean;
  error: SaathiiError | undefined;
  refresh(): Promise<void>;
  /**
   * Buys coins; a call that goes on knows them at once. Where the answer bears an `order`, hand it to the provider's checkout
   * and what that returns to `verify`.
   */
  recharge(amountRupees: number, options?: MoneyOptions & { paymentMethod?: string }): Promise<Recharge>;
  verify(proof: VerifyRecharge, options?: MoneyOptions): Promise<Recharge>;
}

/** One's wallet, kept current by purchases and by the minutes of calls. */
export function useWallet(): Wallet {
  const { client, wallet } = useShared();
  const { value, isLoading, error } = useLive(wallet);
  return useMemo(() => {
    // An answer with an order has bought nothing yet.
    const take = (recharge: Recharge): Recharge => {
      if (recharge.order === undefined) wallet.patch((balance) => ({ ...balance, balanceCoins: recharge.newBalance }));
      return recharge;
    };
    return {
      balance: value,
      isLoading,
      error,
      refresh: () => wallet.refresh(),
      recharge: async (amountRupees, options) => take(await client.recharge(amountRupees, options)),
      verify: async (proof, options) => take(await client.verifyRecharge(proof, options)),
    };
  }, [client, wallet, value, isLoading, error]);
}
