// The signature inspector: why the phone refuses something, or does not.
import { byId, h, pretty } from './dom.js';
import { clientProblem } from './explain.js';
import { currentLanguage, onLanguage, t } from './i18n.js';
import { control } from './sandbox.js';

let pasted = '';
let found = null;
let trouble = '';

/** Looks at what a client passed to wx.addCard, as JSON. */
export function inspectText(text) {
  pasted = pretty(text, 1);
  return inspect();
}

/** Brings the inspector before the user's eyes. */
export function showInspector() {
  const panel = byId('inspector-panel');
  panel.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  panel.focus({ preventScroll: true });
}

async function inspect() {
  let value = pasted;
  try {
    value = JSON.parse(pasted);
  } catch {
    // goes as a string: it may hold JSON all the same
  }
  try {
    [found, trouble] = [await control('verify', { value }), ''];
  } catch {
    [found, trouble] = [null, t('fail.sandbox')];
  }
  render();
}

const say = (text) => (currentLanguage() === 'zh' ? text.zh : text.en);

function render() {
  const field = h('textarea', { id: 'inspect-text', rows: '2', spellcheck: 'false', placeholder: '{"cardList":[{"cardId":"p…","cardExt":"{…}"}]}', oninput: (event) => { pasted = event.target.value; } });
  field.value = pasted;
  byId('inspector').replaceChildren(
    h('form', {
      class: 'inspect',
      onsubmit: (event) => {
        event.preventDefault();
        inspect();
      },
    },
    h('label', { for: 'inspect-text', text: t('inspect.label') }), field,
    h('button', { type: 'submit', class: 'plain', text: t('inspect.check') }),
    found || trouble ? null : h('span', { class: 'hint', text: t('inspect.hint') })),
    h('div', { role: 'status', class: 'inspect-result' }, verdict()));
}

function verdict() {
  if (trouble) return h('p', { class: 'verdict bad', text: trouble });
  if (!found) return null;
  const items = found.items ?? [];
  const findings = found.findings ?? [];
  const phone = found.phone && clientProblem(found.phone);
  const fine = found.verdict === 'fine' && !phone;
  return [
    h('div', { class: `verdict ${fine ? 'good' : 'bad'}` },
      h('strong', { text: phone ? [phone.title, phone.gloss].filter(Boolean).join(' · ') : t(`inspect.${found.verdict}`) }),
      phone && found.verdict === 'fine' ? h('span', { text: phone.text }) : null),
    findings.map(finding),
    items.map((item) => [
      items.length > 1 ? h('h3', { text: item.where }) : null,
      (item.findings ?? []).map(finding),
      item.values ? h('div', { class: 'sorted' },
        h('h3', { text: t('inspect.sorted') }),
        h('ol', {}, item.values.map((v) => h('li', { 'data-name': v.name }, h('code', { text: v.value }), h('small', { text: v.name })))),
        h('h3', { text: 'SHA-1' }),
        item.right === item.signature
          ? sum(t('inspect.both'), item.right, 'good')
          : [sum(t('inspect.right'), item.right), sum(t('inspect.sent'), item.signature, 'bad')]) : null,
    ]),
  ].flat(3).filter(Boolean);
}

const finding = (f) => h('div', { class: `finding ${f.level}`, 'data-finding': f.id }, h('strong', { text: say(f.title) }), h('p', { text: t(`fix.${f.id}`, {}, say(f.fix)) }));

const sum = (label, value, tone = '') => h('p', { class: `sum ${tone}` }, h('small', { text: label }), h('code', { text: value || '—' }));

export function startInspector() {
  onLanguage(render);
}
