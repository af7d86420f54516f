// The sandbox's page, used as people use it.
import { after, afterEach, before, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { becomeMember, gateway, getCoupon, launch, refreshGateway, reset, sheet } from './open.js';
import { accessibility, contrast } from './people.js';

let window;
let page;

before(async () => {
  window = await launch();
  page = await window.open();
});

after(() => window.browser.close());

beforeEach(async () => {
  if (await page.locator('#sheet').count()) await page.keyboard.press('Escape'); // left over by a test that failed
});

afterEach(() => assert.deepEqual(window.faults.splice(0), []));

const row = (text) => page.locator('.row', { hasText: text }).first();

test('finds the gateway of Caddyfile.example by itself', async () => {
  assert.equal(await page.getAttribute('#gateway', 'placeholder'), `http://${new URL(page.url()).hostname}:8080`);
});

test('adds a card and opens it', async () => {
  await getCoupon(page);
  assert.match(await sheet(page), /Added to the wallet/);
  await page.click('[data-action=open]');
  assert.match(await page.textContent('#pass-code'), /^\d{4} \d{4} \d{4}$/);
  await row('/card/code/decrypt').waitFor();
  assert.match(await row('/wechat/openCard').textContent(), /200/);
});

test('unfolds an exchange, without secrets', async () => {
  const decrypt = row('/card/code/decrypt');
  await decrypt.locator('summary').click();
  await decrypt.locator('pre').first().waitFor();
  const text = await decrypt.textContent();
  assert.match(text, /encrypt_code/);
  assert.match(text, /access_token=90_\S{3}…/);
  const told = await page.evaluate(async () => (await fetch('/_sandbox/events')).text());
  assert.doesNotMatch(told, /90_[\w-]{40}/);
  assert.match(told, /getticket/);
});

/** Copies with a button, and gives what a user would paste. */
async function copied(button) {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const element = await button.elementHandle(); // its text is another one soon
  await element.click();
  await page.waitForFunction((e) => e.textContent === 'Copied', element);
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Runs what was copied as a shell does. */
const paste = (text, env = {}) => execFileSync('sh', ['-c', text], { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** Unfolds a row. */
async function unfold(line) {
  if (await line.getAttribute('open') === null) await line.locator('summary').click();
  await line.locator('.row-bodies pre').first().waitFor();
}

test('says by a mark that a row opens', async () => {
  const line = row('/wechat/addCard');
  const mark = line.locator('summary .row-end .icon');
  assert.ok(await mark.isVisible());
  const turn = () => mark.evaluate((e) => getComputedStyle(e).transform);
  const closed = await turn();
  await unfold(line);
  await page.waitForFunction(([e, before]) => getComputedStyle(e).transform !== before, [await mark.elementHandle(), closed]);
});

test('shows the header of a request', async () => {
  const line = row('/wechat/openCard');
  await unfold(line);
  const text = await line.locator('pre[aria-label="Request header"]').textContent();
  assert.match(text, /^Content-Type: application\/json$/m);
  assert.match(text, /^Accept-Language: en$/m);
});

test('copies requests so that they can be pasted', async () => {
  const opened = row('/wechat/openCard');
  await unfold(opened);
  const command = await copied(opened.locator('.copy', { hasText: 'Copy as curl' }));
  assert.match(command, /^curl 'http:\/\/[^']+\/wechat\/openCard' /);
  assert.match(JSON.parse(paste(command)).cardList[0].code, /^\d{12}$/);
  const request = await copied(opened.getByLabel('Copy: Request', { exact: true }));
  assert.match(request, /^\{"cardList":/);
  const added = row('/wechat/addCard');
  await unfold(added);
  assert.match(paste(await copied(added.locator('.copy', { hasText: 'Copy as curl' }))), /signature/);
});

test('copies no secret', async () => {
  const line = row('/card/code/decrypt');
  await unfold(line);
  const command = await copied(line.locator('.copy', { hasText: 'Copy as curl' }));
  assert.match(command, /access_token='"\$\{ACCESS_TOKEN:\?\}"''/);
  assert.doesNotMatch(command, /90_|…/);
  assert.match(await line.textContent(), /Set ACCESS_TOKEN first/);
  assert.match(await copied(line.getByLabel('Copy: Address')), /access_token=90_\S{3}…\S{4}$/);
  assert.throws(() => paste(command));
  assert.match(paste(command, { ACCESS_TOKEN: 'another' }), /errcode":40014/);
  await row('errcode 40014').waitFor();
});

test('filters what is shown', async () => {
  const shown = () => page.locator('.row:visible').count();
  const isAll = async () => assert.equal(...await page.evaluate(() => [...document.querySelectorAll('.row')].reduce(([seen, all], e) => [seen + e.checkVisibility(), all + 1], [0, 0])));
  await page.fill('#filter', 'OPENCARD  wx.');
  assert.equal(await shown(), 1);
  assert.equal(await page.locator('.group:visible').count(), 1);
  assert.equal(await page.textContent('#exchange-count'), `1 / ${await page.locator('.row').count()}`);
  await page.fill('#filter', 'decrypt nonsense');
  assert.equal(await shown(), 0);
  assert.match(await page.textContent('#exchange-nothing'), /No exchange fits/);
  await page.click('#filter-clear');
  await isAll();
  assert.equal(await page.inputValue('#filter'), '');
  await page.click('#only-failed');
  assert.equal(await shown(), await page.locator('.row[data-tone=bad]').count());
  await page.click('#only-failed');
  await isAll();
});

test('shows the wallet', async () => {
  await page.click('.nav-back');
  await page.click('#tab-wallet');
  assert.equal(await page.locator('.wallet-card').count(), 1);
  await page.click('#tab-home');
});

test('shows how long credentials live', async () => {
  const text = await page.textContent('#credentials');
  assert.match(text, /access_token.*api_ticket/s);
  assert.match(text, /left/);
});

test('goes through the member-card component and comes back', async () => {
  await page.click('#do-component');
  await page.getByLabel('Mobile').fill('13900139000');
  await page.click('#do-submit');
  assert.match(await sheet(page), /Member card activated.*8002-0001/);
  await page.click('[data-action=open]');
  assert.match(await page.textContent('.pass'), /Active.*8002-0001/s);
  await page.click('.nav-back');
  assert.match(await row('/wechat/activation').textContent(), /Gateway → Backend.*answered by the backend/s);
  const filledIn = row('/card/membercard/activatetempinfo/get');
  await filledIn.locator('summary').click();
  await filledIn.locator('pre', { hasText: '13900139000' }).waitFor();
});

test('refuses to navigate after a request', async () => {
  await page.check('#late');
  await page.click('#do-component');
  assert.match(await sheet(page), /can only be invoked by user TAP gesture.*Fetch the parameters before/);
  await page.click('#sheet button');
  await page.uncheck('#late');
});

test('says in words that WeChat is busy, and goes on when it is not', async () => {
  await getCoupon(page);
  await page.click('[data-action=done]');
  await page.check('[value=busy]');
  await page.waitForFunction(() => document.body.dataset.mood === 'busy');
  await getCoupon(page); // the gateway signs with what it has
  await page.click('[data-action=open]');
  await page.waitForSelector('#sheet.bad');
  assert.match(await sheet(page), /503 busy.*nothing but wait.*Try again in \d+ s/);
  assert.match(await row('/card/code/decrypt').textContent(), /simulated fault.*errcode -1/s);
  await page.check('[value=well]');
  await page.waitForFunction(() => document.body.dataset.mood === 'well');
  await page.click('[data-action=again]');
  await page.waitForSelector('#pass-code');
  await page.click('.nav-back');
});

test('says who visits web pages, and what he does there', async () => {
  const question = new URLSearchParams({ appid: 'wx5a6d8b2c4e1f3a70', redirect_uri: 'http://localhost:8080/back', response_type: 'code', scope: 'snsapi_userinfo', state: 'x' });
  const visit = () => fetch(`${new URL(page.url()).origin}/connect/oauth2/authorize?${question}`, { redirect: 'manual' });
  assert.equal((await visit()).status, 200); // the page that asks
  await page.check('[name=consent][value=deny]');
  await page.waitForFunction(() => document.querySelector('#announcer').textContent.includes('without a code'));
  assert.doesNotMatch((await visit()).headers.get('location'), /code=/);
  await page.fill('#visitor-user', 'alice');
  await page.press('#visitor-user', 'Tab');
  await page.check('[name=consent][value=allow]');
  await page.waitForFunction(() => document.querySelector('#announcer').textContent.includes('agrees at once'));
  assert.match((await visit()).headers.get('location'), /[?&]code=/);
  assert.equal(await page.inputValue('#visitor-user'), 'alice');
  assert.equal(await page.getAttribute('#visitor-open', 'href'), gateway);
  await reset(page);
  await page.waitForFunction(() => document.querySelector('[name=consent][value=ask]').checked);
});

test('shows a token that is replaced', async () => {
  await page.click('#end-token');
  await getCoupon(page);
  await page.click('[data-action=open]');
  await page.waitForSelector('#pass-code');
  await page.click('.nav-back');
  await row('errcode 40001').waitFor();
  assert.match(await page.textContent('#credentials'), /ended early/);
});

test('shows what a phone makes of a dead ticket, and why', async () => {
  await page.click('#end-ticket');
  await page.waitForSelector('.life[data-state=over] >> text=api_ticket');
  await page.click('#do-add');
  assert.match(await sheet(page), /签名错误.*wrong signature.*api_ticket that has ended/);
  await page.click('[data-action=why]');
  await page.waitForSelector('#inspector [data-finding=ticket_expired]');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'inspector-panel');
  await page.locator('#inspector-panel').evaluate((e) => new Promise((done) => { new IntersectionObserver(([seen]) => { if (seen.isIntersecting) done(); }).observe(e); }));
  // and one click from where it is listed, whatever was pasted since
  await page.fill('#inspect-text', '{}');
  await page.click('.inspect button');
  await page.waitForSelector('#inspector [data-finding=not_recognised]');
  await page.locator('.row-why button').first().click();
  await page.waitForSelector('#inspector [data-finding=ticket_expired]');
  assert.equal(await page.locator('.row-why').count(), 1, 'only where a signature is wrong');
  refreshGateway('api_ticket');
  await getCoupon(page);
  await page.click('[data-action=done]');
});

test('says that a call gives one member card', async () => {
  const member = 'pSandboxMember00000000000001';
  const ask = async (id) => {
    await page.click('#routes-button');
    await page.fill('#set-couponID', id);
    await page.press('#set-couponID', 'Enter');
    await page.click('#routes-button');
  };
  await ask(`${member},pSandboxCoupon00000000000001,${member}`);
  await getCoupon(page);
  assert.match(await sheet(page), /Added to the wallet.*at most one member card a call/);
  await row('at most one member card').waitFor();
  await page.click('[data-action=open]'); // what was not given is left out
  await page.waitForSelector('#pass-code');
  await page.click('.nav-back');
  await ask('');
  await getCoupon(page);
  assert.doesNotMatch(await sheet(page), /member card/);
  await page.click('[data-action=done]');
});

test('names a mistake in what was pasted', async () => {
  const pasted = { cardId: 'pSandboxCoupon00000000000001', cardExt: { timestamp: '1700000000', signature: 'a'.repeat(40) } };
  await page.fill('#inspect-text', JSON.stringify(pasted));
  await page.click('.inspect button');
  await page.waitForSelector('#inspector [data-finding=card_ext_object]');
  assert.match(await page.textContent('#inspector'), /refuses|签名错误/);
});

test('finds one mistake in a timestamp in milliseconds', async () => {
  for (const timestamp of [String(Date.now()), Date.now(), '1500000000123']) {
    const pasted = { cardId: 'pSandboxCoupon00000000000001', cardExt: JSON.stringify({ timestamp, nonce_str: 'n1', signature: 'a'.repeat(40) }) };
    await page.fill('#inspect-text', JSON.stringify(pasted));
    await page.click('.inspect button');
    await page.waitForSelector('#inspector [data-finding=milliseconds]');
    assert.equal(await page.locator('#inspector [data-finding]').count(), 1);
  }
});

test('says that nobody is there', async () => {
  await page.fill('#gateway', 'http://127.0.0.1:9');
  await page.press('#gateway', 'Enter');
  await page.waitForSelector('#gateway-dot[data-state=bad]');
  assert.match(await page.textContent('#gateway-says'), /Nobody answers/);
  await page.click('#do-add');
  assert.match(await sheet(page), /No answer.*Is it running/);
  await page.click('#sheet button');
  await page.fill('#gateway', gateway);
  await page.press('#gateway', 'Enter');
  await page.waitForSelector('.ready[data-state=good]');
  assert.equal(await page.textContent('#gateway-says'), '');
});

test('takes other routes', async () => {
  await page.click('#routes-button');
  await page.getByLabel('add_card').fill('/no/such/route');
  await page.click('#do-add');
  assert.match(await sheet(page), /200.*Is the path right/);
  await page.click('#sheet button');
  await page.getByLabel('add_card').fill('');
  await page.press('#set-addCard', 'Tab');
  assert.equal(await page.inputValue('#set-addCard'), '/wechat/addCard');
  await page.click('#routes-button');
});

test('speaks Chinese, and remembers it', async () => {
  await page.click('#language');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.equal(await page.textContent('#exchanges-title'), '请求记录');
  await page.reload();
  assert.equal(await page.textContent('#exchanges-title'), '请求记录');
  assert.equal(await page.title(), '卡券沙箱');
  await page.click('#language');
  const chinese = await window.open({ locale: 'zh-CN' });
  assert.equal(await chinese.getAttribute('html', 'lang'), 'zh-CN');
  await chinese.context().close();
});

test('works by keyboard alone', async () => {
  await reset(page);
  await page.focus('#do-add');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#sheet.good');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), 'open');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'do-add');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'do-component');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid');
  // a screen that takes the place of another keeps the focus in the phone
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#sheet.good');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#pass-code');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'view');
  await page.keyboard.press('Shift+Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'nav-back');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'view');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'do-add');
});

test('tells itself to those who listen', async () => {
  await becomeMember(page);
  assert.deepEqual(await page.evaluate(accessibility), []);
  await page.click('[data-action=done]');
  for (const screen of ['#tab-wallet', '#tab-home', '#routes-button']) {
    await page.click(screen);
    assert.deepEqual(await page.evaluate(accessibility), [], screen);
  }
  await page.click('#routes-button');
});

for (const scheme of ['light', 'dark']) {
  test(`can be read in ${scheme} colours`, async () => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.locator('.row summary').first().click();
    assert.deepEqual(await page.evaluate(contrast), []);
    await page.click('#do-add');
    await page.waitForSelector('#sheet');
    assert.deepEqual(await page.evaluate(contrast), []);
    await page.click('[data-action=done]');
  });
}

test('changes its colours', async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background();
  await page.click('#theme');
  assert.equal(await background(), light);
  await page.click('#theme');
  assert.notEqual(await background(), light);
  await page.click('#theme');
});

test('cuts nothing at 1280 by 720', async () => {
  const tall = await window.open({ viewport: { width: 1280, height: 720 }, reducedMotion: 'reduce' });
  const cut = () => tall.evaluate(async () => {
    await Promise.allSettled(document.getAnimations().map((a) => a.finished)); // short ones, all of them
    const faults = [];
    const edge = (e) => e.getBoundingClientRect();
    for (const e of document.querySelectorAll('.top, .phone, .timeline')) {
      if (edge(e).bottom > innerHeight + scrollY || edge(e).right > innerWidth || edge(e).left < 0) faults.push(`beyond the window: ${e.className}`);
    }
    if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is too wide');
    for (const e of document.querySelectorAll('body *')) {
      if (!e.checkVisibility({ visibilityProperty: true }) || e.matches('.club-card') || e.closest('.unseen, .leaf, textarea, svg')) continue;
      const style = getComputedStyle(e);
      const scrolls = /auto|scroll/.test(style.overflowY);
      if (style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1) faults.push(`cut at the side: ${e.className || e.id}`);
      if (style.overflowY !== 'visible' && e.scrollHeight > e.clientHeight + 1 && !(scrolls && e.matches('.exchange-list, pre'))) faults.push(`cut below: ${e.className || e.id}`);
    }
    return faults;
  });
  await reset(tall);
  for (let language = 0; language < 2; language++) {
    assert.ok(await tall.evaluate(() => document.querySelector('.side').getBoundingClientRect().top < 100));
    assert.deepEqual(await cut(), []);
    await getCoupon(tall);
    await tall.evaluate(() => scrollTo(0, 0));
    assert.deepEqual(await cut(), [], 'with a sheet');
    await tall.click('[data-action=open]');
    await tall.waitForSelector('#pass-code');
    assert.deepEqual(await cut(), [], 'with a card');
    await tall.click('.nav-back');
    await becomeMember(tall);
    await tall.click('[data-action=done]');
    await tall.locator('.row summary').first().click();
    assert.deepEqual(await cut(), [], 'with a row that is open');
    await tall.click('#tab-wallet');
    assert.deepEqual(await cut(), [], 'with the wallet');
    await tall.click('#tab-home');
    await tall.fill('#gateway', 'http://127.0.0.1:9');
    await tall.press('#gateway', 'Enter');
    await tall.waitForSelector('#gateway-says:not(:empty)');
    await tall.evaluate(() => scrollTo(0, 0));
    assert.deepEqual(await cut(), [], 'without a gateway');
    await tall.fill('#gateway', gateway);
    await tall.press('#gateway', 'Enter');
    await tall.waitForSelector('.ready[data-state=good]');
    await reset(tall);
    await tall.click('#language');
  }
  await tall.context().close();
});

test('fits narrow screens', async () => {
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 700 });
    for (let language = 0; language < 2; language++) {
      await page.click('#language');
      await page.click('#routes-button');
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(tooWide <= 0, `${width}: ${tooWide} too wide`);
      await page.click('#routes-button');
    }
  }
  await getCoupon(page);
  await page.click('[data-action=done]');
});

test('holds still for those who want it', async () => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.click('#do-add');
  await page.waitForSelector('#sheet');
  const seconds = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector('#sheet')).animationDuration));
  assert.ok(seconds <= 0.001);
});
