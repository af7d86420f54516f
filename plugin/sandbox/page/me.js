// What a mini program finds out about its user (小程序登录): who he is, his phone number, and whether he wants messages. The routes are
// those of examples/miniprogram.
import { h } from './dom.js';
import { clientProblem, gatewayProblem } from './explain.js';
import { t } from './i18n.js';
import { redraw, register, showSheet } from './phone.js';
import { route } from './settings.js';
import * as wx from './wx.js';

let busy = ''; // what the user waits for

/** Does one thing at a time, and shows what came of it: a sheet. */
async function perform(name, run) {
  if (busy) return;
  busy = name;
  wx.tapped(name);
  redraw('me');
  const sheet = await run().catch(() => ({ title: t('fail'), text: t('fail.sandbox') }));
  busy = '';
  redraw('me');
  showSheet({ tone: 'bad', ...sheet });
}

/** Posts what WeChat's client gave. Gives the answer's data, or the problem with it. */
async function ask(name, data, isExpected) {
  const answer = await wx.request({ url: route(name), method: 'POST', data });
  const problem = gatewayProblem(answer, isExpected);
  return problem ? { problem: { ...problem, note: t('me.routes') } } : { data: answer.data };
}

const things = {
  async mine() {
    const { code } = await wx.login();
    const { data, problem } = await ask('myCard', { js_code: code }, ({ cardList }) => Array.isArray(cardList));
    return problem ?? clientProblem(await wx.addCard(data)) ?? { tone: 'good', title: t('added'), text: t('me.mine.done') };
  },
  async phone() {
    const [given, { code }] = [await wx.getPhoneNumber(), await wx.login()];
    const { data, problem } = await ask('join', { phone_code: given.code, js_code: code }, (answer) => typeof answer === 'object');
    return problem ?? { tone: 'good', title: t('me.phone.done'), text: t('me.phone.answer'), detail: JSON.stringify(data) };
  },
  async message() {
    await wx.requestSubscribeMessage(['order']);
    return { tone: 'good', title: t('me.message.done'), text: t('me.message.next') };
  },
};

register('me', () => ({
  title: t('tab.me'),
  capsule: true,
  content: Object.keys(things).map((name) => h('div', { class: 'thing' },
    h('p', {}, h('strong', { text: t(`me.${name}`) }), h('small', { text: t(`me.${name}.about`) })),
    h('button', { type: 'button', id: `do-${name}`, class: 'primary', onclick: () => perform(name, things[name]), 'aria-disabled': busy ? 'true' : undefined },
      busy === name ? [h('span', { class: 'spinner', 'aria-hidden': 'true' }), t('wait')] : t(`me.${name}.do`)))),
}));
