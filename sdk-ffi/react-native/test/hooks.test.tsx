import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { StrictMode, act } from 'react';
import { type ReactTestRenderer, create } from 'react-test-renderer';

import {
  type CallControls,
  type Feed,
  type FeedFilter,
  type PresenceOfMany,
  Saathii,
  SaathiiProvider,
  type Session,
  useCall,
  useConnection,
  useFeed,
  usePresence,
  useSession,
  useWallet,
  type Wallet,
} from '../src/index';
import { FeedViews } from '../src/react/feed-views';
import * as native from './fake-bindings';
import { appStateListeners, changeAppState } from './fake-react-native';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

/** A component that shows nothing and keeps what its hook gave. */
function Probe<T>({ use, seen }: { use: () => T; seen: T[] }) {
  seen.push(use());
  return null;
}

let mounted: ReactTestRenderer | undefined;
afterEach(() => act(() => mounted?.unmount()));

const tick = () => act(() => new Promise<void>((resolve) => setTimeout(resolve, 5)));

async function mount<T>(use: () => T, { signedIn = true } = {}) {
  const client = new Saathii({ baseUrl: 'http://localhost:8000' });
  const fake = native.SaathiiClient.last;
  const seen: T[] = [];
  const render = (hook: () => T) => (
    <StrictMode>
      <SaathiiProvider client={client}>
        <Probe use={hook} seen={seen} />
      </SaathiiProvider>
    </StrictMode>
  );
  let renderer: ReactTestRenderer | undefined;
  await act(async () => {
    renderer = create(render(use));
  });
  mounted = renderer;
  if (signedIn) await act(async () => fake.signIn());
  return {
    client,
    fake,
    seen,
    now: () => seen.at(-1) as T,
    tell: (event: native.Event) => act(async () => fake.tell(event)),
    rerender: (hook: () => T) => act(async () => renderer?.update(render(hook))),
  };
}

const presence = (userId: bigint, isBusy = false): native.UserPresence => ({
  userId,
  username: `u${userId}`,
  isOnline: true,
  isBusy,
  isAvailable: !isBusy,
  lastSeen: new Date(0),
});

const change = (userId: bigint, isBusy: boolean) => native.Event.PresenceChanged.new({ presence: presence(userId, isBusy) });

const wallet = (balanceCoins: bigint): native.WalletBalance => ({
  userId: 7n,
  balanceCoins,
  withdrawableMoney: 0n,
  totalEarned: 0n,
  totalWithdrawn: 0n,
  pendingWithdrawals: 0n,
});

const call = (state: native.CallState): native.FollowedCall => ({
  callId: 3n,
  callType: native.CallType.Audio,
  side: native.Side.Caller,
  other: 8n,
  state,
});

const ongoing = (minutes: bigint, remainingCoins: bigint) =>
  native.CallState.Ongoing.new({ minutes, coinsSpent: minutes * 10n, remainingCoins, minutesLeft: 1n, lowBalance: false });

const ended = native.CallState.Ended.new({
  status: native.CallStatus.Dropped,
  endCause: native.EndCause.NoCoins,
  durationSeconds: 120n,
  minutes: 2n,
  coinsSpent: 20n,
  earned: 30n,
});

const listener = (userId: bigint): native.FeedListener => ({
  ...presence(userId),
  sex: native.Sex.Female,
  interests: [],
  rating: 4.8,
  roles: [native.Role.Listener],
});

const feed = (...ids: bigint[]): native.FeedState => ({
  listeners: ids.map(listener),
  totalCount: BigInt(ids.length),
  onlineCount: 1n,
  availableCount: 1n,
  hasMore: true,
  isLoaded: true,
  isLive: true,
});

test('a hook without a provider says so', async () => {
  const errors = console.error;
  console.error = () => undefined;
  try {
    await assert.rejects(async () => {
      await act(async () => void create(<Probe use={useSession} seen={[]} />));
    }, /SaathiiProvider/);
  } finally {
    console.error = errors;
  }
});

