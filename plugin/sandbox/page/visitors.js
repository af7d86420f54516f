// Visitors of web pages (H5): who opens them in WeChat, and what he does where WeChat asks him (网页授权).
import { announce, byId, h } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { beginTap, control, state, watch } from './sandbox.js';
import { settings } from './settings.js';

const consents = ['ask', 'allow', 'deny', 'snapshot'];
const further = ['double', 'unbound', 'untold'];

/** Tells the sandbox of one thing that is otherwise now. */
async function set(change) {
  beginTap('visitor');
  state.visitor = { ...state.visitor, ...change }; // at once, for what is changed next
  await control('oauth', state.visitor);
  announce(t(`visitor.${state.visitor.consent}.about`));
}

function render() {
  const { consent, user, ...rest } = state.visitor;
  for (const input of byId('visitor').querySelectorAll('[type=radio]')) input.checked = input.value === consent;
  for (const name of further) byId(`visitor-${name}`).checked = Boolean(rest[name]);
  const name = byId('visitor-user');
  if (document.activeElement !== name) name.value = user;
  byId('visitor-about').textContent = t(`visitor.${consent}.about`);
  byId('visitor-open').href = settings.gateway;
}

export function startVisitors() {
  onLanguage(() => {
    byId('visitor').replaceChildren(
      h('div', { class: 'moods', role: 'radiogroup', 'aria-labelledby': 'visitor-title' }, consents.map((name) => h('label', { class: 'mood' },
        h('input', { type: 'radio', name: 'consent', value: name, onchange: () => set({ consent: name }) }),
        h('span', { class: 'mood-name', text: t(`visitor.${name}`) })))),
      h('p', { class: 'mood-about', id: 'visitor-about' }),
      h('p', { class: 'field' },
        h('label', { for: 'visitor-user', text: t('visitor.user') }),
        h('input', { id: 'visitor-user', spellcheck: 'false', autocomplete: 'off', onchange: (event) => set({ user: event.target.value.trim() }) })),
      ...further.map((name) => h('label', { class: 'visitor-more' },
        h('input', { type: 'checkbox', id: `visitor-${name}`, onchange: (event) => set({ [name]: event.target.checked }) }),
        h('span', { text: t(`visitor.${name}`) }))),
      h('p', { class: 'hint', text: t('visitor.hint') }));
    render();
  });
  watch(render);
}
