import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as SecureStore from './secure-store';
import { followNetwork, memoryTokenStore, Saathii, SaathiiError, secureTokenStore } from '../src/core';
import { plain } from '../src/plain';
import * as native from './fake-bindings';

function open(tokenStore = memoryTokenStore()) {
  const client = new Saathii({ baseUrl: 'http://localhost:8000', tokenStore });
  return { client, fake: native.SaathiiClient.last };
}

const presence = (userId: bigint, isBusy = false): native.UserPresence => ({
  userId,
  username: `u${userId}`,
  isOnline: true,
  isBusy,
  isAvailable: !isBusy,
  lastSeen: new Date(0),
});

test('what comes from Rust is made plain, however deep', () => {
  const call = {
    callId: 3n,
    callType: native.CallType.Audio,
    state: native.CallState.Ongoing.new({ minutes: 2n, coinsSpent: 20n, lowBalance: true }),
    times: [new Date(5), undefined],
  };
  assert.deepEqual(plain(call), {
    callId: 3,
    callType: native.CallType.Audio,
    state: { tag: 'Ongoing', minutes: 2, coinsSpent: 20, lowBalance: true },
    times: [new Date(5), undefined],
  });
  assert.throws(() => plain({ userId: 2n ** 53n }), { name: 'SaathiiError', code: 'unexpected_answer' });
});

test('a number that is no id never reaches Rust', async () => {
  const { client, fake } = open();
  for (const wrong of [1.5, Number.NaN, 2 ** 53, Infinity]) {
    await assert.rejects(client.presenceOf(wrong), { code: 'configuration' });
  }
  await assert.rejects(client.rateCall(1, -1), { code: 'configuration' });
  assert.equal(fake.waiting('presenceOf'), 0);
  const answer = client.presenceOf(7);
  const asked = fake.next('presenceOf');
  assert.equal(asked.words[0], 7n);
  asked.answer(presence(7n));
  assert.equal((await answer).userId, 7);
});

test('every failure is a SaathiiError with all that the server said', async () => {
  const { client, fake } = open();
  const refused = client.me();
  fake.next('me').fail(
    new native.SaathiiError.Refused({
      code: 'insufficient_coins',
      detail: 'too few coins',
      status: 400,
      isTransient: false,
      required: 10n,
      available: 4n,
    }),
  );
  await assert.rejects(refused, (error: SaathiiError) => {
    assert.ok(error instanceof SaathiiError && error instanceof Error);
    assert.deepEqual([error.code, error.message, error.status, error.missingCoins], ['insufficient_coins', 'too few coins', 400, 6]);
    return true;
  });
  const limited = client.me();
  const inner = { code: 'rate_limited', detail: 'later', status: 429, isTransient: true, retryAfterSeconds: 30n };
  fake.next('me').fail(new native.SaathiiError.Refused(inner));
  await assert.rejects(limited, { code: 'rate_limited', isTransient: true, retryAfterSeconds: 30, missingCoins: undefined });
  const away = client.me();
  fake.next('me').fail(new native.SaathiiError.Unreachable({ code: 'network', detail: 'no server' }));
  await assert.rejects(away, { code: 'network', isTransient: true });
  const odd = client.me();
  fake.next('me').fail(new TypeError('a bug'));
  await assert.rejects(odd, { code: 'internal', isTransient: false, message: 'a bug' });
});

test('a signal cancels', async () => {
  const { client, fake } = open();
  const controller = new AbortController();
  const answer = client.me({ signal: controller.signal });
  assert.equal(fake.next('me').signal, controller.signal);
  controller.abort();
  await assert.rejects(answer, { code: 'cancelled', isCancelled: true });
});