test('the provider gives the client its life', async () => {
  const { fake } = await mount(useConnection);
  assert.ok(fake.done.includes('connect'), 'connected once signed in');
  assert.ok(fake.waiting('isSignedIn') > 0, 'the login is read');
  fake.done.length = 0;
  for (const state of ['inactive', 'background', 'active']) changeAppState(state);
  assert.deepEqual(fake.done, ['foreground', 'background', 'foreground']);
  fake.done.length = 0;
  await act(async () => mounted?.unmount());
  assert.ok(fake.done.includes('disconnect'));
  assert.equal(appStateListeners.size, 0);
});

test('the session is followed, and a store that fails is told', async () => {
  const { fake, now, tell } = await mount<Session>(useSession, { signedIn: false });
  assert.deepEqual([now().state, now().isSignedIn], ['unknown', false]);
  const failed = new native.SaathiiError.Failed({ code: 'storage', detail: 'locked' });
  await act(async () => {
    while (fake.waiting('isSignedIn') > 0) fake.next('isSignedIn').fail(failed);
  });
  assert.equal(now().error?.code, 'storage');
  await act(async () => fake.signIn());
  assert.ok(now().isSignedIn);
  await tell(native.Event.SessionChanged.new({ state: native.SessionState.Ended }));
  assert.deepEqual([now().state, now().isSignedIn], ['ended', false]);
});

test('the connection is followed', async () => {
  const { now, tell } = await mount(useConnection);
  assert.equal(now(), 'disconnected');
  await tell(new native.Event.Connected());
  assert.equal(now(), 'connected');
});

test('the feed opens with the login, lives, and closes with the component', async () => {
  const { fake, now, tell, client } = await mount<Feed>(() => useFeed(), { signedIn: false });
  assert.ok(!fake.done.some((done) => done.startsWith('openFeed')), 'nobody is signed in');
  await act(async () => fake.signIn());
  assert.equal(fake.done.filter((done) => done.startsWith('openFeed')).at(-1), 'openFeed all 20');
  assert.equal(now().isLoaded, false);
  fake.state = feed(1n, 2n);
  await tell(new native.Event.FeedChanged());
  assert.deepEqual(now().listeners.map(({ userId }) => userId), [1, 2]);
  assert.deepEqual([now().totalCount, now().isLive, now().isLoaded], [2, true, true]);
  now().setVisible([1, 2]);
  assert.equal(fake.done.at(-1), 'visible 1,2');

  await tell(native.Event.SessionChanged.new({ state: native.SessionState.Ended }));
  assert.deepEqual(now().listeners, [], 'nothing of the one who has gone');
  await act(async () => fake.signIn());
  assert.equal(fake.done.filter((done) => done.endsWith('Feed') || done.startsWith('openFeed')).at(-1), 'openFeed all 20');
  await act(async () => mounted?.unmount());
  assert.equal(client.feed.get(), undefined);
  assert.ok(fake.done.includes('closeFeed'));
});

test('refreshing and the next page show that they work, and why they failed', async () => {
  const { fake, now, tell } = await mount<Feed>(() => useFeed());
  fake.state = feed(1n);
  await tell(new native.Event.FeedChanged());
  let done: Promise<void> | undefined;
  await act(async () => {
    done = now().refresh();
  });
  assert.ok(now().isRefreshing);
  await act(async () => {
    fake.next('refreshFeed').fail(new native.SaathiiError.Unreachable({ code: 'network', detail: 'away' }));
    await done;
  });
  assert.deepEqual([now().isRefreshing, now().error?.code], [false, 'network']);
  await act(async () => {
    void now().loadMore();
  });
  await act(async () => {
    void now().loadMore();
  });
  assert.equal(fake.waiting('loadMoreFeed'), 1, 'one page at a time');
  await act(async () => fake.next('loadMoreFeed').answer(undefined));
  assert.deepEqual([now().isLoadingMore, now().error], [false, undefined]);
});

test('another filter opens another feed, the same one written anew does not', async () => {
  const use = (filter: FeedFilter) => () => useFeed(filter);
  const { fake, rerender } = await mount<Feed>(use({ availableOnly: true }));
  fake.done.length = 0;
  await rerender(use({ availableOnly: true }));
  assert.deepEqual(fake.done, []);
  await rerender(use({ availableOnly: false }));
  assert.equal(fake.done.at(-1), 'openFeed all 20');
});

