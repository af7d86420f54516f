// Makes the pictures of docs/screenshots: node screenshots.js <folder>
import { becomeMember, getCoupon, launch, refreshGateway, reset } from './open.js';

const [, , folder] = process.argv;
const window = await launch();

async function take(name, options, prepare, top = 0) {
  const page = await window.open({ viewport: { width: 1280, height: 720 }, ...options });
  await reset(page);
  await prepare(page);
  await page.mouse.move(0, 0);
  await page.evaluate(() => { document.querySelector('#gateway').value = document.querySelector('#gateway').placeholder; }); // not this test's port
  await page.evaluate((y) => scrollTo(0, y), top);
  await page.waitForTimeout(700); // until what moves has come to rest
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.context().close();
}

const member = async (page) => {
  await becomeMember(page);
  await page.click('[data-action=done]');
};

await take('desktop', {}, async (page) => {
  await getCoupon(page);
  await page.click('[data-action=open]');
  await page.waitForSelector('#pass-code');
  await page.click('.nav-back');
  await member(page);
  await page.locator('.row', { hasText: '/wechat/activation' }).first().locator('summary').click();
});
await take('dark', { colorScheme: 'dark' }, async (page) => {
  await page.click('#end-ticket');
  await page.waitForSelector('.life[data-state=over] >> text=api_ticket');
  await page.click('#do-add');
  await page.waitForSelector('#sheet.bad');
});
refreshGateway('api_ticket');
await take('chinese', { locale: 'zh-CN' }, async (page) => {
  await page.check('[value=busy]');
  await page.waitForFunction(() => document.body.dataset.mood === 'busy');
  await getCoupon(page);
  await page.click('[data-action=open]');
  await page.waitForSelector('#sheet.bad');
});
await take('narrow', { viewport: { width: 390, height: 844 } }, async (page) => {
  await getCoupon(page);
  await page.click('[data-action=done]');
}, 150);
await window.browser.close();