test('a change clears by null and leaves by absence', () => {
  const { client, fake } = open();
  void client.updateProfile({ bio: null, username: 'asha', preferredLanguage: 'hi' });
  const changes = fake.next('updateProfile').words[0] as native.ProfileChanges;
  assert.equal(changes.bio?.tag, 'Clear');
  assert.equal(changes.preferredLanguage?.tag, 'Set');
  assert.equal(changes.profileImageUrl, undefined);
  assert.equal(changes.username, 'asha');
});

test('events have their name and their plain content, and live values follow', () => {
  const { client, fake } = open();
  const heard: unknown[] = [];
  const stop = client.on('presence', (event) => heard.push(event));
  client.on('session', (state) => heard.push(state));
  client.on('disconnected', (event) => heard.push(event));
  fake.tell(native.Event.PresenceChanged.new({ presence: presence(7n) }));
  fake.signIn();
  fake.tell(new native.Event.Connected());
  assert.equal(client.connection.get(), 'connected');
  fake.tell(native.Event.Disconnected.new({ closeCode: 1012, code: 'network' }));
  assert.equal(client.connection.get(), 'disconnected');
  stop();
  fake.tell(native.Event.PresenceChanged.new({ presence: presence(8n) }));
  assert.deepEqual(heard, [{ ...presence(7n), userId: 7 }, 'signedIn', { closeCode: 1012, code: 'network' }]);
  assert.equal(client.session.get(), 'signedIn');
});

test('a listener that throws is reported, and the others hear', (t) => {
  const { client, fake } = open();
  const heard: string[] = [];
  client.on('resync', () => {
    throw new Error('clumsy');
  });
  client.on('resync', () => heard.push('resync'));
  const timers = t.mock.method(globalThis, 'setTimeout', (() => 0) as unknown as typeof setTimeout);
  fake.tell(new native.Event.Resync());
  assert.deepEqual(heard, ['resync']);
  const [report] = timers.mock.calls[0]?.arguments ?? [];
  assert.throws(report as () => void, /clumsy/);
});

test('a closed client is destroyed, silent and says so', async () => {
  const { client, fake } = open();
  const heard: unknown[] = [];
  client.on('session', (state) => heard.push(state));
  client.close();
  client.close();
  assert.ok(fake.isDestroyed);
  fake.signIn();
  assert.deepEqual(heard, []);
  await assert.rejects(client.me(), { code: 'closed' });
  assert.throws(() => client.openFeed(), { code: 'closed' });
  client.disconnect();
  client.closeFeed();
});

test('what a store throws reaches Rust in its own words', () => {
  const locked = () => {
    throw new Error('locked');
  };
  const { fake } = open({ load: locked, save: locked, clear: locked });
  for (const work of [() => fake.store.load(), () => fake.store.save('x'), () => fake.store.clear()]) {
    assert.throws(work, (error) => native.TokenStoreError.Failed.hasInner(error) && error.inner.detail === 'locked');
  }
});

test('the secure store keeps one login, and none after it is cleared', () => {
  const store = secureTokenStore(SecureStore, { keychainAccessible: 1 });
  assert.equal(store.load(), undefined);
  store.save('secret');
  assert.equal(store.load(), 'secret');
  assert.deepEqual([...SecureStore.items], [['saathii.login', { value: 'secret', options: { keychainAccessible: 1 } }]]);
  store.clear();
  assert.equal(store.load(), undefined);
});

test('sockets look after themselves when the network changes, not when it is first told', () => {
  const { client, fake } = open();
  let tell: (state: { type: string; isConnected: boolean | null }) => void = () => undefined;
  let isStopped = false;
  const stop = followNetwork(client, {
    addEventListener(listener) {
      tell = listener;
      return () => {
        isStopped = true;
      };
    },
  });
  tell({ type: 'wifi', isConnected: true });
  tell({ type: 'wifi', isConnected: true });
  assert.deepEqual(fake.done, []);
  tell({ type: 'cellular', isConnected: true });
  assert.deepEqual(fake.done, ['networkChanged']);
  stop();
  assert.ok(isStopped);
});