test('of two feeds the newest lives, and the older one after it', () => {
  const client = new Saathii({ baseUrl: 'http://localhost:8000' });
  const fake = native.SaathiiClient.last;
  const feeds = new FeedViews(client);
  fake.signIn();
  const [below, above] = [feeds.create({}, 20), feeds.create({ availableOnly: true }, 10)];
  const hideBelow = feeds.show(below);
  fake.state = feed(1n);
  fake.tell(new native.Event.FeedChanged());
  const hideAbove = feeds.show(above);
  assert.equal(fake.done.at(-1), 'openFeed available 10');
  fake.state = feed(2n);
  fake.tell(new native.Event.FeedChanged());
  const shown = () => [below, above].map((view) => [view.get().listeners.map(({ userId }) => userId).join(), view.get().isLive]);
  assert.deepEqual(shown(), [['1', false], ['2', true]]);
  below.setVisible([1]);
  assert.equal(fake.done.at(-1), 'openFeed available 10', 'who is below says nothing');
  hideAbove();
  assert.equal(fake.done.at(-1), 'openFeed all 20');
  fake.state = feed(3n);
  fake.tell(new native.Event.FeedChanged());
  assert.deepEqual(shown()[0], ['3', true]);
  hideBelow();
  assert.equal(fake.done.at(-1), 'closeFeed');
});

test('presence is read, kept by events, and read again after a gap', async () => {
  const { fake, now, tell } = await mount<PresenceOfMany>(() => usePresence([8, 9, 8]));
  assert.ok(now().isLoading);
  const asked = fake.next('presenceOfMany');
  assert.deepEqual(asked.words[0], [8n, 9n]);
  await act(async () => asked.answer([presence(8n), presence(9n)]));
  assert.deepEqual([...now().presences.keys()], [8, 9]);
  await tell(change(8n, true));
  await tell(change(100n, true));
  await tick();
  assert.deepEqual([now().presences.get(8)?.isBusy, now().presences.has(100)], [true, false]);
  await tell(new native.Event.Resync());
  await act(async () => fake.next('presenceOfMany').answer([presence(8n)]));
  assert.deepEqual([now().presences.get(8)?.isBusy, now().presences.has(9)], [false, false]);
});

test('a change that overtakes an answer is not undone by it', async () => {
  const { fake, now, tell } = await mount<PresenceOfMany>(() => usePresence([8]));
  await tell(change(8n, true));
  await tick();
  await act(async () => fake.next('presenceOfMany').answer([presence(8n, false)]));
  assert.ok(now().isLoading, 'it is read once more');
  await act(async () => fake.next('presenceOfMany').answer([presence(8n, true)]));
  assert.deepEqual([now().presences.get(8)?.isBusy, now().isLoading], [true, false]);
});

test('a burst is a handful of renders', async () => {
  const { fake, now, seen } = await mount<PresenceOfMany>(() => usePresence([8]));
  await act(async () => fake.next('presenceOfMany').answer([presence(8n)]));
  const before = seen.length;
  await act(async () => {
    for (let n = 0; n < 500; n += 1) fake.tell(change(8n, n % 2 === 0));
  });
  await tick();
  assert.equal(now().presences.get(8)?.isBusy, false);
  assert.ok(seen.length - before < 10, `${seen.length - before} renders`);
});

