// What the phone's mini program finds out about its user, on the routes of examples/miniprogram.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { launch, sheet } from './open.js';

let window;
let page;

before(async () => {
  window = await launch();
  page = await window.open({ viewport: { width: 1280, height: 720 } });
  await page.click('#tab-me');
});

after(async () => {
  assert.deepEqual(window.faults, []);
  await window.browser.close();
});

const row = (text) => page.locator('.row', { hasText: text }).first();

test('gets a card that is bound to its user', async () => {
  await page.click('#do-mine');
  assert.match(await sheet(page), /Added to the wallet.*this user’s openid/);
  await row('/sns/jscode2session').waitFor();
  await page.click('#sheet button');
});

test('gives the phone number to the backend', async () => {
  await page.click('#do-phone');
  assert.match(await sheet(page), /The backend has the number.*"phone":"13800138000"/);
  await row('/wxa/business/getuserphonenumber').waitFor();
  await page.click('#sheet button');
});

test('agrees to one message', async () => {
  await page.click('#do-message');
  assert.match(await sheet(page), /One message may be sent/);
  await page.click('#sheet button');
});

test('says which routes are missing', async () => {
  await page.click('#routes-button');
  await page.fill('#set-myCard', '/no/such/route');
  await page.press('#set-myCard', 'Tab');
  await page.click('#routes-button');
  await page.click('#do-mine');
  assert.match(await sheet(page), /examples\/miniprogram/);
  await page.click('#sheet button');
});

test('cuts nothing', async () => {
  for (let language = 0; language < 2; language++) {
    const cut = await page.evaluate(() => [...document.querySelectorAll('.phone .view, .phone .club, .phone button')].filter((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).map((e) => e.className));
    assert.deepEqual(cut, []);
    await page.click('#language');
  }
});
