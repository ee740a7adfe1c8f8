// The contract script in Kotlin: the life of one app against a real server.
//
// The harness starts it (`story kotlin`) and does on request what no app can do: tell the code of an SMS, stop the
// server, lose an answer.

import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.saathii.sdk.CallState
import org.saathii.sdk.ClientConfig
import org.saathii.sdk.Event
import org.saathii.sdk.EventListener
import org.saathii.sdk.FeedFilter
import org.saathii.sdk.FeedState
import org.saathii.sdk.NewUser
import org.saathii.sdk.OtpSent
import org.saathii.sdk.ProfileChanges
import org.saathii.sdk.Registration
import org.saathii.sdk.SaathiiClient
import org.saathii.sdk.SaathiiException
import org.saathii.sdk.SessionState
import org.saathii.sdk.Side
import org.saathii.sdk.SignOut
import org.saathii.sdk.TextChange
import org.saathii.sdk.TokenStore
import org.saathii.sdk.TokenStoreException
import org.saathii.sdk.Verified
import org.saathii.sdk.newIdempotencyKey
import org.saathii.types.CallType
import org.saathii.types.EndCause
import org.saathii.types.Role
import org.saathii.types.Sex
import org.saathii.types.UserId

/** Longer than anything takes. */
val patience = 60.seconds

/** Has the harness do something; its answer, as JSON. */
fun ask(name: String, vararg details: Pair<String, Any>): String {
    val fields = (listOf("ask" to name) + details).joinToString(",") { (key, value) -> "\"$key\":${json(value)}" }
    println("@{$fields}")
    System.out.flush()
    val answer = readln()
    check(answer.startsWith("{\"ok\":")) { "$name: $answer" }
    return answer.removePrefix("{\"ok\":").removeSuffix("}")
}

/** Of what is asked with: names, phones and paths, which need no escapes. */
fun json(value: Any): String = when (value) {
    is String -> "\"$value\""
    is List<*> -> value.joinToString(",", "[", "]") { json(it!!) }
    else -> value.toString()
}

/** A field of an answer. */
fun String.field(name: String): String = Regex("\"$name\":\"?([^\",}]*)").find(this)!!.groupValues[1]

fun askText(name: String, vararg details: Pair<String, Any>) = ask(name, *details).trim('"')

fun askNumber(name: String, vararg details: Pair<String, Any>) = ask(name, *details).toLong()

fun requests(path: String) = askNumber("requests", "path" to path)

fun refreshes() = requests("/auth/refresh")

fun codeOf(error: SaathiiException) = when (error) {
    is SaathiiException.Refused -> error.code
    is SaathiiException.Unreachable -> error.code
    is SaathiiException.SignedOut -> error.code
    is SaathiiException.Failed -> error.code
}

/** The error of a call that must fail so. */
suspend inline fun <reified E : SaathiiException> fails(code: String, call: suspend () -> Unit): E {
    try {
        call()
    } catch (error: SaathiiException) {
        check(error is E && codeOf(error) == code) { "not $code: $error" }
        return error
    }
    error("no $code")
}

/** Waits until an ask or a call answers as wanted. */
suspend fun until(isSo: suspend () -> Boolean) {
    while (!isSo()) delay(20.milliseconds)
}

/** Keeps the login in memory; `isLocked`: as a phone's keychain before the first unlock. */
class Keychain(@Volatile var secret: String? = null) : TokenStore {
    @Volatile
    var isLocked = false

    override fun load() = secret

    override fun save(secret: String) {
        if (isLocked) throw TokenStoreException.Failed("locked")
        this.secret = secret
    }

    override fun clear() {
        secret = null
    }
}

class BrokenStore(private val error: Exception) : TokenStore {
    override fun load() = throw error

    override fun save(secret: String) = throw error

    override fun clear() = throw error
}

/** Brings events from the SDK's thread to the coroutines. */
open class Ear : EventListener {
    val events = Channel<Event>(Channel.UNLIMITED)

    val signOuts = Channel<SignOut>(Channel.UNLIMITED)

    override fun onEvent(event: Event) {
        events.trySend(event)
    }

    override fun onSignedOut(`by`: SignOut) {
        signOuts.trySend(`by`)
    }

