// The phone: what is around the screens. It knows them by the names that they register under; main.js brings them.
import { announce, byId, h, icon } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { watch } from './sandbox.js';

const screens = {};
const ui = { screen: 'home', argument: undefined, sheet: null, wallet: '', typing: false };
let frame;

/**
 * Registers a screen. draw is given show's argument and gives {title, content, back, capsule, typing}: back is the screen that
 * is behind this one, and while the user is typing nothing is drawn anew under his fingers.
 */
export function register(screen, draw) {
  screens[screen] = draw;
}

/** Shows another screen. */
export function show(screen, argument) {
  Object.assign(ui, { screen, argument, sheet: null });
  render();
  frame.view.scrollTop = 0;
}

/** Draws the screen again, if it is the one that is shown. */
export function redraw(screen) {
  if (!screen || ui.screen === screen) render();
}

/**
 * Shows a sheet over the screen: {tone, title, gloss, text, detail, note, actions: [{label, run}]}. The last action also closes it.
 */
export function showSheet(sheet) {
  const opener = document.activeElement;
  ui.sheet = sheet && { ...sheet, opener: frame.root.contains(opener) ? opener : null };
  renderSheet();
  if (sheet) announce([sheet.title, sheet.gloss, sheet.text].filter(Boolean).join('. '));
}

function closeSheet(run) {
  const id = ui.sheet?.opener?.id;
  ui.sheet = null;
  renderSheet();
  (id && byId(id) || frame.view).focus({ preventScroll: true }); // first of all: run may take a while
  run?.();
}

function renderSheet() {
  const s = ui.sheet;
  frame.layer.hidden = !s;
  frame.body.inert = Boolean(s);
  if (!s) {
    frame.layer.replaceChildren();
    return;
  }
  const actions = s.actions?.length ? s.actions : [{ label: t('close') }];
  frame.layer.replaceChildren(h('div', {
    class: `sheet ${s.tone}`, role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'sheet-title', 'aria-describedby': 'sheet-text', id: 'sheet',
    onkeydown: (event) => { if (event.key === 'Escape') closeSheet(); },
  },
  h('div', { class: 'sheet-mark' }, s.tone === 'good' ? icon('M5 12.500l4.500 4.500L19 7.500') : icon('M12 7v6M12 16.500v.500')),
  h('h3', { id: 'sheet-title' }, s.title, s.gloss ? h('small', { text: s.gloss }) : null),
  h('p', { id: 'sheet-text', text: s.text }),
  s.detail && s.detail !== s.text ? h('p', { class: 'sheet-detail', text: s.detail }) : null,
  s.note ? h('p', { class: 'sheet-note', text: s.note }) : null,
  h('div', { class: 'sheet-actions' }, actions.map((action, i) => h('button', {
    type: 'button', class: i === 0 ? 'primary' : 'plain', onclick: () => closeSheet(action.run), text: action.label, 'data-action': action.name,
  })))));
  frame.layer.querySelector('button').focus({ preventScroll: true });
}

function render() {
  const screen = screens[ui.screen](ui.argument);
  const focused = document.activeElement?.id;
  const hadFocus = frame.root.contains(document.activeElement);
  ui.typing = Boolean(screen.typing);
  frame.root.dataset.screen = ui.screen;
  frame.nav.replaceChildren(
    screen.back ? h('button', { type: 'button', class: 'nav-back', 'aria-label': t('back'), onclick: () => show(screen.back) }, icon('M14.500 5l-7 7 7 7')) : h('span'),
    h('h3', { text: screen.title }),
    screen.capsule ? h('span', { class: 'capsule', 'aria-hidden': 'true' }, h('i'), h('i')) : h('span'),
  );
  frame.view.replaceChildren(...screen.content);
  frame.tabs.hidden = Boolean(screen.back);
  for (const tab of frame.tabs.children) {
    if (tab.dataset.screen === ui.screen) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
    tab.querySelector('span').textContent = t(`tab.${tab.dataset.screen}`);
  }
  frame.badge.textContent = ui.count || '';
  renderSheet();
  if (hadFocus && !ui.sheet) (focused && byId(focused) || frame.view).focus({ preventScroll: true });
}

function tab(screen, ...paths) {
  return h('button', { type: 'button', id: `tab-${screen}`, 'data-screen': screen, onclick: () => show(screen) }, icon(...paths), h('span'));
}

function showTime() {
  frame.time.textContent = new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

export function startPhone() {
  const wallet = tab('wallet', 'M4 7.500A2.500 2.500 0 0 1 6.500 5h11A2.500 2.500 0 0 1 20 7.500v9a2.500 2.500 0 0 1-2.500 2.500h-11A2.500 2.500 0 0 1 4 16.500z', 'M4 10h16');
  frame = {
    root: byId('phone'),
    time: h('span'),
    nav: h('div', { class: 'nav' }),
    view: h('div', { class: 'view', tabindex: '-1' }),
    tabs: h('nav', { class: 'tabs' },
      tab('home', 'M12 4l7 4v8l-7 4-7-4V8z', 'M5 8l7 4 7-4M12 12v8'),
      wallet,
      tab('scan', 'M4 8.500V5.500A1.500 1.500 0 0 1 5.500 4h3M15.500 4h3A1.500 1.500 0 0 1 20 5.500v3M20 15.500v3a1.500 1.500 0 0 1-1.500 1.500h-3M8.500 20h-3A1.500 1.500 0 0 1 4 18.500v-3', 'M4 12h16'),
      tab('me', 'M12 12.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8z', 'M4.500 20c.500-4 3.500-6 7.500-6s7 2 7.500 6')),
    layer: h('div', { class: 'layer', hidden: true }),
    badge: h('b', { class: 'badge', 'aria-hidden': 'true' }),
  };
  wallet.append(frame.badge);
  frame.body = h('div', { class: 'body' },
    h('div', { class: 'status', 'aria-hidden': 'true' }, frame.time, h('span', { class: 'island' }),
      h('span', { class: 'signal' }, icon('M3 18v-3M8 18v-6M13 18V9M18 18V6'), icon('M4 8.500h14v7H4zM20.500 11v2'))),
    frame.nav, frame.view, frame.tabs, h('div', { class: 'home-bar', 'aria-hidden': 'true' }));
  frame.root.append(h('div', { class: 'glass' }, frame.body, frame.layer));
  showTime();
  setInterval(showTime, 10_000);

  onLanguage(() => {
    frame.tabs.setAttribute('aria-label', t('tabs'));
    render();
  });
  watch(({ wallet: cards }) => {
    const seen = JSON.stringify(cards);
    if (seen === ui.wallet) return;
    ui.wallet = seen;
    ui.count = cards.length;
    frame.badge.textContent = cards.length || '';
    if (!ui.typing) render();
  });
}