test('the wallet follows purchases and minutes, and keeps what it has where a reading fails', async () => {
  const { fake, now, tell } = await mount<Wallet>(useWallet);
  await act(async () => fake.next('walletBalance').answer(wallet(100n)));
  assert.equal(now().balance?.balanceCoins, 100);
  await tell(native.Event.WalletChanged.new({ balanceCoins: 400n, withdrawableMoney: 5n, pendingWithdrawals: 0n }));
  assert.deepEqual([now().balance?.balanceCoins, now().balance?.withdrawableMoney], [400, 5]);
  await tell(native.Event.CallChanged.new({ call: call(ongoing(2n, 380n)) }));
  assert.equal(now().balance?.balanceCoins, 380);
  let bought: Promise<unknown> | undefined;
  const buy = async (newBalance: bigint, order?: native.PaymentOrder) => {
    await act(async () => {
      bought = now().recharge(150, { paymentMethod: 'upi' });
    });
    const asked = fake.next('recharge');
    assert.deepEqual(asked.words.slice(0, 2), [150n, 'upi']);
    await act(async () => {
      asked.answer({ transactionId: 't', amountRupees: 150n, coinsAdded: 300n, newBalance, message: '', order });
      await bought;
    });
  };
  await buy(0n, { provider: 'razorpay', orderId: 'o', keyId: 'k', amountPaise: 15000n, currency: 'INR' });
  assert.equal(now().balance?.balanceCoins, 380, 'an order is no purchase');
  await buy(680n);
  assert.equal(now().balance?.balanceCoins, 680);
  await tell(native.Event.CallChanged.new({ call: call(ongoing(3n, 380n)) }));
  await tell(native.Event.CallChanged.new({ call: call(ended) }));
  await act(async () => fake.next('walletBalance').fail(new native.SaathiiError.Unreachable({ code: 'timeout', detail: 'late' })));
  assert.deepEqual([now().balance?.balanceCoins, now().error?.code, now().isLoading], [380, 'timeout', false]);
  let failed: Promise<void> | undefined;
  await act(async () => {
    failed = assert.rejects(now().refresh(), { code: 'signed_out' });
  });
  await act(async () => {
    fake.next('walletBalance').fail(new native.SaathiiError.SignedOut({ code: 'signed_out', detail: 'nobody' }));
    await failed;
  });
  await tell(native.Event.SessionChanged.new({ state: native.SessionState.SignedOut }));
  assert.equal(now().balance, undefined, 'nothing of the one who has gone');
});

test('a call is started, followed, ended and rated', async () => {
  const { fake, now, tell } = await mount<CallControls>(() => useCall());
  assert.ok(fake.waiting('resumeCall') > 0, 'a call of before the start is looked for');
  let started: Promise<unknown> | undefined;
  await act(async () => {
    started = now().start(8, native.CallType.Audio);
  });
  const asked = fake.next('startCall');
  assert.deepEqual(asked.words.slice(0, 2), [8n, native.CallType.Audio]);
  fake.call = call(ongoing(1n, 40n));
  await act(async () => {
    asked.answer(fake.call);
    await started;
  });
  assert.equal(now().call?.state.tag, 'Ongoing');
  fake.call = call(ended);
  await tell(native.Event.CallChanged.new({ call: fake.call }));
  const state = now().call?.state;
  assert.ok(state?.tag === 'Ended' && state.endCause === native.EndCause.NoCoins);
  void now().rate(5);
  assert.deepEqual(fake.next('rateCall').words.slice(0, 2), [3n, 5]);
  await act(async () => now().leave());
  assert.equal(now().call, undefined);
});

test('a line is open while the component is there, and rings until it is answered', async () => {
  const { fake, now, tell } = await mount<CallControls>(() => useCall({ incoming: true }));
  assert.equal(fake.done.filter((done) => done.endsWith('Line')).at(-1), 'openLine');
  fake.call = { ...call(ongoing(1n, 0n)), side: native.Side.Listener };
  await tell(native.Event.CallRings.new({ call: fake.call, callerUsername: 'john' }));
  assert.deepEqual([now().ringing, now().call?.callId], [{ callerUsername: 'john' }, 3]);
  await act(async () => now().answer());
  assert.equal(now().ringing, undefined);
  await tell(native.Event.CallRings.new({ call: fake.call, callerUsername: 'john' }));
  await tell(native.Event.CallChanged.new({ call: call(ended) }));
  assert.equal(now().ringing, undefined, 'who hung up rings no longer');
  await act(async () => mounted?.unmount());
  assert.equal(fake.done.filter((done) => done.endsWith('Line')).at(-1), 'closeLine');
});
