// What can be checked by a program of whether people can use a page. Both functions run in the page.

/** What somebody who listens to the page would miss. */
export function accessibility() {
  const faults = [];
  const visible = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[inert]');
  const named = (e) => (e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('') ||
    [...(e.labels ?? [])].map((l) => l.textContent).join('') || (/^(BUTTON|A|SUMMARY)$/.test(e.tagName) ? e.textContent : '') || '').trim();
  for (const e of document.querySelectorAll('button, a, input, textarea, select, summary, [role=dialog], [role=radiogroup], section, nav, pre[tabindex]')) {
    if (visible(e) && !named(e) && !e.matches('.group')) faults.push(`no name: ${e.outerHTML.slice(0, 120)}`);
  }
  for (const e of document.querySelectorAll('img:not([alt]), svg')) if (!e.closest('[aria-hidden=true]')) faults.push(`no text: ${e.outerHTML.slice(0, 120)}`);
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`id twice: ${id}`);
  for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls], label[for]')) {
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
      for (const id of (e.getAttribute(name) ?? '').split(' ').filter(Boolean)) {
        if (!document.getElementById(id)) faults.push(`${name} leads nowhere: ${id}`);
      }
    }
  }
  let level = 0;
  for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
    if (!visible(e)) continue;
    if (+e.tagName[1] > level + 1) faults.push(`heading skips a level: ${e.textContent}`);
    level = +e.tagName[1];
  }
  return faults;
}

/** Texts that differ too little from what they stand on (WCAG 2.2, 1.4.3). Texts on gradients are not judged. */
export function contrast() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1,
  });
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const background = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== 'none' && !e.matches('.rows')) return null;
      layers.push(rgba(style.backgroundColor));
      if (layers.at(-1).a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const faults = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.checkVisibility({ visibilityProperty: true }) || e.closest('.unseen, .skip, noscript, .pass-head, .wallet-card')) continue;
    const behind = background(e);
    if (!behind) continue;
    const style = getComputedStyle(e);
    const [a, b] = [luminance(over(rgba(style.color), behind)), luminance(behind)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && +style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) faults.add(`${ratio.toFixed(2)} ${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`);
  }
  return [...faults];
}
