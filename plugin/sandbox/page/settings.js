// Where the mini program finds its gateway, and what it asks for.
import { byId, h } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { keep, kept } from './kept.js';

const defaults = {
  gateway: `http://${location.hostname.includes(':') ? location.hostname : location.hostname || 'localhost'}:8080`,
  addCard: '/wechat/addCard',
  openCard: '/wechat/openCard',
  memberCard: '/wechat/memberCard',
  activation: '/wechat/activation',
  myCard: '/wechat/myCard',
  join: '/wechat/join',
  authorize: '/platform/authorize',
  couponID: 'pSandboxCoupon00000000000001',
  memberID: 'pSandboxMember00000000000001',
  miniProgram: 'wx8f2b6c1d9e4a7350',
};

export const settings = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, kept(name) ?? value]));

/** The address of one of the routes. */
export function route(name, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const address = settings.gateway.replace(/\/+$/, '') + settings[name];
  return search.size ? `${address}${address.includes('?') ? '&' : '?'}${search}` : address;
}

/** Sets up the fields; changed is called when one of them has another value. */
export function startSettings(changed) {
  const set = (name, value) => {
    const next = value.trim() || defaults[name];
    if (next === settings[name]) return next;
    settings[name] = next;
    keep(name, next);
    changed(name);
    return next;
  };

  const field = byId('gateway');
  field.value = settings.gateway;
  field.placeholder = defaults.gateway;
  field.addEventListener('change', () => {
    field.value = set('gateway', /^https?:/i.test(field.value.trim()) || !field.value.trim() ? field.value : `http://${field.value.trim()}`);
  });
  byId('gateway-form').addEventListener('submit', (event) => {
    event.preventDefault();
    field.dispatchEvent(new Event('change'));
  });

  const panel = byId('routes');
  byId('routes-button').addEventListener('click', (event) => {
    panel.hidden = !panel.hidden;
    event.currentTarget.setAttribute('aria-expanded', String(!panel.hidden));
    if (!panel.hidden) panel.querySelector('input').focus();
  });
  onLanguage(() => {
    byId('routes-fields').replaceChildren(
      ...Object.keys(defaults).filter((name) => name !== 'gateway').map((name) => h('p', { class: 'field' },
        h('label', { for: `set-${name}`, text: t(`set.${name}`) }),
        h('input', {
          id: `set-${name}`, value: settings[name], spellcheck: 'false',
          onchange: (event) => { event.target.value = set(name, event.target.value); },
        }),
      )),
    );
  });
}
