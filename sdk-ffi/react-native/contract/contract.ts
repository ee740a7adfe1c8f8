// What the client promises, step by step, against a real server: the same file in Node and in Hermes.
//
// The harness (package `tests`, program `story`) drives the server, the network between and everybody else.
import {
  CallType,
  EndCause,
  memoryTokenStore,
  newIdempotencyKey,
  Role,
  Saathii,
  type SaathiiError,
  Sex,
  Side,
  type TokenStore,
} from '../src/core';
import { Ear, expect, expectEqual, failure, until } from './expect';
import { ask } from './host';

interface Person {
  client: Saathii;
  ear: Ear;
  phone: string;
  id: number;
  secret(): string | undefined;
}

let baseUrl: string;

function open(tokenStore: TokenStore = memoryTokenStore()): { client: Saathii; ear: Ear } {
  const client = new Saathii({ baseUrl, tokenStore });
  return { client, ear: new Ear(client) };
}

/** A store like a keychain: what it has can be looked at. */
function keychain(): TokenStore & { secret: string | undefined } {
  return {
    secret: undefined,
    load() {
      return this.secret;
    },
    save(secret) {
      this.secret = secret;
    },
    clear() {
      this.secret = undefined;
    },
  };
}

async function signIn(client: Saathii, phone: string, username: string, role: Role): Promise<void> {
  const otp = await client.requestOtp(phone);
  const verified = await otp.verify(ask<string>('code', { phone }));
  if (verified.tag === 'NeedsRegistration') {
    await verified.registration.register({ username, sex: Sex.Female, role, dob: '2000-01-31', interests: ['music'] });
  }
}

async function somebody(username: string, role: Role): Promise<Person> {
  const store = keychain();
  const { client, ear } = open(store);
  const phone = ask<string>('phone');
  await signIn(client, phone, username, role);
  return { client, ear, phone, id: (await client.me()).userId, secret: () => store.secret };
}

/** Somebody whom the harness drives: a verified listener, online and free. */
function listener(username: string): number {
  const { user_id } = ask<{ user_id: number }>('other', { username, role: 'listener' });
  setStatus(user_id, true, false);
  return user_id;
}

function setStatus(user_id: number, is_online: boolean, is_busy: boolean): void {
  ask('set_status', { user_id, is_online, is_busy });
}

async function connect({ client, ear }: Person): Promise<void> {
  ear.forget();
  client.connect();
  await ear.next('connected');
  await ear.next('resync');
}

const refreshes = () => ask<number>('requests', { path: '/auth/refresh' });
const heartbeats = () => ask<number>('requests', { path: '/users/me/heartbeat' });

type Step = [name: string, work: () => Promise<void>];

