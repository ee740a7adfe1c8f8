// Getting to the dashboard's desk, as its demo admin does.
import assert from "node:assert/strict";

export const PHONE = "+919000000000";
export const DESK = { viewport: { width: 1280, height: 900 } };
export const POCKET = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

export const codes = (server, phone = PHONE) =>
  [...server.output().matchAll(/^OTP for (\S+): (\d{6})$/gm)].filter((line) => line[1] === phone).map((line) => line[2]);

/** The code that arrives on top of `known` others. */
export async function nextCode(server, known, phone = PHONE) {
  const deadline = Date.now() + 10_000;
  while (codes(server, phone).length <= known) {
    if (Date.now() > deadline) throw new Error(`no code in:\n${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return codes(server, phone).at(-1);
}

/** By keyboard, as both fields take the focus by themselves. A phone has five codes in a quarter of an hour. */
export async function signIn(page, server, phone = PHONE) {
  await provePhone(page, server, phone);
  await page.waitForURL(`${server.base}/admin`);
  assert.equal(await page.locator("h1").innerText(), "Overview");
}

/** Up to what the right code leads to. */
export async function provePhone(page, server, phone) {
  const known = codes(server, phone).length;
  await page.goto(`${server.base}/admin`);
  assert.equal(new URL(page.url()).pathname, "/admin/sign-in");
  await page.locator("#phone:focus").waitFor();
  await page.keyboard.type(phone.replace("+91", ""));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/admin/sign-in/code");
  const code = await nextCode(server, known, phone);
  await page.locator("#code:focus").waitFor();
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
}

/** No wider than the screen: nobody scrolls sideways. */
export async function assertFits(page) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= screen, `${content} px of content on ${screen} px at ${page.url()}`);
}

export async function isLive(page) {
  await page.locator("#live-status[data-state=live]").waitFor();
}