    /** The next such event; others are passed over. */
    suspend inline fun <reified E : Event> hear(isWanted: (E) -> Boolean = { true }): E {
        while (true) {
            val event = events.receive()
            if (event is E && isWanted(event)) return event
        }
    }
}

/** Hears nothing more from the first change of presence on, until it is released. */
class BusyEar : Ear() {
    val isHolding = CountDownLatch(1)
    val isReleased = CountDownLatch(1)

    override fun onEvent(event: Event) {
        super.onEvent(event)
        if (event is Event.PresenceChanged) {
            isHolding.countDown()
            check(isReleased.await(patience.inWholeSeconds, TimeUnit.SECONDS))
        }
    }
}

class Story {
    private val baseUrl = ask("server").field("base_url")
    private val phone = askText("phone")
    private val keychain = Keychain()
    private val ear = Ear()
    private val client = device(keychain, ear)
    private lateinit var sent: OtpSent
    private lateinit var registration: Registration
    private var asha: UserId = 0
    private var jane: UserId = 0

    val steps = listOf(
        "a server that is down is told" to ::aServerThatIsDownIsTold,
        "login" to ::login,
        "register" to ::register,
        "feed" to ::feed,
        "presence events" to ::presenceEvents,
        "call to zero coins" to ::callToZeroCoins,
        "a call is started once" to ::aCallIsStartedOnce,
        "a recharge in time goes on with the call" to ::aRechargeInTimeGoesOnWithTheCall,
        "a listener is called" to ::aListenerIsCalled,
        "killed tokens are renewed once" to ::killedTokensAreRenewedOnce,
        "a lost refresh logs nobody out" to ::aLostRefreshLogsNobodyOut,
        "an answer lost on its way is asked for again" to ::anAnswerLostOnItsWayIsAskedForAgain,
        "two clients share one token" to ::twoClientsShareOneToken,
        "a socket resumes after a cut" to ::aSocketResumesAfterACut,
        "a restart of the server passes" to ::aRestartOfTheServerPasses,
        "cancel" to ::cancel,
        "background and foreground" to ::backgroundAndForeground,
        "a burst onto a busy thread ends in a resync" to ::aBurstOntoABusyThreadEndsInAResync,
        "a store that fails is an error and costs no login" to ::aStoreThatFailsIsAnErrorAndCostsNoLogin,
        "the server ends the login" to ::theServerEndsTheLogin,
    )

    private fun device(store: TokenStore, ear: Ear? = null) = SaathiiClient(ClientConfig(baseUrl), store, ear)

    /** Waits until the live feed is as wanted. */
    private suspend fun becomes(isWanted: (FeedState) -> Boolean): FeedState {
        while (true) {
            client.feedState()?.takeIf(isWanted)?.let { return it }
            ear.hear<Event.FeedChanged>()
        }
    }

    /** Waits until the call that is followed goes on as wanted. */
    private suspend fun goesOn(ear: Ear = this.ear, isWanted: (CallState.Ongoing) -> Boolean): CallState.Ongoing {
        val changed = ear.hear<Event.CallChanged> { (it.call.state as? CallState.Ongoing)?.let(isWanted) == true }
        return changed.call.state as CallState.Ongoing
    }

    private suspend fun ends(ear: Ear = this.ear): CallState.Ended =
        ear.hear<Event.CallChanged> { it.call.state is CallState.Ended }.call.state as CallState.Ended

    private suspend fun isOnline(client: SaathiiClient) = client.myStatus().isOnline

    private fun setJane(isOnline: Boolean, isBusy: Boolean) =
        ask("set_status", "user_id" to jane, "is_online" to isOnline, "is_busy" to isBusy)

    private suspend fun aServerThatIsDownIsTold() {
        ask("stop_server")
        check(!client.isSignedIn())
        fails<SaathiiException.Unreachable>("network") { client.requestOtp(phone) }
        ask("start_server")
        sent = client.requestOtp(phone)
    }

    private suspend fun login() {
        val code = askText("code", "phone" to phone)
        val wrong = "%06d".format((code.toInt() + 1) % 1_000_000)
        fails<SaathiiException.Refused>("invalid_otp") { sent.verify(wrong) }
        fails<SaathiiException.SignedOut>("signed_out") { client.me() }
        registration = (sent.verify(code) as Verified.NeedsRegistration).registration
    }

