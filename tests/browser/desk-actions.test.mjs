// What an admin does about calls, people and money, and what phones hear of it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { launch, openPage, screenshot } from "./browser.mjs";
import { DESK, assertFits, isLive, provePhone, signIn } from "./desk.mjs";
import { signInPhone } from "./phone.mjs";
import { startServer } from "./server.mjs";

/** The demo's caller, and a demo person who becomes the second admin. */
const CALLER = "+919000000001";
const SECOND = "+919000000030";

let server;
let browser;
let session;

before(async () => {
  [server, browser] = await Promise.all([startServer({ ADJUSTMENT_SECOND_ADMIN_FROM: "500" }), launch()]);
  const { page } = await openPage(browser, server.base, DESK);
  await signIn(page, server);
  session = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path, options = {}, state = session) {
  const opened = await openPage(browser, server.base, { ...DESK, ...options, storageState: state });
  await opened.page.goto(`${server.base}${path}`);
  return opened;
}

const flash = (page) => page.locator(".flash").innerText();

/** A call with whoever is free; the demo's people come and go. */
async function startCall(phone) {
  for (let tries = 0; tries < 20; tries++) {
    const { listeners } = await phone.get("/feed/listeners?available_only=true&per_page=20");
    for (const { user_id: listener_id } of listeners) {
      const { status, body } = await phone.post("/calls/start", { listener_id, call_type: "audio" });
      if (status === 200 || status === 201) return body.call_id;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("nobody is free");
}

test("a live call ticks, and is ended with a reason that its phones do not read", async () => {
  const phone = await signInPhone(server, CALLER);
  const socket = await phone.listen();
  const call = await startCall(phone);
  const { page, faults } = await open("/admin/calls");
  await isLive(page);
  const row = page.locator("#live tbody tr", { hasText: `#${call}` });
  await row.waitFor({ timeout: 15_000 });
  const duration = row.locator("[data-since]").first();
  const before = await duration.innerText();
  await page.waitForFunction(([row, before]) => row.innerText !== before, [await duration.elementHandle(), before]);
  await screenshot(page, "desk-live-call", true);
  await row.getByText("End").click();
  assert.equal(await page.locator("h1").innerText(), `End call #${call}?`);
  await page.fill("#reason", "Shouting");
  await page.click("text=End the call");
  assert.match(await flash(page), /ended/);
  assert.match(await page.locator("#call").innerText(), /Ended by an admin/);
  const heard = await socket.hears("call_ended");
  assert.equal(heard.cause, "admin");
  assert.ok(!JSON.stringify(heard).includes("Shouting"));
  assert.deepEqual(faults, []);
  await page.context().close();
});

// A number has five codes in a quarter of an hour, so that each has its own.
for (const [javaScriptEnabled, name, number] of [
  [true, "rohan_k", CALLER],
  [false, "jaya.l", "+919000000032"],
]) {
  test(`somebody is suspended, their socket closes, and they come back (JavaScript: ${javaScriptEnabled})`, async () => {
    const phone = await signInPhone(server, number);
    const socket = await phone.listen();
    const { page, faults } = await open(`/admin/people?q=${name}`, { javaScriptEnabled });
    await page.click("#people a.name");
    await page.click("#account >> text=Suspend");
    await page.fill("#reason", "Asked for addresses");
    await page.fill("#until", "yesterday");
    await page.click("button.danger");
    assert.match(await page.getByRole("alert").innerText(), /A day to come/);
    assert.equal(await page.inputValue("#reason"), "Asked for addresses");
    // The browser itself writes down every page that is a 4xx.
    assert.ok(faults.splice(0).every((fault) => fault.includes("422")));
    await page.fill("#until", "");
    await page.click("button.danger");
    assert.match(await flash(page), /suspended/);
    await socket.closed;
    assert.equal((await signInPhone(server, number)).status, 403);
    await screenshot(page, "desk-suspended", true);
    await page.click("text=Reinstate");
    await page.click("button.danger");
    assert.match(await flash(page), /reinstated/);
    assert.equal((await signInPhone(server, number)).status, 200);
    assert.deepEqual(faults, []);
    await page.context().close();
  });
}

test("a payout is approved and paid, another rejected, without JavaScript", async () => {
  const { page, faults } = await open("/admin/money/withdrawals", { javaScriptEnabled: false });
  assert.ok((await page.locator("#withdrawals tbody tr").count()) >= 2);
  await page.locator("#withdrawals tbody a").first().click();
  await page.click("button[value=approve]");
  assert.match(await flash(page), /approved/);
  await page.fill("#reference", "UTR 4711");
  await page.click("button[value=pay]");
  assert.match(await flash(page), /paid/);
  assert.match(await page.locator("#withdrawal").innerText(), /UTR 4711/);
  await page.goto(`${server.base}/admin/money/withdrawals`);
  await page.locator("#withdrawals tbody a").first().click();
  await page.fill("#remarks", "The account has another name");
  await page.click("button[value=reject]");
  assert.match(await flash(page), /rejected/);
  await page.goto(`${server.base}/admin/money/books`);
  assert.match(await page.locator("#proof").innerText(), /The books close/);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("a report is decided, and another session watches it go", async () => {
  const { page: onlooker, faults: theirs } = await open("/admin/moderation");
  await isLive(onlooker);
  const before = await onlooker.locator("#reports tbody tr").count();
  assert.ok(before >= 2, `${before} reports`);
  const { page, faults } = await open("/admin/moderation");
  await page.locator("#reports tbody a").first().click();
  await page.fill("#remarks", "Talked to both");
  await page.click("button[value=resolved]");
  assert.match(await flash(page), /resolved/);
  await onlooker.waitForFunction((count) => document.querySelectorAll("#reports tbody tr").length === count, before - 1, { timeout: 20_000 });
  assert.deepEqual([...faults, ...theirs], []);
  await page.context().close();
  await onlooker.context().close();
});

/** What an authenticator app shows (RFC 6238). */
function totp(secret, at = Date.now()) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a second admin is made, applies what the first may not, and guards their own door", async () => {
  const { page: first, faults } = await open("/admin/people?q=tara_s");
  await first.click("#people a.name");
  await first.click("text=Make admin");
  await first.click("text=Grant the role");
  assert.match(await flash(first), /granted/);

  await first.goto(`${server.base}/admin/people?q=mohit_b`);
  await first.click("#people a.name");
  await first.click("text=Adjust");
  await first.fill("#amount", "600");
  await first.fill("#reason", "Lost in a call that broke off");
  await first.click("button.danger");
  assert.match(await flash(first), /waits for another admin/);
  await screenshot(first, "desk-adjustment-waits", true);
  const adjustment = new URL(first.url()).pathname;
  await first.click("button[value=apply]");
  assert.match(await first.getByRole("alert").innerText(), /another admin/);
  assert.ok(faults.splice(0).every((fault) => fault.includes("422")));

  const { page: second, faults: theirs } = await openPage(browser, server.base, DESK);
  await signIn(second, server, SECOND);
  await second.click("text=Money");
  await second.click("nav[aria-label=Money] >> text=Adjustments");
  await second.click("#adjustments tbody a");
  await second.click("button[value=apply]");
  assert.match(await flash(second), /applied/);
  await first.goto(`${server.base}${adjustment}`);
  assert.match(await first.locator("#adjustment").innerText(), /tara_s/);

  await second.goto(`${server.base}/admin/account/second-factor`);
  await second.click("text=Set it up");
  await second.locator("svg.qr").waitFor();
  await assertFits(second);
  await screenshot(second, "desk-second-factor-begun", true);
  const secret = (await second.locator("#secret").innerText()).replaceAll(" ", "");
  await second.fill("#code", totp(secret));
  await second.click("text=Turn on");
  assert.equal(await second.locator("#recovery li").count(), 10);
  await screenshot(second, "desk-recovery-codes", true);
  const [spare] = await second.locator("#recovery code").allInnerTexts();
  await second.click("text=Sign out");
  await provePhone(second, server, SECOND);
  await second.waitForURL("**/admin/sign-in/second-factor");
  await screenshot(second, "desk-second-factor-asked");
  await second.goto(`${server.base}/admin`);
  assert.equal(new URL(second.url()).pathname, "/admin/sign-in");
  await second.goto(`${server.base}/admin/sign-in/second-factor`);
  await second.locator("#code:focus").waitFor();
  await second.keyboard.type(spare);
  await second.keyboard.press("Enter");
  await second.waitForURL(`${server.base}/admin`);
  assert.deepEqual([...faults, ...theirs], []);
  await first.context().close();
  await second.context().close();
});
