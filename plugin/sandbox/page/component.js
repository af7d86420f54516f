// WeChat's member-card component: a mini program of WeChat's own, which the merchant's opens.
import { byId, h } from './dom.js';
import { clientProblem } from './explain.js';
import { t } from './i18n.js';
import { comeBack } from './miniprogram.js';
import { register, showSheet } from './phone.js';
import { beginTap } from './sandbox.js';
import { artOf, titleOf } from './wallet.js';
import * as wx from './wx.js';

const inputTypes = { MOBILE: 'tel', EMAIL: 'email', BIRTHDAY: 'date' };
const autocomplete = 'off';
let submitting = false;

function componentScreen({ parameter, shown }) {
  const { card, form, active } = shown;
  const field = (name) => {
    const short = name.replace('USER_FORM_INFO_FLAG_', '');
    const id = `form-${name}`;
    return h('p', { class: 'form-field' },
      h('label', { for: id, text: t(`form.${short}`, {}, name) }),
      h('input', { id, name, type: inputTypes[short] ?? 'text', value: t(`form.${short}.value`, {}, ''), autocomplete }));
  };
  return {
    title: t('component'),
    back: 'home',
    capsule: true,
    typing: true,
    content: [
      h('div', { class: 'component-card' }, artOf(card), h('div', {}, h('strong', { text: titleOf(card) }), h('span', { text: t('component.by') }))),
      active ? h('p', { class: 'form-note', text: t('component.active') }) : null,
      h('form', {
        class: 'form', novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          submit(parameter, Object.fromEntries(new FormData(event.target)));
        },
      },
      form.map(field),
      h('p', { class: 'form-note', text: t('component.note') }),
      h('button', { type: 'submit', id: 'do-submit', class: 'primary', text: t('component.submit') })),
    ].filter(Boolean),
  };
}

async function submit(parameter, form) {
  if (submitting) return;
  submitting = true;
  beginTap('submit');
  byId('do-submit').setAttribute('aria-disabled', 'true');
  try {
    const answer = await wx.submitComponent(parameter, form);
    const refusal = clientProblem(answer);
    if (refusal) showSheet({ tone: 'bad', ...refusal });
    else await comeBack(answer.referrerInfo);
  } catch {
    showSheet({ tone: 'bad', title: t('fail'), text: t('fail.sandbox') });
  } finally {
    submitting = false;
    byId('do-submit')?.removeAttribute('aria-disabled');
  }
}

register('component', componentScreen);
