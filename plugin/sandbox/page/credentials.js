// The life of each credential, as a bar in time.
import { byId, h } from './dom.js';
import { clock, onLanguage, span, t } from './i18n.js';
import { sandboxNow, state, watch } from './sandbox.js';

/** Each credential on its own line; those of before as far as they overlap the last five minutes. */
function render() {
  const now = sandboxNow();
  const list = state.credentials.filter((c) => c.until > now || now - c.until < 300_000);
  const box = byId('credentials');
  byId('credentials-app').textContent = '';
  if (!list.length) {
    box.replaceChildren(h('p', { class: 'hint', text: t('credentials.none') }));
    return;
  }
  const apps = Map.groupBy ? Map.groupBy(list, (c) => c.app_id) : list.reduce((map, c) => map.set(c.app_id, [...(map.get(c.app_id) ?? []), c]), new Map());
  if (apps.size === 1) [byId('credentials-app').textContent] = apps.keys();
  box.replaceChildren(...[...apps].map(([app, credentials]) => h('div', { class: 'app' },
    apps.size > 1 ? h('h3', { text: app }) : null,
    h('ul', { class: 'lives' }, credentials.map((c) => life(c, now))))));
}

function life(c, now) {
  const alive = c.until > now;
  const ended = !alive && c.until < c.expires;
  const short = alive && c.until < c.expires;
  const share = (at) => `${Math.min(100, Math.max(0, 100 * (at - c.made) / (c.expires - c.made)))}%`;
  const bar = h('span', { class: 'life-bar', 'aria-hidden': 'true' }, h('span', { class: 'life-left' }), h('span', { class: 'life-now' }));
  bar.style.setProperty('--now', share(now));
  bar.style.setProperty('--until', share(c.until));
  bar.style.setProperty('--split', `${Math.min(100, 100 * (now - c.made) / Math.max(1, c.until - c.made))}%`);
  const says = alive ? t(short ? 'life.short' : 'life.left', { span: span(c.until - now) }) : t(ended ? 'life.ended' : 'life.over', { span: span(now - c.until) });
  return h('li', { class: 'life', 'data-state': alive ? 'alive' : 'over' },
    h('span', { class: 'life-name' }, h('b', { text: c.kind }), c.source ? h('small', { text: c.source }) : null),
    h('code', { text: c.text }),
    bar,
    h('span', { class: 'life-says' }, h('span', { text: says }), h('time', { text: `${clock(c.made)} – ${clock(c.until)}` })));
}

export function startCredentials() {
  onLanguage(render);
  watch(render);
}
