import * as native from './bindings';
import { type Change, textChange, timeChange, toSaathiiError } from './convert';
import { SaathiiError } from './error';
import { type Live, LiveValue, Listeners } from './live';
import { type Plain, plain, toBigInt, toU32 } from './plain';
import { type TokenStore, memoryTokenStore } from './tokens';

export type Call = Plain<native.FollowedCall>;
export type AudioLink = Plain<native.AudioLink>;
export type BlockState = Plain<native.BlockState>;
export type BlockedPage = Plain<native.BlockedPage>;
export type CallEnded = Plain<native.CallEnded>;
export type CallHistory = Plain<native.CallHistory>;
export type CallRated = Plain<native.CallRated>;
export type CallSummary = Plain<native.CallSummary>;
export type CallSystemStatus = Plain<native.CallSystemStatus>;
export type CoinBalance = Plain<native.CoinBalance>;
export type EarningsPage = Plain<native.EarningsPage>;
export type FavoritePage = Plain<native.FavoritePage>;
export type FavoriteState = Plain<native.FavoriteState>;
export type FeedListener = Plain<native.FeedListener>;
export type FeedPage = Plain<native.FeedPage>;
export type FeedState = Plain<native.FeedState>;
export type FeedStats = Plain<native.FeedStats>;
export type MinuteBilled = Plain<native.MinuteBilled>;
export type PayoutDestination = Plain<native.PayoutDestination>;
export type Rates = Plain<native.Rates>;
export type Recharge = Plain<native.Recharge>;
export type RechargeHistory = Plain<native.RechargeHistory>;
export type ReportReceived = Plain<native.ReportReceived>;
export type TransactionPage = Plain<native.TransactionPage>;
export type UserPresence = Plain<native.UserPresence>;
export type UserProfile = Plain<native.UserProfile>;
export type UserStatus = Plain<native.UserStatus>;
export type VerificationSample = Plain<native.VerificationSample>;
export type VerificationState = Plain<native.VerificationState>;
export type WalletBalance = Plain<native.WalletBalance>;
export type Withdrawal = Plain<native.Withdrawal>;
export type WithdrawalPage = Plain<native.WithdrawalPage>;

/** Whether somebody is signed in: `unknown` until the token store was read, `ended` where the server ended the login. */
export type SessionState = 'unknown' | 'signedIn' | 'signedOut' | 'ended';

/** Of the presence socket; it comes back by itself. */
export type ConnectionState = 'connected' | 'disconnected';

export interface SaathiiOptions {
  /** Where the server is, with `http` or `https`. */
  baseUrl: string;
  /** Where the login is kept; without one it ends with the app. */
  tokenStore?: TokenStore;
  userAgent?: string;
  connectTimeoutMs?: number;
  requestTimeoutMs?: number;
  /** How long sending or fetching a file may take. */
  transferTimeoutMs?: number;
  /** Roots in PEM to trust beside the public ones, for a server of one's own. */
  rootCertificates?: string[];
}

/** What every call takes beside its own: a signal that cancels it. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Pages count from 1. */
export interface PageOptions extends CallOptions {
  page?: number;
  perPage?: number;
}

/** Of what moves money: `newIdempotencyKey()`, kept before it, makes the same of a repetition after a restart. */
export interface MoneyOptions extends CallOptions {
  idempotencyKey?: string;
}

/** An audio file to send: mp3, wav, m4a, aac, flac or ogg (Vorbis), at most 10 MB, a second to ten minutes. */
export type Audio =
  | { name: string; bytes: ArrayBuffer }
  /** A path, or a `file:` address as recorders give it. */
  | { path: string };

/** Where earnings are paid to. */
export type PayoutDetails =
  | { accountHolder: string; accountNumber: string; ifsc: string }
  | { upiId: string };

/** Which listeners; all of them by default. */
export type FeedFilter = Partial<native.FeedFilter>;

/** Who registers; `dob` as `2000-01-31`. */
export type NewUser = Pick<native.NewUser, 'username' | 'sex'> & Partial<native.NewUser>;

/** What to change in one's profile; `null` clears, what is absent stays. */
export interface ProfileChanges {
  username?: string;
  bio?: Change<string>;
  interests?: string[];
  profileImageUrl?: Change<string>;
  preferredLanguage?: Change<string>;
}

