// The wallet (卡包), and a card of it.
import { h } from './dom.js';
import { clock, t } from './i18n.js';
import { register, show } from './phone.js';
import { state } from './sandbox.js';

const isCoupon = (card) => card.card_type !== 'MEMBER_CARD';

/** A card that nobody made has no texts of its own. */
export const titleOf = (card) => (card.sprung || !card.title ? t(isCoupon(card) ? 'coupon' : 'member') : card.title);

const brandOf = (card) => (card.sprung || !card.brand_name ? t('shop') : card.brand_name);

/** The colours of a card: its own if a merchant made it. */
export function artOf(card) {
  const art = h('span', { class: `art ${isCoupon(card) ? 'coupon' : 'member'}`, 'aria-hidden': 'true' });
  if (!card.sprung && /^#[0-9a-f]{6}$/i.test(card.color)) {
    art.classList.add('own');
    art.style.setProperty('--own', card.color);
  }
  return art;
}

function stateOf(card) {
  if (card.status !== 'NORMAL') return t(`card.${card.status}`, {}, card.status);
  if (isCoupon(card)) return t('card.ready');
  return card.active ? t('card.active') : t('card.inactive');
}

function walletScreen() {
  if (!state.wallet.length) {
    return { title: t('tab.wallet'), content: [h('div', { class: 'wallet-empty' }, h('span', { class: 'wallet-ghost', 'aria-hidden': 'true' }), h('strong', { text: t('wallet.empty') }), h('p', { text: t('wallet.empty.hint') }))] };
  }
  return {
    title: t('tab.wallet'),
    content: [h('ul', { class: 'wallet' }, state.wallet.map((card) => h('li', {}, h('button', {
      type: 'button', class: 'wallet-card', id: `card-${card.card_id}-${card.code}`,
      onclick: () => show('card', { cardID: card.card_id, code: card.code, back: 'wallet' }),
    }, artOf(card), h('span', { class: 'wallet-text' },
      h('small', { text: brandOf(card) }),
      h('strong', { text: titleOf(card) }),
      h('em', { text: stateOf(card) })), h('span', { class: 'wallet-code', text: `·${card.code.slice(-4)}` })))))],
  };
}

function cardScreen({ cardID, code, back }) {
  const card = state.wallet.find((c) => c.card_id === cardID && c.code === code);
  if (!card) return { title: t('tab.wallet'), back, content: [h('p', { class: 'form-note', text: t('card.gone') })] };
  const row = (name, value) => value && h('div', {}, h('dt', { text: t(name) }), h('dd', { text: value }));
  return {
    title: titleOf(card),
    back,
    content: [h('article', { class: 'pass' },
      h('div', { class: 'pass-head' }, artOf(card), h('small', { text: brandOf(card) }), h('strong', { text: titleOf(card) }), h('em', { text: stateOf(card) })),
      h('div', { class: 'pass-code' }, bars(card.code), h('span', { id: 'pass-code', text: card.code.replace(/(.{4})(?=.)/g, '$1 ') })),
      h('dl', { class: 'pass-rows' },
        row('card.number', card.membership_number),
        row('card.since', clock(card.since)),
        row('card.id', card.card_id)))],
  };
}

/** Something that looks like a bar code. */
function bars(code) {
  const drawn = h('svg', { viewBox: '0 0 220 56', class: 'bars', 'aria-hidden': 'true', preserveAspectRatio: 'none' });
  let x = 2;
  for (let i = 0; x < 216; i++) {
    const digit = code.charCodeAt(i % code.length) * (i + 7);
    const width = 1 + digit % 4;
    drawn.append(h('rect', { x, y: 0, width, height: 56 }));
    x += width + 1 + (digit >> 2) % 3;
  }
  return drawn;
}

register('wallet', walletScreen);
register('card', cardScreen);