    private suspend fun register() {
        jane = ask("other", "username" to "jane", "role" to "listener").field("user_id").toLong()
        val newUser = NewUser("jane", Sex.FEMALE, dob = "2000-01-31", role = Role.USER)
        fails<SaathiiException.Refused>("username_taken") { registration.register(newUser) }
        registration.register(newUser.copy(username = "asha"))
        fails<SaathiiException.Failed>("step_used") { registration.register(newUser) }
        ear.hear<Event.SessionChanged> { it.state == SessionState.SIGNED_IN }
        val me = client.me()
        check(Triple(me.username, me.phone, me.dob) == Triple("asha", phone, "2000-01-31")) { me }
        asha = me.userId
        check(keychain.secret != null)
        val changed = client.updateProfile(ProfileChanges(bio = TextChange.Set("hello"), interests = listOf("music")))
        check(changed.bio == "hello" && changed.interests == listOf("music")) { changed }
        check(client.updateProfile(ProfileChanges(bio = TextChange.Clear)).bio == null)
    }

    private suspend fun feed() {
        check(client.feedState() == null)
        fails<SaathiiException.Failed>("feed_closed") { client.refreshFeed() }
        client.openFeed(FeedFilter(), 20u)
        becomes { it.isLive && it.totalCount == 1L && it.onlineCount == 0L }
        setJane(isOnline = true, isBusy = false)
        val free = becomes { it.availableCount == 1L }
        check(free.listeners.map { it.username } == listOf("jane")) { free }
        setJane(isOnline = true, isBusy = true)
        val busy = becomes { it.availableCount == 0L }
        check(busy.onlineCount == 1L && busy.listeners[0].isBusy) { busy }
        client.refreshFeed()
    }

    private suspend fun presenceEvents() {
        client.connect()
        ear.hear<Event.Connected>()
        setJane(isOnline = true, isBusy = false)
        val told = ear.hear<Event.PresenceChanged> { it.presence.userId == jane }
        check(told.presence.isAvailable && told.presence.username == "jane") { told }
    }

    private suspend fun callToZeroCoins() {
        val poor = fails<SaathiiException.Refused>("insufficient_coins") { client.startCall(jane, CallType.AUDIO) }
        check(poor.required == 10L && poor.available == 0L && !poor.isTransient) { poor }
        ask("fund", "user_id" to asha, "coins" to 25)
        val call = client.startCall(jane, CallType.AUDIO)
        check(call.side == Side.CALLER && call.other == jane) { call }
        check((call.state as CallState.Ongoing).remainingCoins == 15L) { call }
        ask("talk", "seconds" to 61)
        val second = goesOn { it.minutes == 2L }
        check(second.remainingCoins == 5L && second.coinsSpent == 20L && second.lowBalance) { second }
        ask("talk", "seconds" to 60)
        val end = ends()
        check(end.endCause == EndCause.NO_COINS && end.minutes == 2L && end.coinsSpent == 20L) { end }
        check(askNumber("balance", "user_id" to asha) == 5L && askNumber("calls_of", "user_id" to asha) == 1L)
        check(client.coins().currentBalance == 5L)
        client.leaveCall()
        check(client.currentCall() == null)
    }

    private suspend fun aCallIsStartedOnce() {
        ask("fund", "user_id" to asha, "coins" to 20)
        ask("lose_answers", "path" to "/calls/start", "count" to 1)
        val key = newIdempotencyKey()
        val call = client.startCall(jane, CallType.AUDIO, key)
        val again = client.startCall(jane, CallType.AUDIO, key)
        check(again.callId == call.callId) { again }
        val ended = client.endCall()
        check(ended.coinsSpent == 10L) { ended }
        ends()
        check(askNumber("balance", "user_id" to asha) == 15L && askNumber("calls_of", "user_id" to asha) == 2L)
        check(client.resumeCall() == null)
        client.leaveCall()
    }

