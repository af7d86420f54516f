// A merchant at his phone: he scans the code on the platform's page, says which of his accounts it is for, and sees it come on board.
import { byId, h } from './dom.js';
import { clock, t } from './i18n.js';
import { redraw, register, showSheet } from './phone.js';
import { route } from './settings.js';
import { beginTap, control, state, watch } from './sandbox.js';

let chosen = { request: '', app: '' }; // what is being confirmed
let seen = '';

const kind = (account) => t(account.mini_program ? 'scan.mini' : 'scan.official');

async function perform(tap, act, body, done) {
  beginTap(tap);
  try {
    await control(act, body);
    showSheet({ tone: 'good', ...done });
  } catch (error) {
    showSheet({ tone: 'bad', title: t('fail'), text: error.message });
  }
}

/** The first question: which account. */
function accounts(platform, waiting) {
  return h('div', { class: 'thing', 'data-request': waiting.request },
    h('p', {}, h('strong', { text: t('scan.asks') }), h('small', { text: platform.app_id })),
    h('ul', { class: 'accounts' }, waiting.accounts.map((account) => h('li', {}, h('button', {
      type: 'button', class: 'plain', id: `scan-${account.app_id}`,
      onclick: () => {
        chosen = { request: waiting.request, app: account.app_id };
        redraw('scan');
      },
    }, h('b', { text: account.name }), h('small', { text: `${kind(account)} · ${account.app_id}` }))))));
}

/** The second: what is granted. */
function sets(waiting, account) {
  return h('form', {
    class: 'thing', novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      const granted = new FormData(event.target).getAll('set').map(Number);
      chosen = { request: '', app: '' };
      await perform('scan', 'component/scan', { request: waiting.request, app_id: account.app_id, sets: granted }, { title: t('scan.done'), text: t('scan.done.text') });
      redraw('scan');
    },
  },
  h('p', {}, h('strong', { text: account.name }), h('small', { text: t('scan.sets') })),
  h('div', { class: 'sets' }, account.sets.map((set) => h('label', {},
    h('input', { type: 'checkbox', name: 'set', value: set.id, checked: true }), h('span', { text: `${set.id} ${set.name}` })))),
  h('button', { type: 'submit', id: 'do-scan', class: 'primary', text: t('scan.do') }),
  h('button', { type: 'button', class: 'plain', text: t('back'), onclick: () => { chosen = { request: '', app: '' }; redraw('scan'); } }));
}

/** An account that has authorised the platform. */
function boarded(platform, account) {
  return h('li', { 'data-state': account.exchanged ? 'boarded' : 'waiting', id: `boarded-${account.app_id}` },
    h('p', {}, h('b', { text: account.name }), h('small', { text: `${kind(account)} · ${account.app_id}` }),
      h('small', { text: account.exchanged ? t('scan.since', { at: clock(account.exchanged), sets: account.sets.join(', ') }) : t('scan.waits') })),
    h('button', {
      type: 'button', class: 'plain', text: t('scan.cancel'), 'aria-label': `${t('scan.cancel')}: ${account.name}`,
      onclick: () => perform('cancel', 'component/cancel', { component: platform.app_id, app_id: account.app_id }, { title: t('scan.cancelled'), text: t('scan.cancelled.text') }),
    }));
}

function scene(platform) {
  const waiting = platform.waiting.find((w) => w.request === chosen.request);
  const account = waiting?.accounts.find((a) => a.app_id === chosen.app);
  if (account) return [sets(waiting, account)];
  return [
    ...platform.waiting.map((w) => accounts(platform, w)),
    platform.waiting.length ? null : h('div', { class: 'thing' },
      h('p', {}, h('strong', { text: t('scan.none') }), h('small', { text: t('scan.none.about') })),
      h('a', { class: 'primary', id: 'scan-open', href: route('authorize'), target: '_blank', rel: 'noopener', text: t('scan.open') })),
    platform.boarded.length ? h('div', { class: 'thing' },
      h('p', {}, h('strong', { text: t('scan.boarded') }), platform.total > platform.boarded.length ? h('small', { text: String(platform.total) }) : null),
      h('ul', { class: 'accounts' }, platform.boarded.map((a) => boarded(platform, a)))) : null,
  ].filter(Boolean);
}

register('scan', () => ({ title: t('tab.scan'), typing: Boolean(chosen.app), content: state.platforms.flatMap(scene) }));

// The screen is there where there are platforms, and is not drawn anew while the merchant chooses.
watch(({ platforms }) => {
  byId('tab-scan').hidden = !platforms.length;
  const now = JSON.stringify(platforms);
  if (now === seen) return;
  seen = now;
  const waits = platforms.some((p) => p.waiting.some((w) => w.request === chosen.request));
  if (!waits) redraw('scan');
});
