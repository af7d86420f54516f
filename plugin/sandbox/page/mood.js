// What ails WeChat: faults of the sandbox, one at a time, since only the oldest of several befalls a call.
import { announce, byId, h } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { beginTap, control, refresh, state, watch } from './sandbox.js';

const faults = {
  well: null,
  busy: { path: '*', errcode: -1, errmsg: 'system error' },
  slow: { path: '*', delay: '3s' },
  quota: { path: '*', errcode: 45009, errmsg: 'reach max api daily quota limit' },
  ip: { path: '*', errcode: 40164, errmsg: 'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist' },
};

const delays = { slow: 3000 };

function moodOf(list) {
  if (!list.length) return 'well';
  const [first] = list;
  return Object.keys(faults).find((name) => {
    const fault = faults[name];
    return fault && list.length === 1 && first.left === 0 && first.path === fault.path &&
      first.errcode === (fault.errcode ?? 0) && first.delay === (delays[name] ?? 0);
  }) ?? 'other';
}

let chosen = null; // what the user chose, until the sandbox has it
let work = Promise.resolve();

function setMood(name) {
  chosen = name;
  render();
  work = work.then(async () => {
    if (chosen !== name) return; // something else by now
    beginTap('mood');
    await control('heal');
    if (faults[name]) await control('faults', faults[name]);
    announce(t(`mood.${name}.about`));
  }).catch(() => {}).then(async () => {
    await refresh();
    if (chosen === name) chosen = null;
    render();
  });
}

async function end(kind) {
  beginTap('mood');
  await control('revoke', { kind });
  announce(t('mood.ended', { kind }));
}

function render() {
  const now = chosen ?? moodOf(state.faults);
  for (const input of byId('mood').querySelectorAll('input')) input.checked = input.value === now;
  byId('mood-about').textContent = now === 'other' ? t('mood.other') : t(`mood.${now}.about`);
  document.body.dataset.mood = moodOf(state.faults);
}

export function startMood() {
  byId('reset').addEventListener('click', () => control('reset'));
  onLanguage(() => {
    byId('mood').replaceChildren(
      h('div', { class: 'moods', role: 'radiogroup', 'aria-labelledby': 'mood-title' }, Object.keys(faults).map((name) => h('label', { class: 'mood' },
        h('input', { type: 'radio', name: 'mood', value: name, onchange: () => setMood(name) }),
        h('span', { class: 'mood-name', text: t(`mood.${name}`) })))),
      h('p', { class: 'mood-about', id: 'mood-about' }),
      h('div', { class: 'ends' },
        h('button', { type: 'button', class: 'plain', id: 'end-token', onclick: () => end('access_token'), text: t('mood.token') }),
        h('button', { type: 'button', class: 'plain', id: 'end-ticket', onclick: () => end('api_ticket'), text: t('mood.ticket') })),
      h('p', { class: 'hint', text: t('mood.hint') }));
    render();
  });
  watch(render);
}
