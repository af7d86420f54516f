// Elements, without markup in strings.

const svgNames = new Set(['svg', 'path', 'line', 'circle', 'rect', 'g', 'polyline']);

/** Makes an element. Attributes: `class`, `on<event>` functions, `text`, booleans, and everything else as it is. */
export function h(tag, attributes = {}, ...children) {
  const element = svgNames.has(tag)
    ? document.createElementNS('http://www.w3.org/2000/svg', tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'text') element.textContent = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** An icon of 24 by 24, drawn with lines. */
export function icon(...paths) {
  return h('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, paths.map((d) => h('path', { d })));
}

/** JSON with indents; anything else as it is. */
export function pretty(text, indent = 2) {
  try {
    return JSON.stringify(JSON.parse(text), null, indent);
  } catch {
    return text;
  }
}

export function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Tells people who listen instead of looking. */
export function announce(text) {
  byId('announcer').textContent = text;
}
