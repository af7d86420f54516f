// Every exchange, as the sandbox saw it: groups by what the user did, the latest on top.
import { copyButton } from './copy.js';
import { byId, h, icon, pretty } from './dom.js';
import { isSignatureError, outcome } from './explain.js';
import { isFiltering, isWanted, startFilter } from './filter.js';
import { clock, onLanguage, t } from './i18n.js';
import { inspectText, showInspector } from './inspector.js';
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
    h('line', { class: look, x1: a, x2: b + (a < b ? -6 : 6), y1: y, y2: y }),
    h('path', { class: 'way-head', d: a < b ? `M${b - 8} ${y - 4}l7 4-7 4z` : `M${b + 8} ${y - 4}l-7 4 7 4z` }),
  ];
  drawn.append(...arrow(from, lane(x.to), 'way-line'), h('circle', { class: 'way-dot', cx: from, cy: y, r: 3.5 }));
  if (x.proxied) drawn.append(...arrow(lane('gateway'), lane('backend'), 'way-line through'));
  return drawn;
}

function body(label, text, look = '') {
  if (!text) return h('div', { class: `body-none ${look}` }, h('h4', { text: label }), h('p', { text: t('row.empty') }));
  return h('div', { class: look },
    h('h4', {}, label, copyButton(t('copy'), text, t('copy.of', { what: label }))),
    h('pre', { tabindex: '0', 'aria-label': label }, pretty(text)));
}

/** The request as a command, and which variables it wants in the place of secrets. */
function curl(x) {
  if (!x.curl) return x.to === 'phone' ? null : h('p', { class: 'row-tools hint', text: t('curl.not') });
  const wants = [...new Set([...x.curl.matchAll(/'"\$\{(\w+):\?\}"'/g)].map((m) => m[1]))];
  return h('p', { class: 'row-tools' }, copyButton(t('curl'), x.curl), wants.length ? h('span', { class: 'hint', text: t('curl.wants', { names: wants.join(', ') }) }) : null);
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
      h('span', { class: 'row-line' }, h('b', { text: x.method }), path ? h('span', { class: 'row-path' }, path.split(/(?=\/)/).flatMap((part) => [part, h('wbr')])) : null),
      text || x.fault ? h('span', { class: 'row-says' }, x.fault ? h('em', { text: t('row.fault') }) : null, text) : null),
    h('span', { class: 'row-end' },
      code ? h('span', { class: 'pill', text: code }) : null,
      h('span', { class: 'row-time', text: x.done ? `${x.millis || '<1'} ms` : '…' }),
      icon('M9 6l6 6-6 6')));
  if (row.open) fillBodies(row, x);
  return { tone, text: [t(`lane.${x.from}`), t(`lane.${x.to}`), x.method, x.origin, x.address, code, text, x.fault ? t('row.fault') : '', x.request, x.response].join(' ').toLowerCase() };
}

function fillBodies(row, x) {
  const header = x.header ?? [];
  row.querySelector('.row-bodies').replaceChildren(...[
    curl(x),
    x.address.includes('?') ? body(t('row.address'), `${x.origin}${x.address}`, 'wide') : null,
    header.length ? body(t('row.header'), header.map(([name, value]) => `${name}: ${value}`).join('\n'), 'wide') : null,
    body(t('row.request'), x.request), body(t('row.response'), x.failure ? outcome(x).text : x.response),
  ].filter(Boolean));
}

function makeRow(x) {
  const row = h('details', { class: 'row', id: `exchange-${x.id}`, 'data-kind': `${x.from}-${x.to}` }, h('summary'), h('div', { class: 'row-bodies' }));
  row.addEventListener('toggle', () => { if (row.open) fillBodies(row, state.exchanges.get(x.id) ?? x); });
  return row;
}

/** What stands below a row whose signature is wrong: the way to where it says why. */
function makeWhy(x) {
  return h('p', { class: 'row-why' }, h('button', {
    type: 'button', class: 'plain', text: t('inspect.why'),
    onclick: async () => {
      await inspectText(x.request);
      showInspector();
    },
  }));
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
  let all = 0; // that are shown
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
    let shown = 0;
    for (const x of group.list) {
      let row = rows.get(x.id);
      if (!row) {
        const details = makeRow(x);
        row = { element: h('div', { class: 'entry' }, details), details, seen: '' };
        rows.set(x.id, row);
        inside.append(row.element);
      }
      const seen = `${x.done} ${x.proxied}`;
      if (fresh || row.seen !== seen) {
        row.seen = seen;
        row.said = fill(row.details, x);
        row.why?.remove();
        row.why = isSignatureError(x) ? makeWhy(x) : null;
        if (row.why) row.element.append(row.why);
      }
      row.element.hidden = !isWanted(row.said.tone, row.said.text);
      if (!row.element.hidden) shown++;
    }
    element.hidden = !shown;
    all += shown;
  }
  for (const gone of open.values()) gone.remove();
  for (const [id, row] of rows) {
    if (state.exchanges.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  byId('exchange-empty').hidden = state.exchanges.size > 0;
  byId('exchange-nothing').hidden = all > 0 || !state.exchanges.size;
  byId('exchange-count').textContent = isFiltering() ? `${all} / ${state.exchanges.size}` : state.exchanges.size || '';
}

export function startTimeline() {
  startFilter(render);
  onLanguage(render);
  watch(render);
}
