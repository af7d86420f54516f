// A merchant at a third-party platform: node platform.js board|again|leave <app_id>. Prints when it was done, in milliseconds since 1970.
// board authorises all on WeChat's page; again leaves the cards out first, and then authorises all from the sandbox's phone; leave
// takes it back on the phone. With PICTURES in the environment, the path of a folder, there are pictures of all pages.
import { launch } from './open.js';

const { PAGE, GATEWAY, PICTURES } = process.env;
const [, , act, appID] = process.argv;
const window = await launch();
const context = await window.browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 } });

/** Opens an address in a tab; what goes wrong there ends up in window.faults. */
async function visit(address) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) window.faults.push(`${page.url()}: ${message.text()}`); });
  page.on('pageerror', (error) => window.faults.push(`${page.url()}: ${error.stack}`));
  await page.goto(address);
  return page;
}

async function picture(page, name) {
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/p-platform-${name}.png` });
}

/** Goes from the platform's page to WeChat's. */
async function leave(page, link = '#pc') {
  await page.click(link);
  await page.waitForSelector('#wait');
}

async function done(page) {
  await page.waitForSelector('#account');
  const text = await page.textContent('main');
  if (!text.includes(appID)) throw new Error(`the page says ${text}`);
  return text;
}

/** Opens the sandbox's phone where it scans. */
async function phone() {
  const page = await visit(PAGE);
  await page.click('#tab-scan');
  return page;
}

const acts = {
  async board() {
    const page = await visit(`${GATEWAY}/platform/authorize`);
    await picture(page, 'offer');
    await leave(page);
    await picture(page, 'wechat');
    await page.click(`#account-${appID}`);
    await page.waitForSelector('#confirm');
    await picture(page, 'sets');
    await page.click('#confirm');
    await done(page);
    if (await page.locator('.missing').count()) throw new Error('something is missing');
    const at = Date.now();
    await picture(page, 'done');
    return at;
  },
  async again() {
    const page = await visit(`${GATEWAY}/platform/authorize`);
    await leave(page, '#mobile');
    await page.click(`#account-${appID}`);
    await page.uncheck('[name=set][value="8"]');
    await page.click('#confirm');
    if (!/\(8\): .*cannot be handed out/.test(await done(page)) || await page.locator('.missing').count() !== 1) throw new Error('it is not said what is missing');
    await picture(page, 'missing');
    await page.waitForTimeout(3_000); // in which the gateways find out that they get no ticket
    await leave(page);
    const screen = await phone();
    await screen.click(`#scan-${appID}`);
    await picture(screen, 'phone');
    await screen.click('#do-scan');
    await screen.waitForSelector('#sheet.good');
    await page.waitForURL(/nonce=/);
    await done(page);
    if (await page.locator('.missing').count()) throw new Error('something is missing');
    return Date.now();
  },
  async leave() {
    const screen = await phone();
    await screen.click(`#boarded-${appID} button`);
    const at = Date.now();
    await screen.waitForSelector('#sheet.good');
    await picture(screen, 'left');
    return at;
  },
};

const at = await acts[act]();
await window.browser.close();
if (window.faults.length) throw new Error(window.faults.join('\n'));
process.stdout.write(String(at));