    private suspend fun aRechargeInTimeGoesOnWithTheCall() {
        client.startCall(jane, CallType.AUDIO)
        goesOn { it.lowBalance && it.remainingCoins == 5L }
        ask("lose_answers", "path" to "/calls/recharge", "count" to 1)
        val recharge = client.recharge(150, "upi")
        check(recharge.coinsAdded == 300L && recharge.newBalance == 305L) { recharge }
        val told = ear.hear<Event.WalletChanged>()
        check(told.balanceCoins == 305L) { told }
        val state = client.currentCall()?.state as CallState.Ongoing
        check(state.remainingCoins == 305L && !state.lowBalance) { state }
        ask("talk", "seconds" to 61)
        goesOn { it.minutes == 2L && it.remainingCoins == 295L }
        client.endCall()
        ends()
        client.leaveCall()
        check(askNumber("balance", "user_id" to asha) == 295L && askNumber("calls_of", "user_id" to asha) == 3L)
        val history = client.rechargeHistory(1u, 20u)
        check(history.recharges.count { it.amountRupees == 150L } == 1) { history }
    }

    private suspend fun aListenerIsCalled() {
        val (phone, ear) = askText("phone") to Ear()
        val meera = device(Keychain(), ear)
        val verified = meera.requestOtp(phone).verify(askText("code", "phone" to phone))
        val newUser = NewUser("meera", Sex.FEMALE, role = Role.LISTENER)
        (verified as Verified.NeedsRegistration).registration.register(newUser)
        val meeraId = meera.me().userId
        ask("verify_listener", "user_id" to meeraId)
        meera.setForeground(true)
        until { isOnline(meera) }
        meera.openLine()
        val ravi = ask("other", "username" to "ravi", "role" to "user").field("user_id").toLong()
        ask("fund", "user_id" to ravi, "coins" to 100)
        val callId = ask("call", "from" to ravi, "to" to meeraId).field("call_id").toLong()
        val rings = ear.hear<Event.CallRings>()
        check(rings.call.callId == callId && rings.call.side == Side.LISTENER) { rings }
        check(rings.callerUsername == "ravi") { rings }
        ask("talk", "seconds" to 61)
        goesOn(ear) { it.earned == 30L }
        meera.endCall()
        val end = ends(ear)
        check(end.endCause == EndCause.HANGUP && end.earned == 30L) { end }
        check(meera.walletBalance().withdrawableMoney == 30L)
        meera.logout()
    }

    private suspend fun killedTokensAreRenewedOnce() {
        ask("kill_tokens", "user_id" to asha)
        val before = refreshes()
        val names = coroutineScope { List(5) { async { client.me().username } }.awaitAll() }
        check(names == List(5) { "asha" }) { names }
        check(refreshes() == before + 1)
    }

    private suspend fun aLostRefreshLogsNobodyOut() {
        ask("kill_tokens", "user_id" to asha)
        ask("lose_answers", "path" to "/auth/refresh", "count" to 1)
        val (before, secret) = refreshes() to keychain.secret
        check(client.me().username == "asha")
        check(refreshes() == before + 2)
        check(keychain.secret != secret)
        // As after a start of the app.
        check(device(keychain).me().username == "asha")
        check(refreshes() == before + 2)
    }

    private suspend fun anAnswerLostOnItsWayIsAskedForAgain() {
        val before = requests("/users/me")
        ask("lose_answers", "path" to "/users/me", "count" to 2)
        check(client.me().username == "asha")
        check(requests("/users/me") == before + 3)
    }

    private suspend fun twoClientsShareOneToken() {
        for (isShared in listOf(true, false)) {
            val other = device(if (isShared) keychain else Keychain(keychain.secret))
            repeat(2) {
                ask("kill_tokens", "user_id" to asha)
                val names = coroutineScope { listOf(client, other).map { async { it.me().username } }.awaitAll() }
                check(names == listOf("asha", "asha")) { names }
            }
            check(client.isSignedIn() && other.isSignedIn())
        }
    }

    private suspend fun aSocketResumesAfterACut() {
        ask("cut_sockets")
        ear.hear<Event.Disconnected>()
        setJane(isOnline = true, isBusy = true)
        client.networkChanged()
        val heard = mutableListOf<Event>()
        while (heard.none { it is Event.PresenceChanged && it.presence.isBusy }) heard += ear.hear<Event>()
        check(heard.any { it is Event.Connected }) { heard }
        check(heard.none { it is Event.Resync }) { heard }
    }

