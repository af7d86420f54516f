// Every exchange, as the sandbox saw it: groups by what the user did, the latest on top.
import { byId, h, pretty } from './dom.js';
import { outcome } from './explain.js';
import { clock, onLanguage, t } from './i18n.js';
import { watch, state } from './sandbox.js';

const lanes = { phone: 0, gateway: 1, wechat: 2, backend: 3 };
const lane = (name) => 16 + lanes[name] * 32;
const rows = new Map(); // what is shown, by id
let shownLanguage = 0;

/** The picture of a row: who asks whom. */
function picture(x, tone) {
  const y = 15;
  const drawn = h('svg', { viewBox: '0 0 128 30', class: 'way', 'data-tone': tone, 'aria-hidden': 'true' });
  const from = lane(x.from);
  if (x.to === 'phone') {
    drawn.append(h('circle', { class: 'way-self', cx: from, cy: y, r: 5 }));
    return drawn;
  }
  const arrow = (a, b, look) => [
    h('line', { class: look, x1: a, x2: b - 6, y1: y, y2: y }),
    h('path', { class: 'way-head', d: `M${b - 8} ${y - 4}l7 4-7 4z` }),
  ];
  drawn.append(...arrow(from, lane(x.to), 'way-line'), h('circle', { class: 'way-dot', cx: from, cy: y, r: 3.5 }));
  if (x.proxied) drawn.append(...arrow(lane('gateway'), lane('backend'), 'way-line through'));
  return drawn;
}

function body(label, text) {
  if (!text) return h('div', { class: 'body-none' }, h('h4', { text: label }), h('p', { text: t('row.empty') }));
  return h('div', {}, h('h4', { text: label }), h('pre', { tabindex: '0', 'aria-label': label }, pretty(text)));
}

function fill(row, x) {
  const { tone, text, pill } = outcome(x);
  const address = x.to === 'phone' ? '' : x.address;
  const [path] = address.split('?'); // the rest is shown when the row unfolds
  const code = pill ?? (x.to === 'phone' || x.failure ? '' : x.status || '');
  row.dataset.tone = tone;
  row.querySelector('summary').replaceChildren(
    picture(x, tone),
    h('span', { class: 'row-main' },
      h('span', { class: 'row-way', text: x.to === 'phone' ? t('lane.phone') : `${t(`lane.${x.from}`)} → ${t(`lane.${x.to}`)}${x.proxied ? ` → ${t('lane.backend')}` : ''}` }),
      h('span', { class: 'row-line' }, h('b', { text: x.method }), path ? h('span', { class: 'row-path', text: path }) : null),
      text || x.fault ? h('span', { class: 'row-says' }, x.fault ? h('em', { text: t('row.fault') }) : null, text) : null),
    h('span', { class: 'row-end' },
      code ? h('span', { class: 'pill', text: code }) : null,
      h('span', { class: 'row-time', text: x.done ? `${x.millis || '<1'} ms` : '…' })));
  if (row.open) fillBodies(row, x);
}

function fillBodies(row, x) {
  row.querySelector('.row-bodies').replaceChildren(
    x.address.includes('?') ? h('div', { class: 'wide' }, h('h4', { text: t('row.address') }), h('pre', { tabindex: '0', 'aria-label': t('row.address'), class: 'wrap' }, x.address)) : '',
    body(t('row.request'), x.request), body(t('row.response'), x.failure ? outcome(x).text : x.response));
}

function makeRow(x) {
  const row = h('details', { class: 'row', id: `exchange-${x.id}`, 'data-kind': `${x.from}-${x.to}` }, h('summary'), h('div', { class: 'row-bodies' }));
  row.addEventListener('toggle', () => { if (row.open) fillBodies(row, state.exchanges.get(x.id) ?? x); });
  return row;
}

/** Exchanges in groups: {key, name, begin, list}. */
function groups() {
  const found = [];
  const byKey = new Map();
  for (const x of [...state.exchanges.values()].sort((a, b) => a.id - b.id)) {
    const [, name, stamp] = /^(\S+) (\d+)$/.exec(x.tap ?? '') ?? [];
    const last = found.at(-1);
    const key = name ? `${name} ${stamp}` : last?.alone && x.begin - last.end < 2000 ? last.key : `alone ${x.id}`;
    let group = byKey.get(key);
    if (!group) {
      group = { key, name, alone: !name, begin: x.begin, list: [] };
      byKey.set(key, group);
      found.push(group);
    }
    group.end = x.begin;
    group.list.push(x);
  }
  return found.reverse();
}

function render() {
  const list = byId('exchange-list');
  const open = new Map([...list.children].map((element) => [element.dataset.key, element]));
  const language = document.documentElement.lang;
  const fresh = language !== shownLanguage;
  shownLanguage = language;
  let before = list.firstElementChild;
  for (const group of groups()) {
    let element = open.get(group.key);
    open.delete(group.key);
    if (!element) {
      element = h('section', { class: 'group', 'data-key': group.key }, h('h3'), h('div', { class: 'rows' }));
      list.insertBefore(element, before);
    } else {
      before = element.nextElementSibling;
    }
    const name = group.name ?? (group.list.every((x) => x.from === 'gateway') ? 'itself' : 'none');
    element.querySelector('h3').replaceChildren(h('span', { text: t(`tap.${name}`, {}, name) }), h('time', { text: clock(group.begin) }));
    const inside = element.querySelector('.rows');
    for (const x of group.list) {
      let row = rows.get(x.id);
      if (!row) {
        row = { element: makeRow(x), seen: '' };
        rows.set(x.id, row);
        inside.append(row.element);
      }
      const seen = `${x.done} ${x.proxied}`;
      if (fresh || row.seen !== seen) {
        row.seen = seen;
        fill(row.element, x);
      }
    }
  }
  for (const gone of open.values()) gone.remove();
  for (const [id, row] of rows) {
    if (state.exchanges.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  byId('exchange-empty').hidden = state.exchanges.size > 0;
  byId('exchange-count').textContent = state.exchanges.size || '';
}

export function startTimeline() {
  onLanguage(render);
  watch(render);
}
