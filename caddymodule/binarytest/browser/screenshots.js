// Makes the pictures of docs/screenshots: node screenshots.js <folder>
import { becomeMember, getCoupon, launch, reset } from './open.js';

const [, , folder] = process.argv;
const window = await launch();

async function take(name, options, prepare) {
  const page = await window.open(options);
  await reset(page);
  await prepare(page);
  await page.mouse.move(0, 0);
  await page.waitForTimeout(700); // until what moves has come to rest
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.context().close();
}

const member = async (page) => {
  await becomeMember(page);
  await page.click('[data-action=done]');
};

await take('desktop', {}, async (page) => {
  await member(page);
  await getCoupon(page);
});
await take('dark', { colorScheme: 'dark' }, async (page) => {
  await getCoupon(page);
  await page.click('[data-action=done]');
  await page.check('[value=ip]');
  await page.click('#end-token');
  await page.waitForSelector('.life[data-state=over]');
  await getCoupon(page);
  await page.click('[data-action=open]');
  await page.waitForSelector('#sheet.bad');
});
await take('chinese', { locale: 'zh-CN' }, async (page) => {
  await getCoupon(page);
  await page.click('[data-action=done]');
  await member(page);
  await page.click('#tab-wallet');
  await page.locator('.row', { hasText: '/wechat/activation' }).locator('summary').click();
});
await take('narrow', { viewport: { width: 390, height: 844 } }, async (page) => {
  await getCoupon(page);
  await page.click('[data-action=done]');
  await page.locator('#phone').scrollIntoViewIfNeeded();
});
await window.browser.close();