function steps(): Step[] {
  let asha: Person;
  let jane: number;

  return [
    [
      'a server that is away is an error that may pass',
      async () => {
        const phone = ask<string>('phone');
        ask('stop_server');
        const { client } = open();
        const error = await failure(client.requestOtp(phone), 'network');
        expect(error.isTransient, 'a transient error');
        ask('start_server');
        client.close();
      },
    ],
    [
      'a new phone proves itself and registers',
      async () => {
        const store = keychain();
        const { client, ear } = open(store);
        const phone = ask<string>('phone');
        await failure(client.me(), 'signed_out');
        await ear.next('session', (state) => state === 'signedOut');
        const otp = await client.requestOtp(phone);
        const code = ask<string>('code', { phone });
        const wrong = code === '000000' ? '000001' : '000000';
        await failure(otp.verify(wrong), 'invalid_otp');
        const verified = await otp.verify(code);
        expect(verified.tag === 'NeedsRegistration', 'a registration');
        ask('other', { username: 'taken', role: 'user' });
        const { registration } = verified;
        await failure(registration.register({ username: 'taken', sex: Sex.Female }), 'username_taken');
        await failure(registration.register({ username: 'asha', sex: Sex.Female, dob: '31.1.2000' }), 'configuration');
        await registration.register({ username: 'asha', sex: Sex.Female, dob: '2000-01-31' });
        await failure(registration.register({ username: 'asha', sex: Sex.Female }), 'step_used');
        await ear.next('session', (state) => state === 'signedIn');
        expectEqual(client.session.get(), 'signedIn', 'the session');
        expect(store.secret !== undefined, 'a login in the store');
        const me = await client.me();
        expectEqual(me.phone, phone, 'the phone');
        expectEqual(me.dob, '2000-01-31', 'the date of birth');
        asha = { client, ear, phone, id: me.userId, secret: () => store.secret };
      },
    ],
    [
      'a profile is changed field by field',
      async () => {
        const { client } = asha;
        const changed = await client.updateProfile({ bio: 'नमस्ते 👋', interests: ['films'] });
        expectEqual(changed.bio, 'नमस्ते 👋', 'the text');
        const cleared = await client.updateProfile({ bio: null });
        expectEqual(cleared.bio, undefined, 'the cleared text');
        expectEqual(cleared.interests.join(), 'films', 'what was left alone');
      },
    ],
    [
      'the feed lives',
      async () => {
        const { client } = asha;
        jane = listener('jane');
        client.openFeed({}, 20);
        const shown = () => client.feed.get()?.listeners.find(({ userId }) => userId === jane);
        await until('a live feed with jane', () => client.feed.get()?.isLive === true && shown()?.isAvailable === true);
        setStatus(jane, true, true);
        await until('jane to be busy', () => shown()?.isBusy === true);
        setStatus(jane, true, false);
        await until('jane to be free', () => shown()?.isAvailable === true);
        await client.refreshFeed();
        const page = await client.listeners({ availableOnly: true });
        expect(page.listeners.some(({ userId }) => userId === jane), 'jane on the page');
        expectEqual(page.totalCount, client.feed.get()?.availableCount ?? -1, 'the count');
      },
    ],
    [
      'presence is told',
      async () => {
        await connect(asha);
        expectEqual(asha.client.connection.get(), 'connected', 'the connection');
        setStatus(jane, true, true);
        const busy = await asha.ear.next('presence', ({ userId, isBusy }) => userId === jane && isBusy);
        expect(busy.lastSeen instanceof Date && busy.username === 'jane', 'all of her presence');
        setStatus(jane, true, false);
        await asha.ear.next('presence', ({ userId, isAvailable }) => userId === jane && isAvailable);
        const [read] = await asha.client.presenceOfMany([jane, 4_000_000_000]);
        expect(read?.userId === jane && read.isAvailable, 'the same over HTTP');
      },
    ],
    [
      'too few coins are told with what is missing',
      async () => {
        const error: SaathiiError = await failure(asha.client.startCall(jane, CallType.Audio), 'insufficient_coins');
        const balance = ask<number>('balance', { user_id: asha.id });
        expectEqual(error.missingCoins, 10 - balance, 'the missing coins');
        expect(!error.isTransient && error.status === 400, 'nothing that passes by itself');
      },
    ],
    [
      'a call goes to zero coins and ends',
      async () => {
        const { client, ear } = asha;
        ask('fund', { user_id: asha.id, coins: 20 - ask<number>('balance', { user_id: asha.id }) });
        const call = await client.startCall(jane, CallType.Audio);
        expect(call.side === Side.Caller && call.other === jane, 'the call to jane');
        expect(call.state.tag === 'Ongoing' && call.state.remainingCoins === 10, 'ten coins after the first minute');
        ask('talk', { seconds: 61 });
        await ear.next('call', ({ state }) => state.tag === 'Ongoing' && state.minutes === 2 && state.lowBalance);
        ask('talk', { seconds: 61 });
        const { state } = await ear.next('call', (call) => call.state.tag === 'Ended');
        expect(state.tag === 'Ended' && state.endCause === EndCause.NoCoins, 'an end for want of coins');
        expectEqual(state.coinsSpent, 20, 'the coins spent');
        expectEqual((await client.coins()).currentBalance, 0, 'the coins that are left');
        expectEqual(ask<number>('balance', { user_id: asha.id }), 0, 'the same in the database');
        expectEqual(ask<number>('calls_of', { user_id: asha.id }), 1, 'the calls');
        expectEqual((await client.rateCall(call.callId, 5)).rating, 5, 'the rating');
        client.leaveCall();
        expectEqual(client.call.get(), undefined, 'the call that is followed');
      },
    ],
    [
      'coins that are bought in a call let it go on',
      async () => {
        const { client, ear } = asha;
        ask('fund', { user_id: asha.id, coins: 10 });
        const { state } = await client.startCall(jane, CallType.Audio);
        expect(state.tag === 'Ongoing' && state.remainingCoins === 0 && state.lowBalance, 'a call with nothing left');
        const recharge = await client.recharge(150, { paymentMethod: 'upi', idempotencyKey: newIdempotencyKey() });
        expect(recharge.order === undefined && recharge.newBalance === 300, 'coins at once');
        await ear.next('wallet', ({ balanceCoins }) => balanceCoins === 300);
        const current = () => client.call.get()?.state;
        const isOngoing = (minutes: number, coins: number) => () => {
          const now = current();
          return now?.tag === 'Ongoing' && now.minutes === minutes && now.remainingCoins === coins && !now.lowBalance;
        };
        await until('the coins in the call', isOngoing(1, 300));
        ask('talk', { seconds: 61 });
        await until('the second minute', isOngoing(2, 290));
        expectEqual((await client.endCall()).coinsSpent, 20, 'the coins spent');
        await ear.next('call', (call) => call.state.tag === 'Ended' && call.state.endCause === EndCause.Hangup);
        expectEqual(ask<number>('balance', { user_id: asha.id }), 290, 'the coins in the database');
        client.leaveCall();
      },
    ],
    [
      'favorites and blocks are kept',
      async () => {
        const { client } = asha;
        expect((await client.addFavorite(jane)).isFavorited, 'jane among the favorites');
        expect((await client.favorites()).favorites.some(({ listener }) => listener.userId === jane), 'jane in the list');
        await client.removeFavorite(jane);
        expect(!(await client.isFavorite(jane)), 'jane no longer');
        const { user_id: mallory } = ask<{ user_id: number }>('other', { username: 'mallory', role: 'user' });
        await client.block(mallory, { reason: 'rude' });
        expect(await client.isBlocked(mallory), 'mallory blocked');
        await client.unblock(mallory);
        expectEqual((await client.blocked()).totalCount, 0, 'the blocked');
      },
    ],
    [
      'a call rings, is followed and hung up',
      async () => {
        const mira = await somebody('mira', Role.Listener);
        ask('verify_listener', { user_id: mira.id });
        await mira.client.updateStatus({ isOnline: true, isBusy: false });
        const { user_id: john } = ask<{ user_id: number }>('other', { username: 'john', role: 'user' });
        ask('fund', { user_id: john, coins: 30 });
        mira.client.openLine();
        await connect(mira);
        const { call_id } = ask<{ call_id: number }>('call', { from: john, to: mira.id });
        const { call, callerUsername } = await mira.ear.next('ring');
        expect(call.callId === call_id && call.side === Side.Listener && callerUsername === 'john', "john's call");
        const ended = await mira.client.endCall();
        expectEqual(ended.callId, call_id, 'the call that ended');
        await mira.ear.next('call', ({ state }) => state.tag === 'Ended');
        await mira.client.logout();
        await mira.ear.next('signedOut', (by) => by === 'byUser');
        await until('the end of the session', () => mira.client.session.get() === 'signedOut');
        expectEqual(mira.secret(), undefined, 'the store after signing out');
        mira.client.close();
        await failure(mira.client.me(), 'closed');
      },
    ],
    [
      'a token that died is renewed once for many calls',
      async () => {
        const before = refreshes();
        ask('kill_tokens', { user_id: asha.id });
        const answers = await Promise.all([1, 2, 3, 4, 5].map(() => asha.client.me()));
        expect(answers.every(({ userId }) => userId === asha.id), 'five answers');
        expectEqual(refreshes(), before + 1, 'the refreshes');
      },
    ],
    [
      'an answer to a refresh that is lost costs no login',
      async () => {
        const before = refreshes();
        ask('lose_answers', { path: '/auth/refresh', count: 1 });
        ask('kill_tokens', { user_id: asha.id });
        await until('asha to be let in again', () =>
          asha.client.me().then(
            () => true,
            (error: SaathiiError) => {
              expect(error.isTransient, 'a failure that passes');
              return false;
            },
          ),
        );
        expect(refreshes() >= before + 2, 'a second refresh');
        expectEqual(asha.client.session.get(), 'signedIn', 'the session');
      },
    ],
    [
      'two clients live on one login',
      async () => {
        const twin = open(memoryTokenStore(asha.secret()));
        ask('kill_tokens', { user_id: asha.id });
        const both = await Promise.all([asha.client.me(), twin.client.me()]);
        expect(both.every(({ userId }) => userId === asha.id), 'the same person twice');
        expectEqual(asha.client.session.get(), 'signedIn', 'the session');
        expectEqual(twin.client.session.get(), 'signedIn', "the twin's session");
        twin.client.close();
      },
    ],
    [
      'sockets outlive their server',
      async () => {
        const { client, ear } = asha;
        await until('the connection', () => client.connection.get() === 'connected');
        ear.forget();
        ask('stop_server');
        await ear.next('disconnected');
        ask('start_server');
        await ear.next('connected');
        setStatus(jane, true, true);
        await ear.next('presence', ({ userId, isBusy }) => userId === jane && isBusy);
        await until('the feed to live again', () => client.feed.get()?.isLive === true);
        await until('jane to be busy on it', () =>
          client.feed.get()?.listeners.some(({ userId, isBusy }) => userId === jane && isBusy) === true,
        );
      },
    ],
    [
      'what happens while a socket is away is told afterwards',
      async () => {
        const { client, ear } = asha;
        await until('the connection', () => client.connection.get() === 'connected');
        ear.forget();
        ask('cut_sockets');
        setStatus(jane, true, false);
        client.networkChanged();
        let isTold = false;
        client.on('presence', ({ userId, isAvailable }) => void (isTold ||= userId === jane && isAvailable));
        await ear.next('connected');
        await until('the change, or that it was missed', async () => isTold || ear.heard.some(({ name }) => name === 'resync'));
        expect((await client.presenceOf(jane)).isAvailable, 'jane to be free');
      },
    ],
    [
      'a call is cancelled by its signal',
      async () => {
        const early = new AbortController();
        early.abort();
        await failure(asha.client.me({ signal: early.signal }), 'cancelled');
        ask('stop_server');
        const controller = new AbortController();
        const waiting = failure(asha.client.me({ signal: controller.signal }), 'cancelled');
        setTimeout(() => controller.abort());
        expect((await waiting).isCancelled, 'a cancelled call');
        ask('start_server');
        await until('an answer', () => asha.client.me().then(() => true, () => false));
      },
    ],
    [
      'the heartbeat follows the app to the foreground',
      async () => {
        for (let round = 0; round < 2; round += 1) {
          asha.client.setForeground(false);
          const before = heartbeats();
          asha.client.setForeground(true);
          await until('a heartbeat at once', () => heartbeats() > before);
        }
        await until('asha to be online', async () => (await asha.client.myStatus()).isOnline);
      },
    ],
    [
      'a burst onto a busy thread ends in a resync and stays small',
      async () => {
        const { client, ear } = asha;
        await until('the connection', () => client.connection.get() === 'connected');
        ear.forget();
        const before = host.usedBytes();
        let [told, resyncs] = [0, 0];
        let isFree = false;
        client.on('presence', (presence) => {
          told += 1;
          if (presence.userId === jane) isFree = presence.isAvailable;
        });
        client.on('resync', () => void (resyncs += 1));
        // This thread hears nothing until the harness has made all changes.
        ask('burst', { user_id: jane, count: 2000 });
        await until('a resync', () => resyncs > 0);
        await until('the last state', () => isFree);
        expect(told < 1000, `fewer events than changes, not ${told}`);
        ear.forget();
        expect(host.usedBytes() - before < 16 * 1024 * 1024, 'no growth');
      },
    ],
    [
      'a store that fails is an error and nothing else',
      async () => {
        const secret = asha.secret();
        const locked = () => {
          throw new Error('the keychain is locked');
        };
        const { client } = open({ load: locked, save: locked, clear: locked });
        const error = await failure(client.me(), 'storage');
        expect(error.message.includes('the keychain is locked'), `its own words, not “${error.message}”`);
        client.close();

        let isLocked = true;
        const store = memoryTokenStore(secret);
        const { client: later } = open({ ...store, load: () => (isLocked ? locked() : store.load()) });
        await failure(later.me(), 'storage');
        isLocked = false;
        expectEqual((await later.me()).userId, asha.id, 'who is signed in once it opens');
        later.close();
      },
    ],
    [
      'wrong arguments are told by name',
      async () => {
        await failure(asha.client.presenceOf(1.5), 'configuration');
        await failure(asha.client.listeners({}, { page: -1 }), 'configuration');
        await failure(asha.client.endCall(), 'no_call');
        asha.client.closeFeed();
        await failure(asha.client.refreshFeed(), 'feed_closed');
      },
    ],
    [
      'a login that the server ended is told, and signed in again',
      async () => {
        const { client, ear, phone } = asha;
        ear.forget();
        ask('end_login', { phone });
        await until('the end', () => client.me().then(() => false, ({ code }: SaathiiError) => code === 'signed_out'));
        await ear.next('signedOut', (by) => by === 'byServer');
        await until('the end of the session', () => client.session.get() === 'ended');
        expectEqual(asha.secret(), undefined, 'the store');
        await signIn(client, phone, 'asha', Role.User);
        await ear.next('session', (state) => state === 'signedIn');
        await connect(asha);
        setStatus(jane, true, true);
        await ear.next('presence', ({ userId, isBusy }) => userId === jane && isBusy);
        client.close();
      },
    ],
  ];
}

