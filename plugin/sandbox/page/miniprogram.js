// The merchant's mini program. It does what README.md shows: it passes the gateway's answers on as they are.
import { byId, h } from './dom.js';
import { clientProblem, clientRemark, gatewayProblem, isWrongSignature } from './explain.js';
import { inspectText, showInspector } from './inspector.js';
import { t } from './i18n.js';
import { redraw, register, show, showSheet } from './phone.js';
import { beginTap, state } from './sandbox.js';
import { route, settings } from './settings.js';
import * as wx from './wx.js';

const componentAppID = 'wxeb490c6f9b154ef9';

const program = {
  busy: '',         // what the user waits for
  component: null,  // parameters of wx.navigateToMiniProgram, fetched before the tap
  problem: null,    // why there are none
  late: false,      // the mistake: to fetch them after the tap
};

const isCardList = (data) => Array.isArray(data.cardList);
const isComponent = (data) => Boolean(data.appId && data.extraData);

/** Page.onLoad. */
export async function loadMiniProgram() {
  Object.assign(program, { component: null, problem: null });
  beginTap('load');
  const problem = await loadComponent();
  sayGateway(problem);
  redraw('home');
}

async function loadComponent() {
  const answer = await wx.request({ url: route('memberCard', { card_id: settings.memberID, outer_str: 'phone' }) }).catch(lost);
  program.problem = gatewayProblem(answer, isComponent);
  program.component = program.problem ? null : answer.data;
  program.reached = answer.errMsg === 'request:ok';
  return program.problem;
}

const lost = () => ({ errMsg: 'request:fail', reason: 'sandbox' });

function sayGateway(problem) {
  const dot = byId('gateway-dot');
  const says = byId('gateway-says');
  dot.dataset.state = program.reached ? 'good' : 'bad';
  says.textContent = program.reached ? '' : `${problem.text}`;
}

/** Runs one thing at a time, and shows what goes wrong with the way there. */
async function perform(name, run) {
  if (program.busy) return;
  program.busy = name;
  wx.tapped(name);
  redraw('home');
  try {
    await run();
  } catch {
    failed({ title: t('fail'), text: t('fail.sandbox') });
  } finally {
    program.busy = '';
    redraw('home');
  }
}

function failed(problem, actions) {
  showSheet({ tone: 'bad', ...problem, actions });
}

const getCoupon = () => perform('add', async () => {
  const answer = await wx.request({ url: route('addCard', { card_id: settings.couponID }) });
  sayAnswer(answer);
  const problem = gatewayProblem(answer, isCardList);
  if (problem) return failed(problem);
  await inspectText(JSON.stringify(answer.data));
  const added = await wx.addCard(answer.data);
  const refusal = clientProblem(added);
  const why = isWrongSignature(added) ? [{ label: t('inspect.why'), name: 'why', run: showInspector }, { label: t('close'), name: 'close' }] : undefined;
  if (refusal) return failed({ ...refusal, note: t('phone.keeps') }, why);
  showSheet({
    tone: 'good', title: t('added'), text: t('added.text'), note: clientRemark(added),
    actions: [{ label: t('open'), name: 'open', run: () => openAdded(added.cardList) }, { label: t('done'), name: 'done' }],
  });
});

function sayAnswer(answer) {
  program.reached = answer.errMsg === 'request:ok';
  sayGateway(gatewayProblem(answer, () => true) ?? {});
}

/** Posts what wx.addCard gave, and opens what comes back. */
const openAdded = (cardList) => perform('open', async () => {
  const answer = await wx.request({ url: route('openCard'), method: 'POST', data: { cardList } });
  sayAnswer(answer);
  const again = [{ label: t('again'), name: 'again', run: () => openAdded(cardList) }, { label: t('close'), name: 'close' }];
  const problem = gatewayProblem(answer, isCardList);
  if (problem) return failed(problem, again);
  const opened = await wx.openCard(answer.data);
  const refusal = clientProblem(opened);
  if (refusal) return failed(refusal, again);
  const { cardId, code } = answer.data.cardList[0];
  show('card', { cardID: cardId, code, back: 'home' });
});