/** What to change in one's status; `null` clears, what is absent stays. */
export interface StatusChanges {
  isOnline?: boolean;
  isBusy?: boolean;
  busyUntil?: Change<Date>;
}

/** What the client tells. */
export interface SaathiiEvents {
  /** Somebody signed in or out, or the server ended the login. */
  session: SessionState;
  connected: undefined;
  /**
   * The presence socket lost its connection; it comes back by itself. `code` as of an error: `network` most of the time,
   * `certificate` where somebody else answered.
   */
  disconnected: { closeCode: number | undefined; code: string };
  /** Somebody came, went, or became busy or free. */
  presence: UserPresence;
  /** The live feed is another. */
  feed: FeedState | undefined;
  /** The call that is followed is another: a minute, the coins, its end. */
  call: Call;
  /** Somebody calls; the call is followed from now on. */
  ring: { call: Call; callerUsername: string };
  /** One's wallet has changed by something else than a minute of a call. */
  wallet: { balanceCoins: number; withdrawableMoney: number; pendingWithdrawals: number };
  /** An admin has heard one's audio sample. */
  review: { sample: number; status: native.VerificationStatus; remarks?: string | undefined };
  /** Somebody is signed out who was signed in, by themselves or by the server; told once, and never left out. */
  signedOut: 'byUser' | 'byServer';
  /** Changes were missed: read again what is shown. */
  resync: undefined;
}

type Emitters = { [Name in keyof SaathiiEvents]: Listeners<[SaathiiEvents[Name]]> };

const SESSION_STATES: Record<native.SessionState, SessionState> = {
  [native.SessionState.Unknown]: 'unknown',
  [native.SessionState.SignedIn]: 'signedIn',
  [native.SessionState.SignedOut]: 'signedOut',
  [native.SessionState.Ended]: 'ended',
};

// Whatever a runtime before a reload of JavaScript has left behind must not call this one.
native.shutDownClients();

/** The second step of signing in: a code is on its way to a phone. */
export class OtpSent {
  readonly #otp: native.OtpSentLike;

  /** @internal */
  constructor(otp: native.OtpSentLike) {
    this.#otp = otp;
  }

