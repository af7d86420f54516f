// The signature inspector: what the phone says to a cardExt, and how its signature comes about.
import { byId, h, parse } from './dom.js';
import { clientProblem } from './explain.js';
import { onLanguage, t } from './i18n.js';
import { control } from './sandbox.js';

let pasted = '';
let found = null;
let trouble = '';

/** Shows what the mini program has just passed to wx.addCard. */
export function inspectLast(item) {
  pasted = JSON.stringify(item, null, 1);
  inspect(item);
}

/** Takes {"cardId","cardExt"}, or the first of a cardList. */
function read(text) {
  const value = parse(text);
  const item = Array.isArray(value.cardList) ? value.cardList[0] : value;
  return item && typeof item.cardId === 'string' && item.cardExt !== undefined ? { cardId: item.cardId, cardExt: item.cardExt } : null;
}

async function inspect(item) {
  trouble = '';
  try {
    found = await control('verify', { cardId: item.cardId, cardExt: item.cardExt });
  } catch (error) {
    [found, trouble] = [null, error.message];
  }
  render();
}

function render() {
  const field = h('textarea', { id: 'inspect-text', rows: '4', spellcheck: 'false', placeholder: '{"cardId":"p…","cardExt":"{…}"}', oninput: (event) => { pasted = event.target.value; } });
  field.value = pasted;
  byId('inspector').replaceChildren(
    h('form', {
      class: 'inspect',
      onsubmit: (event) => {
        event.preventDefault();
        const item = read(pasted);
        if (item) return inspect(item);
        [found, trouble] = [null, t('inspect.unreadable')];
        render();
      },
    },
    h('label', { for: 'inspect-text', text: t('inspect.label') }), field,
    h('button', { type: 'submit', class: 'plain', text: t('inspect.check') })),
    h('div', { role: 'status', class: 'inspect-result' }, verdict()));
}

function verdict() {
  if (trouble) return h('p', { class: 'verdict bad', text: trouble });
  if (!found) return h('p', { class: 'hint', text: t('inspect.hint') });
  const problem = clientProblem(found);
  return [
    h('p', { class: `verdict ${problem ? 'bad' : 'good'}` }, h('strong', { text: problem ? [problem.title, problem.gloss].filter(Boolean).join(' · ') : t(found.used ? 'inspect.used' : 'inspect.good') }),
      problem ? h('span', { text: problem.text }) : null,
      problem?.detail && problem.detail !== problem.text ? h('small', { text: problem.detail }) : null),
    found.values ? h('div', { class: 'sorted' },
      h('h3', { text: t('inspect.sorted') }),
      h('ol', {}, found.values.map((v) => h('li', { 'data-name': v.name }, h('code', { text: v.value }), h('small', { text: v.name })))),
      h('h3', { text: 'SHA-1' }),
      h('p', { class: 'sums' }, sum(t('inspect.expected'), found.expected), sum(t('inspect.sent'), found.signature, found.signature === found.expected ? 'good' : 'bad'))) : null,
  ].filter(Boolean);
}

const sum = (label, value, tone = '') => h('span', { class: `sum ${tone}` }, h('small', { text: label }), h('code', { text: value || '—' }));

export function startInspector() {
  onLanguage(render);
}