    private suspend fun aRestartOfTheServerPasses() {
        ask("stop_server")
        check(ear.hear<Event.Disconnected>().code == "network")
        fails<SaathiiException.Unreachable>("network") { client.me() }
        check(client.isSignedIn())
        ask("start_server")
        client.networkChanged()
        ear.hear<Event.Connected>()
        setJane(isOnline = true, isBusy = false)
        ear.hear<Event.PresenceChanged> { it.presence.userId == jane }
        becomes { it.isLive && it.availableCount == 1L }
        check(client.me().username == "asha")
    }

    private suspend fun cancel() = coroutineScope {
        ask("stop_server")
        val before = requests("/users/me")
        // It is between two attempts for seconds.
        val waiting = launch(start = CoroutineStart.UNDISPATCHED) { client.me() }
        waiting.cancel()
        waiting.join()
        check(waiting.isCancelled)
        ask("start_server")
        client.myStatus()
        check(requests("/users/me") == before)
        // What moves money goes on, whoever waits.
        val calling = launch(start = CoroutineStart.UNDISPATCHED) { client.startCall(jane, CallType.AUDIO) }
        calling.cancel()
        calling.join()
        check(calling.isCancelled)
        until { client.currentCall() != null }
        client.endCall()
        ends()
        client.leaveCall()
    }

    private suspend fun backgroundAndForeground() {
        client.disconnect()
        client.closeFeed()
        check(client.feedState() == null)
        repeat(2) {
            val before = requests("/users/me/heartbeat")
            client.setForeground(true)
            until { requests("/users/me/heartbeat") > before }
            until { isOnline(client) }
            client.setForeground(false)
            ask("talk", "seconds" to 120)
            until { !isOnline(client) }
        }
    }

    private suspend fun aBurstOntoABusyThreadEndsInAResync() {
        val busy = BusyEar()
        val client = device(keychain, busy)
        client.connect()
        busy.hear<Event.Resync>()
        ask("burst", "user_id" to jane, "count" to 2000)
        check(busy.isHolding.count == 0L)
        busy.isReleased.countDown()
        var told = 0
        while (true) {
            when (busy.hear<Event>()) {
                is Event.Resync -> break
                is Event.PresenceChanged -> told++
                else -> {}
            }
        }
        check(told in 1..<2000) { told }
        check(client.presenceOf(jane).isAvailable)
        client.disconnect()
    }

    private suspend fun aStoreThatFailsIsAnErrorAndCostsNoLogin() {
        for (error in listOf(TokenStoreException.Failed("locked"), IllegalStateException("no keychain at all"))) {
            fails<SaathiiException.Failed>("storage") { device(BrokenStore(error)).me() }
        }
        val secret = keychain.secret
        keychain.isLocked = true
        ask("kill_tokens", "user_id" to asha)
        check(client.me().username == "asha")
        check(keychain.secret == secret)
        keychain.isLocked = false
        check(client.me().username == "asha")
        check(keychain.secret != secret)
    }

    private suspend fun theServerEndsTheLogin() {
        client.connect()
        ear.hear<Event.Connected>()
        ask("end_login", "phone" to phone)
        ear.hear<Event.SessionChanged> { it.state == SessionState.ENDED }
        check(ear.signOuts.receive() == SignOut.BY_SERVER)
        fails<SaathiiException.SignedOut>("signed_out") { client.me() }
        check(keychain.secret == null)
        val sent = client.requestOtp(phone)
        check(sent.verify(askText("code", "phone" to phone)) is Verified.SignedIn)
        check(client.me().userId == asha)
        client.logout()
        ear.hear<Event.SessionChanged> { it.state == SessionState.SIGNED_OUT }
        check(ear.signOuts.receive() == SignOut.BY_USER)
        check(keychain.secret == null)
    }
}

fun main() = runBlocking {
    val story = Story()
    for ((name, step) in story.steps) {
        println(name)
        withTimeout(patience) { step() }
    }
    ask("done", "passed" to story.steps.map { it.first })
    Unit
}
