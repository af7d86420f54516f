// Draws docs/operations/dashboard.png from the panels of the dashboard and a Prometheus, without Grafana. CONTRIBUTING.md says how:
// node dashboard.js <grafana-dashboard.json> <Prometheus's address> <seconds between its scrapes> <minutes to show> <picture>
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [, , file, prometheus, scrape, minutes, picture] = process.argv;
const dashboard = JSON.parse(readFileSync(file, 'utf8'));
const end = Date.now() / 1000;
const start = end - minutes * 60;

// As Grafana has them: all accounts, all instances, and four scrapes at least for a rate.
const variables = { ...Object.fromEntries(dashboard.templating.list.map((v) => [v.name, v.allValue])), __rate_interval: `${4 * scrape}s` };

async function ask(path, parameters) {
  const response = await fetch(`${prometheus}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
  const answer = await response.json();
  if (answer.status !== 'success') throw new Error(`${parameters.query}: ${answer.error}`);
  return answer.data.result;
}

/** Asks what a panel asks: its lines, or for a stat its last values, each with the name that the legend gives it. */
async function load({ title, type, gridPos, targets, fieldConfig: { defaults } }) {
  if (!['stat', 'timeseries'].includes(type)) throw new Error(`${title}: nobody has said how to draw a ${type}`);
  const series = [];
  for (const { expr, legendFormat } of targets) {
    const query = expr.replace(/\$(\w+)/g, (_, name) => variables[name]);
    const found = type === 'stat' ? await ask('query', { query, time: end }) : await ask('query_range', { query, start, end, step: scrape });
    for (const { metric, value, values } of found) {
      const points = (values ?? [value]).map(([at, text]) => [at, Number(text)]).filter(([, n]) => Number.isFinite(n));
      if (points.length) series.push({ name: legendFormat.replace(/{{(\w+)}}/g, (_, label) => metric[label] ?? ''), points });
    }
  }
  if (!series.length) throw new Error(`${title} is empty`);
  return { title, type, gridPos, defaults, series };
}

/** Draws everything. It runs in the page. */
function draw({ title, panels, start, end, step }) {
  const palette = ['#4f9d45', '#d6a300', '#3a87c8', '#e07b2e', '#d64550', '#1f6fb8', '#b03fa8', '#6b5bb5', '#2f7d6b', '#8a6d1f', '#7a3b3b', '#5f7f1f'];
  const named = { red: '#d64550', orange: '#e07b2e', green: '#4f9d45' };
  const digits = (n) => String(+n.toPrecision(3));
  const units = {
    s: (n) => (n >= 3600 ? `${digits(n / 3600)} hours` : n >= 60 ? `${digits(n / 60)} mins` : n >= 1 || n === 0 ? `${digits(n)} s` : `${digits(n * 1000)} ms`),
    short: digits,
    reqps: (n) => `${digits(n)} req/s`,
    percentunit: (n) => `${digits(n * 100)}%`,
  };
  const element = (parent, tag, style, text = '') => {
    const e = parent.appendChild(document.createElement(tag));
    e.className = style;
    e.textContent = text;
    return e;
  };
  const svg = (parent, tag, attributes, text = '') => {
    const e = parent.appendChild(document.createElementNS('http://www.w3.org/2000/svg', tag));
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.textContent = text;
    return e;
  };

  const stat = (body, { series, defaults }, format) => {
    for (const { name, points } of series) {
      const [[, value]] = points.slice(-1);
      const tile = element(body, 'div', 'tile');
      tile.style.background = named[defaults.thresholds.steps.findLast((step) => step.value === null || value >= step.value).color];
      element(tile, 'div', 'name', name);
      element(tile, 'div', 'value', format(value));
    }
  };

  const lines = (body, { series, defaults }, format) => {
    const plot = element(body, 'div', 'plot');
    const legend = element(body, 'div', 'legend');
    series.forEach(({ name }, i) => {
      const entry = element(legend, 'span', 'entry', name);
      entry.style.setProperty('--color', palette[i % palette.length]);
    });
    const { clientWidth: width, clientHeight: height } = plot; // after the legend has taken its part
    const [left, right, top, bottom] = [62, width - 10, 6, height - 20];
    const most = Math.max(...series.flatMap(({ points }) => points.map(([, n]) => n))) || 1;
    const base = defaults.unit === 's' && most > 90 ? 60 : 1; // minutes are counted in minutes
    const rough = most / base / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const tick = base * power * [1, 2, 2.5, 5, 10].find((n) => n * power >= rough);
    const ceiling = Math.ceil(most / tick - 1e-9) * tick;
    const x = (at) => left + (at - start) / (end - start) * (right - left);
    const y = (n) => bottom - (n - defaults.min) / (ceiling - defaults.min) * (bottom - top);
    const root = svg(plot, 'svg', { width, height });
    for (let n = 0; n <= ceiling + tick / 2; n += tick) {
      svg(root, 'line', { x1: left, x2: right, y1: y(n), y2: y(n), class: 'grid' });
      svg(root, 'text', { x: left - 6, y: y(n) + 4, 'text-anchor': 'end' }, format(n));
    }
    for (let at = Math.ceil(start / 120) * 120; at <= end; at += 120) {
      svg(root, 'line', { x1: x(at), x2: x(at), y1: top, y2: bottom, class: 'grid' });
      svg(root, 'text', { x: x(at), y: height - 4, 'text-anchor': 'middle' }, new Date(at * 1000).toTimeString().slice(0, 5));
    }
    series.forEach(({ points }, i) => {
      const color = palette[i % palette.length];
      const parts = [];
      for (const [at, n] of points) {
        if (!parts.length || at - parts.at(-1).at(-1)[0] > 1.5 * step) parts.push([]); // nothing is drawn where nothing is
        parts.at(-1).push([at, n]);
      }
      for (const part of parts) {
        const path = part.map(([at, n], k) => `${k ? 'L' : 'M'}${x(at).toFixed(1)} ${y(n).toFixed(1)}`).join('');
        const over = (at) => `L${x(at).toFixed(1)} ${bottom}`;
        svg(root, 'path', { d: `${path}${over(part.at(-1)[0])}${over(part[0][0])}Z`, fill: color, 'fill-opacity': defaults.custom.fillOpacity / 100 });
        svg(root, 'path', { d: path, fill: 'none', stroke: color, 'stroke-width': 1.5 });
      }
    });
  };

  const head = element(document.body, 'h1', '', title);
  element(head, 'small', '', 'drawn from its Prometheus by dashboard.js, not by Grafana');
  const grid = element(document.body, 'div', 'panels');
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    const format = units[panel.defaults.unit];
    if (!format) throw new Error(`${panel.title}: nobody has said how to write ${panel.defaults.unit}`);
    const box = element(grid, 'section', panel.type);
    box.style.gridArea = `${y + 1} / ${x + 1} / span ${h} / span ${w}`;
    element(box, 'h2', '', panel.title);
    (panel.type === 'stat' ? stat : lines)(element(box, 'div', 'body'), panel, format);
  }
  for (const e of document.querySelectorAll('section, .body, .legend, .tile')) {
    if (e.scrollHeight > e.clientHeight || e.scrollWidth > e.clientWidth) throw new Error(`cut: ${e.textContent}`);
  }
}

const style = `
  body { margin: 0; padding: 12px; background: #fff; color: #24292e; font: 12px/1.4 Inter, "DejaVu Sans", sans-serif; }
  h1 { margin: 0 4px 10px; font-size: 16px; }
  small { float: right; color: #5b6167; font-size: 12px; font-weight: 400; line-height: 22px; }
  .panels { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); grid-auto-rows: 26px; gap: 6px; }
  section { display: flex; flex-direction: column; background: #fff; border: 1px solid #dcdee0; border-radius: 2px; padding: 6px 8px; min-height: 0; }
  h2 { margin: 0 0 4px; font-size: 13px; font-weight: 600; }
  .body { flex: 1; min-height: 0; display: flex; flex-direction: column; }
  .stat .body { flex-direction: row; gap: 6px; }
  .tile { flex: 1; color: #fff; border-radius: 2px; display: flex; flex-direction: column; align-items: center; justify-content: center; }
  .name { font-size: 14px; } .value { font-size: 30px; font-weight: 600; line-height: 1.2; }
  .plot { flex: 1; min-height: 0; } svg { display: block; } svg text { font-size: 11px; fill: #5b6167; } .grid { stroke: #eceeef; }
  .legend { padding: 4px 0 0 4px; } .entry { display: inline-block; margin-right: 14px; white-space: nowrap; }
  .entry::before { content: ""; display: inline-block; width: 14px; height: 4px; margin-right: 5px; vertical-align: 2px; background: var(--color); }
`;

const panels = [];
for (const panel of dashboard.panels) panels.push(await load(panel));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
await page.setContent(`<!doctype html><meta charset="utf-8"><style>${style}</style>`);
await page.evaluate(draw, { title: dashboard.title, panels, start, end, step: Number(scrape) });
await page.screenshot({ path: picture, fullPage: true });
await browser.close();