const join = () => perform('component', async () => {
  if (program.late || !program.component) {
    const problem = await loadComponent(); // and now it is too late
    sayGateway(problem ?? {});
    if (problem) return failed(problem);
  }
  const parameter = program.component;
  const shown = await wx.navigateToMiniProgram(parameter);
  const refusal = clientProblem(shown);
  if (refusal) return failed(refusal);
  show('component', { parameter, shown });
});

/** App.onShow, when the component comes back. */
export const comeBack = (referrerInfo) => perform('activate', async () => {
  show('home');
  const extra = referrerInfo.appId === componentAppID && referrerInfo.extraData;
  if (!extra) return showSheet({ tone: 'bad', title: t('nothing.back'), text: t('nothing.back.text') });
  const answer = await wx.request({ url: route('activation'), method: 'POST', data: extra });
  sayAnswer(answer);
  const problem = gatewayProblem(answer, (data) => typeof data === 'object');
  if (problem) {
    return failed(problem, [{ label: t('again'), name: 'again', run: () => comeBack(referrerInfo) }, { label: t('close'), name: 'close' }]);
  }
  const number = answer.data.membership_number;
  showSheet({
    tone: 'good', title: t('active'), text: number ? t('active.number', { number }) : t('active.text'),
    actions: [{ label: t('open'), name: 'open', run: () => show('card', { cardID: extra.card_id, code: extra.code, back: 'home' }) }, { label: t('done'), name: 'done' }],
  });
  loadComponent();
});

function homeScreen() {
  const member = state.wallet.find((card) => card.card_id === settings.memberID);
  const coupons = state.wallet.filter((card) => card.card_id === settings.couponID).length;
  return {
    title: t('shop'),
    capsule: true,
    content: [
      h('div', { class: 'hello' }, h('p', { class: 'hello-kicker', text: t('shop.kicker') }), h('p', { class: 'hello-title', text: t('shop.hello') })),
      h('div', { class: 'ticket' },
        h('div', { class: 'ticket-worth', 'aria-hidden': 'true' }, h('small', { text: '¥' }), '10'),
        h('div', { class: 'ticket-text' }, h('strong', { text: t('coupon') }), h('span', { text: coupons ? t('coupon.have', { n: coupons }) : t('coupon.about') })),
        button('add', 'ticket-button', t('coupon.get'), getCoupon)),
      h('div', { class: 'club' },
        h('div', { class: 'club-card', 'aria-hidden': 'true' }, h('span', { text: t('shop') }), h('strong', { text: t('member') }), leaf()),
        h('p', { class: 'club-text', text: member?.active ? t('member.have', { number: member.membership_number }) : t('member.about') }),
        button('component', 'primary', member?.active ? t('member.again') : t('member.join'), join),
        ready()),
      h('label', { class: 'lesson' },
        h('input', { type: 'checkbox', id: 'late', checked: program.late, role: 'switch', onchange: (event) => { program.late = event.target.checked; redraw('home'); } }),
        h('span', {}, h('strong', { text: t('late') }), h('small', { text: t('late.about') }))),
    ],
  };
}

function button(name, look, label, run) {
  const busy = program.busy === name || name === 'add' && program.busy === 'open' || name === 'component' && program.busy === 'activate';
  return h('button', { type: 'button', id: `do-${name}`, class: look, onclick: run, 'aria-disabled': program.busy ? 'true' : undefined },
    busy ? h('span', { class: 'spinner', 'aria-hidden': 'true' }) : null, busy ? t('wait') : label);
}

/** Says whether the component's parameters are there before the tap. */
function ready() {
  if (program.late) return h('p', { class: 'ready', 'data-state': 'late', text: t('ready.late') });
  if (program.problem) return h('p', { class: 'ready', 'data-state': 'bad', text: t('ready.not') });
  return h('p', { class: 'ready', 'data-state': program.component ? 'good' : 'wait', text: program.component ? t('ready') : t('wait') });
}

const leaf = () => h('svg', { viewBox: '0 0 64 64', class: 'leaf' },
  h('path', { d: 'M10 54C8 28 22 10 56 8c0 30-16 46-40 42' }), h('path', { d: 'M10 54C18 40 28 30 42 22' }));

register('home', homeScreen);
