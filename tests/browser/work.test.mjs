// A working day: reviews by keyboard, people, every page at every width, with JavaScript and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { barriers, launch, openPage, screenshot } from "./browser.mjs";
import { DESK, POCKET, assertFits, isLive, signIn } from "./desk.mjs";
import { startServer } from "./server.mjs";

let server;
let browser;
/** Two logins of the demo's admin. */
let sessions;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  sessions = [];
  for (const _ of [1, 2]) {
    const { page } = await openPage(browser, server.base, DESK);
    await signIn(page, server);
    sessions.push(await page.context().storageState());
    await page.context().close();
  }
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path, options = {}, session = 0) {
  const opened = await openPage(browser, server.base, { ...DESK, ...options, storageState: sessions[session] });
  await opened.page.goto(`${server.base}${path}`);
  return opened;
}

const waiting = (page) => page.locator("#queue tbody tr").count();

test("every page looks right in light, in dark and on a phone", async () => {
  const { page: finder } = await open("/admin/verification");
  const sample = await finder.locator("#queue a.name").first().getAttribute("href");
  await finder.goto(`${server.base}/admin/people?role=listener&verified=yes`);
  const person = await finder.locator("#people a.name").first().getAttribute("href");
  await finder.context().close();
  const pages = {
    overview: "/admin?span=month",
    verification: "/admin/verification",
    sample,
    people: "/admin/people",
    person,
    "grant-role": `${person}/grant/admin`,
    suspend: `${person}/suspend`,
    adjust: `${person}/adjust`,
    reports: "/admin/moderation",
    report: "/admin/moderation/1",
    calls: "/admin/calls",
    call: "/admin/calls/60",
    withdrawals: "/admin/money/withdrawals",
    withdrawal: "/admin/money/withdrawals/1",
    recharges: "/admin/money/recharges",
    adjustments: "/admin/money/adjustments",
    transactions: "/admin/money/transactions",
    transfer: "/admin/money/transactions/200",
    books: "/admin/money/books",
    log: "/admin/log",
    system: "/admin/system",
    account: "/admin/account",
    "second-factor": "/admin/account/second-factor",
  };
  for (const [look, options] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { ...POCKET, colorScheme: "light" }],
  ]) {
    const { page, faults } = await open("/admin", options);
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${server.base}${path}`);
      await assertFits(page);
      assert.equal(await page.locator("main.alone").count(), 0, `${path} is a refusal`);
      assert.deepEqual(await barriers(page), [], `${path} in ${look}`);
      await screenshot(page, `desk-${name}-${look}`, true);
    }
    assert.deepEqual(faults, []);
    await page.context().close();
  }
});

test("a sample is heard and judged by keyboard, and vanishes where another looks on", async () => {
  const { page: onlooker, faults: theirs } = await open("/admin/verification", {}, 1);
  await isLive(onlooker);
  const before = await waiting(onlooker);
  assert.ok(before >= 3, `${before} samples wait`);
  const first = await onlooker.locator("#queue a.name").first().innerText();

  const { page, faults } = await open("/admin/verification");
  await page.keyboard.press("n");
  await page.waitForURL(/\/admin\/verification\/\d+$/);
  assert.equal(await page.locator("h1").innerText(), `Sample of ${first}`);
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector("audio").currentTime > 0.2);
  // Over a refresh of the page the voice goes on.
  const heard = await page.evaluate(() => document.querySelector("audio").src);
  assert.match(heard, /\/audio$/);
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector("audio").paused);

  // Letters that are written judge nothing.
  await page.fill("#remarks", "");
  await page.locator("#remarks").pressSequentially("a clear radio voice");
  assert.equal(await page.locator("h1").innerText(), `Sample of ${first}`);
  // The second reviewer has the same sample open.
  await onlooker.locator("#queue a.name").first().click();
  await onlooker.waitForURL(/\/admin\/verification\/\d+$/);
  await isLive(onlooker);

  await page.locator("h1").click();
  await page.keyboard.press("a");
  await page.waitForURL(/done=approved/);
  assert.match(await page.locator(".flash").innerText(), /approved/);
  await onlooker.locator("#verdict .warning").waitFor({ timeout: 20_000 });
  assert.match(await onlooker.locator("#verdict").innerText(), /Approved by nandini\.admin/);
  assert.equal(await waiting(onlooker), before - 1);
  await screenshot(onlooker, "desk-second-reviewer", true);
  // They have nothing left to send, by hand or by key.
  assert.equal(await onlooker.locator("button[value=rejected]").isVisible(), false);
  await onlooker.keyboard.press("r");
  await onlooker.keyboard.press("n");
  await onlooker.waitForFunction((before) => location.pathname !== before, new URL(onlooker.url()).pathname);
  assert.equal(await onlooker.locator("button[value=rejected]").isVisible(), true);

  await page.keyboard.press("r");
  await page.waitForURL(/done=rejected/);
  assert.deepEqual(faults, []);
  assert.deepEqual(theirs, []);
  await page.context().close();
  await onlooker.context().close();
});

test("without JavaScript one reviews, searches, and makes somebody a viewer", async () => {
  const { page, faults } = await open("/admin/verification", { javaScriptEnabled: false });
  const before = await waiting(page);
  await page.click("text=Begin with the oldest");
  await page.fill("#remarks", "Too quiet");
  await page.click("button[value=rejected]");
  assert.match(await page.locator(".flash").innerText(), /rejected/);
  await page.goto(`${server.base}/admin/verification`);
  assert.equal(await waiting(page), before - 1);

  await page.goto(`${server.base}/admin/people`);
  await page.fill("#filter-q", "rohan");
  await page.click("text=Show");
  await page.click("text=rohan_k");
  assert.equal(await page.locator("h1").innerText(), "rohan_k");
  await page.click("text=Make viewer");
  await page.click("text=Grant the role");
  assert.match(await page.locator(".flash").innerText(), /granted/);
  assert.match(await page.locator("#account").innerText(), /Caller, Viewer/);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("filters stay while the list is sorted", async () => {
  const { page, faults } = await open("/admin/people");
  await page.selectOption("#filter-role", "listener");
  await page.click("text=Show");
  await page.click("a.sort >> text=Rating");
  const query = new URL(page.url()).searchParams;
  assert.deepEqual([query.get("role"), query.get("sort")], ["listener", "rating"]);
  assert.equal(await page.inputValue("#filter-role"), "listener");
  const ratings = await page.locator("#people tbody td:nth-child(6)").allInnerTexts();
  // Who was never rated comes last.
  const numbers = ratings.map((text) => Number.parseFloat(text) || 0);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));
  assert.deepEqual(faults, []);
  await page.context().close();
});
