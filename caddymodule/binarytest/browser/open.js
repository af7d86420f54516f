// Opens the sandbox's page in a real Chromium. Where it and the gateway are comes in the environment.
import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';

const { CHROMIUM, PAGE, GATEWAY, CADDY_BINARY, CADDY_ADMIN } = process.env;

export const gateway = GATEWAY;

/** A browser, with everything that goes wrong in its pages in `faults`. */
export async function launch() {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const faults = [];
  /** Opens the page with an empty memory, and tells it where the gateway is. */
  const open = async (options = {}) => {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`); });
    page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack}`));
    page.on('request', (request) => { if (new URL(request.url()).origin !== new URL(PAGE).origin) faults.push(`request to ${request.url()}`); });
    await page.exposeFunction('reportViolation', (text) => faults.push(`policy: ${text}`));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    await page.goto(PAGE);
    await page.fill('#gateway', GATEWAY);
    await page.press('#gateway', 'Enter');
    await page.waitForSelector('#gateway-dot[data-state=good]');
    await page.waitForSelector('.ready[data-state=good]');
    return page;
  };
  return { browser, open, faults };
}

/** Has the gateway fetch a credential anew. */
export function refreshGateway(credential) {
  execFileSync(CADDY_BINARY, ['wechat-card', 'refresh', '--credential', credential, '--address', CADDY_ADMIN]);
}

/** Has the sandbox forget cards and faults, as its button does. */
export async function reset(page) {
  await page.click('#reset');
  await page.waitForFunction(() => document.body.dataset.mood === 'well' && !document.querySelector('.badge').textContent);
}

/** Waits for the sheet of the phone and gives its text. */
export async function sheet(page) {
  await page.waitForSelector('#sheet');
  return (await page.textContent('#sheet')).replace(/\s+/g, ' ');
}

/** Gets the coupon, which must work. */
export async function getCoupon(page) {
  await page.click('#do-add');
  await page.waitForSelector('#sheet.good');
}

/** Goes through the component and comes back with an active member card. */
export async function becomeMember(page) {
  await page.click('#do-component');
  await page.click('#do-submit');
  await page.waitForSelector('#sheet.good');
}
