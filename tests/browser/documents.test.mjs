import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, screenshot } from "./browser.mjs";
import { startServer } from "./server.mjs";

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer({ DEMO_DATA: "off" }), launch()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("Swagger UI shows every group without a network", async () => {
  const { page, faults } = await openPage(browser, server.base, { viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.base}/docs`);
  await page.waitForSelector("#operations-tag-Authentication");
  const groups = await page.locator("h3.opblock-tag").evaluateAll((tags) => tags.map((tag) => tag.dataset.tag));
  const contract = [
    "Authentication",
    "User Management",
    "Listener Verification",
    "Admin - Verification",
    "Call Management",
    "WebSocket",
  ];
  assert.deepEqual(contract.filter((group) => !groups.includes(group)), []);
  assert.ok((await page.locator(".opblock").count()) >= 20);
  await page.click("#operations-Authentication-request_otp .opblock-summary-control");
  const operation = page.locator("#operations-Authentication-request_otp");
  await operation.locator(".opblock-section-request-body").waitFor();
  assert.match(await operation.innerText(), /Request body[^]*"phone": "\+919876543210"/);
  await screenshot(page, "docs");
  assert.deepEqual(faults, []);
});

test("ReDoc shows the document without a network", async () => {
  const { page, faults } = await openPage(browser, server.base, { viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.base}/redoc`);
  await page.waitForSelector("[data-section-id='tag/Authentication']");
  assert.ok((await page.locator("[data-section-id*='operation']").count()) >= 20);
  await screenshot(page, "redoc");
  assert.deepEqual(faults, []);
});
