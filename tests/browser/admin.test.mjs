import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, screenshot } from "./browser.mjs";
import { DESK, PHONE, POCKET, assertFits, codes, isLive, nextCode, signIn } from "./desk.mjs";
import { startServer } from "./server.mjs";

let server;
let browser;
/** The session of one browser, for contexts that begin signed in: a phone has five codes in a quarter of an hour. */
let signedIn;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function openSignedIn(options) {
  const opened = await openPage(browser, server.base, { ...options, storageState: signedIn });
  await opened.page.goto(`${server.base}/admin`);
  return opened;
}

/** All listeners' numbers of one moment. */
async function numbers(page) {
  const texts = await page.locator("#listeners .value").evaluateAll((tags) => tags.map((tag) => tag.innerText));
  assert.equal(texts.length, 4);
  const [available, busy, online, all] = texts.map((text) => Number(text.replaceAll(",", "")));
  return { available, busy, online, all };
}

test("a phone and its code open the overview, mistakes on the way are told", async () => {
  const { page, faults } = await openPage(browser, server.base, { ...DESK, colorScheme: "light" });
  await page.goto(`${server.base}/admin/sign-in`);
  await screenshot(page, "admin-sign-in-light");
  await page.fill("#phone", "12");
  await page.click("text=Send code");
  assert.match(await page.getByRole("alert").innerText(), /no phone number/);
  assert.equal(await page.inputValue("#phone"), "12");
  await screenshot(page, "admin-sign-in-problem");
  // The browser itself writes down every page that is a 4xx.
  assert.deepEqual(faults.splice(0), ["console: Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]);

  const known = codes(server).length;
  await page.fill("#phone", PHONE);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/admin/sign-in/code");
  const code = await nextCode(server, known);
  await page.fill("#code", code === "000000" ? "000001" : "000000");
  await page.keyboard.press("Enter");
  assert.match(await page.getByRole("alert").innerText(), /The code may be wrong or expired/);
  await screenshot(page, "admin-code-problem");
  assert.deepEqual(faults.splice(0), ["console: Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]);
  await page.click("text=Send again");
  await page.waitForURL("**/admin/sign-in/code?sent-again");
  assert.equal(await page.getByRole("status").innerText(), "The code was sent again.");
  assert.equal(await nextCode(server, known + 1), code);
  await screenshot(page, "admin-code-light");
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.base}/admin`);
  assert.equal(await page.locator(".signed-in .name").innerText(), "nandini.admin");
  assert.equal(await page.evaluate(() => document.cookie), "", "a script can read the cookie");
  signedIn = await page.context().storageState();
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("the overview shows who is there and moves by itself", async () => {
  const { page, faults } = await openSignedIn({ ...DESK, colorScheme: "light" });
  await isLive(page);
  const { available, busy, online, all } = await numbers(page);
  assert.ok(online > 0 && online <= all, `${online} of ${all} listeners are online`);
  assert.equal(available + busy, online);
  assert.ok((await page.locator("#online tbody tr").count()) > 0);
  assert.equal(await page.locator("#health .number.good").count(), 4);

  // A reload would lose this mark.
  await page.evaluate(() => (window.sameDocument = true));
  const before = await page.evaluate(() => ["as-of", "listeners", "online"].map((id) => document.getElementById(id).innerText));
  const hasMoved = ([at, listeners, online]) => {
    const now = (id) => document.getElementById(id).innerText;
    return now("as-of") !== at && (now("listeners") !== listeners || now("online") !== online);
  };
  await page.waitForFunction(hasMoved, before, { timeout: 15_000 });
  assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was loaded anew");
  await screenshot(page, "admin-overview-light");
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("dark and narrow screens show the same, and nothing is cut off", async () => {
  for (const [name, options] of [
    ["dark", { ...DESK, colorScheme: "dark" }],
    ["narrow-light", { ...POCKET, colorScheme: "light" }],
    ["narrow-dark", { ...POCKET, colorScheme: "dark" }],
  ]) {
    const { page, faults } = await openSignedIn(options);
    await isLive(page);
    await assertFits(page);
    assert.ok((await numbers(page)).all > 0);
    const [, red, green, blue] = /rgb\((\d+), (\d+), (\d+)\)/.exec(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).map(Number);
    assert.equal(red + green + blue < 384, options.colorScheme === "dark", `${name}: background ${red} ${green} ${blue}`);
    await screenshot(page, `admin-overview-${name}`);
    if (options.isMobile) {
      await page.locator("#newest").scrollIntoViewIfNeeded();
      await screenshot(page, `admin-overview-${name}-below`);
    }
    assert.deepEqual(faults, []);
    await page.context().close();

    const visit = await openPage(browser, server.base, options);
    await visit.page.goto(`${server.base}/admin/sign-in`);
    await assertFits(visit.page);
    await screenshot(visit.page, `admin-sign-in-${name}`);
    assert.deepEqual(visit.faults, []);
    await visit.page.context().close();
  }
});

test("the first Tab leads past the sidebar", async () => {
  const { page, faults } = await openSignedIn(DESK);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Skip to content");
  const box = await page.locator(".skip").boundingBox();
  assert.ok(box.x >= 0 && box.y >= 0, JSON.stringify(box));
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("a page that the server does not know says so and leads back", async () => {
  const { page, faults } = await openSignedIn(DESK);
  await page.goto(`${server.base}/admin/nowhere`);
  assert.equal(await page.locator("h1").innerText(), "Page not found");
  await screenshot(page, "admin-not-found");
  assert.deepEqual(faults.splice(0), ["console: Failed to load resource: the server responded with a status of 404 (Not Found)"]);
  await page.click("text=Go to the overview");
  await page.waitForURL(`${server.base}/admin`);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("a script that slips into a page does not run", async () => {
  const { page, faults } = await openSignedIn(DESK);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='window.ran = true'>");
  });
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  assert.equal(await page.evaluate(() => window.ran), undefined);
  // And this file would notice such a page.
  assert.equal(faults.length, 2, faults.join("\n"));
  for (const fault of faults) assert.match(fault, /Content Security Policy/);
  await page.context().close();
});

test("a second tab that stays open notices the sign-out", async () => {
  const { page, faults } = await openPage(browser, server.base, DESK);
  await signIn(page, server);
  const tab = await page.context().newPage();
  await tab.goto(`${server.base}/admin`);
  await isLive(tab);
  await page.click("text=Sign out");
  await page.waitForURL("**/admin/sign-in");
  await tab.waitForURL("**/admin/sign-in", { timeout: 30_000 });
  await page.goto(`${server.base}/admin`);
  assert.equal(new URL(page.url()).pathname, "/admin/sign-in");
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("without JavaScript one signs in, reads the overview and signs out", async () => {
  const { page, faults } = await openPage(browser, server.base, { ...DESK, javaScriptEnabled: false });
  await signIn(page, server);
  assert.ok((await numbers(page)).all > 0);
  assert.ok((await page.locator("#newest tbody tr").count()) > 0);
  // Nothing promises to be live that is not.
  assert.equal(await page.locator("#live-status").isVisible(), false);
  await screenshot(page, "admin-overview-without-javascript");
  await page.click("text=Sign out");
  await page.waitForURL("**/admin/sign-in");
  await page.goto(`${server.base}/admin`);
  assert.equal(new URL(page.url()).pathname, "/admin/sign-in");
  assert.deepEqual(faults, []);
  await page.context().close();
});