  /** Has the code sent again, at most once a minute. */
  async resend(options?: CallOptions): Promise<void> {
    await call((signal) => this.#otp.resend(signal), options);
  }

  /** Proves the phone with the code that arrived; after a wrong one, call it again. */
  async verify(code: string, options?: CallOptions): Promise<Verified> {
    const verified = await call((signal) => this.#otp.verify(code, signal), options);
    if (verified.tag === native.Verified_Tags.SignedIn) return { tag: 'SignedIn' };
    return { tag: 'NeedsRegistration', registration: new Registration(verified.inner.registration) };
  }
}

/** What a proven phone may do next. */
export type Verified = { tag: 'SignedIn' } | { tag: 'NeedsRegistration'; registration: Registration };

/** The last step of signing in for the first time: a proven phone without an account, good for ten minutes. */
export class Registration {
  readonly #registration: native.RegistrationLike;

  /** @internal */
  constructor(registration: native.RegistrationLike) {
    this.#registration = registration;
  }

  /** Makes the account and signs it in; after a taken username, call it again. */
  async register(user: NewUser, options?: CallOptions): Promise<void> {
    await call((signal) => this.#registration.register(native.NewUser.create(user), signal), options);
  }
}

/**
 * The way to one server, for one user at a time. An app has one, made outside of its components, and never closes it.
 *
 * What a method throws is a `SaathiiError`.
 */
export class Saathii {
  readonly #session = new LiveValue<SessionState>('unknown');
  readonly #connection = new LiveValue<ConnectionState>('disconnected');
  readonly #feed = new LiveValue<FeedState | undefined>(undefined);
  readonly #call = new LiveValue<Call | undefined>(undefined);
  readonly #emitters: Emitters = {
    session: new Listeners(),
    connected: new Listeners(),
    disconnected: new Listeners(),
    presence: new Listeners(),
    feed: new Listeners(),
    call: new Listeners(),
    ring: new Listeners(),
    wallet: new Listeners(),
    review: new Listeners(),
    signedOut: new Listeners(),
    resync: new Listeners(),
  };
  #open: native.SaathiiClientLike | undefined;

  constructor(options: SaathiiOptions) {
    const { tokenStore = memoryTokenStore(), ...config } = options;
    const store: native.TokenStore = {
      load: () => storing(() => tokenStore.load() ?? undefined),
      save: (secret) => storing(() => tokenStore.save(secret)),
      clear: () => storing(() => tokenStore.clear()),
    };
    const listener: native.EventListener = {
      onEvent: (event) => this.#receive(event),
      onSignedOut: (by) => {
        if (this.#open !== undefined) this.#emitters.signedOut.call(by === native.SignOut.ByUser ? 'byUser' : 'byServer');
      },
    };
    this.#open = now(() => native.SaathiiClient.withHost(native.ClientConfig.create(config), store, listener));
  }

  /** Whether somebody is signed in. */
  get session(): Live<SessionState> {
    return this.#session;
  }

  /** Whether the presence socket is connected. */
  get connection(): Live<ConnectionState> {
    return this.#connection;
  }

  /** The live feed; `undefined` where none is open. */
  get feed(): Live<FeedState | undefined> {
    return this.#feed;
  }

  /** The call that is followed, ended or not; `undefined` where none is. */
  get call(): Live<Call | undefined> {
    return this.#call;
  }

  /** Calls `listener` at every event of the name, until what it returns is called. */
  on<Name extends keyof SaathiiEvents>(name: Name, listener: (event: SaathiiEvents[Name]) => void): () => void {
    return this.#emitters[name].add(listener);
  }

  // Signing in and out.

  /** Reads the token store, if nobody did yet, and tells whether somebody is signed in. */
  async isSignedIn(options?: CallOptions): Promise<boolean> {
    return this.#ask((client, signal) => client.isSignedIn(signal), options);
  }

  /** Has a code sent to a phone, the first step of signing in. */
  async requestOtp(phone: string, options?: CallOptions): Promise<OtpSent> {
    return new OtpSent(await call((signal) => this.#client().requestOtp(phone, signal), options));
  }

  /** Signs out everywhere. On failure the server knows nothing of it, and one is still signed in. */
  async logout(options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.logout(signal), options);
  }

  /** Signs out on this device without asking the server. */
  async forget(options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.forget(signal), options);
  }

  // Oneself.

  /** One's own profile. */
  async me(options?: CallOptions): Promise<UserProfile> {
    return this.#ask((client, signal) => client.me(signal), options);
  }

  /** Changes one's profile and answers with all of it. */
  async updateProfile(changes: ProfileChanges, options?: CallOptions): Promise<UserProfile> {
    const { bio, profileImageUrl, preferredLanguage, ...rest } = changes;
    const native_ = native.ProfileChanges.create({
      ...rest,
      bio: textChange(bio),
      profileImageUrl: textChange(profileImageUrl),
      preferredLanguage: textChange(preferredLanguage),
    });
    return this.#ask((client, signal) => client.updateProfile(native_, signal), options);
  }

  /** Deletes the account and signs out. */
  async deleteAccount(options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.deleteAccount(signal), options);
  }

  /** One's own status. */
  async myStatus(options?: CallOptions): Promise<UserStatus> {
    return this.#ask((client, signal) => client.myStatus(signal), options);
  }

  /** Changes one's status; everybody is told. */
  async updateStatus(changes: StatusChanges, options?: CallOptions): Promise<UserStatus> {
    const native_ = native.StatusChanges.create({ ...changes, busyUntil: timeChange(changes.busyUntil) });
    return this.#ask((client, signal) => client.updateStatus(native_, signal), options);
  }

  // Others.

  /** Somebody's presence. */
  async presenceOf(userId: number, options?: CallOptions): Promise<UserPresence> {
    return this.#ask((client, signal) => client.presenceOf(toBigInt(userId, 'userId'), signal), options);
  }

  /** The presence of many in the order asked, without those who do not exist. */
  async presenceOfMany(userIds: readonly number[], options?: CallOptions): Promise<UserPresence[]> {
    return this.#ask((client, signal) => client.presenceOfMany(toIds(userIds), signal), options);
  }

  /** A page of listeners. */
  async listeners(filter: FeedFilter = {}, options?: PageOptions): Promise<FeedPage> {
    return this.#ask((client, signal) => client.listeners(native.FeedFilter.create(filter), ...page(options), signal), options);
  }

  /** How many listeners there are, in all and right now. */
  async feedStats(options?: CallOptions): Promise<FeedStats> {
    return this.#ask((client, signal) => client.feedStats(signal), options);
  }

  // What stays open.

  /** Tells whether the app is on screen; heartbeats follow. */
  setForeground(isForeground: boolean): void {
    now(() => this.#client().setForeground(isForeground));
  }

  /** Tells that the network changed: sockets look after their connection at once. */
  networkChanged(): void {
    now(() => this.#client().networkChanged());
  }

  /** Opens the presence socket, once. It ends with the login: connect again after signing in. */
  connect(): void {
    now(() => this.#client().connect());
  }

  /** Closes the presence socket. */
  disconnect(): void {
    this.#open?.disconnect();
    this.#connection.set('disconnected');
  }

  /** Opens the live feed in place of the one before. It ends with the login: open it again after signing in. */
  openFeed(filter: FeedFilter = {}, pageSize = 20): void {
    now(() => this.#client().openFeed(native.FeedFilter.create(filter), toU32(pageSize, 'pageSize')));
    this.#readFeed();
  }

  /** Closes the live feed. */
  closeFeed(): void {
    this.#open?.closeFeed();
    this.#readFeed();
  }

  /** Reads all pages of the live feed again, as for a pull to refresh. */
  async refreshFeed(options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.refreshFeed(signal), options);
  }

  /** Reads the next page of the live feed, if there is one. */
  async loadMoreFeed(options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.loadMoreFeed(signal), options);
  }

  /** Follows these people of the live feed alone, those on screen. */
  setVisible(userIds: readonly number[]): void {
    now(() => this.#client().setVisible(toIds(userIds)));
  }

  // Calls.

  /** Calls a listener and follows the call. Goes on where its caller goes away. */
  async startCall(listenerId: number, callType: native.CallType, options?: MoneyOptions): Promise<Call> {
    const id = toBigInt(listenerId, 'listenerId');
    return this.#follow((client, signal) => client.startCall(id, callType, options?.idempotencyKey, signal), options);
  }

  /** Follows the call that one is in, as after a start of the app; `undefined` where there is none. */
  async resumeCall(options?: CallOptions): Promise<Call | undefined> {
    return this.#follow((client, signal) => client.resumeCall(signal), options);
  }

  /** Hangs up the call that is followed. On failure the call goes on. */
  async endCall(options?: CallOptions): Promise<CallEnded> {
    return this.#ask((client, signal) => client.endCall(signal), options);
  }

  /** Ends the call that is followed because it broke. On failure the call goes on. */
  async emergencyEndCall(options?: CallOptions): Promise<CallEnded> {
    return this.#ask((client, signal) => client.emergencyEndCall(signal), options);
  }

  /** Follows the call no longer; it goes on. */
  leaveCall(): void {
    this.#open?.leaveCall();
    this.#call.set(undefined);
  }

  /** From now on calls to oneself ring and are followed, in place of the call before. */
  openLine(): void {
    now(() => this.#client().openLine());
  }

  /** Calls to oneself ring no longer. */
  closeLine(): void {
    this.#open?.closeLine();
  }

  /** Bills what has begun; the server does so by itself, and no minute is billed twice. */
  async billCallMinute(callId: number, options?: CallOptions): Promise<MinuteBilled> {
    return this.#ask((client, signal) => client.billCallMinute(toBigInt(callId, 'callId'), signal), options);
  }

  /** One's calls on either side, the newest first. */
  async callHistory(
    options?: PageOptions & { callType?: native.CallType; status?: native.CallStatus },
  ): Promise<CallHistory> {
    const { callType, status } = options ?? {};
    return this.#ask((client, signal) => client.callHistory(...page(options), callType, status, signal), options);
  }

  /** One's calls in numbers. */
  async callSummary(options?: CallOptions): Promise<CallSummary> {
    return this.#ask((client, signal) => client.callSummary(signal), options);
  }

  /** What calls cost and earn, and what coins cost. */
  async callRates(options?: CallOptions): Promise<Rates> {
    return this.#ask((client, signal) => client.callRates(signal), options);
  }

  /** How the calls of the whole system are. */
  async callStatus(options?: CallOptions): Promise<CallSystemStatus> {
    return this.#ask((client, signal) => client.callStatus(signal), options);
  }

  /** Has the server look for lost calls now. */
  async cleanUpCalls(options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.cleanUpCalls(signal), options);
  }

  /** Rates a call that one has made, 1 to 5, once, after its end. */
  async rateCall(callId: number, rating: number, options?: CallOptions): Promise<CallRated> {
    return this.#ask((client, signal) => client.rateCall(toBigInt(callId, 'callId'), toU32(rating, 'rating'), signal), options);
  }

  // Money.

  /** One's coins, and how many one ever got and spent. */
  async coins(options?: CallOptions): Promise<CoinBalance> {
    return this.#ask((client, signal) => client.coins(signal), options);
  }

  /** One's coins and earnings. */
  async walletBalance(options?: CallOptions): Promise<WalletBalance> {
    return this.#ask((client, signal) => client.walletBalance(signal), options);
  }

  /** What one's calls as a listener earned, the newest first. */
  async earnings(options?: PageOptions): Promise<EarningsPage> {
    return this.#ask((client, signal) => client.earnings(...page(options), signal), options);
  }

  /** Every movement of one's wallet, or those of one type, the newest first. */
  async transactions(options?: PageOptions & { type?: native.TransactionType }): Promise<TransactionPage> {
    return this.#ask((client, signal) => client.transactions(...page(options), options?.type, signal), options);
  }

  /**
   * Buys coins for one of the prices of `callRates`; the call that is followed knows them at once and goes on.
   *
   * Where the answer bears an `order`, nothing is paid yet: hand it to the provider's checkout, and what that returns to
   * `verifyRecharge`. Goes on where its caller goes away.
   */
  async recharge(amountRupees: number, options?: MoneyOptions & { paymentMethod?: string }): Promise<Recharge> {
    const amount = toBigInt(amountRupees, 'amountRupees');
    const { paymentMethod, idempotencyKey } = options ?? {};
    return this.#ask((client, signal) => client.recharge(amount, paymentMethod, idempotencyKey, signal), options);
  }

  /** Says that an order is paid, with what the checkout returned. Goes on where its caller goes away. */
  async verifyRecharge(proof: native.VerifyRecharge, options?: MoneyOptions): Promise<Recharge> {
    return this.#ask((client, signal) => client.verifyRecharge(proof, options?.idempotencyKey, signal), options);
  }

  /** One's purchases, the newest first. */
  async rechargeHistory(options?: PageOptions): Promise<RechargeHistory> {
    return this.#ask((client, signal) => client.rechargeHistory(...page(options), signal), options);
  }

  /** Asks for earnings to be paid; they are set aside at once. Goes on where its caller goes away. */
  async requestWithdrawal(amount: number, options?: MoneyOptions): Promise<Withdrawal> {
    const earnings = toBigInt(amount, 'amount');
    return this.#ask((client, signal) => client.requestWithdrawal(earnings, options?.idempotencyKey, signal), options);
  }

  /** One's withdrawals, the newest first. */
  async withdrawals(options?: PageOptions): Promise<WithdrawalPage> {
    return this.#ask((client, signal) => client.withdrawals(...page(options), signal), options);
  }

  /** Where one is paid, masked; `undefined` where nothing is kept. */
  async bankDetails(options?: CallOptions): Promise<PayoutDestination | undefined> {
    return this.#ask((client, signal) => client.bankDetails(signal), options);
  }

  /** Says where one is paid; withdrawals that are open go where they were to go. */
  async setBankDetails(details: PayoutDetails, options?: CallOptions): Promise<PayoutDestination> {
    const native_ = 'upiId' in details ? native.PayoutDetails.Upi.new(details) : native.PayoutDetails.Bank.new(details);
    return this.#ask((client, signal) => client.setBankDetails(native_, signal), options);
  }

  // Favorites, blocks, reports.

  /** Adds a listener to one's favorites; twice is as good as once. */
  async addFavorite(listenerId: number, options?: CallOptions): Promise<FavoriteState> {
    return this.#ask((client, signal) => client.addFavorite(toBigInt(listenerId, 'listenerId'), signal), options);
  }

  /** Takes a listener out of one's favorites; twice is as good as once. */
  async removeFavorite(listenerId: number, options?: CallOptions): Promise<FavoriteState> {
    return this.#ask((client, signal) => client.removeFavorite(toBigInt(listenerId, 'listenerId'), signal), options);
  }

  /** One's favorites, the latest first. */
  async favorites(options?: PageOptions): Promise<FavoritePage> {
    return this.#ask((client, signal) => client.favorites(...page(options), signal), options);
  }

  /** Whether a listener is among one's favorites. */
  async isFavorite(listenerId: number, options?: CallOptions): Promise<boolean> {
    return this.#ask((client, signal) => client.isFavorite(toBigInt(listenerId, 'listenerId'), signal), options);
  }

  /** Blocks somebody: neither sees or calls the other any more; twice is as good as once. */
  async block(userId: number, options?: CallOptions & { reason?: string }): Promise<BlockState> {
    return this.#ask((client, signal) => client.block(toBigInt(userId, 'userId'), options?.reason, signal), options);
  }

  /** Blocks somebody no longer; twice is as good as once. */
  async unblock(userId: number, options?: CallOptions): Promise<BlockState> {
    return this.#ask((client, signal) => client.unblock(toBigInt(userId, 'userId'), signal), options);
  }

  /** Whom one blocks, the latest first. */
  async blocked(options?: PageOptions): Promise<BlockedPage> {
    return this.#ask((client, signal) => client.blocked(...page(options), signal), options);
  }

  /** Whether one blocks somebody; whether they block oneself is not told. */
  async isBlocked(userId: number, options?: CallOptions): Promise<boolean> {
    return this.#ask((client, signal) => client.isBlocked(toBigInt(userId, 'userId'), signal), options);
  }

  /** Tells the moderators about somebody, with a call as evidence where there is one. */
  async report(userId: number, reason: string, options?: CallOptions & { callId?: number }): Promise<ReportReceived> {
    const call = options?.callId === undefined ? undefined : toBigInt(options.callId, 'callId');
    return this.#ask((client, signal) => client.report(toBigInt(userId, 'userId'), reason, call, signal), options);
  }

  // Becoming a verified listener.

  /** Where one stands as a listener. */
  async verificationStatus(options?: CallOptions): Promise<VerificationState> {
    return this.#ask((client, signal) => client.verificationStatus(signal), options);
  }

  /** One's samples, the newest first, at most a hundred. */
  async verificationHistory(options?: CallOptions): Promise<VerificationSample[]> {
    return this.#ask((client, signal) => client.verificationHistory(signal), options);
  }

  /** Sends an audio sample through the server; the event `review` tells what became of it. */
  async uploadSample(audio: Audio, options?: CallOptions): Promise<VerificationSample> {
    return this.#ask((client, signal) => client.uploadSample(toAudio(audio), signal), options);
  }

  /** The same past the server, straight to the object store: a ticket, the file, the confirmation. */
  async uploadSampleDirectly(audio: Audio, options?: CallOptions): Promise<VerificationSample> {
    return this.#ask((client, signal) => client.uploadSampleDirectly(toAudio(audio), signal), options);
  }

  /** Makes a sample of an object that lies in the server's bucket under one's own prefix already. */
  async submitSampleUrl(audioFileUrl: string, options?: CallOptions): Promise<VerificationSample> {
    return this.#ask((client, signal) => client.submitSampleUrl(audioFileUrl, signal), options);
  }

  /** Where one's sample can be heard, for five minutes and without a token. */
  async sampleAudio(sampleId: number, options?: CallOptions): Promise<AudioLink> {
    return this.#ask((client, signal) => client.sampleAudio(toBigInt(sampleId, 'sampleId'), signal), options);
  }

  // One's data.

  /** Everything that the server keeps about oneself, as JSON. */
  async exportAccount(options?: CallOptions): Promise<string> {
    return this.#ask((client, signal) => client.exportAccount(signal), options);
  }

  /** The same into a file. */
  async exportAccountTo(path: string, options?: CallOptions): Promise<void> {
    await this.#ask((client, signal) => client.exportAccountTo(path, signal), options);
  }

  /**
   * Ends everything that is open. The login stays, and every later call is an error of code `closed`.
   *
   * A client that is no longer needed lives on until this is called.
   */
  close(): void {
    const client = this.#open;
    if (client === undefined) return;
    this.#open = undefined;
    client.shutDown();
    (client as native.SaathiiClient).uniffiDestroy();
    this.#connection.set('disconnected');
    this.#feed.set(undefined);
    this.#call.set(undefined);
  }

  #client(): native.SaathiiClientLike {
    if (this.#open === undefined) throw new SaathiiError('closed', 'this client was closed');
    return this.#open;
  }

  async #ask<T>(
    work: (client: native.SaathiiClientLike, options?: { signal: AbortSignal }) => Promise<T>,
    options: CallOptions | undefined,
  ): Promise<Plain<T>> {
    return plain(await call((signal) => work(this.#client(), signal), options));
  }

  async #follow<T extends native.FollowedCall | undefined>(
    work: (client: native.SaathiiClientLike, options?: { signal: AbortSignal }) => Promise<T>,
    options: CallOptions | undefined,
  ): Promise<Plain<T>> {
    const followed = await this.#ask(work, options);
    this.#readCall();
    return followed;
  }

  /** The call as it is by now: an event may have come before the answer that it belongs to. */
  #readCall(): void {
    this.#call.set(plain(this.#open?.currentCall()));
  }

  #readFeed(): void {
    this.#feed.set(plain(this.#open?.feedState()));
  }

  #receive(event: native.Event): void {
    // Some may be on their way while one closes.
    if (this.#open === undefined) return;
    const emit = this.#emitters;
    switch (event.tag) {
      case native.Event_Tags.SessionChanged: {
        const state = SESSION_STATES[event.inner.state];
        this.#session.set(state);
        return emit.session.call(state);
      }
      case native.Event_Tags.Connected:
        this.#connection.set('connected');
        return emit.connected.call(undefined);
      case native.Event_Tags.Disconnected:
        this.#connection.set('disconnected');
        return emit.disconnected.call({ closeCode: event.inner.closeCode, code: event.inner.code });
      case native.Event_Tags.PresenceChanged:
        return emit.presence.call(plain(event.inner.presence));
      case native.Event_Tags.FeedChanged:
        this.#readFeed();
        return emit.feed.call(this.#feed.get());
      case native.Event_Tags.CallChanged:
        this.#readCall();
        return emit.call.call(plain(event.inner.call));
      case native.Event_Tags.CallRings:
        this.#readCall();
        return emit.ring.call(plain(event.inner));
      case native.Event_Tags.WalletChanged:
        return emit.wallet.call(plain(event.inner));
      case native.Event_Tags.VerificationReviewed:
        return emit.review.call(plain(event.inner));
      case native.Event_Tags.Resync:
        return emit.resync.call(undefined);
    }
  }
}

/** A name for one action of the user, to be kept before the action and sent with it again after a restart. */
export function newIdempotencyKey(): string {
  return native.newIdempotencyKey();
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** A line of the SDK's log; none has a token, a code or a whole phone number. */
export type LogRecord = { level: LogLevel; target: string; message: string };

const LOG_LEVELS: Record<LogLevel, native.LogLevel> = {
  error: native.LogLevel.Error,
  warn: native.LogLevel.Warn,
  info: native.LogLevel.Info,
  debug: native.LogLevel.Debug,
  trace: native.LogLevel.Trace,
};

/** From now on what the SDK logs of this level and worse goes to `sink`, in place of the one of before. */
export function initLogging(level: LogLevel, sink: (record: LogRecord) => void): void {
  const levels = Object.keys(LOG_LEVELS) as LogLevel[];
  const log = ({ level, target, message }: native.LogRecord) => {
    sink({ level: levels.find((name) => LOG_LEVELS[name] === level) ?? 'trace', target, message });
  };
  now(() => native.initLogging(LOG_LEVELS[level], { log }));
}

function toAudio(audio: Audio): native.Audio {
  return 'path' in audio ? native.Audio.File.new(audio) : native.Audio.Bytes.new(audio);
}

function toIds(userIds: readonly number[]): bigint[] {
  return userIds.map((id) => toBigInt(id, 'userIds'));
}

function page(options: PageOptions | undefined): [page: number, perPage: number] {
  return [toU32(options?.page ?? 1, 'page'), toU32(options?.perPage ?? 20, 'perPage')];
}

function now<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toSaathiiError(error);
  }
}

async function call<T>(
  work: (options?: { signal: AbortSignal }) => Promise<T>,
  options: CallOptions | undefined,
): Promise<T> {
  try {
    return await work(options?.signal && { signal: options.signal });
  } catch (error) {
    throw toSaathiiError(error);
  }
}

/** What a store throws reaches Rust as the one error that it knows. */
function storing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw native.TokenStoreError.Failed.new({ detail });
  }
}
