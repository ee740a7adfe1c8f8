"""The contract script in Python: the life of one app against a real server.

The harness starts it (`story python`) and does on request what no app can do: tell the code of an SMS, stop the server,
lose an answer.
"""

import asyncio
import json
import sys
import threading

from saathii import (
    CallState,
    CallType,
    ClientConfig,
    EndCause,
    Event,
    EventListener,
    FeedFilter,
    NewUser,
    ProfileChanges,
    Role,
    SaathiiClient,
    SaathiiError,
    SessionState,
    Sex,
    Side,
    SignOut,
    TextChange,
    TokenStore,
    TokenStoreError,
    Verified,
    new_idempotency_key,
)

# Longer than anything takes.
PATIENCE = 60


def ask(name, **details):
    """Has the harness do something; its answer."""
    print("@" + json.dumps({"ask": name, **details}), flush=True)
    answer = json.loads(sys.stdin.readline())
    assert "ok" in answer, f"{name}: {answer}"
    return answer["ok"]


def refreshes():
    return ask("requests", path="/auth/refresh")


def heartbeats():
    return ask("requests", path="/users/me/heartbeat")


async def until(is_so):
    """Waits until an ask or a call answers as wanted."""
    while not await is_so():
        await asyncio.sleep(0.02)


async def fails(call, kind, code):
    """The error of a call that must fail so."""
    try:
        await call
    except kind as error:
        assert error.code == code, error
        return error
    raise AssertionError(f"no {code}")


class Keychain(TokenStore):
    """Keeps the login in memory; `is_locked`: as a phone's keychain before the first unlock."""

    def __init__(self, secret=None):
        self.secret = secret
        self.is_locked = False

    def load(self):
        return self.secret

    def save(self, secret):
        if self.is_locked:
            raise TokenStoreError.Failed("locked")
        self.secret = secret

    def clear(self):
        self.secret = None


class BrokenStore(TokenStore):
    def __init__(self, error):
        self.error = error

    def load(self):
        raise self.error

    def save(self, secret):
        raise self.error

    def clear(self):
        raise self.error