/** In the first of two runtimes: leaves everything open and in flight. */
async function leaveInTheMiddle(): Promise<void> {
  const store: TokenStore = { load: () => host.kept() || undefined, save: host.keep, clear: () => host.keep('') };
  const { client, ear } = open(store);
  await signIn(client, ask<string>('phone'), 'rani', Role.User);
  const sita = listener('sita');
  client.openFeed();
  client.openLine();
  client.connect();
  await ear.next('connected');
  ask('burst', { user_id: sita, count: 500 });
  ask('kill_tokens', { user_id: (await client.me()).userId });
  void client.me();
}

/** In the second: the login is there, and nothing of before disturbs. */
async function goOn(): Promise<void> {
  const { client, ear } = open({ load: () => host.kept() || undefined, save: host.keep, clear: () => host.keep('') });
  expect(await client.isSignedIn(), 'the login of before the reload');
  expectEqual((await client.me()).username, 'rani', 'who is signed in');
  client.connect();
  await ear.next('connected');
  const geeta = listener('geeta');
  setStatus(geeta, true, true);
  await ear.next('presence', ({ userId, isBusy }) => userId === geeta && isBusy);
  client.close();
}

export async function runContract(): Promise<void> {
  try {
    baseUrl = ask<{ base_url: string }>('server').base_url;
    if (host.reload && host.generation === 1) {
      await leaveInTheMiddle();
      return host.reload();
    }
    const all: Step[] = steps();
    if (host.reload) all.unshift(['a reload of JavaScript keeps the login', goOn]);
    const passed: string[] = [];
    for (const [name, work] of all) {
      host.log(`… ${name}`);
      try {
        await work();
      } catch (error) {
        host.log(`failed: ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        return host.exit(1);
      }
      passed.push(name);
    }
    // The one line that nobody answers.
    host.log(`@${JSON.stringify({ ask: 'done', passed })}`);
    host.exit(0);
  } catch (error) {
    host.log(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    host.exit(1);
  }
}