class Ear(EventListener):
    """Brings events from the SDK's thread to the loop's."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.events = asyncio.Queue()
        self.sign_outs = asyncio.Queue()

    def on_event(self, event):
        self.loop.call_soon_threadsafe(self.events.put_nowait, event)

    def on_signed_out(self, by):
        self.loop.call_soon_threadsafe(self.sign_outs.put_nowait, by)

    async def hear(self, kind, is_wanted=lambda event: True):
        """The next such event; others are passed over."""
        while True:
            event = await self.events.get()
            if isinstance(event, kind) and is_wanted(event):
                return event


class BusyEar(Ear):
    """Hears nothing more from the first change of presence on, until it is released."""

    def __init__(self):
        super().__init__()
        self.is_holding = threading.Event()
        self.is_released = threading.Event()

    def on_event(self, event):
        super().on_event(event)
        if isinstance(event, Event.PRESENCE_CHANGED):
            self.is_holding.set()
            assert self.is_released.wait(PATIENCE)


class Story:
    def __init__(self):
        self.base_url = ask("server")["base_url"]
        self.phone = ask("phone")
        self.keychain = Keychain()
        self.ear = Ear()
        self.client = self.device(self.keychain, self.ear)

    def device(self, store, ear=None):
        return SaathiiClient(ClientConfig(base_url=self.base_url), store, ear)

    async def becomes(self, is_wanted):
        """Waits until the live feed is as wanted."""
        while not is_wanted(state := self.client.feed_state()):
            await self.ear.hear(Event.FEED_CHANGED)
        return state

    async def call_becomes(self, is_wanted, ear=None):
        """Waits until the call that is followed is as wanted."""
        changed = await (ear or self.ear).hear(Event.CALL_CHANGED, lambda event: is_wanted(event.call.state))
        return changed.call.state

    async def a_server_that_is_down_is_told(self):
        ask("stop_server")
        assert not await self.client.is_signed_in()
        await fails(self.client.request_otp(self.phone), SaathiiError.Unreachable, "network")
        ask("start_server")
        self.sent = await self.client.request_otp(self.phone)

    async def login(self):
        code = ask("code", phone=self.phone)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        await fails(self.sent.verify(wrong), SaathiiError.Refused, "invalid_otp")
        await fails(self.client.me(), SaathiiError.SignedOut, "signed_out")
        verified = await self.sent.verify(code)
        assert isinstance(verified, Verified.NEEDS_REGISTRATION), verified
        self.registration = verified.registration

    async def register(self):
        self.jane = ask("other", username="jane", role="listener")["user_id"]
        new_user = NewUser(username="jane", sex=Sex.FEMALE, dob="2000-01-31", role=Role.USER)
        await fails(self.registration.register(new_user), SaathiiError.Refused, "username_taken")
        new_user.username = "asha"
        await self.registration.register(new_user)
        await fails(self.registration.register(new_user), SaathiiError.Failed, "step_used")
        await self.ear.hear(Event.SESSION_CHANGED, lambda event: event.state == SessionState.SIGNED_IN)
        me = await self.client.me()
        assert (me.username, me.phone, me.dob) == ("asha", self.phone, "2000-01-31"), me
        self.asha = me.user_id
        assert self.keychain.secret
        changed = await self.client.update_profile(ProfileChanges(bio=TextChange.SET("hello"), interests=["music"]))
        assert (changed.bio, changed.interests) == ("hello", ["music"]), changed
        assert (await self.client.update_profile(ProfileChanges(bio=TextChange.CLEAR()))).bio is None

    async def feed(self):
        assert self.client.feed_state() is None
        await fails(self.client.refresh_feed(), SaathiiError.Failed, "feed_closed")
        self.client.open_feed(FeedFilter(), 20)
        await self.becomes(lambda state: state.is_live and (state.total_count, state.online_count) == (1, 0))
        ask("set_status", user_id=self.jane, is_online=True, is_busy=False)
        state = await self.becomes(lambda state: state.available_count == 1)
        assert [listener.username for listener in state.listeners] == ["jane"], state
        ask("set_status", user_id=self.jane, is_online=True, is_busy=True)
        state = await self.becomes(lambda state: state.available_count == 0)
        assert state.online_count == 1 and state.listeners[0].is_busy, state
        await self.client.refresh_feed()

    async def presence_events(self):
        self.client.connect()
        await self.ear.hear(Event.CONNECTED)
        ask("set_status", user_id=self.jane, is_online=True, is_busy=False)
        told = await self.ear.hear(Event.PRESENCE_CHANGED, lambda event: event.presence.user_id == self.jane)
        assert told.presence.is_available and told.presence.username == "jane", told

    async def call_to_zero_coins(self):
        poor = await fails(
            self.client.start_call(self.jane, CallType.AUDIO), SaathiiError.Refused, "insufficient_coins"
        )
        assert (poor.required, poor.available, poor.is_transient) == (10, 0, False), poor
        ask("fund", user_id=self.asha, coins=25)
        call = await self.client.start_call(self.jane, CallType.AUDIO)
        assert (call.side, call.other, call.state.remaining_coins) == (Side.CALLER, self.jane, 15), call
        ask("talk", seconds=61)
        state = await self.call_becomes(lambda state: state.minutes == 2)
        assert (state.remaining_coins, state.coins_spent, state.low_balance) == (5, 20, True), state
        ask("talk", seconds=60)
        state = await self.call_becomes(lambda state: isinstance(state, CallState.ENDED))
        assert (state.end_cause, state.minutes, state.coins_spent) == (EndCause.NO_COINS, 2, 20), state
        assert (ask("balance", user_id=self.asha), ask("calls_of", user_id=self.asha)) == (5, 1)
        assert (await self.client.coins()).current_balance == 5
        self.client.leave_call()
        assert self.client.current_call() is None

    async def a_call_is_started_once(self):
        ask("fund", user_id=self.asha, coins=20)
        ask("lose_answers", path="/calls/start", count=1)
        key = new_idempotency_key()
        call = await self.client.start_call(self.jane, CallType.AUDIO, key)
        again = await self.client.start_call(self.jane, CallType.AUDIO, key)
        assert again.call_id == call.call_id, again
        ended = await self.client.end_call()
        assert ended.coins_spent == 10, ended
        await self.call_becomes(lambda state: isinstance(state, CallState.ENDED))
        assert (ask("balance", user_id=self.asha), ask("calls_of", user_id=self.asha)) == (15, 2)
        assert await self.client.resume_call() is None
        self.client.leave_call()

    async def a_recharge_in_time_goes_on_with_the_call(self):
        await self.client.start_call(self.jane, CallType.AUDIO)
        await self.call_becomes(lambda state: state.low_balance and state.remaining_coins == 5)
        ask("lose_answers", path="/calls/recharge", count=1)
        recharge = await self.client.recharge(150, "upi")
        assert (recharge.coins_added, recharge.new_balance) == (300, 305), recharge
        told = await self.ear.hear(Event.WALLET_CHANGED)
        assert told.balance_coins == 305, told
        state = self.client.current_call().state
        assert (state.remaining_coins, state.low_balance) == (305, False), state
        ask("talk", seconds=61)
        await self.call_becomes(lambda state: (state.minutes, state.remaining_coins) == (2, 295))
        await self.client.end_call()
        await self.call_becomes(lambda state: isinstance(state, CallState.ENDED))
        self.client.leave_call()
        assert (ask("balance", user_id=self.asha), ask("calls_of", user_id=self.asha)) == (295, 3)
        history = await self.client.recharge_history(1, 20)
        assert [bought.amount_rupees for bought in history.recharges].count(150) == 1, history

    async def a_listener_is_called(self):
        phone, ear = ask("phone"), Ear()
        meera = self.device(Keychain(), ear)
        sent = await meera.request_otp(phone)
        verified = await sent.verify(ask("code", phone=phone))
        await verified.registration.register(NewUser(username="meera", sex=Sex.FEMALE, role=Role.LISTENER))
        meera_id = (await meera.me()).user_id
        ask("verify_listener", user_id=meera_id)
        meera.set_foreground(True)
        await until(lambda: is_online(meera))
        meera.open_line()
        ravi = ask("other", username="ravi", role="user")["user_id"]
        ask("fund", user_id=ravi, coins=100)
        call_id = ask("call", **{"from": ravi, "to": meera_id})["call_id"]
        rings = await ear.hear(Event.CALL_RINGS)
        assert (rings.call.call_id, rings.call.side, rings.caller_username) == (call_id, Side.LISTENER, "ravi"), rings
        ask("talk", seconds=61)
        await self.call_becomes(lambda state: state.earned == 30, ear)
        await meera.end_call()
        state = await self.call_becomes(lambda state: isinstance(state, CallState.ENDED), ear)
        assert (state.end_cause, state.earned) == (EndCause.HANGUP, 30), state
        assert (await meera.wallet_balance()).withdrawable_money == 30
        await meera.logout()

    async def killed_tokens_are_renewed_once(self):
        ask("kill_tokens", user_id=self.asha)
        before = refreshes()
        names = [me.username for me in await asyncio.gather(*(self.client.me() for _ in range(5)))]
        assert names == ["asha"] * 5, names
        assert refreshes() == before + 1

    async def a_lost_refresh_logs_nobody_out(self):
        ask("kill_tokens", user_id=self.asha)
        ask("lose_answers", path="/auth/refresh", count=1)
        before, secret = refreshes(), self.keychain.secret
        assert (await self.client.me()).username == "asha"
        assert refreshes() == before + 2
        assert self.keychain.secret != secret
        # As after a start of the app.
        assert (await self.device(self.keychain).me()).username == "asha"
        assert refreshes() == before + 2

    async def an_answer_lost_on_its_way_is_asked_for_again(self):
        before = ask("requests", path="/users/me")
        ask("lose_answers", path="/users/me", count=2)
        assert (await self.client.me()).username == "asha"
        assert ask("requests", path="/users/me") == before + 3

    async def two_clients_share_one_token(self):
        for is_shared in True, False:
            other = self.device(self.keychain if is_shared else Keychain(self.keychain.secret))
            for _ in range(2):
                ask("kill_tokens", user_id=self.asha)
                for me in await asyncio.gather(self.client.me(), other.me()):
                    assert me.username == "asha", me
            assert await self.client.is_signed_in() and await other.is_signed_in()

    async def a_socket_resumes_after_a_cut(self):
        ask("cut_sockets")
        await self.ear.hear(Event.DISCONNECTED)
        ask("set_status", user_id=self.jane, is_online=True, is_busy=True)
        self.client.network_changed()
        heard = []
        while not any(isinstance(event, Event.PRESENCE_CHANGED) and event.presence.is_busy for event in heard):
            heard.append(await self.ear.hear(Event))
        assert any(isinstance(event, Event.CONNECTED) for event in heard), heard
        assert not any(isinstance(event, Event.RESYNC) for event in heard), heard

    async def a_restart_of_the_server_passes(self):
        ask("stop_server")
        assert (await self.ear.hear(Event.DISCONNECTED)).code == "network"
        await fails(self.client.me(), SaathiiError.Unreachable, "network")
        assert await self.client.is_signed_in()
        ask("start_server")
        self.client.network_changed()
        await self.ear.hear(Event.CONNECTED)
        ask("set_status", user_id=self.jane, is_online=True, is_busy=False)
        await self.ear.hear(Event.PRESENCE_CHANGED, lambda event: event.presence.user_id == self.jane)
        await self.becomes(lambda state: state.is_live and state.available_count == 1)
        assert (await self.client.me()).username == "asha"

    async def cancel(self):
        ask("stop_server")
        before = ask("requests", path="/users/me")
        waiting = asyncio.ensure_future(self.client.me())
        # It is between two attempts for seconds.
        await asyncio.sleep(0)
        waiting.cancel()
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
        ask("start_server")
        await self.client.my_status()
        assert ask("requests", path="/users/me") == before
        # What moves money goes on, whoever waits.
        calling = asyncio.ensure_future(self.client.start_call(self.jane, CallType.AUDIO))
        await asyncio.sleep(0)
        calling.cancel()
        assert isinstance((await asyncio.gather(calling, return_exceptions=True))[0], asyncio.CancelledError)
        await until(self.is_in_call)
        await self.client.end_call()
        await self.call_becomes(lambda state: isinstance(state, CallState.ENDED))
        self.client.leave_call()

    async def is_in_call(self):
        return self.client.current_call() is not None

    async def background_and_foreground(self):
        self.client.disconnect()
        self.client.close_feed()
        assert self.client.feed_state() is None
        for _ in range(2):
            before = heartbeats()
            self.client.set_foreground(True)
            await until(lambda: has_grown(heartbeats, before))
            await until(lambda: is_online(self.client))
            self.client.set_foreground(False)
            ask("talk", seconds=120)
            await until(lambda: is_offline(self.client))

    async def a_burst_onto_a_busy_thread_ends_in_a_resync(self):
        ear = BusyEar()
        client = self.device(self.keychain, ear)
        client.connect()
        await ear.hear(Event.RESYNC)
        ask("burst", user_id=self.jane, count=2000)
        assert ear.is_holding.is_set()
        ear.is_released.set()
        told = 0
        while not isinstance(event := await ear.hear(Event), Event.RESYNC):
            told += isinstance(event, Event.PRESENCE_CHANGED)
        assert 0 < told < 2000, told
        assert (await client.presence_of(self.jane)).is_available
        client.disconnect()

    async def a_store_that_fails_is_an_error_and_costs_no_login(self):
        for error in TokenStoreError.Failed("locked"), RuntimeError("no keychain at all"):
            await fails(self.device(BrokenStore(error)).me(), SaathiiError.Failed, "storage")
        secret, self.keychain.is_locked = self.keychain.secret, True
        ask("kill_tokens", user_id=self.asha)
        assert (await self.client.me()).username == "asha"
        assert self.keychain.secret == secret
        self.keychain.is_locked = False
        assert (await self.client.me()).username == "asha"
        assert self.keychain.secret != secret

    async def the_server_ends_the_login(self):
        self.client.connect()
        await self.ear.hear(Event.CONNECTED)
        ask("end_login", phone=self.phone)
        await self.ear.hear(Event.SESSION_CHANGED, lambda event: event.state == SessionState.ENDED)
        assert await self.ear.sign_outs.get() == SignOut.BY_SERVER
        await fails(self.client.me(), SaathiiError.SignedOut, "signed_out")
        assert self.keychain.secret is None
        sent = await self.client.request_otp(self.phone)
        assert isinstance(await sent.verify(ask("code", phone=self.phone)), Verified.SIGNED_IN)
        assert (await self.client.me()).user_id == self.asha
        await self.client.logout()
        await self.ear.hear(Event.SESSION_CHANGED, lambda event: event.state == SessionState.SIGNED_OUT)
        assert await self.ear.sign_outs.get() == SignOut.BY_USER
        assert self.keychain.secret is None


async def is_online(client):
    return (await client.my_status()).is_online


async def is_offline(client):
    return not await is_online(client)


async def has_grown(count, before):
    return count() > before


STEPS = [
    Story.a_server_that_is_down_is_told,
    Story.login,
    Story.register,
    Story.feed,
    Story.presence_events,
    Story.call_to_zero_coins,
    Story.a_call_is_started_once,
    Story.a_recharge_in_time_goes_on_with_the_call,
    Story.a_listener_is_called,
    Story.killed_tokens_are_renewed_once,
    Story.a_lost_refresh_logs_nobody_out,
    Story.an_answer_lost_on_its_way_is_asked_for_again,
    Story.two_clients_share_one_token,
    Story.a_socket_resumes_after_a_cut,
    Story.a_restart_of_the_server_passes,
    Story.cancel,
    Story.background_and_foreground,
    Story.a_burst_onto_a_busy_thread_ends_in_a_resync,
    Story.a_store_that_fails_is_an_error_and_costs_no_login,
    Story.the_server_ends_the_login,
]


async def main():
    story, passed = Story(), []
    for step in STEPS:
        print(step.__name__, flush=True)
        async with asyncio.timeout(PATIENCE):
            await step(story)
        passed.append(step.__name__)
    ask("done", passed=passed)


asyncio.run(main())
